"""Several accounts in one process, side by side: the command line and batches of Dagster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from pipelines.settings import Settings
from pipelines.sync.account import sync_account
from pipelines.sync.result import AccountResult, Progress
from pipelines.sync.runtime import Runtime
from pipelines.sync.stage import new_run_id
from pipelines.unforeseen import as_kollect_error

AT_ONCE = 5
"""Accounts that are synced side by side: they wait for their services, not for each other."""


def sync_accounts(
    settings: Settings,
    chosen: dict[str, list[str] | None],
    *,
    full: bool = False,
    accept_deletes: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    before: Callable[[str], None] = lambda _: None,
) -> tuple[list[AccountResult], str]:
    """Sync accounts side by side; an account's own error ends in its result.

    `before` is called with each account's name, on its thread, before its sync.
    """
    run_id = new_run_id(datetime.now(UTC))

    def one(name: str) -> AccountResult:
        try:
            before(name)
            return sync_account(
                settings,
                settings.account(name),
                tables=chosen[name],
                full=full,
                accept_deletes=accept_deletes,
                run_id=run_id,
                runtime=Runtime(progress=progress),
            )
        except Exception as error:  # noqa: BLE001 - the other accounts go on
            return AccountResult(name, status="failed", error=as_kollect_error(error))

    pool = ThreadPoolExecutor(min(AT_ONCE, len(chosen)), thread_name_prefix="account")
    try:
        return list(pool.map(one, chosen)), run_id
    finally:
        # Who interrupts is not to wait for syncs that last for hours.
        pool.shutdown(wait=False, cancel_futures=True)
