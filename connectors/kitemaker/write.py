"""Kitemaker: how work items, comments, labels, initiatives and feedback are put back (API page,
section 11), by REST, whose writes the documentation describes.

Spaces, statuses, roadmaps and their columns have no write call: they must be there, and are found
by their names where their ids are others. Everything else gets a new id, and a new number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from connectors.core.schema import Table
from connectors.core.write import Restored, Row, Write, Writer, id_in_answer
from connectors.kitemaker import tables as t
from connectors.kitemaker.endpoints import REST

WORDS = ("small", "medium", "large")
COLOR = re.compile(r"[0-9a-fA-F]{6}")
HEAD = re.compile(r"\A\*[^\n]*, \d{4}-\d\d-\d\d \d\d:\d\d UTC:\*\n\n")
"""What stands above the text of a comment that was put back."""
BY_HAND = "the service has no call for it: make one of this name by hand"


def _send(method: str, path: str, body: Callable[[Restored], Any], repeatable: bool) -> Write:
    return Write(method, f"/rest/v1{path}", body, authorization=dict(REST), repeatable=repeatable)


def _post(path: str, body: Callable[[Restored], Any]) -> Write:
    return _send("POST", path, body, repeatable=False)


def _ids(record: Restored, table: Table) -> list[Any]:
    """The other ends of the pairs that a record is written with."""
    return [pair.row[table.key[-1]] for pair in record.children[table.name]]


def _without_nothing(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value not in (None, [])}


# -- labels --------------------------------------------------------------------------------


def _label_body(record: Restored) -> dict[str, Any]:
    row = record.row
    body = {"spaceId": row["space_id"], "labelName": row["name"]}
    return body if _odd_color(row) else body | {"color": row["color"].lower()}


def _odd_color(row: Row) -> frozenset[str]:
    """A colour that is no six digits, such as a colour's name, is not taken."""
    fits = row["color"] is not None and COLOR.fullmatch(row["color"])
    return frozenset() if fits else frozenset({"color"})


def _refuse_label(row: Row, _: str) -> str:
    return "" if row["space_id"] is not None else "labels outside of spaces are made by hand"


# -- work items and comments ---------------------------------------------------------------


def _item_body(record: Restored) -> dict[str, Any]:
    row = record.row
    body = {"title": row["title"], "statusId": row["status_id"]}
    body |= {"description": row["description"] or ""}
    return body | {
        name: row[name].lower() for name in ("effort", "impact") if name not in _odd_sizes(row)
    }


def _odd_sizes(row: Row) -> frozenset[str]:
    """Sizes that are not set, or that the service has no word for in a write."""
    return frozenset(
        name for name in ("effort", "impact") if row[name] is None or row[name].lower() not in WORDS
    )


def _new_item_body(record: Restored) -> dict[str, Any]:
    """The oldest comes first, so that on top of each other they stand as before."""
    labels = {"labelIds": _ids(record, t.WORK_ITEM_LABELS)}
    return _item_body(record) | _without_nothing(labels)


def _edit_item_body(record: Restored) -> dict[str, Any]:
    return {"id": record.row["id"], **_item_body(record)}


def _comment_body(record: Restored) -> dict[str, Any]:
    """Who wrote it and when go into the text; a text that has them already stays."""
    row = record.row
    body = row["body"] or ""
    if not HEAD.match(body):
        who = " ".join((row["actor_name"] or "somebody").replace("*", "").split())
        body = f"*{who}, {row['created_at']:%Y-%m-%d %H:%M} UTC:*\n\n{body}"
    return {"workItemId": row["entity_id"], "body": body}


def without_head(body: Any) -> str:
    """The text of a comment as its author wrote it."""
    return HEAD.sub("", body or "")


# -- initiatives and feedback --------------------------------------------------------------


def _initiative_body(record: Restored) -> dict[str, Any]:
    row = record.row
    return _without_nothing({
        "title": row["title"],
        "description": row["description"],
        "color": row["color"],
        "labelIds": _ids(record, t.INITIATIVE_LABELS),
        "spaceIds": _ids(record, t.INITIATIVE_SPACES),
        "roadmapColumnIds": _ids(record, t.INITIATIVE_ROADMAP_COLUMNS),
    })  # fmt: skip


def _feedback_body(record: Restored) -> dict[str, Any]:
    return {"title": record.row["title"], "contents": record.row["contents"] or ""}


def _by_name(table: Table, *parents: str) -> Writer:
    """What cannot be written and is found by its name, within the same parent."""
    return Writer(
        table,
        restores=(),
        loses="nothing",
        twin=lambda row: (*(row[name] for name in parents), row["name"]),
        refuses=lambda row, owner: BY_HAND,
    )


def _inside(table: Table) -> Writer:
    """Pairs that are written with their first end, when that is written."""
    return Writer(table, restores=(), loses="nothing")


WRITERS = (
    _by_name(t.SPACES),
    _by_name(t.STATUSES, "space_id"),
    _by_name(t.ROADMAPS),
    _by_name(t.ROADMAP_COLUMNS, "roadmap_id"),
    Writer(
        t.LABELS,
        restores=("name", "color"),
        loses="its id and times, and a colour that is no six digits",
        create=_post("/label", _label_body),
        new_key=id_in_answer,
        twin=lambda row: (row["space_id"], row["name"]),
        refuses=_refuse_label,
        made_up=_odd_color,
        order=("created_at", "id"),
    ),
    Writer(
        t.WORK_ITEMS,
        restores=("title", "description", "status_id", "effort", "impact"),
        loses="its id, number, author and times, members, watchers, initiatives, code reviews, "
        "and the flag of an archived item outside of the archive",
        create=_post("/workitem", _new_item_body),
        new_key=id_in_answer,
        twin=lambda row: (row["space_id"], row["title"], row["description"] or ""),
        update=_send("PUT", "/workitem", _edit_item_body, repeatable=True),
        made_up=_odd_sizes,
        carries=("work_item_labels",),
        compared={"description": lambda text: text or ""},
        order=("created_at", "id"),
    ),
    _inside(t.WORK_ITEM_LABELS),
    Writer(
        t.INITIATIVES,
        restores=("title", "description", "color"),
        loses="its id, number, author and times, members, watchers, work items, effort, impact, "
        "and whether it is archived",
        create=_post("/initiative", _initiative_body),
        new_key=id_in_answer,
        twin=lambda row: (row["title"], row["description"] or ""),
        carries=("initiative_spaces", "initiative_labels", "initiative_roadmap_columns"),
        compared={"description": lambda text: text or ""},
        order=("created_at", "id"),
    ),
    _inside(t.INITIATIVE_SPACES),
    _inside(t.INITIATIVE_LABELS),
    _inside(t.INITIATIVE_ROADMAP_COLUMNS),
    Writer(
        t.COMMENTS,
        restores=("body",),
        loses="its id, author and time (both go into its text), and its place in a thread",
        create=_post("/comment", _comment_body),
        new_key=id_in_answer,
        twin=lambda row: (row["entity_id"], without_head(row["body"])),
        refers={"entity_id": ("work_items",)},
        needs=("entity_id",),
        compared={"body": without_head},
        order=("created_at", "id"),
    ),
    Writer(
        t.FEEDBACK,
        restores=("title", "contents"),
        loses="its id, number, author and times, who gave it, owners, tags, insights, and whether "
        "it was dealt with",
        create=_post("/feedback", _feedback_body),
        new_key=id_in_answer,
        twin=lambda row: (row["title"], row["contents"] or ""),
        compared={"contents": lambda text: text or ""},
        order=("created_at", "id"),
    ),
)
