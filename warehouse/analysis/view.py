"""One view of the schema `analysis`: its SELECT, and what it and its columns mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from warehouse.schema.types import literal, quoted

SCHEMA = "analysis"


@dataclass(frozen=True)
class AnalysisView:
    """A view with comments; `columns` are its columns in order, with their meanings."""

    name: str
    meaning: str
    columns: Mapping[str, str]
    sql: str

    def statements(self) -> Iterator[str]:
        """DDL that makes it, below the catalog in use."""
        place = f"{SCHEMA}.{quoted(self.name)}"
        yield f"CREATE OR REPLACE VIEW {place} AS {self.sql}"
        yield f"COMMENT ON VIEW {place} IS {literal(self.meaning)}"
        for column, meaning in self.columns.items():
            yield f"COMMENT ON COLUMN {place}.{quoted(column)} IS {literal(meaning)}"


def union(parts: list[str]) -> str:
    """The rows of several SELECTs with the same columns."""
    return "\nUNION ALL\n".join(parts)


def key_text(alias: str, key: tuple[str, ...]) -> str:
    """The SQL expression of a record's key as text, its parts joined by `/`."""
    return " || '/' || ".join(f"{alias}.{quoted(part)}::VARCHAR" for part in key)
