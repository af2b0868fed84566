"""Which files a record names: declared per table, checked on import, no behaviour but reading.

A **source** says: each row of this table names a file (or several), here is its lasting address,
or here is how to ask for a fresh link. What a file is told apart by is its **mark**: its
address, an MD5, or columns that change with the content. A file with a known mark is
never fetched twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.core.resources import Resource
    from connectors.core.schema import Table

OWN = "own"
"""In a list of hosts: the host of the account's base_url, on any port."""

NO_MARK = "record "
"""The mark of a record whose columns say nothing of a file: it has none."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class FileLink:
    """One file that a row names."""

    address: str = dataclasses.field(default="", repr=False)
    """Its lasting address; empty where a fresh link must be asked for."""
    mark: str = dataclasses.field(default="", repr=False)
    """What tells its content from another; no secret. Empty: made from the address."""
    name: str = ""
    """The file's name for people."""
    bytes: int | None = None
    md5: str = ""

    @property
    def shared(self) -> bool:
        """Whether equal marks of two records mean the same content."""
        return self.mark.startswith(("at ", "md5 "))


@dataclass(frozen=True)
class Fresh:
    """How to ask for a link that holds now, where the last one has expired."""

    resource: Resource
    """Asked under the account's rate; its answer is never staged or written."""
    bind: Mapping[str, str]
    """Name in the path or parameters -> column of the row."""
    link: Callable[[Any, Row, str], str | None]
    """From (answer, row, base_url) to the link; None where there is none."""


@dataclass(frozen=True)
class FileSource:
    """Rows of one table name files."""

    table: Table
    field: str
    """What `_kollect.files.field` says: the column, or a word for what the function finds."""
    meaning: str
    address: str = ""
    """The column that holds a lasting address."""
    links: Callable[[Row, str], Iterable[FileLink]] | None = None
    """A function of (row, base_url), where no column says it."""
    name: str = ""
    """The column with the file's name."""
    size: str = ""
    """The column with its size in bytes, which must come true."""
    md5: str = ""
    """The column with its MD5, which must come true."""
    marks: tuple[str, ...] = ()
    """Columns whose change means another content."""
    also: tuple[str, ...] = ()
    """Further columns that the functions need."""
    only: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Column -> the value that a row must have there."""
    kinds: tuple[str, ...] = ()
    """Beginnings of the media types that it may have; none: anything but a page of HTML."""
    fresh: Fresh | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to read, those of the key first."""
        asked = (self.address, self.name, self.size, self.md5, *self.marks, *self.also)
        bound = tuple(self.fresh.bind.values()) if self.fresh else ()
        wanted = (*self.table.key, *asked, *self.only, *bound)
        return tuple(dict.fromkeys(column for column in wanted if column))


def links_of(source: FileSource, row: Row, base_url: str) -> list[FileLink]:
    """The files that a row names, each with its mark, none twice."""
    if source.links is not None:
        found = list(source.links(row, base_url))
    else:
        address = str(row[source.address] or "") if source.address else ""
        if not address and (source.address or source.fresh is None):
            return []
        size = row[source.size] if source.size else None
        found = [
            FileLink(
                address,
                name=str(row[source.name] or "") if source.name else "",
                bytes=size if isinstance(size, int) and size >= 0 else None,
                md5=str(row[source.md5] or "").lower() if source.md5 else "",
                mark=_mark_of(source, row, address),
            )
        ]
        if found[0].mark == NO_MARK:
            return []
    marked = [link if link.mark else _marked(link) for link in found]
    return list({link.mark: link for link in marked}.values())


def _mark_of(source: FileSource, row: Row, address: str) -> str:
    if source.md5 and row[source.md5]:
        return f"md5 {str(row[source.md5]).lower()}"
    if address:
        return ""
    parts = [f"{column}={row[column]}" for column in source.marks if row[column] is not None]
    return NO_MARK + " ".join(parts)


def _marked(link: FileLink) -> FileLink:
    # The whole address but its fragment: documents may differ in a parameter called `key` alone.
    shown = link.address.partition("#")[0]
    return FileLink(link.address, f"at {shown}", link.name, link.bytes, link.md5)
