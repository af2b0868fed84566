"""What an account's settings say of files: whether, from where, how large, how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.core.connector import Connector
from connectors.core.errors import BadSettings
from connectors.core.files import OWN
from connectors.http.host_allowlist import read_hosts

FILE_KEYS = frozenset(
    ("files", "file_hosts", "max_file_bytes", "file_parallel", "file_bytes_per_second")
)


@dataclass(frozen=True)
class FileSettings:
    """The settings of one account."""

    wanted: bool = False
    """Whether the files that records name are downloaded too (`files`)."""
    hosts: tuple[str, ...] = (OWN,)
    """Hosts that files may come from (`file_hosts`)."""
    largest: int = 0
    """Larger files are left out, in bytes; 0 for any size (`max_file_bytes`)."""
    parallel: int = 4
    """Files that are received side by side (`file_parallel`)."""
    bytes_per_second: int = 0
    """Over all of them together; 0 for no limit (`file_bytes_per_second`)."""


def read_file_settings(
    where: str, inside: Mapping[str, Any], declared: Connector, base_url: str
) -> FileSettings:
    """The settings under `where`; raises BadSettings for what cannot be meant."""
    wanted = inside.get("files", False)
    if not isinstance(wanted, bool):
        raise BadSettings(f"{where} files = {wanted!r}", guidance="write files = true or false")
    hosts = inside.get("file_hosts", list(declared.file_hosts))
    if not isinstance(hosts, list) or not all(isinstance(entry, str) for entry in hosts):
        raise BadSettings(
            f"{where} file_hosts = {hosts!r}", guidance='write file_hosts = ["cdn.example.org"]'
        )
    try:
        read_hosts([entry for entry in hosts if entry != OWN], base_url)
    except BadSettings as error:
        raise BadSettings(f"{where} {error.what}", guidance=error.guidance) from None
    return FileSettings(
        wanted,
        tuple(hosts),
        _count(where, inside, "max_file_bytes", declared.max_file_bytes, least=0),
        _count(where, inside, "file_parallel", 4, least=1),
        _count(where, inside, "file_bytes_per_second", 0, least=0),
    )


def _count(where: str, inside: Mapping[str, Any], name: str, default: int, *, least: int) -> int:
    value = inside.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadSettings(
            f"{where} {name} = {value!r}", guidance=f"write a whole number, {least} or more"
        )
    return value
