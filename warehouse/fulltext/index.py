"""The index: one entry for each document as it is, and one for each version of it that ended.

It lies in kollect's own folder beside the warehouse, follows the loads by what they changed, and
can be lost: it is made again. `index.json` says up to which load it goes; it is written last, so
work that was cut off is done again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import tantivy

from connectors.core.errors import WarehouseProblem
from warehouse.fulltext.words import indexed
from warehouse.store.durable import remove_tree, replace_file
from warehouse.store.identity import identity_of
from warehouse.store.locks import hold
from warehouse.store.warehouse import Warehouse

FORMAT = 1
"""Grows when entries get other fields or words: an older index is made anew."""
MEMORY_BYTES = 64 << 20
WAIT_SECONDS = 600.0
COLUMNS = (
    "service", "account", "kind", "id", "title", "text", "url", "author", "created", "updated",
    "since", "ended", "ended_by",
)  # fmt: skip
CURRENT = "SELECT *, NULL::TIMESTAMPTZ AS ended, NULL::VARCHAR AS ended_by FROM analysis.documents"
HAS_DOCUMENTS = """SELECT 1 FROM duckdb_views()
WHERE schema_name = 'analysis' AND view_name = 'documents_history'"""
ENDED = "SELECT * EXCLUDE (evidence) FROM analysis.documents_history"


def schema() -> tantivy.Schema:
    """`key` names the document while it is current, `version` one that ended. The words of both
    lie in different fields: so what is current is found without a filter."""
    builder = tantivy.SchemaBuilder()
    for name in ("key", "version", "service", "account", "kind"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("title", "body", "ended_title", "ended_body"):
        builder.add_text_field(name, tokenizer_name="words")
    builder.add_integer_field("day", indexed=True, fast=True)
    builder.add_text_field("row", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


class SearchIndex:
    """The index of one warehouse."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.folder = warehouse.home / "search"

    @property
    def _state_file(self) -> Path:
        return self.folder / "index.json"

    def exists(self) -> bool:
        """Whether it was ever made."""
        return self._state_file.exists()

    def follow(self) -> int:
        """Bring it up to the newest load; returns how many entries were written.

        Raises WarehouseProblem where there is no warehouse or nothing to search in it yet, and
        AccountBusy where another process writes it for more than ten minutes.
        """
        with self._warehouse.reading() as connection:
            goal = self._goal(connection)
            if not connection.execute(HAS_DOCUMENTS).fetchall():
                raise WarehouseProblem(
                    f"{self._warehouse.path.name} has no documents to search: an older kollect "
                    "wrote it",
                    guidance="run `kollect sync` first",
                )
            if self._state() == goal:
                return 0
            lock = self._warehouse.home / "locks" / "search.lock"
            with hold(lock, "the search index is being written", timeout_seconds=WAIT_SECONDS):
                state = self._state()
                return 0 if state == goal else self._write(connection, state, goal)

    def open(self) -> tantivy.Index:
        """The index for searching; raises ValueError where it is damaged."""
        index = tantivy.Index(schema(), path=str(self.folder / "entries"))
        words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        index.register_tokenizer("words", words)
        index.reload()
        return index

    def remove(self) -> None:
        """Remove it; the next `follow` makes it again."""
        self._state_file.unlink(missing_ok=True)
        remove_tree(self.folder)

    # -- how far it goes -------------------------------------------------------------------

    def _goal(self, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        identity = identity_of(connection, None)
        row = connection.execute(
            "SELECT max(loaded_at)::VARCHAR, arg_max(run_id, loaded_at) FROM _kollect.loads"
        ).fetchall()[0]
        return {
            "format": FORMAT,
            "warehouse": identity.warehouse if identity else "",
            "loaded_at": row[0],
            "run_id": row[1],
        }

    def _state(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self._state_file.read_bytes())
            if isinstance(found, dict):
                return found
        return {}

    def _goes_on(self, connection: duckdb.DuckDBPyConnection, state: dict[str, Any]) -> bool:
        """Whether the warehouse still holds the load up to which the index goes. Another file, or
        one that was put back, does not."""
        identity = identity_of(connection, None)
        if state.get("format") != FORMAT or identity is None:
            return False
        if state.get("warehouse") != identity.warehouse or not state.get("loaded_at"):
            return False
        return bool(
            connection.execute(
                "SELECT 1 FROM _kollect.loads WHERE run_id = ? AND loaded_at >= ?::TIMESTAMPTZ "
                "LIMIT 1",
                [state["run_id"], state["loaded_at"]],
            ).fetchall()
        )

    # -- writing ---------------------------------------------------------------------------

    def _write(
        self, connection: duckdb.DuckDBPyConnection, state: dict[str, Any], goal: dict[str, Any]
    ) -> int:
        after = state.get("loaded_at") if self._goes_on(connection, state) else None
        if after is None:
            self.remove()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "entries").mkdir(exist_ok=True)
        try:
            index = self.open()
        except ValueError:
            self.remove()
            return self._write(connection, {}, goal)
        writer = index.writer(MEMORY_BYTES, 1)
        written = 0
        for row in self._ended(connection, after):
            if after is not None:
                writer.delete_documents_by_term("key", key_of(row))
                writer.delete_documents_by_term("version", version_of(row))
            writer.add_document(_entry(row))
            written += 1
        for row in self._current(connection, after):
            if after is not None:
                writer.delete_documents_by_term("key", key_of(row))
            writer.add_document(_entry(row))
            written += 1
        writer.commit()
        writer.wait_merging_threads()
        replace_file(self._state_file, json.dumps(goal).encode())
        return written

    def _ended(
        self, connection: duckdb.DuckDBPyConnection, after: str | None
    ) -> Iterator[dict[str, Any]]:
        """Versions that ended after that load."""
        where = "WHERE ended > ?::TIMESTAMPTZ" if after else ""
        return _rows(connection, f"{ENDED} {where}", [after] if after else [])

    def _current(
        self, connection: duckdb.DuckDBPyConnection, after: str | None
    ) -> Iterator[dict[str, Any]]:
        """What is current and was written by a run that loaded something after that load, or is
        of a document that ended after it (a later version was there before it)."""
        where = (
            "WHERE run_id IN (SELECT run_id FROM _kollect.loads WHERE loaded_at > ?::TIMESTAMPTZ)"
            if after
            else ""
        )
        return _rows(connection, f"{CURRENT} {where}", [after] if after else [])


def key_of(row: dict[str, Any]) -> str:
    """The name of a document in the index."""
    return "\n".join((row["service"], row["account"], row["kind"], row["id"] or ""))


def version_of(row: dict[str, Any]) -> str:
    """The name of a version that ended."""
    return f"{key_of(row)}\n{row['since']}"


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, values: list[Any]
) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM ({sql})", values)
    while chunk := cursor.fetchmany(10_000):
        for row in chunk:
            yield dict(zip(COLUMNS, row, strict=True))


def _entry(row: dict[str, Any]) -> tantivy.Document:
    ended = row["ended"] is not None
    when = row["updated"] or row["created"] or row["since"]
    kept = {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }
    return tantivy.Document(
        **{
            "version" if ended else "key": version_of(row) if ended else key_of(row),
            "ended_title" if ended else "title": indexed(row["title"]),
            "ended_body" if ended else "body": indexed(row["text"]),
        },
        service=row["service"],
        account=row["account"],
        kind=row["kind"],
        day=day_of(when) if when else 0,
        row=json.dumps(kept, ensure_ascii=False),
    )


def day_of(when: datetime) -> int:
    """The day of a time as a number that grows."""
    return when.astimezone(UTC).date().toordinal()
