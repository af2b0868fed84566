"""What the tests of files share: one service of the sandbox, its files at a host of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox import FileHost, Sandbox, StandIn
from tests.kit.account import Bench
from warehouse.files.blobs import store_of

LEDGER = "SELECT table_name, record_key, field, sha256, bytes, status, reason FROM _kollect.files"


@dataclass
class FileBench(Bench):
    """A bench with `files = true`."""

    @property
    def place(self) -> StandIn:
        """The file host as it is served."""
        assert self.box.file_host is not None
        return self.box.file_host

    @property
    def host(self) -> FileHost:
        found = self.place.service
        assert isinstance(found, FileHost)
        return found

    @property
    def errors(self) -> list[str]:
        return [*self.stand_in.errors, *self.place.errors]

    @property
    def store(self) -> Path:
        return store_of(self.warehouse)

    def stored(self) -> dict[str, bytes]:
        """Every file of the store by its name, which its content must have as its hash."""
        found = {
            file.name: file.read_bytes()
            for file in self.store.rglob("*")
            if file.is_file() and ".parts" not in file.parts
        }
        wrong = [n for n, body in found.items() if hashlib.sha256(body).hexdigest() != n]
        assert not wrong
        return found

    def parts(self) -> list[Path]:
        """What is left of files on their way."""
        return sorted((self.store / ".parts").rglob("*.*"))

    def ledger(self, where: str = "true") -> list[dict[str, Any]]:
        """The rows of `_kollect.files`."""
        names = ("table", "record_key", "field", "sha256", "bytes", "status", "reason")
        rows = self.query(f"{LEDGER} WHERE {where} ORDER BY ALL")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def statuses(self) -> dict[str, int]:
        """Status -> how many rows have it."""
        return dict(self.query("SELECT status, count(*) FROM _kollect.files GROUP BY ALL"))

    def assert_files_true(self) -> None:
        """The ledger and the store hold what the stand-in says, file by file."""
        names = ("table", "record_key", "field", "sha256", "bytes")
        files = [f for f in self.world.true_files() if f["table"] in self.account.tables]
        true = {tuple(file[n] for n in names) for file in files if file["sha256"]}
        kept = {tuple(row[n] for n in names) for row in self.ledger("status = 'stored'")}
        assert true
        assert kept - true == set()
        assert true - kept == set()
        assert {row["sha256"] for row in self.ledger("status = 'stored'")} <= set(self.stored())


def file_bench(
    folder: Path,
    service: str,
    *,
    size: int | None = None,
    switches: Mapping[str, Any] | None = None,
    host: Mapping[str, Any] | None = None,
    **account_settings: Any,
) -> FileBench:
    """A bench whose sandbox the caller must close; `host` are switches of the file host."""
    folder.mkdir(parents=True, exist_ok=True)
    box = Sandbox(
        [service], size=size, limits=False, switches={service: dict(switches or {})}, files=True
    )
    box.__enter__()
    assert box.file_host is not None
    for name, value in (host or {}).items():
        box.file_host.service.switch(name, value)
    if hasattr(box.services[service], "today"):
        box.services[service].today = datetime.now(UTC).date()
    return FileBench(service, folder, box, {"files": True, **account_settings})
