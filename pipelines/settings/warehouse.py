"""The table [warehouse]: where the file is that people open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from connectors.core.errors import BadSettings
from pipelines.settings.convert import SettingsTable, convert
from warehouse.store.names import RESERVED


class WarehouseTable(SettingsTable, frozen=True):
    """The settings of [warehouse]."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {"path": 'path = "kollect.duckdb"'}
    path: str = "kollect.duckdb"


def read_warehouse(values: Any, base: Path, where: str) -> Path:
    """The absolute path; a relative one counts from `base`, `~` is the home folder."""
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
    return path


def absolute(text: str, base: Path) -> Path:
    """A path as settings write it."""
    try:
        return (base / Path(text).expanduser()).absolute()
    except RuntimeError:
        raise BadSettings(
            f"the home folder of {text!r} is unknown", guidance="write the whole path"
        ) from None
