"""Moves a warehouse file into the shards of `[scale] data`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from connectors.core.errors import AccountBusy, BadSettings
from pipelines.readers import warehouse_of
from pipelines.scale.control import control_of
from pipelines.scale.shard import store_of
from pipelines.settings import Settings
from warehouse.scale.migrate import check_source, compare, make_shard
from warehouse.store.locks import HeldElsewhere
from warehouse.store.scratch import scratch_folder
from warehouse.store.warehouse import Warehouse

WAIT_SECONDS = 60.0


def migrate_to_shards(settings: Settings, tell: Callable[[str], None]) -> int:
    """Publish the accounts of the warehouse file as shards and read them back; returns how many
    tables were equal. A run that was broken off goes on. The file stays as it is.

    Raises BadSettings where the shards hold something else already, AccountBusy where somebody
    works on them, and WarehouseProblem.
    """
    scale = settings.scale
    assert scale is not None and scale.data
    source, control, store = Warehouse(settings.warehouse), control_of(scale), store_of(scale)
    source.publish()
    with contextlib.ExitStack() as held:
        held.enter_context(source.locked())
        identity = check_source(source)
        for shard in range(scale.shards):
            try:
                lease = control.lease(f"shard {shard}", timeout_seconds=WAIT_SECONDS)
                held.enter_context(lease)
            except HeldElsewhere as other:
                raise AccountBusy(f"shard {shard} is held by {other.holder}") from None
        published = [store.published(shard) for shard in range(scale.shards)]
        state = f"{identity.warehouse} {identity.generation} {identity.mark}"
        if any(published) and control.recall("moved from") != state:
            raise BadSettings(
                f"there are shards at {scale.data} already, of other rows than {source.path.name}",
                guidance="move the file away to go on with the shards, or name another place in "
                "[scale] data and another database in [scale] control",
            )
        control.remember("moved from", state)
        folder = held.enter_context(scratch_folder(source.home, "shards-"))
        for shard, found in enumerate(published):
            if found is None:
                file = folder / f"shard_{shard:03}.duckdb"
                made = make_shard(source.path, file, shard, scale.shards)
                store.publish(shard, file, made, None)
                file.unlink()
            tell(f"shard {shard + 1} of {scale.shards} is published")
        return compare(source.path, warehouse_of(settings))
