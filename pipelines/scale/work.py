"""What a sync holds while it works with `[scale]`: the leases of its account and shard, and
a shared rate."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pipelines.scale.control import control_of
from pipelines.scale.rates import PostgresRates
from pipelines.settings import Settings
from pipelines.settings.scale import ScaleSettings
from warehouse.store.locks import OnWait
from warehouse.store.warehouse import Warehouse


@contextlib.contextmanager
def leased_warehouse(
    settings: Settings, account: str, wait_seconds: float, on_wait: OnWait
) -> Iterator[Warehouse]:
    """The warehouse of an account, whose lease is held on all machines during the block.

    Nothing is committed once another machine has taken it over. Raises HeldElsewhere after
    `wait_seconds`.
    """
    assert settings.scale is not None
    control = control_of(settings.scale)
    with control.lease(
        f"account {account}", timeout_seconds=wait_seconds, on_wait=on_wait
    ) as lease:
        if not settings.scale.data:
            yield Warehouse(settings.warehouse, fence=lambda: control.committing(lease))
            return
        from pipelines.scale.shard import leased_shard

        with leased_shard(settings, account, lease, wait_seconds, on_wait) as warehouse:
            yield warehouse


@contextlib.contextmanager
def shared_rates(scale: ScaleSettings, account: str) -> Iterator[PostgresRates]:
    """The rate budget of an account, which all machines share."""
    rates = PostgresRates(control_of(scale), account)
    try:
        yield rates
    finally:
        rates.close()
