"""What kollect remembers of an account between runs, under typed keys.

A cursor says how far a resource was read and comes from the service's data. Everything else that
a later run must know is state: it is stored with the rows of the family that set it, in the same
transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StateKind(StrEnum):
    """What a remembered value is about."""

    IDENTITY = "identity"
    """Whose data the account holds, and from which address it came (JSON)."""
    FULL_PASS = "full_pass"
    """When the last full pass of the account began (ISO 8601)."""
    FULL_PASS_BROKE_OFF = "full_pass_broke_off"
    """The run in which reading a family (the scope) whole broke off; empty since it succeeded."""
    COMPLETE = "complete"
    """When a family (the scope) was last loaded without a failure (ISO 8601)."""
    LOADED_IN_RUN = "loaded_in_run"
    """The run in which a family (the scope) was last read to its end."""
    LAST_LOAD = "last_load"
    """What a family (the scope) was last loaded from, in a full pass or an increment (the name),
    and what that left behind (JSON)."""
    HELD_DELETES = "held_deletes"
    """The run that saw a suspicious number of rows of a table (the scope) vanish."""
    EMPTY_SINCE = "empty_since"
    """When a list of a resource (the name) was first found empty (ISO 8601)."""
    ROWS_SEEN = "rows_seen"
    """When the newest run began in which a list of the account had rows (ISO 8601)."""
    LIST_HAD_ROWS = "list_had_rows"
    """Whether a list (the name) had rows when it was read last: `yes` or `no`. Kept for lists
    that share a table, since rows do not tell which of them showed them."""
    WORKING_PATH = "working_path"
    """Which of the two paths of a resource (the name) the service answered."""
    REFUSED_PARAMETER = "refused_parameter"
    """How many of its documented orders the service has refused for a resource (the name)."""
    NOTE = "note"
    """What the sync of one service remembers; the name is that service's own."""


@dataclass(frozen=True)
class StateKey:
    """Names one remembered value."""

    kind: StateKind
    name: str = ""
    scope: str = ""
    """Which of several: a family, a table, a parent. Empty where there is only one."""


def note(name: str, scope: str = "") -> StateKey:
    """The key of something that only one service's sync remembers."""
    return StateKey(StateKind.NOTE, name, scope)
