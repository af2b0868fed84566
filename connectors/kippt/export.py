"""Kippt clips as the bookmarks file that browsers and other bookmark services import.

The format is the one that Netscape wrote and everybody reads: a folder per list, one `<DT><A>`
per clip, its notes as `<DD>`. All text of people is escaped.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.core.exports import CurrentRows, ExportFile, ServiceExport

HEAD = """<!DOCTYPE NETSCAPE-Bookmark-file-1>
<!-- This is an automatically generated file. -->
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">
<TITLE>Bookmarks</TITLE>
<H1>Bookmarks</H1>
<DL><p>
"""
FAVORITES, LIKES = "Favorites", "Likes"
"""Folders for clips in lists of others: one's favourites there, and what is left, one's likes."""
TAG = re.compile(r"(?<![^\s(\[{,;:.!?\"'])#([^\W_][\w-]*)")
"""A tag stands alone: `#` inside a word or an address, or before a space (a heading), is none."""
CONTROLS: dict[int, None] = {n: None for n in range(32) if chr(n) not in "\t\n"}
"""Signs that no HTML may hold, not even escaped; of line ends one form is left."""

LIST_COLUMNS = ("id", "title", "slug", "description", "is_private", "created", "updated")
CLIP_COLUMNS = ("id", "url", "app_url", "title", "notes", "list_id", "created", "updated")


def bookmarks(rows: CurrentRows) -> Iterator[ExportFile]:
    """All clips as one bookmarks file, newest first in each list.

    A clip without any address is left out.
    """
    folders = [_Folder(*row) for row in rows.read("lists", LIST_COLUMNS, ["id"])]
    folders.sort(key=lambda folder: (folder.slug != "inbox", (folder.title or "\uffff").lower()))
    favorites = {row[0] for row in rows.read("favorites", ["clip_id"], ["clip_id"])}
    clips: dict[int | str, list[_Clip]] = defaultdict(list)
    private = {folder.id: folder.is_private for folder in folders}
    for row in rows.read("clips", CLIP_COLUMNS, ["id"]):
        clip = _Clip(*row)
        if clip.address:
            other = FAVORITES if clip.id in favorites else LIKES
            clips[clip.list_id if clip.list_id in private else other].append(clip)
    for found in clips.values():
        found.sort(key=lambda clip: (clip.created is None, -_seconds(clip.created), -clip.id))
    folders += [_Folder(name, name) for name in (FAVORITES, LIKES) if clips[name]]
    yield ExportFile(
        f"{rows.account}.html",
        _file(folders, clips),
        sum(len(found) for found in clips.values()),
    )


@dataclass(frozen=True)
class _Folder:
    id: int | str
    title: str | None
    slug: str | None = None
    description: str | None = None
    is_private: bool | None = None
    created: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True)
class _Clip:
    id: int
    url: str | None
    app_url: str | None
    title: str | None
    notes: str | None
    list_id: int | None
    created: datetime | None
    updated: datetime | None

    @property
    def address(self) -> str:
        """A note without an address leads to its page at Kippt."""
        return self.url or (f"https://kippt.com{self.app_url}" if self.app_url else "")


def _file(folders: list[_Folder], clips: Mapping[int | str, list[_Clip]]) -> Iterator[str]:
    yield HEAD
    for folder in folders:
        yield from _folder(folder, clips.get(folder.id, []))
    yield "</DL><p>\n"


def _folder(folder: _Folder, clips: list[_Clip]) -> Iterator[str]:
    dates = _attributes(
        ADD_DATE=_date(folder.created),
        LAST_MODIFIED=_date(folder.updated),
        PRIVATE=_flag(folder.is_private),
    )
    yield f"    <DT><H3{dates}>{_line(folder.title)}</H3>\n"
    if folder.description:
        yield f"    <DD>{_text(folder.description)}\n"
    yield "    <DL><p>\n"
    for clip in clips:
        attributes = _attributes(
            HREF=clip.address,
            ADD_DATE=_date(clip.created),
            LAST_MODIFIED=_date(clip.updated),
            PRIVATE=_flag(folder.is_private),
            TAGS=",".join(tags(clip.notes or "")) or None,
        )
        yield f"        <DT><A{attributes}>{_line(clip.title) or _line(clip.address)}</A>\n"
        if clip.notes:
            yield f"        <DD>{_text(clip.notes)}\n"
    yield "    </DL><p>\n"


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _date(moment: datetime | None) -> int | None:
    return round(moment.timestamp()) if moment else None


def tags(notes: str) -> list[str]:
    """The `#tags` of a text in their order, each once."""
    found: dict[str, str] = {}
    for tag in TAG.findall(notes):
        found.setdefault(tag.casefold(), tag)
    return list(found.values())


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _attributes(**values: Any) -> str:
    shown = {name: _line(str(value)) for name, value in values.items() if value is not None}
    return "".join(f' {name}="{value}"' for name, value in shown.items())


def _line(text: str | None) -> str:
    """Escaped on one line, since many programs read such files line by line."""
    return _text(" ".join((text or "").split()))


def _text(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return html.escape(lines.translate(CONTROLS))


EXPORTS = (ServiceExport("netscape", "bookmark", bookmarks),)
