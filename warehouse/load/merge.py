"""Merging one table: incoming rows against current rows, with history kept.

Every statement runs inside the transaction of the load. Rows are told apart by content hash, so an
unchanged row costs a comparison and a version is never made twice. Which rows end is decided in
`ends`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from connectors.core.resources import RecordSource
from connectors.core.schema import Column, Table
from warehouse.load.fill import fill_from_raw, key_text
from warehouse.load.keys import key_value
from warehouse.load.staging import Staging
from warehouse.load.validation import Reject
from warehouse.schema.system_columns import ENDING_NAMES, SYSTEM_NAMES
from warehouse.schema.types import literal, quoted
from warehouse.store.names import CATALOG, STATE

SOURCES = f"{CATALOG}.{STATE}.record_sources"


@dataclass
class Counts:
    """What happened to the rows of one table in one load."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    rejected: int = 0
    rows: int = 0


class Merge:
    """The merge of one table of one account; `at` is the instant of the load (UTC)."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        table: Table,
        staging: Staging,
        *,
        account: str,
        run_id: str,
        at: datetime,
    ) -> None:
        self._connection = connection
        self._schema = schema
        self.table = table
        self._columns = columns = staging.columns[table.name]
        self.account = account
        self._run_id = run_id
        self.at = at
        self.current = f"{CATALOG}.{quoted(schema)}.{quoted(table.name)}"
        self.history = f"{CATALOG}.{quoted(schema)}.{quoted(table.name + '_history')}"
        self.incoming = staging.qualified_name(table)
        self._listed = ", ".join(quoted(c.name) for c in columns)
        self.counts = Counts()
        self.first = False
        """Before this load the account had no rows here, so none can have ended."""
        self.touched = False
        """Whether rows were inserted, superseded or refreshed in place."""

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        return self._connection.execute(sql, list(values)).fetchall()

    def same_key(self, left: str, right: str) -> str:
        """The SQL condition that two aliases have the same key."""
        return " AND ".join(f"{left}.{quoted(k)} = {right}.{quoted(k)}" for k in self.table.key)

    def count_current(self) -> int:
        """The account's current rows."""
        sql = f"SELECT count(*) FROM {self.current} WHERE _account = ?"
        return int(self.run(sql, self.account)[0][0])

    # -- rows that came --------------------------------------------------------------------

    def upsert(self) -> None:
        """Insert new rows, supersede changed ones, refresh in place what makes no version."""
        total, from_elsewhere = self.run(
            f"SELECT count(*), count(*) FILTER (_source <> {RecordSource.LIST:d}) "
            f"FROM {self.incoming}"
        )[0]
        self.first = not self.count_current()
        if not total:
            return
        sourced = bool(from_elsewhere) or self._has_sources()
        if self.first:
            self.counts.inserted = total
            self.touched = True
            if sourced:
                key = key_text(self.table, "i")
                self._store_sources(
                    f"SELECT {key} AS key, i._source AS source FROM {self.incoming} i"
                )
            rows = f"{self.incoming} i"
            self._insert(rows, "NULL::TIMESTAMPTZ", "NULL::TIMESTAMPTZ", new=rows)
            return
        self._decide_actions(sourced)
        actions = dict(self.run("SELECT action, count(*) FROM temp.row_action GROUP BY action"))
        refreshed = actions.get("refreshed", 0)
        self.counts.inserted = actions.get("inserted", 0)
        self.counts.updated = actions.get("updated", 0)
        self.counts.unchanged = actions.get("unchanged", 0) + refreshed
        self.touched = self.counts.inserted + self.counts.updated + refreshed > 0
        if sourced and self.run("SELECT 1 FROM temp.row_action WHERE raised LIMIT 1"):
            self.touched = True
            self._store_sources("SELECT key, source FROM temp.row_action WHERE raised")
        if self.counts.updated:
            self.end("SELECT t FROM temp.row_action WHERE action = 'updated'", "updated", None)
        if refreshed:
            self.run(
                f"DELETE FROM {self.current} WHERE rowid IN "
                "(SELECT t FROM temp.row_action WHERE action = 'refreshed')"
            )
        self.touched = self.counts.inserted + self.counts.updated + refreshed > 0
        if self.touched:
            rows = f"{self.incoming} i JOIN temp.row_action a ON i.rowid = a.i AND a.action"
            self._insert(
                f"{rows} <> 'unchanged'",
                "a.seen",
                "CASE a.action WHEN 'refreshed' THEN a.since END",
                new=f"{rows} = 'inserted'" if self.counts.inserted else "",
            )
        self.run("DROP TABLE temp.row_action")

    def _decide_actions(self, sourced: bool) -> None:
        """Make temp.row_action: what is to be done with each incoming row."""
        edited = " OR ".join(
            ["t._content IS DISTINCT FROM i._content"]
            + [
                f"(t.{c} IS NOT NULL AND t.{c} IS DISTINCT FROM i.{c})"
                for c in (quoted(c.name) for c in self._columns if c.backfilled)
            ]
        )
        cases = ["WHEN t.rowid IS NULL THEN 'inserted'"]
        of_source, join = "NULL AS key, NULL AS source, false AS raised", ""
        if sourced:
            known = f"coalesce(s.source, {RecordSource.LIST:d})"
            of_source = (
                f"{key_text(self.table, 'i')} AS key, i._source AS source, "
                f"(t.rowid IS NULL OR i._source > {known}) AS raised"
            )
            join = f"LEFT JOIN {SOURCES} s ON {self._is_source('s')} AND s.key = " + (
                key_text(self.table, "i")
            )
            cases += [
                # Put together from pieces (`_s` below 0), the row holds all that is stored, and
                # what a lower source adds to it. Else a lower source has nothing to add.
                f"WHEN i._source < {known} THEN CASE WHEN i._s < 0 AND ({edited}) "
                "THEN 'refreshed' ELSE 'unchanged' END",
                # A higher source corrects what lower ones said, which is no version of the record;
                # nor is a change that only embedded copies show.
                f"WHEN (i._source > {known} OR {known} = {RecordSource.EMBEDDED:d}) "
                f"AND ({edited}) THEN 'refreshed'",
            ]
        cases.append(f"WHEN {edited} THEN 'updated'")
        moved = [
            f"t.{quoted(c.name)} IS DISTINCT FROM i.{quoted(c.name)}"
            for c in self._columns
            if c.unversioned
        ]
        if self.table.unversioned:
            moved.append("t._raw IS DISTINCT FROM i._raw")
        if moved:
            cases.append(f"WHEN {' OR '.join(moved)} THEN 'refreshed'")
        self.run(
            "CREATE OR REPLACE TEMP TABLE row_action AS SELECT i.rowid AS i, t.rowid AS t, "
            f"t._valid_from AS since, t._first_seen_at AS seen, {of_source}, "
            f"CASE {' '.join(cases)} ELSE 'unchanged' END AS action "
            f"FROM {self.incoming} i LEFT JOIN {self.current} t "
            f"ON t._account = ? AND {self.same_key('i', 't')} {join}",
            self.account,
        )

    def _insert(self, rows: str, seen: str, since: str, *, new: str) -> None:
        """Insert incoming rows; a record that returns keeps the time it was first seen.

        `rows` is SQL for what comes, named `i`; `seen` and `since` are SQL for when the record
        was first seen and since when this version of it is known, NULL for what is new. `new` is
        SQL for the rows that may return, empty where there are none.
        """
        back = ""
        if new and self.run(
            f"SELECT 1 FROM {self.history} WHERE _account = ? LIMIT 1", self.account
        ):
            key = ", ".join(quoted(k) for k in self.table.key)
            came = ", ".join(f"i.{quoted(k)}" for k in self.table.key)
            back = (
                f"LEFT JOIN (SELECT {key}, min(_first_seen_at) AS earlier FROM {self.history} "
                f"WHERE _account = $account AND ({key}) IN (SELECT ({came}) FROM {new}) "
                f"GROUP BY {key}) h ON {self.same_key('i', 'h')}"
            )
            seen = f"coalesce({seen}, h.earlier)"
        listed = ", ".join(f"i.{quoted(c.name)}" for c in self._columns)
        self._connection.execute(
            f"INSERT INTO {self.current} (_account, {self._listed}, {', '.join(SYSTEM_NAMES)}) "
            f"SELECT $account, {listed}, coalesce({since}, $at), coalesce({seen}, $at), $run, "
            f"i._raw, i._content FROM {rows} {back}",
            {"account": self.account, "at": self.at, "run": self._run_id},
        )

    def end(self, rowids: str, by: str, evidence: str | None) -> None:
        """Move rows into the history."""
        listed = f"_account, {self._listed}, {', '.join(SYSTEM_NAMES)}"
        self._connection.execute(
            f"INSERT INTO {self.history} ({listed}, {', '.join(ENDING_NAMES)}) "
            f"SELECT {listed}, $at, $by, $run, $evidence FROM {self.current} "
            f"WHERE rowid IN ({rowids})",
            {"at": self.at, "by": by, "run": self._run_id, "evidence": evidence},
        )
        self.run(f"DELETE FROM {self.current} WHERE rowid IN ({rowids})")

    def fill(self, columns: tuple[Column, ...]) -> list[Reject]:
        """Fill columns that appeared in this load from the raw records, old rows included.

        Returns the values that do not fit, of every account: nested ones, for instance.
        """
        self.touched = True
        return fill_from_raw(self._connection, self._schema, self.table, columns)

    # -- sources ---------------------------------------------------------------------------

    def _is_source(self, alias: str) -> str:
        """The SQL condition that a row of `_kollect.record_sources` is of this table."""
        return (
            f"{alias}.account = {literal(self.account)} AND {alias}.service = "
            f"{literal(self._schema)} AND {alias}.table_name = {literal(self.table.name)}"
        )

    def _has_sources(self) -> bool:
        return bool(self.run(f"SELECT 1 FROM {SOURCES} s WHERE {self._is_source('s')} LIMIT 1"))

    def _store_sources(self, changed: str) -> None:
        """Remember the source of records; `changed` is SQL for their keys and sources."""
        self.run(f"CREATE OR REPLACE TEMP TABLE changed_sources AS {changed}")
        self.run(
            f"DELETE FROM {SOURCES} s WHERE {self._is_source('s')} "
            "AND s.key IN (SELECT key FROM temp.changed_sources)"
        )
        self.run(
            f"INSERT INTO {SOURCES} (account, service, table_name, key, source) SELECT ?, ?, ?, "
            f"key, source FROM temp.changed_sources WHERE source <> {RecordSource.LIST:d}",
            self.account, self._schema, self.table.name,
        )  # fmt: skip
        self.run("DROP TABLE temp.changed_sources")

    # -- what is there ---------------------------------------------------------------------

    def delete(self, rowids: str, evidence: str) -> int:
        """End the records of these rows; returns how many."""
        self.run(f"CREATE OR REPLACE TEMP TABLE ending AS {rowids}")
        found = int(self.run("SELECT count(*) FROM temp.ending")[0][0])
        if found:
            self.touched = True
            self.end("SELECT t FROM temp.ending", "deleted", evidence)
        self.run("DROP TABLE temp.ending")
        self.counts.deleted += found
        return found

    def make_temporary(
        self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Make a temporary table of key values; rows that could be no key are left out."""
        kinds = {column.name: column.type for column in self._columns}
        types = [kinds.get(column, "text") for column in columns]
        kept = []
        for row in rows:
            values = [key_value(value, kind) for value, kind in zip(row, types, strict=True)]
            if all(value is None or key is not None for value, key in zip(row, values)):
                kept.append(values)
        listed = ", ".join(
            f"unnest(?::{'BIGINT' if kind == 'integer' else 'VARCHAR'}[]) AS {quoted(column)}"
            for column, kind in zip(columns, types, strict=True)
        )
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {listed}",
            [[row[number] for row in kept] for number in range(len(columns))],
        )

    def content(self) -> tuple[str, int]:
        """A hash over the account's rows, which tells that nothing changed, and their number."""
        digest, rows = self.run(
            "SELECT coalesce(bit_xor(md5_number(_content::VARCHAR)), 0)::VARCHAR, count(*) "
            f"FROM {self.current} WHERE _account = ?",
            self.account,
        )[0]
        return f"{digest}/{rows}", int(rows)
