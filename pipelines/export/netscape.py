"""Kippt clips as the bookmarks file that browsers and other bookmark services import.

The format is the one that Netscape wrote and everybody reads: a folder per list, one `<DT><A>`
per clip, its notes as `<DD>`. All text of people is escaped.
"""

from __future__ import annotations

import html
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

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

LISTS = """
SELECT id, title, description, is_private, epoch(created)::BIGINT, epoch(updated)::BIGINT
FROM kippt.lists WHERE _account = $account
ORDER BY coalesce(slug = 'inbox', false) DESC, lower(title), id
"""
CLIPS = """
SELECT
    CASE WHEN l.id IS NOT NULL THEN l.id WHEN f.clip_id IS NOT NULL THEN -1 ELSE -2 END,
    coalesce(nullif(c.url, ''), 'https://kippt.com' || c.app_url), c.title, c.notes,
    l.is_private, epoch(c.created)::BIGINT, epoch(c.updated)::BIGINT
FROM kippt.clips c
LEFT JOIN kippt.lists l ON l._account = c._account AND l.id = c.list_id
LEFT JOIN kippt.favorites f ON f._account = c._account AND f.clip_id = c.id
WHERE c._account = $account
ORDER BY c.created DESC NULLS LAST, c.id DESC
"""


def write_bookmarks(connection: duckdb.DuckDBPyConnection, account: str, file: Path) -> int:
    """Write the account's clips to `file`, newest first in each list; returns how many.

    A clip without any address is left out. The file appears whole or not at all. Raises
    duckdb.CatalogException where the warehouse has no Kippt tables.
    """
    folders: list[tuple[Any, ...]] = connection.execute(LISTS, {"account": account}).fetchall()
    folders += [(-1, FAVORITES, *[None] * 4), (-2, LIKES, *[None] * 4)]
    clips: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for folder, address, *more in connection.execute(CLIPS, {"account": account}).fetchall():
        if address:
            clips[folder].append((address, *more))
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    with part.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(HEAD)
        for folder, *heading in folders:
            if folder > 0 or clips[folder]:
                stream.writelines(_folder(heading, clips[folder]))
        stream.write("</DL><p>\n")
    os.replace(part, file)
    return sum(len(found) for found in clips.values())


def _folder(heading: list[Any], clips: list[tuple[Any, ...]]) -> Iterator[str]:
    title, description, is_private, created, updated = heading
    dates = _attributes(ADD_DATE=created, LAST_MODIFIED=updated, PRIVATE=_flag(is_private))
    yield f"    <DT><H3{dates}>{_line(title)}</H3>\n"
    if description:
        yield f"    <DD>{_text(description)}\n"
    yield "    <DL><p>\n"
    for address, title, notes, is_private, created, updated in clips:
        attributes = _attributes(
            HREF=address,
            ADD_DATE=created,
            LAST_MODIFIED=updated,
            PRIVATE=_flag(is_private),
            TAGS=",".join(tags(notes or "")) or None,
        )
        yield f"        <DT><A{attributes}>{_line(title) or _line(address)}</A>\n"
        if notes:
            yield f"        <DD>{_text(notes)}\n"
    yield "    </DL><p>\n"


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
