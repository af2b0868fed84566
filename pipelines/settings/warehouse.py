"""The table [warehouse]: where the file is that people open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from connectors.core.errors import BadSettings
from pipelines.settings.convert import SettingsTable, convert
from warehouse.store.names import RESERVED


class WarehouseTable(SettingsTable, frozen=True):
    """The settings of [warehouse]."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {
        "path": 'path = "kollect.duckdb"',
        "ledger_minutes": "ledger_minutes = 720",
    }
    path: str = "kollect.duckdb"
    ledger_minutes: Annotated[float, Meta(ge=0)] = 720.0
    """Syncs that found nothing new show in the file's ledger (`_kollect`) at most so much later;
    0 copies the file after each of them."""


def read_warehouse(values: Any, base: Path, where: str) -> tuple[Path, float]:
    """The absolute path, and the minutes that the ledger may be late.

    A relative path counts from `base`, `~` is the home folder.
    """
    table = convert(values, WarehouseTable, where)
    path = absolute(table.path, base)
    if not table.path.strip() or path.is_dir():
        raise BadSettings(f"{where} path names no file", guidance=f"write {table.EXAMPLES['path']}")
    if path.stem.lower() in RESERVED:
        raise BadSettings(
            f"{where} path: a warehouse file cannot be named {path.name}, since DuckDB would "
            f"confuse it with the schema {path.stem.lower()!r} inside it",
            guidance='write another name, such as path = "kollect.duckdb"',
        )
    return path, table.ledger_minutes


def absolute(text: str, base: Path) -> Path:
    """A path as settings write it."""
    try:
        return (base / Path(text).expanduser()).absolute()
    except RuntimeError:
        raise BadSettings(
            f"the home folder of {text!r} is unknown", guidance="write the whole path"
        ) from None
