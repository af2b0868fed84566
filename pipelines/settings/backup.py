"""The table [backup]: where backups go and how many are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from pipelines.settings.convert import SettingsTable, convert
from pipelines.settings.warehouse import absolute

Count = Annotated[int, Meta(ge=0)]


class KeepTable(SettingsTable, frozen=True, omit_defaults=True):
    """How many backups are kept of each kind; what is not named keeps none by that rule."""

    daily: Count | None = None
    weekly: Count | None = None
    monthly: Count | None = None


class BackupTable(SettingsTable, frozen=True):
    """The settings of [backup]."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {
        "dir": 'dir = "backups"',
        "keep": "keep = { daily = 7, weekly = 4, monthly = 12 }",
    }
    dir: str = "backups"
    keep: KeepTable = KeepTable(daily=7, weekly=4, monthly=12)


def read_backup(values: Any, base: Path, where: str) -> tuple[Path, dict[str, int]]:
    """The absolute folder, and rule -> how many backups it keeps."""
    table = convert(values, BackupTable, where)
    rules = {name: getattr(table.keep, name) for name in ("daily", "weekly", "monthly")}
    kept = {name: count for name, count in rules.items() if count is not None}
    return absolute(table.dir, base), kept
