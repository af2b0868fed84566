"""Files in a service's own formats, made of its rows: declared by the connector, pure functions.

A connector says which formats it has (`Connector.exports`). Each is a function from the current
rows of one account to files. Who calls it reads the rows and writes the files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class CurrentRows(Protocol):
    """The current rows of one account."""

    account: str

    def read(
        self, table: str, columns: Sequence[str], order_by: Sequence[str]
    ) -> Iterator[tuple[Any, ...]]:
        """The columns of every row, in this order; none where the table does not exist."""


@dataclass(frozen=True)
class ExportFile:
    """One file: where it goes, its text in pieces, and how many records it holds."""

    path: str
    """Below the folder of the export, with `/` between its parts."""
    pieces: Iterable[str]
    records: int


@dataclass(frozen=True)
class ServiceExport:
    """A format of a service's own."""

    format: str
    """What `kollect export --format` is told."""
    noun: str
    """What the files hold, in the singular: `bookmark`."""
    files: Callable[[CurrentRows], Iterator[ExportFile]]


def safe_name(text: str) -> str:
    """A text as a part of a file name on any system."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:120] or "unnamed"
