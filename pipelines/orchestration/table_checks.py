"""The checks of every table: what is proved about a copy, and how serious it is when it is not.

`is_every_key_unique` is an error that stops what builds on the table: duplicates would spread.
`is_everything_here` is an error too, since it answers whether the data is safe, but stops nothing.
The others are warnings: the data stays loaded, a person may want to look. A warning never fails a
run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from connectors.core.evidence import only_waits
from pipelines.orchestration.checks import (
    ERROR,
    WARN,
    Check,
    CheckResult,
    Outcome,
    TableState,
    when,
)
from pipelines.orchestration.freshness import table_windows
from pipelines.orchestration.sources import Source
from pipelines.status import age_in_words

COMPLETE = "is_everything_here"
"""The check that says whether the copy of a table is proved complete."""
MOST_DROP = 0.3
"""A larger share of the rows gone since the load before is worth a look."""
FEW_ROWS = 20
"""Fewer rows than this may go without a look."""
QUIET_AT_LEAST = timedelta(days=14)
QUIET_TIMES = 3
"""A pause is unusual when it is so many times as long as the longest among the last records."""


def is_every_key_unique(state: TableState) -> Outcome:
    """No two rows share a key, and no key has a NULL."""
    from warehouse.store.inspection import key_faults

    found = key_faults(
        state.connection, state.source.service, state.table, state.source.account.name
    )
    key = ", ".join(state.table.key)
    reason = f"each row has its own {key}"
    if found.repeated or found.without:
        reason = f"{found.repeated:,} rows share a key, {found.without:,} lack a part of it ({key})"
    return Outcome(
        not (found.repeated or found.without),
        reason,
        {"rows with a shared key": found.repeated, "rows without a key": found.without},
    )


def is_everything_here(state: TableState) -> Outcome:
    """The newest sync proved the copy complete, and that is no longer ago than scheduled."""
    status = state.status
    if status.tried_at is None:
        return Outcome(False, "it was never synced")
    figures: dict[str, Any] = {"mode": state.load.get("mode") or "unknown"}
    last = "never proved complete"
    if status.proved_at is not None:
        figures["last proved complete"] = dg.MetadataValue.timestamp(status.proved_at)
        last = f"last proved complete {when(status.proved_at)}"
    if not status.complete or status.proved_at is None:
        reason = f"{status.reason or 'it was not proved'} ({last})"
        return Outcome(False, reason, figures, on_schedule=only_waits(status.reason))
    late = table_windows(state.source, state.table.name).fail
    if state.now - status.proved_at > late:
        allowed = f"the schedule allows {age_in_words(late)}"
        return Outcome(False, f"{last}, {allowed}; no sync has proved it since", figures)
    proof = state.load.get("proof") or "nothing changed since the last proof"
    return Outcome(True, proof, figures)


def does_every_value_fit(state: TableState) -> Outcome:
    """Every record and value of the last load could be stored as declared."""
    from warehouse.store.inspection import rejects

    count = int(state.load.get("rejected") or 0)
    figures: dict[str, Any] = {"rejected": count}
    if not count:
        return Outcome(True, "every value fits its column", figures)
    found = rejects(
        state.connection, state.source.account.name, state.table.name, state.load["run_id"]
    )
    lines = [f"| {c or 'whole record'} | {_cell(reason)} | {n:,} |" for c, reason, n in found]
    figures["why"] = dg.MetadataValue.md(
        "\n".join(["| column | reason | times |", "| --- | --- | --: |", *lines])
    )
    return Outcome(
        False, f"{count:,} values or records do not fit; they are kept in _kollect.rejects", figures
    )


def are_all_parents_here(state: TableState) -> Outcome:
    """The records that rows refer to are in the copy, as far as the service shows them."""
    from warehouse.store.inspection import orphans

    tables = state.source.account.connector.tables
    figures: dict[str, Any] = {}
    wrong: list[str] = []
    for reference in state.table.parents:
        if reference.table not in state.source.account.tables:
            continue
        found = orphans(
            state.connection,
            state.source.service,
            state.table,
            reference,
            parent=tables[reference.table],
            account=state.source.account.name,
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
    return Outcome(not wrong, "; ".join(wrong) or "every parent is here", figures)


def are_most_rows_still_here(state: TableState) -> Outcome:
    """The table did not lose a large part of its rows in one load."""
    rows, before = state.load.get("rows"), state.load.get("rows_before")
    if rows is None or before is None:
        return Outcome(True, "there is no earlier load to compare with", {})
    lost = max(0, before - rows)
    share = lost / before if before else 0.0
    figures = {"rows before": before, "rows now": rows, "share lost": round(share, 4)}
    if lost > FEW_ROWS and share > MOST_DROP:
        reason = (
            f"{lost:,} of {before:,} rows are gone since the load before; they are in "
            f"{state.source.service}.{state.table.name}_history"
        )
        return Outcome(False, reason, figures)
    return Outcome(True, f"{before:,} rows before, {rows:,} now", figures)


def do_new_records_arrive(state: TableState) -> Outcome:
    """Records keep coming as often as they used to."""
    from warehouse.store.inspection import newest

    found = newest(state.connection, state.source.service, state.table, state.source.account.name)
    if found.at is None:
        return Outcome(True, "no record says when it was made", {})
    age = state.now - found.at
    figures: dict[str, Any] = {
        "newest record": dg.MetadataValue.timestamp(found.at),
        "days old": round(age / timedelta(days=1), 2),
    }
    if found.longest_pause is not None:
        figures["longest pause before, days"] = round(found.longest_pause / timedelta(days=1), 2)
    newest_at = when(found.at)
    if state.source.sandbox:
        return Outcome(True, f"the newest is of {newest_at}; made data may be of any age", figures)
    if found.longest_pause is None:
        return Outcome(
            True, f"the newest is of {newest_at}; one record gives no usual pause", figures
        )
    unusual = max(QUIET_AT_LEAST, QUIET_TIMES * found.longest_pause)
    if age > unusual:
        reason = (
            f"nothing new since {newest_at}: a pause of {age.days} days is unusual here; if you "
            "used the service meanwhile, look whether the credential still sees everything"
        )
        return Outcome(False, reason, figures)
    return Outcome(True, f"the newest is of {newest_at}", figures)


CHECKS = (
    Check(
        "is_every_key_unique",
        "Does every row have a key of its own?",
        is_every_key_unique,
        ERROR,
        blocking=True,
    ),
    Check(
        COMPLETE,
        "Is the copy proved complete, and was it proved lately?",
        is_everything_here,
        ERROR,
    ),
    Check(
        "does_every_value_fit",
        "Does every value fit its declared column?",
        does_every_value_fit,
        WARN,
    ),
    Check(
        "are_all_parents_here",
        "Are the records here that rows refer to?",
        are_all_parents_here,
        WARN,
        applies=lambda table: bool(table.parents),
    ),
    Check(
        "are_most_rows_still_here",
        "Did a large part of the rows vanish at once?",
        are_most_rows_still_here,
        WARN,
    ),
    Check(
        "do_new_records_arrive",
        "Do records keep coming as often as they used to?",
        do_new_records_arrive,
        WARN,
        applies=lambda table: bool(table.newest),
    ),
)


def check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """The checks of all tables of an account."""
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=source.key(name),
            description=check.meaning,
            blocking=check.blocking,
        )
        for name, (table, _) in source.tables.items()
        for check in CHECKS
        if check.applies(table)
    ]


def check_table(state: TableState, names: Iterable[str] | None = None) -> Iterator[CheckResult]:
    """The results of a table's checks, or of those among them that are named."""
    wanted = None if names is None else set(names)
    for check in CHECKS:
        if check.applies(state.table) and (wanted is None or check.name in wanted):
            key = dg.AssetCheckKey(state.source.key(state.table.name), check.name)
            yield CheckResult(key, check.severity, check.evaluate(state))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")[:160]
