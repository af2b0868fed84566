"""The summary of an account: is its data safe, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from pipelines.orchestration.checks import ERROR, CheckResult, Outcome, when
from pipelines.orchestration.small_plots import small_plot
from pipelines.orchestration.sources import Source, owner
from pipelines.report.facts import Drawn
from pipelines.sentences import bare_reason
from pipelines.status import AccountStatus

NAME = "summary"
SAFE_CHECK = "is_the_data_safe"
CREDENTIAL_CHECK = "is_the_credential_there"
MOST_PLOTS = 3
MOST_REASONS = 3
MOST_NAMED = 5
LONGEST_REASON = 200
MEANINGS = {
    SAFE_CHECK: "Is every table proved complete, and lately?",
    CREDENTIAL_CHECK: "Is the credential there that syncs need?",
}


def summary_spec(source: Source) -> dg.AssetSpec:
    """The asset `[account, "summary"]`, after all tables of the account."""
    return dg.AssetSpec(
        source.key(NAME),
        deps=[source.key(table) for table in source.tables],
        description=f"Is the data of {source.account.name} safe, and why? The same as `kollect "
        "status`. Its check fails where the data is not safe.",
        group_name=source.name,
        kinds={"report"},
        owners=[owner()],
        tags=source.tags,
        skippable=True,
        code_version="1",
    )


def summary_check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """The checks of the summary."""
    return [
        dg.AssetCheckSpec(name, asset=source.key(NAME), description=meaning)
        for name, meaning in MEANINGS.items()
    ]


def check_account(source: Source, status: AccountStatus) -> Iterator[CheckResult]:
    """The results of these checks."""
    key = source.key(NAME)
    safe = Outcome(
        status.verdict == "safe",
        status.reason,
        {"verdict": status.verdict},
        on_schedule=not (status.troubled or status.never or status.late or status.ahead),
    )
    yield CheckResult(dg.AssetCheckKey(key, SAFE_CHECK), ERROR, safe)
    there = Outcome(True, "it is there")
    if not (source.sandbox or source.account.ready):
        there = Outcome(False, missing_credential(source))
    yield CheckResult(dg.AssetCheckKey(key, CREDENTIAL_CHECK), ERROR, there)


def missing_credential(source: Source) -> str:
    """What to do about an account whose credential cannot be read."""
    account = source.account
    if source.credential_problem:
        return f"account {account.name} has no credential: {source.credential_problem}"
    return (
        f"account {account.name} has no credential: set {account.missing} in the environment or "
        "in .env, then restart. Its data stays, and is not read anew until then"
    )


def summary_metadata(
    account: str, status: AccountStatus, plots: Sequence[Drawn] = ()
) -> dict[str, Any]:
    """The figures of a summary: the verdict, why, what needs attention, plots, then numbers."""
    tables = status.tables.values()
    together = _reasons(account, status)
    why = next(iter(together)) if len(together) == 1 else _without_request(status.reason)
    verdict = "never read" if status.verdict == "never" and together else status.verdict
    figures: dict[str, Any] = {
        "is it safe?": dg.MetadataValue.md(f"**{account}: {verdict}, {why}**"),
        **_attention(together, status),
        **_drawings(plots),
        "verdict": status.verdict,
        "why": why,
        "dagster/row_count": sum(table.rows for table in tables),
        "tables": len(status.tables),
        "tables not proved complete": len(status.unproved) + len(status.never),
        "rejected": sum(table.rejected for table in tables),
    }
    if status.read_at:
        figures["last read"] = dg.MetadataValue.timestamp(status.read_at)
    if status.proved_at:
        figures["oldest proof"] = dg.MetadataValue.timestamp(status.proved_at)
    return figures


def _reasons(account: str, status: AccountStatus) -> dict[str, list[str]]:
    """Reason -> the tables that it keeps from being proved, or from being proved in time."""
    together: dict[str, list[str]] = {}
    for name in dict.fromkeys([*status.unproved, *status.late]):
        reason = _without_request(bare_reason(account, status.tables[name].reason))
        together.setdefault(reason or "proved too long ago", []).append(name)
    return together


def _without_request(reason: str) -> str:
    """Without the address that was asked: it does not wrap, and each table's check has it."""
    return re.sub(r" \((?:GET|POST) [^()]*\)", "", reason)


def _attention(together: Mapping[str, Sequence[str]], status: AccountStatus) -> dict[str, Any]:
    """A line for each reason, since Dagster shows 1,000 characters and more behind a link."""
    if not together:
        return {}
    reasons = list(together.items())
    lines = [_wrong(reason, names, status) for reason, names in reasons[:MOST_REASONS]]
    if len(reasons) > MOST_REASONS:
        lines.append("- more reasons: each table's check `is_everything_here` has its own")
    return {"needs attention": dg.MetadataValue.md("\n".join(lines))}


def _wrong(reason: str, names: Sequence[str], status: AccountStatus) -> str:
    named = ", ".join(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    times = [status.tables[name].proved_at for name in names]
    oldest = min((at for at in times if at), default=None)
    last = f"last proved complete {when(oldest)}" if oldest else "never proved complete"
    return f"- **{named}{more}** ({last}): {reason[:LONGEST_REASON]}"


def _drawings(plots: Sequence[Drawn]) -> dict[str, Any]:
    """The first plots, small enough for Dagster to show them on the page of the asset."""
    return {
        drawn.plot.title: dg.MetadataValue.md(small_plot(drawn)) for drawn in plots[:MOST_PLOTS]
    }
