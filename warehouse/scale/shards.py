"""Shards on an object store: DuckDB files that machines take in turns and publish with `If-Match`.

`shards/003.json` names the file that is shard 3 at the moment, and is only replaced by whoever
knows its last ETag. The file itself, `shards/003/<generation>-<mark>.duckdb`, never changes: a
reader who has one keeps it, and a machine that was overtaken cannot replace what another has
published.
"""

from __future__ import annotations

import contextlib
import uuid
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PreconditionError,
)
from obstore.store import from_url

from connectors.core.errors import AccountBusy, BadSettings, WarehouseProblem
from warehouse.store.durable import replace_file
from warehouse.store.identity import Identity

SETTING = "[scale] data"
OWNER = "kollect.json"
KEPT = 3
"""So many earlier files of a shard stay, for readers that began with one of them."""
PIECE = 8 << 20
RETRY: Any = {"max_retries": 5}


class Pointer(msgspec.Struct, frozen=True):
    """Which file is the shard."""

    file: str
    warehouse: str
    generation: int
    mark: str
    earlier: tuple[str, ...] = ()


class Published(msgspec.Struct, frozen=True):
    """A pointer with the ETag under which it was read or written."""

    pointer: Pointer
    etag: str


def shard_of(account: str, shards: int) -> int:
    """The shard of an account: the same on every machine."""
    return zlib.crc32(account.encode()) % shards


class ShardStore:
    """The object store of one deployment. What it refuses is raised as an error that says what
    to do (BadSettings, WarehouseProblem)."""

    def __init__(self, address: str, options: Mapping[str, str]) -> None:
        """`options` are obstore's for S3: access_key_id, secret_access_key, endpoint, region ..."""
        self.address = address
        with self._explained():
            more: dict[str, Any] = dict(options)
            if options.get("endpoint", "").startswith("http://"):
                more["client_options"] = {"allow_http": True}
            self._store = from_url(address, retry_config=RETRY, **more)

    def claim(self, deployment: str) -> None:
        """Make the place this deployment's own; raises BadSettings where it is another's."""
        with self._explained():
            with contextlib.suppress(AlreadyExistsError):
                line = msgspec.json.encode({"deployment": deployment})
                obstore.put(self._store, OWNER, line, mode="create", use_multipart=False)
            found = msgspec.json.decode(bytes(obstore.get(self._store, OWNER).bytes()))
        if found.get("deployment") != deployment:
            raise BadSettings(
                f"{self.address} belongs to another deployment of kollect",
                guidance=f"name another place in {SETTING}, or the control database that it belongs"
                " to in [scale] control",
            )

    def published(self, shard: int) -> Published | None:
        """What the shard is now; None where it was never published."""
        with self._explained():
            try:
                found = obstore.get(self._store, f"shards/{shard:03}.json")
            except (NotFoundError, FileNotFoundError):
                return None
            return Published(
                msgspec.json.decode(bytes(found.bytes()), type=Pointer), str(found.meta["e_tag"])
            )

    def fetch(self, pointer: Pointer, target: Path) -> None:
        """Copy the shard's file to `target`, all at once."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._explained():
            found = obstore.get(self._store, pointer.file)
            # Several processes may fetch the same file at once.
            part = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
            try:
                with part.open("wb") as file:
                    for piece in found.stream(min_chunk_size=PIECE):
                        file.write(piece)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)

    def publish(
        self, shard: int, file: Path, identity: Identity, before: Published | None
    ) -> Published:
        """Make a file the shard, unless somebody else has published it since `before`.

        Raises AccountBusy then: the other's file stays.
        """
        name = f"shards/{shard:03}/{identity.generation:09}-{identity.mark}.duckdb"
        earlier = (before.pointer.file, *before.pointer.earlier) if before else ()
        pointer = Pointer(
            name, identity.warehouse, identity.generation, identity.mark, earlier[:KEPT]
        )
        with self._explained():
            with file.open("rb") as data:
                obstore.put(self._store, name, data)
            try:
                done = obstore.put(
                    self._store,
                    f"shards/{shard:03}.json",
                    msgspec.json.encode(pointer),
                    mode={"e_tag": before.etag} if before else "create",
                    use_multipart=False,
                )
            except (PreconditionError, AlreadyExistsError):
                with contextlib.suppress(BaseError, OSError):
                    obstore.delete(self._store, name)
                raise AccountBusy(
                    f"shard {shard} was published by another machine meanwhile; what this one had "
                    "loaded is dropped",
                    guidance="run it again: it begins with the other's file",
                ) from None
            with contextlib.suppress(BaseError, OSError):
                for old in earlier[KEPT:]:
                    obstore.delete(self._store, old)
        return Published(pointer, str(done["e_tag"]))

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            kind = type(error).__name__
            text = " ".join(str(error).split())[:200]
            if kind in ("NotFoundError", "FileNotFoundError"):
                raise BadSettings(
                    f"there is no {self.address}: {text}",
                    guidance=f"make the bucket, or correct {SETTING} and AWS_ENDPOINT_URL",
                ) from error
            if kind in ("PermissionDeniedError", "UnauthenticatedError", "UnknownUrlSchemeError"):
                raise BadSettings(
                    f"{self.address} cannot be used: {text}",
                    guidance=f"check {SETTING}, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                ) from error
            raise WarehouseProblem(
                f"{self.address} cannot be reached or written: {text}",
                guidance=f"check {SETTING} and the store; what was loaded stays on this machine, "
                "and the next sync publishes it",
            ) from error


def read_record(file: Path) -> Published | None:
    """Which published state the local copy of a shard was made from; None where it is unknown."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(file.read_bytes(), type=Published)
    return None


def write_record(file: Path, published: Published) -> None:
    """Remember it, all at once."""
    replace_file(file, msgspec.json.encode(published))
