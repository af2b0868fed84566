"""What a sync holds while it works with `[scale]`: the lease of its account and a shared rate."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

from pipelines.scale.rates import PostgresRates
from pipelines.settings import Settings
from pipelines.settings.scale import ScaleSettings
from warehouse.scale.control import Control
from warehouse.store.locks import OnWait
from warehouse.store.warehouse import Warehouse


@functools.cache
def _control(address: str, password: str) -> Control:
    return Control(address, password=password)


def control_of(scale: ScaleSettings) -> Control:
    """The control database: one connection for all accounts of this process."""
    return _control(scale.control, scale.password)


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
        yield Warehouse(settings.warehouse, fence=lambda: control.committing(lease))


@contextlib.contextmanager
def shared_rates(scale: ScaleSettings, account: str) -> Iterator[PostgresRates]:
    """The rate budget of an account, which all machines share."""
    rates = PostgresRates(control_of(scale), account)
    try:
        yield rates
    finally:
        rates.close()
