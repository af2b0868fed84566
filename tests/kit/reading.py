"""A reader in a process of its own, such as a notebook: its view must stay good.

`stay`: opens the file once and queries that view again and again. `come`: opens it anew each
time. Says each distinct view (generation and rows of all tables) and at the end how many
queries there were; ends when standard input does.
"""

from __future__ import annotations

import select
import sys

import duckdb

SERVICE_ROWS = (
    "SELECT string_agg(format('SELECT count(*) AS n FROM {}.{}', schema_name, table_name), "
    "' UNION ALL ') FROM duckdb_tables() WHERE schema_name NOT IN ('_kollect', 'main')"
)


def view(connection: duckdb.DuckDBPyConnection) -> str:
    """What the file holds: its generation, its finished runs, the rows of all tables."""
    (generation,) = connection.execute(
        "SELECT value FROM _kollect.meta WHERE name = 'generation'"
    ).fetchall()[0]
    (runs,) = connection.execute("SELECT count(*) FROM _kollect.runs").fetchall()[0]
    (counting,) = connection.execute(SERVICE_ROWS).fetchall()[0]
    (rows,) = connection.execute(f"SELECT sum(n) FROM ({counting})").fetchall()[0]
    return f"{generation} {runs} {rows}"


def main(file: str, how: str) -> None:
    connection = duckdb.connect(file, read_only=True)
    last, queries = "", 0
    while True:
        if how == "come":
            connection.close()
            connection = duckdb.connect(file, read_only=True)
        if (seen := view(connection)) != last:
            print(seen, flush=True)
            last = seen
        queries += 1
        if select.select([sys.stdin], [], [], 0.25)[0]:
            break
    print(f"queries {queries}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
