"""What readers open: the warehouse file, or all shards as one."""

from __future__ import annotations

from pipelines.settings import Settings
from warehouse.store.warehouse import Warehouse


def warehouse_of(settings: Settings) -> Warehouse:
    """The warehouse of the settings, to be read."""
    scale = settings.scale
    if scale is None or not scale.data:
        return Warehouse(settings.warehouse)
    from pipelines.scale.shard import store_of
    from warehouse.scale.reading import ShardedWarehouse

    return ShardedWarehouse(settings.warehouse, store_of(scale), scale.shards)
