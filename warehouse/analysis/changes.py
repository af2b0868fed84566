"""`changes`: all inserts, edits and ends of all tables, with old and new values of each field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.core.connector import Connector
from connectors.core.schema import Table
from warehouse.analysis.view import AnalysisView, key_text, union
from warehouse.schema.types import literal, quoted

COLUMNS = {
    "seen_at": "when a load saw it (UTC)",
    "account": "the account",
    "service": "the service",
    "table_name": "the table",
    "id": "the record's key, the parts joined by `/`",
    "title": "its name, title or text, cut at 120 characters",
    "change": "`inserted`, `updated` or `deleted`",
    "fields": "the fields that changed, for `updated`",
    "before_after": "their old and new values: field, old, new",
    "evidence": "what proved a deletion",
}
TITLES = ("name", "title", "url", "contents", "content", "body", "text")
"""Columns that tell people which record it is; the first that a table has is shown."""


def changes(
    connectors: Iterable[Connector], appeared: Mapping[tuple[str, str], Sequence[str]]
) -> AnalysisView:
    """The feed over all tables; `appeared` are columns beside the declared ones."""
    parts = [
        _select(connector.name, table, appeared.get((connector.name, table.name), ()))
        for connector in connectors
        for table in connector.tables.values()
    ]
    return AnalysisView(
        "changes",
        "Everything that appeared, changed or ended in any table, and the values before and "
        "after. A value that changes without making a version is in no row.",
        COLUMNS,
        union(parts),
    )


def _select(schema: str, table: Table, appeared: Sequence[str]) -> str:
    current = f"{quoted(schema)}.{quoted(table.name)}"
    history = f"{quoted(schema)}.{quoted(table.name + '_history')}"
    compared = [c.name for c in table.columns if not c.unversioned and c.name not in table.key]
    compared += appeared
    names = {column.name for column in table.columns}
    title = next((name for name in TITLES if name in names and name not in table.key), None)
    kept = dict.fromkeys(["_account", *table.key, *([title] if title else []), *compared])
    listed = ", ".join(map(quoted, kept))
    same = " AND ".join(f"o.{quoted(k)} = v.{quoted(k)}" for k in ("_account", *table.key))
    pairs = ", ".join(
        f"{{'field': {literal(c)}, 'old': o.{quoted(c)}::VARCHAR, 'new': v.{quoted(c)}::VARCHAR}}"
        for c in compared
    )
    differing = (
        f"list_filter([{pairs}], lambda _pair: _pair.old IS DISTINCT FROM _pair.new)"
        if compared
        else "NULL"
    )
    kind = 'STRUCT("field" VARCHAR, "old" VARCHAR, "new" VARCHAR)[]'
    shown = f"left(v.{quoted(title)}::VARCHAR, 120)" if title else "NULL::VARCHAR"
    ident = (
        f"v._account AS account, {literal(schema)} AS service, {literal(table.name)} AS "
        f"table_name, {key_text('v', table.key)} AS id, {shown} AS title"
    )
    return (
        f"SELECT seen_at, account, service, table_name, id, title, change, "
        f"list_transform(differing, lambda _pair: _pair.field) AS fields, "
        f"differing AS before_after, evidence "
        f"FROM (SELECT v._valid_from AS seen_at, {ident}, "
        f"CASE WHEN o._valid_to IS NULL THEN 'inserted' ELSE 'updated' END AS change, "
        f"(CASE WHEN o._valid_to IS NOT NULL THEN {differing} END)::{kind} AS differing, "
        f"NULL::VARCHAR AS evidence "
        f"FROM (SELECT {listed}, _valid_from FROM {current} UNION ALL "
        f"SELECT {listed}, _valid_from FROM {history}) v "
        f"LEFT JOIN (FROM {history} WHERE _ended_by = 'updated') o "
        f"ON {same} AND o._valid_to = v._valid_from "
        f"UNION ALL SELECT v._valid_to, {ident}, 'deleted', NULL, v._evidence "
        f"FROM {history} v WHERE v._ended_by = 'deleted')"
    )
