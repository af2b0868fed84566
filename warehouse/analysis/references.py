"""`references`: which columns hold the key of which other row, for joins in SQL tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from connectors.core.connector import Connector
from warehouse.analysis.view import AnalysisView
from warehouse.schema.types import literal

COLUMNS = {
    "service": "the schema of both tables",
    "table_name": "the table that refers",
    "columns": "its columns, `_account` first",
    "target_table": "the table referred to",
    "target_columns": "the key of that table, in the same order",
    "owned": "whether a row ends with the row that it refers to",
    "only_target": "false where the same columns may refer to a row of another table instead",
    "join": "the two tables joined, for pasting into a query",
}


def references(connectors: Iterable[Connector]) -> AnalysisView:
    """What the connectors declare of references, as rows."""
    rows = []
    for connector in connectors:
        for table in connector.tables.values():
            targets = Counter(parent.names for parent in table.parents)
            for parent in table.parents:
                own = ("_account", *parent.names)
                key = ("_account", *connector.tables[parent.table].key)
                on = " AND ".join(f'a."{a}" = b."{b}"' for a, b in zip(own, key, strict=True))
                join = (
                    f"{connector.name}.{table.name} a LEFT JOIN "
                    f"{connector.name}.{parent.table} b ON {on}"
                )
                values = [
                    literal(connector.name),
                    literal(table.name),
                    _listed(own),
                    literal(parent.table),
                    _listed(key),
                    str(parent.owner).lower(),
                    str(targets[parent.names] == 1).lower(),
                    literal(join),
                ]
                named = zip(values, COLUMNS, strict=True)
                listed = ", ".join(f'{value} AS "{name}"' for value, name in named)
                rows.append(f"SELECT {listed}")
    return AnalysisView(
        "references",
        "Which columns hold the key of which row of another table: what tools draw as foreign "
        "keys. The engine enforces none, since a service may show a row before its parent.",
        COLUMNS,
        # No VALUES: DuckDB writes a view with it in another way each time it is copied.
        " UNION ALL ".join(rows),
    )


def _listed(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(literal(name) for name in names) + "]"
