"""Where remembered state stands in `_kollect.cursors`: state keys as (resource, scope)."""

from __future__ import annotations

from connectors.core.state import StateKey, StateKind

RESOURCES = {
    StateKind.IDENTITY: "identity",
    StateKind.FULL_PASS: "full pass",
    StateKind.LOADED_IN_RUN: "loaded in run",
    StateKind.HELD_DELETES: "held deletes",
    StateKind.EMPTY_SINCE: "empty since ",
    StateKind.WORKING_PATH: "spelling of ",
    StateKind.REFUSED_PARAMETER: "refused orders of ",
    StateKind.NOTE: "",
}


def cursor_row(key: StateKey) -> tuple[str, str]:
    """The resource and scope under which a value is stored."""
    if key.kind is StateKind.COMPLETE:
        return f"complete {key.scope}", ""
    return RESOURCES[key.kind] + key.name, key.scope
