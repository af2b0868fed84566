"""Merging one table: incoming rows against current rows, history kept, ends only with evidence.

Every statement runs inside the transaction of the load. Rows are told apart
by content hash, so an unchanged row costs a comparison and a version is never made twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from connectors.core.schema import Column, Table
from warehouse.load.staging import Incoming
from warehouse.schema.types import literal, quoted, structure, text_of, value_of
from warehouse.store.identity import CATALOG

SYSTEM = ("_valid_from", "_first_seen_at", "_run_id", "_raw", "_content")


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
        incoming: Incoming,
        *,
        account: str,
        run_id: str,
        at: datetime,
    ) -> None:
        self._connection = connection
        self.table = table
        self._columns = columns = incoming.columns[table.name]
        self._account = account
        self._run_id = run_id
        self._at = at
        self.now = f"{CATALOG}.{quoted(schema)}.{quoted(table.name)}"
        self.past = f"{CATALOG}.{quoted(schema)}.{quoted(table.name + '_history')}"
        self._place = incoming.place
        self.incoming = incoming.place(table)
        self._listed = ", ".join(quoted(c.name) for c in columns)
        self.counts = Counts()
        self.first = False
        """Before this load the account had no rows here, so none can have ended."""

    def _run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(values)).fetchall()

    def _same_key(self, left: str, right: str) -> str:
        return " AND ".join(f"{left}.{quoted(k)} = {right}.{quoted(k)}" for k in self.table.key)

    # -- rows that came --------------------------------------------------------------------

    def upsert(self) -> None:
        """Insert new rows, supersede changed ones, refresh volatile columns in place."""
        total = self._run(f"SELECT count(*) FROM {self.incoming}")[0][0]
        self.first = not self.standing()
        if total and self.first:
            self._insert(f"{self.incoming} i", "NULL::TIMESTAMPTZ", "NULL::TIMESTAMPTZ")
            self.counts.inserted = total
            return
        if not total:
            return
        moving = [
            f"t.{quoted(c.name)} IS DISTINCT FROM i.{quoted(c.name)}"
            for c in self._columns
            if c.unversioned
        ]
        if self.table.unversioned:
            moving.append("t._raw IS DISTINCT FROM i._raw")
        edited = " OR ".join(
            ["t._content IS DISTINCT FROM i._content"]
            + [
                f"(t.{c} IS NOT NULL AND t.{c} IS DISTINCT FROM i.{c})"
                for c in (quoted(c.name) for c in self._columns if c.backfilled)
            ]
        )
        refreshed = f"WHEN {' OR '.join(moving)} THEN 'refreshed'" if moving else ""
        self._run(
            "CREATE OR REPLACE TEMP TABLE fate AS SELECT i.rowid AS i, t.rowid AS t, "
            "t._valid_from AS was, t._first_seen_at AS seen, "
            f"CASE WHEN t.rowid IS NULL THEN 'inserted' WHEN {edited} THEN 'updated' {refreshed} "
            "ELSE 'unchanged' END AS fate "
            f"FROM {self.incoming} i LEFT JOIN {self.now} t "
            f"ON t._account = ? AND {self._same_key('i', 't')}",
            self._account,
        )
        fates = dict(self._run("SELECT fate, count(*) FROM temp.fate GROUP BY fate"))
        self.counts.inserted = fates.get("inserted", 0)
        self.counts.updated = fates.get("updated", 0)
        self.counts.unchanged = fates.get("unchanged", 0) + fates.get("refreshed", 0)
        if self.counts.updated:
            self._end("SELECT t FROM temp.fate WHERE fate = 'updated'", "updated", None)
        if fates.get("refreshed"):
            self._run(
                f"DELETE FROM {self.now} WHERE rowid IN "
                "(SELECT t FROM temp.fate WHERE fate = 'refreshed')"
            )
        if self.counts.inserted + self.counts.updated + fates.get("refreshed", 0):
            self._insert(
                f"{self.incoming} i JOIN temp.fate f ON i.rowid = f.i AND f.fate <> 'unchanged'",
                "f.seen",
                "CASE f.fate WHEN 'refreshed' THEN f.was END",
            )
        self._run("DROP TABLE temp.fate")

    def _insert(self, rows: str, seen: str, was: str) -> None:
        """Insert incoming rows; a record that returns keeps the time it was first seen.

        `rows` is SQL for what comes, named `i`; `seen` and `was` are SQL for when the record was
        first seen and since when this version of it is known, NULL for what is new.
        """
        back = ""
        if self._run(f"SELECT 1 FROM {self.past} WHERE _account = ? LIMIT 1", self._account):
            key = ", ".join(quoted(k) for k in self.table.key)
            came = ", ".join(f"i.{quoted(k)}" for k in self.table.key)
            back = (
                f"LEFT JOIN (SELECT {key}, min(_first_seen_at) AS earlier FROM {self.past} "
                f"WHERE _account = $account AND ({key}) IN (SELECT ({came}) FROM {rows}) "
                f"GROUP BY {key}) h ON {self._same_key('i', 'h')}"
            )
            seen = f"coalesce({seen}, h.earlier)"
        listed = ", ".join(f"i.{quoted(c.name)}" for c in self._columns)
        self._connection.execute(
            f"INSERT INTO {self.now} (_account, {self._listed}, {', '.join(SYSTEM)}) "
            f"SELECT $account, {listed}, coalesce({was}, $at), coalesce({seen}, $at), $run, "
            f"i._raw, i._content FROM {rows} {back}",
            {"account": self._account, "at": self._at, "run": self._run_id},
        )

    def _end(self, rowids: str, by: str, evidence: str | None) -> None:
        """Move rows into the history."""
        listed = f"_account, {self._listed}, {', '.join(SYSTEM)}"
        self._connection.execute(
            f"INSERT INTO {self.past} ({listed}, _valid_to, _ended_by, _ended_run_id, _evidence) "
            f"SELECT {listed}, $at, $by, $run, $evidence FROM {self.now} "
            f"WHERE rowid IN ({rowids})",
            {"at": self._at, "by": by, "run": self._run_id, "evidence": evidence},
        )
        self._run(f"DELETE FROM {self.now} WHERE rowid IN ({rowids})")

    def fill(self, columns: tuple[Column, ...]) -> None:
        """Fill columns that appeared in this load from the raw records, old rows included."""
        shape = literal(structure(columns))
        values = ", ".join(f"{quoted(c.name)} = f.{quoted(c.name)}" for c in columns)
        read = ", ".join(f"{value_of(c, text_of(c), '_raw')} AS {quoted(c.name)}" for c in columns)
        for place in (self.now, self.past):
            self._run(
                f"UPDATE {place} AS t SET {values} FROM (SELECT row, {read} FROM (SELECT rowid AS "
                f"row, _raw, json_transform(_raw, {shape}) AS d FROM {place})) f "
                "WHERE t.rowid = f.row"
            )

    # -- rows that did not come ------------------------------------------------------------

    def absent(
        self,
        names: Sequence[str],
        scopes: list[tuple[Any, ...]],
        spared: Sequence[Mapping[str, Any]],
    ) -> str:
        """SQL for the rowids of current rows within any of the scopes that did not come.

        A scope is the values of the columns `names`; without a name it is the whole account.
        `spared` are keys that are known to exist although no row of them was read.
        """
        self._remember("spared", self.table.key, [tuple(s.values()) for s in spared])
        inside = ""
        if names:
            table = f"within_{'_'.join(names)}"
            self._remember(table, names, scopes)
            same = " AND ".join(
                f"c.{quoted(name)} IS NOT DISTINCT FROM t.{quoted(name)}" for name in names
            )
            inside = f" AND EXISTS (SELECT 1 FROM temp.{table} c WHERE {same})"
        return (
            f"SELECT t.rowid AS t FROM {self.now} t WHERE t._account = {_sql(self._account)}"
            f"{inside} AND NOT EXISTS (SELECT 1 FROM {self.incoming} i "
            f"WHERE {self._same_key('i', 't')}) AND NOT EXISTS "
            f"(SELECT 1 FROM temp.spared s WHERE {self._same_key('s', 't')})"
        )

    def absent_inside(
        self,
        parent: Table,
        owners: Sequence[str],
        without: Sequence[Sequence[Any]],
        held: Sequence[Sequence[Any]],
        spared: Sequence[Mapping[str, Any]],
    ) -> str:
        """SQL for rowids of children that their freshly read parents no longer hold.

        Parents count when they were read whole (not in pieces, `_s` below 0) and are not among
        `without` (their answer lacked the list), or when they are among `held` (read in part,
        but with the whole list). `spared` are keys of children that have not ended by that.
        """
        self._remember("spared", self.table.key, [tuple(s.values()) for s in spared])
        self._remember("without", owners, [tuple(w) for w in without])
        self._remember("held", owners, [tuple(h) for h in held])
        named = ", ".join(
            f"o.{quoted(key)} AS {quoted(name)}"
            for key, name in zip(parent.key, owners, strict=True)
        )
        # One small list of owners, so that the whole table is gone through once.
        self._run(
            f"CREATE OR REPLACE TEMP TABLE whole AS (SELECT {named} FROM {self._place(parent)} o "
            "WHERE o._s >= 0 UNION FROM temp.held) EXCEPT FROM temp.without"
        )
        listed = ", ".join(quoted(name) for name in owners)
        owned = ", ".join(f"t.{quoted(name)}" for name in owners)
        return (
            f"SELECT t.rowid AS t FROM {self.now} t WHERE t._account = {_sql(self._account)} "
            f"AND ({owned}) IN (SELECT ({listed}) FROM temp.whole) "
            f"AND NOT EXISTS (SELECT 1 FROM temp.spared s WHERE {self._same_key('s', 't')}) "
            f"AND NOT EXISTS (SELECT 1 FROM {self.incoming} i WHERE {self._same_key('i', 't')})"
        )

    def orphans(self, parent: Merge, owners: Sequence[str]) -> str:
        """SQL for rowids of rows whose owner is no current row of `parent`."""
        owned = " AND ".join(
            f"o.{quoted(key)} = t.{quoted(name)}"
            for key, name in zip(parent.table.key, owners, strict=True)
        )
        past = owned.replace("o.", "p.")
        return (
            f"SELECT t.rowid AS t FROM {self.now} t WHERE t._account = {_sql(self._account)} "
            f"AND NOT EXISTS (SELECT 1 FROM {parent.now} o WHERE o._account = t._account "
            f"AND {owned}) AND EXISTS (SELECT 1 FROM {parent.past} p WHERE "
            f"p._account = t._account AND p._ended_by = 'deleted' AND {past}) "
            f"AND NOT EXISTS (SELECT 1 FROM {self.incoming} i WHERE {self._same_key('i', 't')})"
        )

    def keyed(self, key: Mapping[str, Any]) -> str:
        """SQL for the rowid of one record by its key."""
        conditions = " AND ".join(f"t.{quoted(n)} = {_sql(v)}" for n, v in key.items())
        return (
            f"SELECT t.rowid AS t FROM {self.now} t WHERE t._account = {_sql(self._account)} "
            f"AND {conditions}"
        )

    def count(self, rowids: str) -> int:
        return int(self._run(f"SELECT count(*) FROM ({rowids})")[0][0])

    def standing(self) -> int:
        """The account's current rows."""
        sql = f"SELECT count(*) FROM {self.now} WHERE _account = ?"
        return int(self._run(sql, self._account)[0][0])

    def delete(self, rowids: str, evidence: str) -> int:
        """End the records; returns how many."""
        self._run(f"CREATE OR REPLACE TEMP TABLE ending AS {rowids}")
        found = int(self._run("SELECT count(*) FROM temp.ending")[0][0])
        if found:
            self._end("SELECT t FROM temp.ending", "deleted", evidence)
        self._run("DROP TABLE temp.ending")
        self.counts.deleted += found
        return found

    def _remember(self, name: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        kinds = {column.name: column.type for column in self._columns}
        listed = ", ".join(
            f"{quoted(c)} {'BIGINT' if kinds.get(c) == 'integer' else 'VARCHAR'}" for c in columns
        )
        self._run(f"CREATE OR REPLACE TEMP TABLE {name} ({listed})")
        for start in range(0, len(rows), 500):
            values = ", ".join(
                "(" + ", ".join(_sql(value) for value in row) + ")"
                for row in rows[start : start + 500]
            )
            self._run(f"INSERT INTO temp.{name} VALUES {values}")

    def content(self) -> tuple[str, int]:
        """A hash over the account's rows, which tells that nothing changed, and their number."""
        digest, rows = self._run(
            "SELECT coalesce(bit_xor(md5_number(_content::VARCHAR)), 0)::VARCHAR, count(*) "
            f"FROM {self.now} WHERE _account = ?",
            self._account,
        )[0]
        return f"{digest}/{rows}", int(rows)


def _sql(value: Any) -> str:
    """A value as an SQL literal, for conditions that are put together before they run."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"
