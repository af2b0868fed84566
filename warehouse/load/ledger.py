"""What a load writes into `_kollect`: its rejects, cursors and visits, and the row of each table.

Several families may feed one table in one run, and a family that failed is read again when its
run goes on. So each part is kept under its family, a later try takes the place of an earlier one,
and the row of `_kollect.loads` is made anew from the parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import msgspec

from connectors.core.state import StateKey
from warehouse.load.keys import storable
from warehouse.load.validation import Reject
from warehouse.store.names import CATALOG, STATE

DONE = ("inserted", "updated", "deleted")
"""What every try of a family adds to: what it did once is done."""
SEEN = ("unchanged", "rejected", "requests", "bytes")
"""What the last try of a family tells of all of them, since it reads the same answers again."""
PLACE = f"{CATALOG}.{STATE}.loads"
PARTS = f"{CATALOG}.{STATE}.load_parts"


@dataclass(frozen=True)
class Ledger:
    """The ledger of one run and account, for the load of one family."""

    connection: duckdb.DuckDBPyConnection
    account: str
    run_id: str
    service: str
    family: str
    at: datetime

    def begin(self) -> None:
        """Forget the parts of other runs, and the rejects of an earlier try of this family."""
        self.connection.execute(
            f"DELETE FROM {PARTS} WHERE account = ? AND run_id <> ?", [self.account, self.run_id]
        )
        self.connection.execute(
            f"DELETE FROM {CATALOG}.{STATE}.rejects WHERE account = ? AND run_id = ? AND "
            f"rejected_at IN (SELECT loaded_at FROM {PARTS} WHERE account = ? AND family = ?)",
            [self.account, self.run_id, self.account, self.family],
        )

    def reject(self, rejects: Sequence[Reject]) -> None:
        """Write what could not be stored as declared."""
        if not rejects:
            return
        lines = msgspec.json.encode(
            [
                {
                    "table_name": r.table,
                    "record_key": r.key,
                    "column_name": r.column,
                    "reason": r.reason,
                    "value": r.value,
                    "raw": r.raw,
                    "account": r.account or self.account,
                }
                for r in rejects
            ]
        ).decode("utf-8", "replace")
        self.connection.execute(
            f"INSERT INTO {CATALOG}.{STATE}.rejects (run_id, account, service, table_name, "
            "record_key, column_name, reason, value, raw, rejected_at) SELECT $run, j->>'account', "
            "$service, j->>'table_name', j->>'record_key', j->>'column_name', j->>'reason', "
            "j->>'value', CASE WHEN json_valid(j->>'raw') THEN (j->>'raw')::JSON END, $at "
            "FROM (SELECT unnest(CAST($lines::JSON AS JSON[])) AS j)",
            {
                "run": self.run_id,
                "service": self.service,
                "at": self.at,
                "lines": lines,
            },
        )

    def move(self, cursors: Mapping[tuple[str, str], str]) -> None:
        """Store cursors by (resource, scope)."""
        rows = [(resource, scope, value) for (resource, scope), value in cursors.items()]
        self._replace("cursors", ("resource", "scope"), ("value",), rows, "run_id", "moved_at")

    def remember(self, state: Mapping[StateKey, str]) -> None:
        """Store what later runs must know."""
        rows = [(str(key.kind), key.name, key.scope, value) for key, value in state.items()]
        self._replace("state", ("kind", "name", "scope"), ("value",), rows, "run_id", "set_at")

    def remembered(self, key: StateKey) -> str | None:
        """What an earlier load of the account stored under this key."""
        found = self.connection.execute(
            f"SELECT value FROM {CATALOG}.{STATE}.state "
            "WHERE account = ? AND kind = ? AND name = ? AND scope = ?",
            [self.account, str(key.kind), key.name, key.scope],
        ).fetchall()
        return found[0][0] if found else None

    def forget(self, key: StateKey) -> None:
        """Remove what is stored under this key."""
        self.connection.execute(
            f"DELETE FROM {CATALOG}.{STATE}.state "
            "WHERE account = ? AND kind = ? AND name = ? AND scope = ?",
            [self.account, str(key.kind), key.name, key.scope],
        )

    def visit(self, visits: Mapping[tuple[str, str], str]) -> None:
        """Store for which content of which parents, by (resource, scope), was asked."""
        rows = [(resource, scope, content) for (resource, scope), content in visits.items()]
        self._replace("visits", ("resource", "scope"), ("content",), rows, "", "visited_at")

    def _replace(
        self,
        table: str,
        key: tuple[str, ...],
        values: tuple[str, ...],
        rows: Sequence[tuple[str, ...]],
        run: str,
        time: str,
    ) -> None:
        """Store rows of texts in place of those with the same key.

        `run` and `time` name the columns for the run (empty: none) and for the time of the load.
        """
        if not rows:
            return
        place, names = f"{CATALOG}.{STATE}.{table}", (*key, *values)
        columns = [[storable(text) for text in column] for column in zip(*rows, strict=True)]
        listed = ", ".join(f"unnest(?::VARCHAR[]) AS {name}" for name in names)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE replacing AS SELECT {listed}", columns
        )
        keyed = ", ".join(key)
        self.connection.execute(
            f"DELETE FROM {place} WHERE account = ? AND ({keyed}) IN "
            f"(SELECT ({keyed}) FROM temp.replacing)",
            [self.account],
        )
        more = {run: self.run_id, time: self.at} if run else {time: self.at}
        self.connection.execute(
            f"INSERT INTO {place} (account, {', '.join(names)}, {', '.join(more)}) "
            f"SELECT ?, {', '.join(names)}{', ?' * len(more)} FROM temp.replacing",
            [self.account, *more.values()],
        )

    def write(self, loaded: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Write this family's part of each table, and the rows of the tables; returns the rows.

        `loaded` is, by table, the columns of the row, with `proofs` and `reasons` as lists.
        """
        if not loaded:
            return {}
        known = self._parts(loaded)
        rows = {}
        for table, part in loaded.items():
            parts = known.get(table, {})
            earlier = parts.pop(self.family, {})
            for name in DONE:
                part[name] += earlier.get(name, 0)
            rows[table] = together([*parts.values(), part])
        where = "account = ? AND run_id = ? AND table_name IN (SELECT unnest(?::VARCHAR[]))"
        key = [self.account, self.run_id, list(loaded)]
        self.connection.execute(
            f"DELETE FROM {PARTS} WHERE {where} AND family = ?", [*key, self.family]
        )
        texts = [msgspec.json.encode(p).decode("utf-8", "replace") for p in loaded.values()]
        self.connection.execute(
            f"INSERT INTO {PARTS} (account, run_id, table_name, family, loaded_at, part) "
            "SELECT ?, ?, unnest(?::VARCHAR[]), ?, ?, unnest(?::VARCHAR[])",
            [*key, self.family, self.at, texts],
        )
        self.connection.execute(f"DELETE FROM {PLACE} WHERE {where}", key)
        columns = tuple(next(iter(rows.values())))
        names = ("account", "run_id", "service", "loaded_at", "table_name", *columns)
        marks = ", ".join("?" for _ in names)
        values: list[Any] = []
        for table, row in rows.items():
            values += [self.account, self.run_id, self.service, self.at, table]
            values += [_storable(value) for value in row.values()]
        self.connection.execute(
            f"INSERT INTO {PLACE} ({', '.join(names)}) VALUES "
            + ", ".join(f"({marks})" for _ in rows),
            values,
        )
        return rows

    def _parts(self, tables: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
        """What families have written in this run so far, by table and family."""
        found = self.connection.execute(
            f"SELECT table_name, family, part FROM {PARTS} WHERE account = ? AND run_id = ? "
            "AND table_name IN (SELECT unnest(?::VARCHAR[])) ORDER BY loaded_at",
            [self.account, self.run_id, list(tables)],
        ).fetchall()
        parts: dict[str, dict[str, dict[str, Any]]] = {}
        for table, family, part in found:
            parts.setdefault(table, {})[family] = msgspec.json.decode(part)
        return parts


def together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The row that several families' parts make; what describes the table is as of the last."""
    last = parts[-1]
    return {
        "mode": last["mode"],
        "complete": all(part["complete"] for part in parts),
        "proof": _joined(parts, "proofs"),
        "reason": _joined(parts, "reasons"),
        **{name: sum(part[name] for part in parts) for name in (*DONE, *SEEN)},
        "rows": last["rows"],
        "seconds": round(sum(part["seconds"] for part in parts), 6),
        "content": last["content"],
        "error": next((part["error"] for part in parts if part["error"]), None),
    }


def _joined(parts: Iterable[Mapping[str, Any]], name: str) -> str | None:
    return "; ".join(dict.fromkeys(text for part in parts for text in part[name])) or None


def _storable(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value
