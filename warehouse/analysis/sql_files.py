"""Views that are written as SQL files: shared ones here, others in the services' folders.

`sql/NAME.sql` is one view of the schema `analysis`. Where several folders have a file of one name,
these are the parts of a view that spans services, of which those are joined whose tables exist. A
file is one SELECT with a comment before it: the meaning, then, after an empty comment line, a
`-- column: meaning` line for each column. One part of a view has the lines for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import connectors
from warehouse.analysis.view import AnalysisView

FOLDERS = (Path(__file__).parent, *sorted(Path(connectors.__file__).parent.glob("*/")))
TABLE = re.compile(r"(?<!DISTINCT )\b(?:FROM|JOIN)\s+([a-z_]+)\.([a-z_]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One SELECT and the tables and views that it needs, as `schema.name`."""

    sql: str
    tables: frozenset[str]


@dataclass(frozen=True)
class SqlView:
    """A view over the tables of one service or of several, written as SQL."""

    name: str
    meaning: str
    columns: dict[str, str]
    """Column -> meaning, in order."""
    parts: tuple[Part, ...]

    def over(self, tables: Iterable[str]) -> tuple[Part, ...]:
        """The parts that can be made over these tables; empty where the view cannot be made."""
        there = frozenset(tables)
        return tuple(part for part in self.parts if part.tables <= there)

    def made_of(self, parts: Iterable[Part]) -> AnalysisView:
        """The view over some of its parts."""
        joined = "\nUNION ALL BY NAME\n".join(part.sql for part in parts)
        return AnalysisView(self.name, self.meaning, self.columns, joined)


@cache
def sql_views(folders: tuple[Path, ...] = FOLDERS) -> tuple[SqlView, ...]:
    """Every view in `folder`/sql by name; raises ValueError where a file is not as it should
    be."""
    files: dict[str, list[Path]] = {}
    for folder in folders:
        for file in sorted(folder.glob("sql/*.sql")):
            files.setdefault(file.stem, []).append(file)
    return tuple(_read(name, found) for name, found in sorted(files.items()))


def _read(name: str, files: list[Path]) -> SqlView:
    parts: list[Part] = []
    meaning, columns = "", dict[str, str]()
    for file in files:
        comment, sql = _split(file.read_text(encoding="utf-8"))
        tables = frozenset(f"{s}.{t}".lower() for s, t in TABLE.findall(sql))
        if not tables or ";" in sql:
            raise ValueError(f"{file.name} is not one SELECT over tables of the services")
        parts.append(Part(sql, tables))
        head, _, listed = comment.partition("\n\n")
        if listed:
            meaning = " ".join(head.split())
            columns = _meanings(listed)
    if not columns:
        raise ValueError(f"{files[0].name} has no line `-- column: meaning`")
    return SqlView(name, meaning, columns, tuple(parts))


def _meanings(listed: str) -> dict[str, str]:
    """Column -> meaning; a line without a colon after a name goes on with the one before."""
    found: dict[str, str] = {}
    for line in listed.splitlines():
        if begins := re.match(r"(\w+): (.+)", line):
            found[begins[1]] = begins[2].strip()
        elif found and line.strip():
            found[list(found)[-1]] += f" {line.strip()}"
    return found


def _split(text: str) -> tuple[str, str]:
    lines = text.strip().splitlines()
    number = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    comment = "\n".join(line.removeprefix("--").strip() for line in lines[:number])
    return comment, "\n".join(lines[number:]).strip()
