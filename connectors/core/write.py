"""How records are put back into a service: a `Writer` for each table whose records it takes.

A restore compares the rows of a backup with those that the account has now, and writes what is
missing, parents first. A writer says by which request, with what body, which columns come back
that way, and how a record is found again whose id is another one now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.core.schema import Table

Row = Mapping[str, Any]
"""Column values of a record as SQL gives them: datetimes in UTC, JSON columns as text."""


@dataclass(frozen=True)
class Restored:
    """A record that is to be written."""

    row: Row
    """Its columns, references as the account has them now (new ids where they are new)."""
    old: Row
    """Its columns as they were kept."""
    raw: Mapping[str, Any]
    """The record as the service once sent it, less secrets."""
    children: Mapping[str, tuple[Restored, ...]]
    """By table: the records that are written in the same request (`Writer.carries`)."""
    new_id: Callable[[str, Any], Any]
    """The id that a record has now: `new_id("spaces", "old")`; the old one where it is kept.
    For references that stand inside of texts."""


@dataclass(frozen=True)
class Upload:
    """The kept file that a request carries; without it, the record cannot be written."""

    table: str
    """Whose file it is: the record itself, or the only one with such a file that it carries."""
    field: str
    """The `FileSource.field`."""
    part: str = ""
    """The part of a form that the file is sent as, beside the fields in the body. Without a name,
    the file is all that is sent."""


@dataclass(frozen=True)
class Write:
    """One request that changes the service."""

    method: str
    path: str
    """Below the base URL; `{column}` stands for a column of `Restored.row`."""
    body: Callable[[Restored], Any] | None = None
    """What is sent as JSON; None for a request without a body."""
    fallback_path: str = ""
    """Another spelling of the path, tried where the first answers 404."""
    open_parts: tuple[str, ...] = ()
    """Parts of the credential that are no secret and stand in the body, such as `uid`."""
    headers: Callable[[Restored], Mapping[str, str]] | None = None
    authorization: Mapping[str, str] = field(default_factory=dict)
    """Headers with parts of the credential, such as `{"X-API-KEY": "{token}"}`, where the service
    has no such header for all requests."""
    upload: Upload | None = None
    host: str = ""
    """Where the path is instead, for accounts at the service's own address: an upload host. Other
    base URLs (of a stand-in) take everything."""
    repeatable: bool = False
    """Sent twice it does the same as once, so an unknown outcome is cured by sending it again."""


@dataclass(frozen=True)
class Writer:
    """How the records of one table are put back."""

    table: Table
    restores: tuple[str, ...]
    """The columns that come back; they are compared, before to find what differs and afterwards
    as the proof. Columns that are references are compared by the ids of now."""
    loses: str
    """What of a record does not come back, for people: `times, who made it`."""
    create: Write | None = None
    """Makes the record; None where it only comes inside of another one (`carries`), or must be
    there already and is only found by its `twin`."""
    new_key: Callable[[Any, Restored], tuple[Any, ...]] | None = None
    """The key of the new record, from the answer to `create`. None where the key consists of
    references and columns that are written as they are."""
    choose_id: Callable[[Row, str, bool], Any] | None = None
    """Where clients make the ids: the last part of the key of a record that is to be written, from
    its row as it was kept, the owner of the credential, and whether the record was that owner's
    own before. Always the same for the same record and owner, so what was written once is found
    by its key. `Restored.row` holds it. None: the kept id, or the one that `new_key` tells."""
    twin: Callable[[Row], Any] | None = None
    """From a row with the references of now: what tells a record apart from all others when ids
    do not, such as title and parent. Two rows with equal twins are two copies of one record. None
    where nothing tells: then a write whose outcome is unknown is never repeated."""
    unique: bool = False
    """The service keeps one record of each twin, so several kept ones become that one."""
    update: Write | None = None
    """Sets the columns in `restores` of a record that is there but differs (`--overwrite`)."""
    finish: Write | None = None
    """Sent after `create` for what that cannot take; repeatable."""
    refers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns that hold ids of other records, beside the table's references: the tables that these
    may be in, its own for a tree. They are compared by the ids of now as well."""
    needs: tuple[str, ...] = ()
    """Columns in `refers` whose record must be a kept one of those tables: what refers to anything
    else cannot be written, as a comment on what takes no comments."""
    compared: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """For columns in `restores` to which a write adds something: the part that is compared."""
    undelete: Write | None = None
    """Brings back a record that the service still keeps as removed."""
    removed: Callable[[Row], bool] | None = None
    """Whether a row says that its record is removed; it is not restored, but undeleted."""
    refuses: Callable[[Row, str], str] | None = None
    """Why a record cannot be written (empty: it can), from its row as it was kept and the owner
    of the credential (`user 17`): a comment by somebody else, a list that always exists."""
    made_up: Callable[[Row], frozenset[str]] | None = None
    """Columns in `restores` that the service makes up itself for such a record."""
    carries: tuple[str, ...] = ()
    """Tables whose records inside of this one are written in the same request."""
    after: tuple[str, ...] = ()
    """Tables whose records of the same parent are all written before, since a record is stored as
    they describe it."""
    together: str = ""
    """A reference: all records with the same value in it are written in one request, the first of
    them with all of them in `Restored.children` under the table's own name."""
    costs: str = ""
    """What money writing such a record may cost, for the plan."""
    order: tuple[str, ...] = ()
    """Columns by which records are written, oldest first; the key where none are named."""


def id_in_answer(answer: Any, _: Restored) -> tuple[Any, ...]:
    """For `Writer.new_key`: the `id` of the record that the answer is."""
    return (answer["id"],)
