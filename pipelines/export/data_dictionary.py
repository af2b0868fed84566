"""The data dictionary: every table and column, generated from the declarations.

`python -m pipelines.export.data_dictionary > docs/tables.md`; a test compares the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors import SERVICES, connector
from connectors.core.connector import Connector
from connectors.core.lineage import endpoints
from connectors.core.schema import Table
from warehouse.analysis.keep import wanted_views
from warehouse.analysis.view import SCHEMA
from warehouse.schema.types import DUCKDB_TYPES

HEAD = """\
# The tables

Generated from the declarations by `make docs`; do not edit.

Every table `t` below holds what the service holds now. `t_history` holds superseded and deleted
versions, and `t_at(ts)` gives the rows as they were at a moment. Each table also has `_account`,
`_valid_from`, `_first_seen_at`, `_run_id`, `_raw` and `_content` (a hash); the history adds
`_valid_to`, `_ended_by`, `_ended_run_id` and `_evidence`. Columns marked *volatile* are kept up
to date but never make a version. kollect's own ledger is the schema `_kollect`; its view
`table_status` tells when each table was last read and last proved to be complete.

The schema `my` is yours: tables, views and macros that you make there, in `kollect.duckdb`, survive
every sync. Close the file before a sync publishes a new one: what is written in a session that was
opened before is lost. Changes of all other schemas are undone by the next sync.
"""
ANALYSIS = """
## Over all services (schema `analysis`)

Views that each load keeps current, over the services and accounts that are there. A view that needs
a service which was never synced is not there either. `docs/queries.md` has queries over them. The
macro `analysis.search('words')` gives every document and earlier version that holds all words.
"""


def dictionary() -> str:
    """The whole dictionary as Markdown."""
    parts = [HEAD]
    for service in SERVICES:
        parts += _service(connector(service))
    parts += _analysis()
    return "\n".join(parts).rstrip() + "\n"


def _analysis() -> Iterator[str]:
    """The views of the schema `analysis`, as they are where every service is there."""
    services = [connector(service) for service in SERVICES]
    tables = {
        f"{service.name}.{table}{ending}"
        for service in services
        for table in service.tables
        for ending in ("", "_history")
    } | {"_kollect.metrics"}
    yield ANALYSIS
    for view in sorted(wanted_views(services, {}, tables), key=lambda view: view.name):
        yield f"### {SCHEMA}.{view.name}\n\n{view.meaning}\n"
        yield "| column | meaning |\n| --- | --- |"
        for name, meaning in view.columns.items():
            yield f"| `{name}` | {meaning.replace('|', chr(92) + '|')} |"
        yield ""


def _service(declared: Connector) -> Iterator[str]:
    yield f"\n## {declared.title} (schema `{declared.name}`)\n"
    sources = endpoints(declared)
    for table in declared.tables.values():
        yield from _table(table, sources.get(table.name, []))


def _table(table: Table, sources: list[str]) -> Iterator[str]:
    yield f"### {table.name}\n"
    yield f"{table.meaning}. Key: `{'`, `'.join(('_account', *table.key))}`."
    if sources:
        yield f"Source: {', '.join(f'`{source}`' for source in sources)}."
    yield "\n| column | type | meaning | field |\n| --- | --- | --- | --- |"
    for column in table.columns:
        unit = f" ({column.unit})" if column.unit else ""
        unversioned = " *volatile*" if column.unversioned else ""
        field = "given" if column.inherited else f"`{column.source}`"
        also = "".join(f", `{other}`" for other in column.aliases)
        meaning = column.meaning.replace("|", "\\|")
        yield (
            f"| `{column.name}` | {DUCKDB_TYPES[column.type]} | {meaning}{unit}{unversioned} "
            f"| {field}{also} |"
        )
    yield ""


if __name__ == "__main__":
    print(dictionary(), end="")
