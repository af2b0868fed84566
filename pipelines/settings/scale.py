"""The table [scale]: several machines that share accounts, rates and warehouses."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from msgspec import Meta

from connectors.core.errors import BadSettings
from pipelines.settings.convert import SettingsTable, convert
from warehouse.where import DEFAULT_SHARDS, store_options

SCHEMES = ("postgresql", "postgres")
LATER = {"engine": "file", "runs": "process"}
"""Settings of which one value works today."""


class ScaleTable(SettingsTable, frozen=True):
    """The settings of [scale]."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {
        "control": 'control = "postgresql://user@host/database"',
        "data": 'data = "s3://bucket/kollect"',
        "engine": 'engine = "file"',
        "shards": "shards = 16",
        "runs": 'runs = "process"',
    }
    control: str = ""
    data: str = ""
    engine: str = "file"
    shards: Annotated[int, Meta(ge=1, le=1000)] = DEFAULT_SHARDS
    runs: str = "process"


@dataclass(frozen=True)
class ScaleSettings:
    """How machines share what they work on."""

    control: str
    """The address of the control database, without a password."""
    password: str = field(default="", repr=False)
    """Of PGPASSWORD; without one, PostgreSQL's own ways count (a password file, a certificate)."""
    data: str = ""
    """Where shards are published; without it, each machine has a warehouse file of its own."""
    shards: int = DEFAULT_SHARDS
    store: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What the object store needs beside its address, from the variables AWS_..."""


def read_scale(values: Any, known: Mapping[str, str], where: str) -> ScaleSettings | None:
    """The settings of [scale]; None where there is no such table. Raises BadSettings."""
    if values is None:
        return None
    table = convert(values, ScaleTable, where)
    for name, working in LATER.items():
        if getattr(table, name) != working:
            raise BadSettings(
                f'{where} {name} = "{getattr(table, name)}" is not available yet',
                guidance=f'write {name} = "{working}", or take the setting out',
            )
    _check_control(table.control, where)
    if table.data and not table.data.startswith("s3://"):
        raise BadSettings(
            f"{where} data names no S3 bucket", guidance=f"write {table.EXAMPLES['data']}"
        )
    if "shards" in values and not table.data:
        raise BadSettings(
            f"{where} shards needs data", guidance=f"write {table.EXAMPLES['data']} too"
        )
    if any(importlib.util.find_spec(name) is None for name in ("psycopg", "obstore")):
        raise BadSettings(
            f"{where} needs packages that are not installed",
            guidance='install them: pip install "kollect[scale]"',
        )
    return ScaleSettings(
        table.control,
        known.get("PGPASSWORD", ""),
        table.data.rstrip("/"),
        table.shards,
        store_options(known),
    )


def _check_control(address: str, where: str) -> None:
    example = f"write {ScaleTable.EXAMPLES['control']}"
    try:
        parts = urlsplit(address)
        password = parts.password
    except ValueError:
        raise BadSettings(f"{where} control is no address", guidance=example) from None
    if parts.scheme not in SCHEMES:
        raise BadSettings(f"{where} control names no PostgreSQL database", guidance=example)
    if password or "password=" in parts.query:
        raise BadSettings(
            f"{where} control holds a password: secrets do not belong into a settings file",
            guidance="take it out and set PGPASSWORD in the environment or in .env",
        )
