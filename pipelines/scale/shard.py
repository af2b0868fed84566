"""One shard while this process works on its accounts: leased, brought up to date, published."""

from __future__ import annotations

import contextlib
import functools
import shutil
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

from connectors.core.errors import BadSettings
from pipelines.scale.control import control_of
from pipelines.settings import Settings
from pipelines.settings.scale import ScaleSettings
from warehouse.scale.control import Control, Lease
from warehouse.scale.shards import (
    SETTING,
    ShardStore,
    read_record,
    shard_of,
    write_record,
)
from warehouse.store.locks import OnWait
from warehouse.store.publish import published_identity
from warehouse.store.state_folder import FOLDER, common_folder
from warehouse.store.warehouse import Warehouse


@functools.cache
def store_of(scale: ScaleSettings) -> ShardStore:
    """The object store of a deployment; it and the control database must belong together."""
    control = control_of(scale)
    deployment = control.remember("deployment", uuid.uuid4().hex)
    control.agree("data", scale.data, SETTING)
    control.agree("shards", str(scale.shards), "[scale] shards")
    store = ShardStore(scale.data, dict(scale.store))
    store.claim(deployment)
    return store


class Shard:
    """A shard on this machine; several accounts of one process work on it side by side."""

    def __init__(
        self, number: int, path: Path, control: Control, store: ShardStore, single: Path
    ) -> None:
        """`single` is the warehouse file of a time before there were shards."""
        self._single = single
        self.number = number
        self.path = path
        self._control = control
        self._store = store
        self._lock = threading.Lock()
        self._users = 0
        self._held = contextlib.ExitStack()
        self._lease: Lease | None = None
        self._record = path.with_suffix(".json")

    @contextlib.contextmanager
    def used(self, wait_seconds: float, on_wait: OnWait) -> Iterator[Lease]:
        """The shard for this process, up to date; what was loaded is published at the end.

        Raises HeldElsewhere where another machine keeps it for longer than `wait_seconds`."""
        with self._lock:
            if not self._users:
                self._begin(wait_seconds, on_wait)
            self._users += 1
            lease = self._lease
        assert lease is not None
        try:
            yield lease
        finally:
            with self._lock:
                self._users -= 1
                try:
                    self._publish(lease)
                finally:
                    if not self._users:
                        self._lease = None
                        self._held.close()

    def _begin(self, wait_seconds: float, on_wait: OnWait) -> None:
        with contextlib.ExitStack() as held:
            self._lease = held.enter_context(
                self._control.lease(
                    f"shard {self.number}", timeout_seconds=wait_seconds, on_wait=on_wait
                )
            )
            self._bring_up_to_date()
            self._held = held.pop_all()

    def _bring_up_to_date(self) -> None:
        """Take over what another machine has published. What this one had loaded on top of an
        older state, and staged for it, goes: it would bring back what has changed since."""
        published, known = self._store.published(self.number), read_record(self._record)
        if published is None:
            if known is not None:
                raise BadSettings(
                    f"shard {self.number} is no longer at {self._store.address}",
                    guidance=f"put it back, or correct {SETTING}; this machine has a copy in "
                    f"{self.path}",
                )
            if self._single.exists():
                raise BadSettings(
                    f"{self._single.name} holds rows that are in no shard yet",
                    guidance="run `kollect migrate --to-scale`, or move the file away",
                )
            return
        if known is not None and known.etag == published.etag and self.path.exists():
            return
        self._store.fetch(published.pointer, self.path)
        for name in ("stage", "writer"):
            shutil.rmtree(self.path.parent / FOLDER / name, ignore_errors=True)
        write_record(self._record, published)

    def _publish(self, lease: Lease) -> None:
        if not self.path.exists():
            return
        known, identity = read_record(self._record), published_identity(self.path, None)
        if identity is None or (known is not None and known.pointer.mark == identity.mark):
            return
        with self._control.committing(lease):
            pass  # raises where another machine has the shard
        write_record(self._record, self._store.publish(self.number, self.path, identity, known))


_MAKING = threading.Lock()


def _shard(scale: ScaleSettings, single: Path, number: int) -> Shard:
    """The one object of this process for a shard: its threads share it."""
    with _MAKING:
        return _made_shard(scale, single, number)


@functools.cache
def _made_shard(scale: ScaleSettings, single: Path, number: int) -> Shard:
    path = common_folder(single) / "shards" / f"{number:03}" / f"shard_{number:03}.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    return Shard(number, path, control_of(scale), store_of(scale), single)


@contextlib.contextmanager
def leased_shard(
    settings: Settings, account: str, lease: Lease, wait_seconds: float, on_wait: OnWait
) -> Iterator[Warehouse]:
    """The warehouse of an account's shard, for this process alone on all machines."""
    scale = settings.scale
    assert scale is not None
    number = shard_of(account, scale.shards)
    shard = _shard(scale, settings.warehouse, number)
    control = control_of(scale)
    with shard.used(wait_seconds, on_wait) as held:
        yield Warehouse(shard.path, fence=lambda: control.committing(lease, held))
