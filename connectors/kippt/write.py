"""Kippt: how lists, clips, favourites, comments, likes and follows are put back (API page,
section 11). Every record gets a new id; nothing says whether Kippt refuses a second clip of one
address, so what is there already is looked up first.
"""

from __future__ import annotations

from typing import Any

from connectors.core.write import Restored, Row, Write, Writer, id_in_answer
from connectors.kippt.tables import (
    CLIP_LIKES,
    CLIPS,
    COMMENTS,
    FAVORITES,
    FOLLOWED_LISTS,
    FOLLOWS,
    LISTS,
)

INBOX = "inbox"
NOTE = "note"


def _of_others(row: Row, owner: str, what: str) -> str:
    return "" if owner in ("", f"user {row['user_id']}") else what


def _list_body(record: Restored) -> dict[str, Any]:
    return {name: record.row[name] for name in ("title", "description", "is_private")}


def _clip_body(record: Restored) -> dict[str, Any]:
    """Without an address, a clip with notes becomes a note."""
    row = record.row
    body = {"title": row["title"], "notes": row["notes"], "list": f"/api/lists/{row['list_id']}/"}
    if row["type"] != NOTE:
        body["url"] = row["url"]
    if row["via_id"] is not None:
        body["via"] = f"/api/clips/{row['via_id']}/"
    return body


def _clip_twin(row: Row) -> tuple[Any, ...]:
    """The same address in the same list; of a note, its text."""
    if row["type"] == NOTE:
        return row["list_id"], NOTE, row["title"], row["notes"]
    return row["list_id"], row["url"]


def _refuse_list(row: Row, owner: str) -> str:
    return _of_others(row, owner, "a list of somebody else")


def _refuse_clip(row: Row, owner: str) -> str:
    return _of_others(row, owner, "a clip of somebody else")


def _refuse_comment(row: Row, owner: str) -> str:
    return _of_others(row, owner, "a comment by somebody else")


def _refuse_like(row: Row, owner: str) -> str:
    return _of_others(row, owner, "a like by somebody else")


def _refuse_follow(row: Row, _: str) -> str:
    return "" if row["direction"] == "following" else "others decide whom they follow"


def _follow(path: str) -> Write:
    return Write("POST", path, lambda _: {"action": "follow"}, repeatable=True)


WRITERS = (
    Writer(
        LISTS,
        restores=("title", "description", "is_private"),
        loses="its id, times and collaborators",
        create=Write("POST", "/lists/", _list_body),
        new_key=id_in_answer,
        # The Inbox always exists, whatever it is called.
        twin=lambda row: INBOX if row["slug"] == INBOX else (row["title"],),
        update=Write("PUT", "/lists/{id}/", _list_body, repeatable=True),
        refuses=_refuse_list,
        order=("created", "id"),
    ),
    Writer(
        CLIPS,
        restores=("url", "title", "notes", "list_id", "via_id"),
        loses="its id and times, saves, and comments and likes of others",
        create=Write("POST", "/clips/", _clip_body),
        new_key=id_in_answer,
        twin=_clip_twin,
        update=Write("PUT", "/clips/{id}/", _clip_body, repeatable=True),
        refuses=_refuse_clip,
        made_up=lambda row: frozenset({"url"}) if row["type"] == NOTE else frozenset(),
        order=("created", "id"),
    ),
    Writer(
        FAVORITES,
        restores=(),
        loses="nothing",
        create=Write("POST", "/clips/{clip_id}/favorite/", repeatable=True),
    ),
    Writer(
        COMMENTS,
        restores=("body",),
        loses="its id and time",
        create=Write("POST", "/clips/{clip_id}/comments/", lambda r: {"body": r.row["body"]}),
        new_key=id_in_answer,
        twin=lambda row: (row["clip_id"], row["body"]),
        refuses=_refuse_comment,
        order=("created", "id"),
    ),
    Writer(
        CLIP_LIKES,
        restores=(),
        loses="nothing",
        create=Write("POST", "/clips/{clip_id}/likes/", repeatable=True),
        refuses=_refuse_like,
    ),
    Writer(
        FOLLOWS,
        restores=(),
        loses="nothing",
        create=_follow("/users/{user_id}/relationship/"),
        refuses=_refuse_follow,
    ),
    Writer(
        FOLLOWED_LISTS,
        restores=(),
        loses="nothing",
        create=_follow("/lists/{id}/relationship/"),
    ),
)
