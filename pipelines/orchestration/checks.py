"""The checks of every table: what is proved about a copy, and how loud it is when it is not.

`key_is_unique` stops what builds on the table: duplicates would spread. `copy_is_complete` is an
error too, since it answers the question whether the data is safe, but stops nothing. The others
are warnings: the data stays loaded, a person may want to look. A warning never fails a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from connectors.core.schema import Table
from pipelines.orchestration.sources import Source

if TYPE_CHECKING:
    import duckdb

MOST_DROP = 0.3
"""A larger share of the rows gone since the load before is worth a look."""
FEW_ROWS = 20
"""Fewer rows than this may go without a look."""
QUIET_AT_LEAST = timedelta(days=14)
QUIET_TIMES = 3
"""A pause is unusual when it is so many times as long as the longest among the last records."""


@dataclass(frozen=True)
class Look:
    """What a check may look at."""

    connection: duckdb.DuckDBPyConnection
    source: Source
    table: Table
    load: dict[str, Any]
    """The newest ledger row of the table; empty where it was never loaded."""
    now: datetime


@dataclass(frozen=True)
class Verdict:
    """Whether it passed, why in one sentence, and the figures behind it."""

    passed: bool
    said: str
    figures: dict[str, Any]


Judge = Callable[[Look], Verdict]


@dataclass(frozen=True)
class Check:
    """One kind of check."""

    name: str
    meaning: str
    judge: Judge
    severity: dg.AssetCheckSeverity
    blocking: bool = False
    wanted: Callable[[Table], bool] = lambda _: True


def key_is_unique(look: Look) -> Verdict:
    """No two rows share a key, and no key has a NULL."""
    from warehouse.store.inspection import key_faults

    found = key_faults(look.connection, look.source.service, look.table, look.source.account.name)
    key = ", ".join(look.table.key)
    said = f"each row has its own {key}"
    if found.repeated or found.without:
        said = f"{found.repeated:,} rows share a key, {found.without:,} lack a part of it ({key})"
    return Verdict(
        not (found.repeated or found.without),
        said,
        {"rows with a shared key": found.repeated, "rows without a key": found.without},
    )


def copy_is_complete(look: Look) -> Verdict:
    """The last load proved that the copy holds everything that the service holds."""
    if not look.load:
        return Verdict(False, "it was never loaded", {})
    load = look.load
    because = load["proof"] or "nothing changed since the last proof"
    said = because if load["complete"] else load["reason"] or load["error"] or "no proof"
    return Verdict(bool(load["complete"]), said, {"mode": load["mode"]})


def nothing_rejected(look: Look) -> Verdict:
    """Every record and value of the last load could be stored as declared."""
    from warehouse.store.inspection import rejects

    count = int(look.load.get("rejected") or 0)
    figures: dict[str, Any] = {"rejected": count}
    if not count:
        return Verdict(True, "every value fits its column", figures)
    found = rejects(look.connection, look.source.account.name, look.table.name, look.load["run_id"])
    lines = [f"| {c or 'whole record'} | {_cell(reason)} | {n:,} |" for c, reason, n in found]
    figures["why"] = dg.MetadataValue.md(
        "\n".join(["| column | reason | times |", "| --- | --- | --: |", *lines])
    )
    return Verdict(
        False, f"{count:,} values or records do not fit; they are kept in _kollect.rejects", figures
    )


def parents_exist(look: Look) -> Verdict:
    """The records that rows refer to are in the copy, as far as the service shows them."""
    from warehouse.store.inspection import orphans

    tables = look.source.account.connector.tables
    figures: dict[str, Any] = {}
    wrong: list[str] = []
    for reference in look.table.parents:
        if reference.table not in look.source.account.tables:
            continue
        found = orphans(
            look.connection,
            look.source.service,
            look.table,
            reference,
            parent=tables[reference.table],
            account=look.source.account.name,
        )
        names = ", ".join(reference.names)
        figures[f"{names} without {reference.table}"] = found.without
        if reference.orphans:
            figures[f"{names}: allowed share"] = reference.orphans
        if found.share > reference.orphans:
            wrong.append(
                f"{found.without:,} of {found.named:,} rows have a {names} that is not in "
                f"{reference.table} (allowed: {reference.orphans:.0%})"
            )
    return Verdict(not wrong, "; ".join(wrong) or "every parent is here", figures)


def rows_hold(look: Look) -> Verdict:
    """The table did not lose a large part of its rows in one load."""
    rows, before = look.load.get("rows"), look.load.get("rows_before")
    if rows is None or before is None:
        return Verdict(True, "there is no earlier load to compare with", {})
    lost = max(0, before - rows)
    share = lost / before if before else 0.0
    figures = {"rows before": before, "rows now": rows, "share lost": round(share, 4)}
    if lost > FEW_ROWS and share > MOST_DROP:
        said = (
            f"{lost:,} of {before:,} rows are gone since the load before; they are in "
            f"{look.source.service}.{look.table.name}_history"
        )
        return Verdict(False, said, figures)
    return Verdict(True, f"{before:,} rows before, {rows:,} now", figures)


def newest_record(look: Look) -> Verdict:
    """Records keep coming as often as they used to."""
    from warehouse.store.inspection import newest

    found = newest(look.connection, look.source.service, look.table, look.source.account.name)
    if found.at is None:
        return Verdict(True, "no record says when it was made", {})
    age = look.now - found.at
    figures: dict[str, Any] = {
        "newest record": dg.MetadataValue.timestamp(found.at),
        "days old": round(age / timedelta(days=1), 2),
    }
    if found.longest_pause is not None:
        figures["longest pause before, days"] = round(found.longest_pause / timedelta(days=1), 2)
    when = found.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    if look.source.sandbox:
        return Verdict(True, f"the newest is of {when}; made data may be of any age", figures)
    if found.longest_pause is None:
        return Verdict(True, f"the newest is of {when}; one record shows no rhythm", figures)
    unusual = max(QUIET_AT_LEAST, QUIET_TIMES * found.longest_pause)
    if age > unusual:
        said = (
            f"nothing new since {when}: a pause of {age.days} days is unusual here; if you used "
            f"the service meanwhile, look whether the credential still sees everything"
        )
        return Verdict(False, said, figures)
    return Verdict(True, f"the newest is of {when}", figures)


ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
CHECKS = (
    Check("key_is_unique", "No two rows share a key and no key has a NULL.", key_is_unique, ERROR,
          blocking=True),
    Check("copy_is_complete", "The last load proved that everything is here.", copy_is_complete,
          ERROR),
    Check("nothing_rejected", "Every value fits its declared column.", nothing_rejected, WARN),
    Check("parents_exist", "What rows refer to is here as well.", parents_exist, WARN,
          wanted=lambda table: bool(table.parents)),
    Check("rows_hold", "No large part of the rows vanished at once.", rows_hold, WARN),
    Check("newest_record", "Records keep coming as often as they used to.", newest_record, WARN,
          wanted=lambda table: bool(table.newest)),
)  # fmt: skip


def check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """The checks of all tables of an account."""
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=dg.AssetKey([source.label, name]),
            description=check.meaning,
            blocking=check.blocking,
        )
        for name, (table, _) in source.tables.items()
        for check in CHECKS
        if check.wanted(table)
    ]


def judge_table(
    look: Look, wanted: Iterable[dg.AssetCheckKey] | None = None
) -> Iterator[dg.AssetCheckResult]:
    """The results of a table's checks (of the wanted ones)."""
    key = dg.AssetKey([look.source.label, look.table.name])
    names = None if wanted is None else {c.name for c in wanted if c.asset_key == key}
    for check in CHECKS:
        if not check.wanted(look.table) or (names is not None and check.name not in names):
            continue
        verdict = check.judge(look)
        yield dg.AssetCheckResult(
            passed=verdict.passed,
            asset_key=key,
            check_name=check.name,
            severity=check.severity,
            description=verdict.said[:500],
            metadata=verdict.figures,
        )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")[:160]
