"""The `_kollect` tables: kollect's own ledger, kept in the warehouse beside the data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Double, MetaData, Table, Text

from warehouse.schema.tables import Json
from warehouse.schema.types import literal
from warehouse.store.names import STATE
from warehouse.store.status import TABLE_STATUS

metadata = MetaData(schema=STATE)


def _column(name: str, kind: Any, comment: str) -> Column[Any]:
    return Column(name, kind, comment=comment)


def _time(name: str, comment: str) -> Column[Any]:
    return _column(name, DateTime(timezone=True), comment)


def _text(name: str, comment: str) -> Column[Any]:
    return _column(name, Text(), comment)


def _count(name: str, comment: str) -> Column[Any]:
    return _column(name, BigInteger(), comment)


META = Table(
    "meta",
    metadata,
    _text("name", "what is stored: format, warehouse, generation, schema fingerprints"),
    _text("value", "its value"),
    comment="Facts about this file. Key: name.",
)
RUNS = Table(
    "runs",
    metadata,
    _text("run_id", "one sync of one account; key together with account"),
    _text("account", "the account that was synced"),
    _text("service", "its service"),
    _text("status", "running, complete, partial or failed"),
    _time("started_at", "when the run began (UTC)"),
    _time("finished_at", "when it ended (UTC); NULL while it runs"),
    _count("requests", "requests sent, repeated ones included"),
    _count("retries", "requests that had to be sent again"),
    _count("rate_limited", "answers that said: too many requests"),
    _column("waited_seconds", Double(), "seconds spent waiting for the rate"),
    _count("bytes", "bytes received"),
    _text("error", "why it failed, without secrets"),
    _text("kollect_version", "the kollect that ran"),
    comment="One row per run and account.",
)
LOADS = Table(
    "loads",
    metadata,
    _text("run_id", "the run; key together with account and table_name"),
    _text("account", "the account"),
    _text("service", "the service, which is also the schema of the table"),
    _text("table_name", "the table"),
    _text("mode", "full or incremental"),
    _column("complete", Boolean(), "whether the copy is proved complete"),
    _text("proof", "what proves it"),
    _text("reason", "why it is not proved"),
    _count("inserted", "rows seen for the first time (or again after a delete)"),
    _count("updated", "rows with a new version"),
    _count("deleted", "rows proved to be gone"),
    _count("unchanged", "rows read and found as they were"),
    _count("rejected", "records and values that could not be stored as declared"),
    _count("rows", "rows of the table after the load"),
    _count("requests", "requests of the table's family"),
    _count("bytes", "bytes received for the table's family"),
    _column("seconds", Double(), "seconds that the load took"),
    _time("loaded_at", "when the load was committed (UTC)"),
    _text("content", "hash over all rows of the account; equal means nothing changed"),
    _text("error", "why the family failed, without secrets"),
    comment="One row per run, account and table: what the load did and what it proved.",
)
LOAD_PARTS = Table(
    "load_parts",
    metadata,
    _text("account", "the account; key together with run_id, family and table_name"),
    _text("run_id", "the run"),
    _text("family", "what is read together; several families may feed one table"),
    _text("table_name", "the table"),
    _time("loaded_at", "when the part was committed (UTC)"),
    _text("part", "the family's part of the table's row in `loads`, as JSON"),
    comment="What the rows in `loads` of an account's last run are made of, for a run that goes "
    "on.",
)
CURSORS = Table(
    "cursors",
    metadata,
    _text("account", "the account; key together with resource and scope"),
    _text("resource", "the resource that is read incrementally"),
    _text("scope", "the part of it, such as a space; empty for the whole"),
    _text("value", "where the next sync goes on"),
    _text("run_id", "the run that moved it"),
    _time("moved_at", "when it was moved (UTC)"),
    comment="Where incremental syncs go on; written in the transaction of the rows.",
)
REMEMBERED = Table(
    "state",
    metadata,
    _text("account", "the account; key together with kind, name and scope"),
    _text("kind", "what is remembered, such as full_pass or held_deletes"),
    _text("name", "of which resource, or which note of a connector; empty where there is one"),
    _text("scope", "of which family, table or parent; empty where there is one"),
    _text("value", "the remembered value: a time (ISO 8601), a run or a word"),
    _text("run_id", "the run that set it"),
    _time("set_at", "when it was set (UTC)"),
    comment="What later runs must know of an account beside its rows and cursors.",
)
RECORD_SOURCES = Table(
    "record_sources",
    metadata,
    _text("account", "the account; key together with service, table_name and key"),
    _text("service", "the service"),
    _text("table_name", "the table of the record"),
    _text("key", "the record's key, its parts joined by `/`"),
    _count("source", "1: only copies inside other records showed it; 3: its own answer did"),
    comment="Where records come from, other than from lists: an embedded copy overrides nothing, "
    "an own answer is overridden by no list.",
)
VISITS = Table(
    "visits",
    metadata,
    _text("account", "the account; key together with resource and scope"),
    _text("resource", "the resource that was asked for"),
    _text("scope", "the key of the row for which it was asked"),
    _text("content", "that row's content hash at the time"),
    _time("visited_at", "when it was asked (UTC)"),
    comment="For which rows a per-row resource was asked, so that only changed ones are again.",
)
REJECTS = Table(
    "rejects",
    metadata,
    _text("run_id", "the run that met it; `upgrade`: a newer kollect in the records it found"),
    _text("account", "the account"),
    _text("service", "the service"),
    _text("table_name", "the table that it was meant for"),
    _text("record_key", "the record's key, where it has one"),
    _text("column_name", "the column that the value does not fit; NULL for a whole record"),
    _text("reason", "why it was rejected"),
    _text("value", "the value as text, cut at 10,000 characters"),
    _column("raw", Json(), "the record, less secrets, for whole records"),
    _time("rejected_at", "when (UTC)"),
    comment="Records and values that could not be stored as declared; nothing is dropped silently.",
)
FILES = Table(
    "files",
    metadata,
    _text("account", "the account; key together with table_name, record_key, field and mark"),
    _text("service", "the service"),
    _text("table_name", "the table of the record that names the file"),
    _text("record_key", "that record's key, its parts joined by `/`"),
    _text("field", "what of the record names it"),
    _text(
        "mark",
        "what tells its content from another: its address, an MD5, or "
        "columns of the record that change with it",
    ),
    _text("sha256", "SHA-256 of its content, and its name in the store; NULL if it never came"),
    _count("bytes", "size in bytes, where known"),
    _text("content_type", "its media type, as its host said"),
    _text("file_name", "its name for people"),
    _text(
        "status",
        "stored; failed (tried again by each sync); skipped (by size or host); gone "
        "(no longer at the service; kept if it was here)",
    ),
    _text("reason", "why it is not stored, without any address"),
    _time("fetched_at", "when its bytes came (UTC)"),
    _time("checked_at", "when this row was written (UTC)"),
    _text("run_id", "the run that wrote it"),
    comment="Files by the records that name them; their bytes lie beside the warehouse.",
)
SCHEMA_CHANGES = Table(
    "schema_changes",
    metadata,
    _text("run_id", "the run that made the change"),
    _text("service", "the schema"),
    _text("table_name", "the table"),
    _text("column_name", "the column"),
    _text("field", "the field of the record"),
    _text("type", "the declared type"),
    _text("change", "added, or ignored with the reason"),
    _time("changed_at", "when (UTC)"),
    comment="Columns that appeared by themselves.",
)
RESTORES = Table(
    "restores",
    metadata,
    _text("restore_id", "one restore into the service"),
    _text("account", "the account that is written to"),
    _text("service", "its service"),
    _text("source", "the backup whose records are put back, or `now`"),
    _text("origin", "whose records these are; old keys mean something among these only"),
    _text("table_name", "the table of the record"),
    _text("old_key", "its key as it was kept, as JSON"),
    _text("new_key", "its key in the service now, as JSON, where the answer told"),
    _text("action", "create, inside (of another record's request), finish, update or undelete"),
    _text("status", "sent, then done, refused or unknown"),
    _text("reason", "why it was refused, or why nobody knows"),
    _time("sent_at", "when it was about to be sent (UTC)"),
    _time("answered_at", "when it was answered (UTC)"),
    comment="Every write of a restore into the service, recorded before and after.",
)
TABLE_KEYS = Table(
    "table_keys",
    metadata,
    _text("table_schema", "the schema; key together with table_name and column_name"),
    _text("table_name", "the table, current rows"),
    _text("column_name", "one of the columns that tell its rows apart"),
    _count("position", "the place of the column in the key, from 0"),
    comment="The declared key of each table, for joins, backups and other tools.",
)
METRICS = Table(
    "metrics",
    metadata,
    _text("account", "the account; key together with all columns up to day"),
    _text("service", "the service"),
    _text("table_name", "the table of the record"),
    _text("record_key", "the record's key, its parts joined by `/`"),
    _text("name", "the column, one that changes without making a version"),
    _column("day", Date(), "the day (UTC) on which a load first saw this value"),
    _column("value", Double(), "the last value that a load saw on that day"),
    _time("seen_at", "when it was seen (UTC)"),
    comment="Numbers that have no history, such as visits: a row on each day that changed one.",
)
ALL = (
    META,
    RUNS,
    LOADS,
    LOAD_PARTS,
    CURSORS,
    REMEMBERED,
    RECORD_SOURCES,
    VISITS,
    REJECTS,
    FILES,
    SCHEMA_CHANGES,
    RESTORES,
    TABLE_KEYS,
    METRICS,
)
KEYS = {
    "meta": ("name",),
    "runs": ("run_id", "account"),
    "loads": ("run_id", "account", "table_name"),
    "load_parts": ("account", "run_id", "family", "table_name"),
    "cursors": ("account", "resource", "scope"),
    "state": ("account", "kind", "name", "scope"),
    "record_sources": ("account", "service", "table_name", "key"),
    "visits": ("account", "resource", "scope"),
    "files": ("account", "table_name", "record_key", "field", "mark"),
    "metrics": ("account", "service", "table_name", "record_key", "name", "day"),
    "table_keys": ("table_schema", "table_name", "column_name"),
}
"""The keys of these tables; `rejects`, `schema_changes` and `restores` have none."""


STATUS_COMMENTS = {
    "read_at": "when the table was last really read (UTC); a failed read does not move it",
    "proved_at": "when it was last proved to be complete (UTC)",
    "tried_at": "when a run last recorded it, failed ones included (UTC)",
    "complete": "whether the last try proved it to be complete",
    "reason": "why the last try did not; empty where it did",
    "rejected": "records and values that the last try could not store as declared",
    "deleted": "rows that the last try proved to be gone",
    "run_id": "the run of the last try",
}


def view_statements() -> list[str]:
    """DDL of the view `table_status`, below the catalog in use."""
    place = f"{STATE}.table_status"
    return [
        f"CREATE OR REPLACE VIEW {place} AS {TABLE_STATUS}",
        f"COMMENT ON VIEW {place} IS 'How fresh and how complete each table of an account is.'",
        *(
            f"COMMENT ON COLUMN {place}.{column} IS {literal(comment)}"
            for column, comment in STATUS_COMMENTS.items()
        ),
    ]
