"""What a warehouse file holds, less the moments and names that differ between equal runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import duckdb

MOMENTS = {"_valid_from", "_valid_to", "_first_seen_at", "_run_id", "_ended_run_id"}
OF_THE_RUN = ("loaded_in_run", "full_pass", "held_deletes", "empty_since", "rows_seen", "complete")
"""Kinds of state whose values name a run or a moment."""
SUMS = ("inserted", "updated", "deleted", "rejected")


def contents(file: Path, service: str) -> dict[str, list[Any]]:
    """Every table with its history, cursors, state, visits, and what was inserted, updated and ended."""
    found: dict[str, list[Any]] = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? ORDER BY 1", [service]
        ).fetchall()
        for (table,) in tables:
            columns = [
                f'"{name}"::VARCHAR'
                for (name,) in connection.execute(
                    "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? "
                    "AND table_name = ? ORDER BY column_index",
                    [service, table],
                ).fetchall()
                if name not in MOMENTS
            ]
            found[table] = connection.execute(
                f'SELECT {", ".join(columns)} FROM {service}."{table}" ORDER BY ALL'
            ).fetchall()
        found["cursors"] = connection.execute(
            "SELECT resource, scope, value FROM _kollect.cursors ORDER BY ALL"
        ).fetchall()
        found["state"] = [
            (kind, name, scope, _lasting(kind, name, value))
            for kind, name, scope, value in connection.execute(
                # What a family was last loaded from differs where a run was done in two pieces.
                "SELECT kind, name, scope, value FROM _kollect.state WHERE kind <> 'last_load' "
                "ORDER BY ALL"
            ).fetchall()
        ]
        found["visits"] = connection.execute(
            "SELECT resource, scope, content FROM _kollect.visits ORDER BY ALL"
        ).fetchall()
        found["counts"] = connection.execute(
            f"SELECT table_name, {', '.join(f'sum({name})' for name in SUMS)} "
            "FROM _kollect.loads GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return found


def _lasting(kind: str, name: str, value: str) -> str | None:
    """A remembered value less what differs from run to run or with the key of `.kollect/`."""
    if kind in OF_THE_RUN or name == "role":
        return None
    return re.sub(r'"credential":"[0-9a-f]{32}"', "", value) if kind == "identity" else value


def ledger(file: Path) -> dict[str, list[Any]]:
    """The runs and loads row by row, less moments and names: for runs that went on."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return {
            "loads": connection.execute(
                "SELECT * EXCLUDE (run_id, loaded_at, seconds, content) FROM _kollect.loads "
                "ORDER BY ALL"
            ).fetchall(),
            "runs": connection.execute(
                "SELECT account, status, requests, bytes, error FROM _kollect.runs ORDER BY ALL"
            ).fetchall(),
        }


def apart(calm: dict[str, list[Any]], other: dict[str, list[Any]]) -> list[str]:
    """Where two contents differ, in sentences."""
    found = []
    for name in sorted(calm.keys() | other.keys()):
        here, there = calm.get(name, []), other.get(name, [])
        if here != there:
            less = [row for row in here if row not in there][:2]
            more = [row for row in there if row not in here][:2]
            shown = f"lacks {str(less)[:600]}; has {str(more)[:600]}"
            found.append(f"{name}: {len(here)} and {len(there)}; {shown}")
    return found


def copied(source: Path, target: Path) -> Path:
    """A warehouse folder as it is now, under another name; its settings point to itself."""
    shutil.copytree(source, target, symlinks=True)
    file = target / "kollect.toml"
    file.write_text(file.read_text().replace(str(source), str(target)))
    return target
