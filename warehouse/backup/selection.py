"""Restoring a part: which rows of each table belong to some accounts, tables or a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.core.errors import BadSettings, nearest
from warehouse.backup.catalog import HISTORY
from warehouse.backup.content import rows_of
from warehouse.backup.manifest import Manifest, TableRecord
from warehouse.schema.types import literal, quoted

STATE = "_kollect"
TIMESTAMP_COLUMNS = {
    "runs": "coalesce(finished_at, started_at)",
    "loads": "loaded_at",
    "load_parts": "loaded_at",
    "cursors": "moved_at",
    "state": "set_at",
    "visits": "visited_at",
    "rejects": "rejected_at",
    "files": "fetched_at",
    "metrics": "seen_at",
}
WHOLE = ("meta", "schema_changes", "table_keys")
"""Facts about the file and its columns: they come back whatever is chosen."""


@dataclass(frozen=True)
class Selection:
    """What of a backup is wanted; without anything, all of it."""

    accounts: frozenset[str] = frozenset()
    tables: frozenset[tuple[str, str]] = frozenset()
    """(account, table), history included."""
    at: datetime | None = None

    @property
    def whole(self) -> bool:
        return not (self.accounts or self.tables or self.at)

    @property
    def named(self) -> bool:
        return bool(self.accounts or self.tables)


def parse_time(text: str) -> datetime:
    """A moment such as `2026-11-20`, `2026-11-20 18:30` or one with its own zone; else UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadSettings(
            f"{text!r} is no moment", guidance="write it like 2026-11-20 or 2026-11-20T18:30:00Z"
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def select_from(
    manifest: Manifest, words: Iterable[str] = (), at: datetime | None = None
) -> Selection:
    """The selection for words `ACCOUNT` or `ACCOUNT.TABLE`; BadSettings for what is not there."""
    services = {run.account: run.service for run in manifest.runs}
    accounts: set[str] = set()
    tables: set[tuple[str, str]] = set()
    for word in words:
        account, _, table = word.partition(".")
        if account not in services:
            raise BadSettings(
                f"the backup has no account {account!r}{nearest(account, services)}",
                guidance=f"its accounts are: {', '.join(sorted(services)) or 'none'}",
            )
        if not table:
            accounts.add(account)
            continue
        known = {t.name for t in manifest.tables if t.schema == services[account]}
        table = table.removesuffix(HISTORY) if table.removesuffix(HISTORY) in known else table
        if table not in known:
            raise BadSettings(
                f"the backup has no table {word!r}{nearest(table, known)}",
                guidance=f"the tables of {services[account]} are: "
                f"{', '.join(sorted(n for n in known if not n.endswith(HISTORY)))}",
            )
        tables.add((account, table))
    return Selection(frozenset(accounts), frozenset(t for t in tables if t[0] not in accounts), at)


def queries(
    manifest: Manifest, selection: Selection, path_of: Callable[[str], str]
) -> dict[str, str]:
    """For each table that gets rows, the query for them."""
    by_title = {table.title: table for table in manifest.tables}
    found: dict[str, str] = {}
    for table in manifest.tables:
        if table.schema == STATE:
            query = _state_rows(table, selection, path_of)
        else:
            query = _rows(table, by_title, selection, path_of)
        if query is not None:
            found[table.title] = query
    return found


def asked_tables(manifest: Manifest, selection: Selection) -> list[TableRecord]:
    """The tables that were asked for; kollect's own come along with a part and do not count."""
    if selection.whole:
        return manifest.tables
    chosen = queries(manifest, selection, lambda file: file)
    return [t for t in manifest.tables if t.schema != STATE and t.title in chosen]


def files_needed(manifest: Manifest, selection: Selection) -> list[str]:
    """The files of the tables that a restore of the selection reads."""
    chosen = queries(manifest, selection, lambda file: f"\0{file}\0")
    return [t.file for t in manifest.tables if any(f"\0{t.file}\0" in q for q in chosen.values())]


def _rows(
    table: TableRecord,
    by_title: dict[str, TableRecord],
    selection: Selection,
    path_of: Callable[[str], str],
) -> str | None:
    names = [column.name for column in table.columns if not column.generated]
    taken = rows_of(table, path_of)
    if "_account" not in names:
        return None if selection.named else taken
    condition = _of_accounts(selection, table.name.removesuffix(HISTORY))
    if condition is None:
        return None
    conditions = [condition] if condition else []
    listed = ", ".join(quoted(name) for name in names)
    if selection.at is None:
        return _filtered(listed, taken, conditions)
    moment = f"TIMESTAMPTZ {literal(selection.at.isoformat())}"
    if "_valid_to" in names:
        return _filtered(listed, taken, [*conditions, f"_valid_to <= {moment}"])
    if "_valid_from" not in names:
        return _filtered(listed, taken, conditions)
    current = _filtered(listed, taken, [*conditions, f"_valid_from <= {moment}"])
    past = by_title.get(f"{table.title}{HISTORY}")
    if past is None:
        return current
    then = [*conditions, f"_valid_from <= {moment}", f"_valid_to > {moment}"]
    return f"{current} UNION ALL {_filtered(listed, rows_of(past, path_of), then)}"


def _state_rows(
    table: TableRecord, selection: Selection, path_of: Callable[[str], str]
) -> str | None:
    names = [column.name for column in table.columns]
    taken = rows_of(table, path_of)
    if table.name in WHOLE:
        return taken
    if "account" not in names:
        return None if selection.named else taken
    conditions: list[str] = []
    if selection.named:
        accounts = set(selection.accounts)
        if table.name not in ("cursors", "state", "visits"):
            # Where only some tables come back, these stay behind: the next sync is a full one.
            accounts |= {account for account, _ in selection.tables}
        conditions.append(f"account IN ({_listed(accounts)})")
        if "table_name" in names and selection.tables:
            pairs = " OR ".join(
                f"(account = {literal(account)} AND table_name = {literal(name)})"
                for account, name in sorted(selection.tables)
            )
            whole = f"account IN ({_listed(selection.accounts)})"
            conditions.append(f"({whole} OR {pairs})")
    if selection.at is not None and table.name in TIMESTAMP_COLUMNS:
        moment = f"TIMESTAMPTZ {literal(selection.at.isoformat())}"
        when = TIMESTAMP_COLUMNS[table.name]
        either = f" OR {when} IS NULL" if table.name == "files" else ""
        conditions.append(f"({when} <= {moment}{either})")
    return _filtered(", ".join(quoted(name) for name in names), taken, conditions)


def _of_accounts(selection: Selection, table: str) -> str | None:
    """The condition for rows of a table; empty for all of them, None for none."""
    if not selection.named:
        return ""
    accounts = {*selection.accounts, *(a for a, name in selection.tables if name == table)}
    return f"_account IN ({_listed(accounts)})" if accounts else None


def _listed(words: Iterable[str]) -> str:
    return ", ".join(literal(word) for word in sorted(words)) or "NULL"


def _filtered(listed: str, query: str, conditions: list[str]) -> str:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {listed} FROM ({query}){where}"
