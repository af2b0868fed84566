"""Settings of an account's files: whether they are downloaded, from where, how large, how fast."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.core.connector import Connector
from connectors.core.errors import BadSettings
from connectors.core.files import OWN
from connectors.http.host_allowlist import read_hosts


@dataclass(frozen=True)
class FileSettings:
    """The file settings of one account."""

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


def checked_hosts(
    hosts: tuple[str, ...] | None, declared: Connector, base_url: str, where: str
) -> tuple[str, ...]:
    """The hosts that files may come from; raises BadSettings for one that cannot be used."""
    found = declared.file_hosts if hosts is None else hosts
    try:
        read_hosts([entry for entry in found if entry != OWN], base_url)
    except BadSettings as error:
        raise BadSettings(f"{where} {error.what}", guidance=error.guidance) from None
    return found
