"""The settings: `kollect.toml`, the environment, `.env` and the keyring, checked as a whole.

All of it is optional: without a file, every service whose credential is found is one account.
Each table of the file has a module here. Every problem is one BadSettings error that says where
it is (file, table, setting; line and column where the file is no TOML) and what to write instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec

from connectors.core.errors import BadSettings, nearest
from pipelines.machine import working_folder
from pipelines.settings.accounts import Account, AccountTable, read_account, read_accounts
from pipelines.settings.alerts import ALERT_KEYS, AlertSettings, read_alerts
from pipelines.settings.backup import BackupTable, read_backup
from pipelines.settings.convert import check_setting_names, convert
from pipelines.settings.environment import environment, is_there, read_toml
from pipelines.settings.guard import GuardSettings
from pipelines.settings.scale import ScaleSettings, ScaleTable, read_scale
from pipelines.settings.schedule import ScheduleSettings, read_schedule
from pipelines.settings.warehouse import WarehouseTable, read_warehouse

__all__ = ["TABLES", "Account", "Settings", "environment", "read_account", "read_settings",
           "select", "settings_of"]  # fmt: skip


def _names(kind: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(kind))


TABLES: Mapping[str, frozenset[str]] = {
    "warehouse": _names(WarehouseTable),
    "backup": _names(BackupTable),
    "accounts": _names(AccountTable),
    "guard": _names(GuardSettings),
    "schedule": frozenset(field.name for field in fields(ScheduleSettings)),
    "alerts": ALERT_KEYS,
    "scale": _names(ScaleTable),
}
"""Table of kollect.toml -> its settings (for `accounts`, those of each account)."""


@dataclass(frozen=True)
class Settings:
    """Everything a command needs to know; paths are absolute."""

    file: Path | None
    warehouse: Path
    backup_dir: Path
    keep: Mapping[str, int]
    accounts: Mapping[str, Account]
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    guard: GuardSettings = field(default_factory=GuardSettings)
    ledger_minutes: float = 720.0
    """So late may the published file's ledger be where a sync found nothing new."""
    scale: ScaleSettings | None = None
    """How machines share the work; None on one machine."""

    def account(self, name: str) -> Account:
        """The account of a name; BadSettings names the nearest one where there is none."""
        if name not in self.accounts:
            raise BadSettings(
                f"there is no account {name!r}{nearest(name, self.accounts)}",
                guidance=f"The accounts are: {', '.join(self.accounts) or 'none yet'}",
            )
        return self.accounts[name]


def read_settings(
    file: Path | None = None,
    *,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    shards: bool = False,
) -> Settings:
    """The settings of `file`, else of KOLLECT_CONFIG, else of `kollect.toml` in the folder.

    `shards`: whether the caller can work on shards (`[scale] data`). Raises BadSettings with the
    place (line and column, or the setting's name) and the cure, and for shards where it cannot.
    """
    variables = dict(os.environ if environ is None else environ)
    if file is None and variables.get("KOLLECT_CONFIG"):
        file = Path(variables["KOLLECT_CONFIG"]).expanduser()
    place = (file or (folder or working_folder()) / "kollect.toml").absolute()
    if file and not place.is_file():
        raise BadSettings(f"there is no file {file}", guidance="check --config or KOLLECT_CONFIG")
    known = environment(place.parent, variables)
    settings = settings_of(read_toml(place) if is_there(place) else {}, place, known)
    if settings.scale is not None and settings.scale.data:
        _check_shards(settings, shards, f"{place.name}: [scale] data")
    return settings


def _check_shards(settings: Settings, shards: bool, where: str) -> None:
    """Raise BadSettings for what does not work on shards yet."""
    if not shards:
        raise BadSettings(
            f"{where}: this command cannot read shards yet",
            guidance="with shards there are kollect sync, query, tables, status, deleted, history, "
            "check and plan",
        )
    for account in settings.accounts.values():
        if account.files.wanted:
            raise BadSettings(
                f"{where}: files of accounts cannot be kept with shards yet",
                account=account.name,
                guidance="write files = false, or keep this account without [scale] data",
            )


def settings_of(values: Mapping[str, Any], place: Path, known: Mapping[str, str]) -> Settings:
    """The settings of parsed TOML that stands (or would stand) in `place`; raises BadSettings."""
    base, name = place.parent, place.name
    _check_tables(values, name)
    backup_dir, keep = read_backup(values.get("backup", {}), base, f"{name}: [backup]")
    warehouse, ledger_minutes = read_warehouse(
        values.get("warehouse", {}), base, f"{name}: [warehouse]"
    )
    schedule, alerts = values.get("schedule", {}), values.get("alerts", {})
    check_setting_names(schedule, TABLES["schedule"], f"{name}: [schedule]")
    check_setting_names(alerts, TABLES["alerts"], f"{name}: [alerts]")
    declared = values.get("accounts")
    scale = read_scale(values.get("scale"), known, f"{name}: [scale]")
    if scale is not None:
        from pipelines.scale.listed import with_listed

        declared = with_listed(scale, declared, name)
    return Settings(
        file=place if place.exists() else None,
        warehouse=warehouse,
        ledger_minutes=ledger_minutes,
        backup_dir=backup_dir,
        keep=keep,
        accounts=read_accounts(declared, known, name),
        schedule=read_schedule(schedule, known, f"{name}: [schedule]"),
        alerts=read_alerts(alerts),
        scale=scale,
        guard=convert(values.get("guard", {}), GuardSettings, f"{name}: [guard]"),
    )


def select(settings: Settings, selection: Iterable[str]) -> dict[str, list[str] | None]:
    """Account -> tables (None for all) for SELECT words `ACCOUNT` or `ACCOUNT.TABLE`.

    Without a word, every account. Raises BadSettings for what does not exist.
    """
    chosen: dict[str, list[str] | None] = {}
    for word in selection:
        name, _, table = word.partition(".")
        account = settings.account(name)
        if not table:
            chosen[name] = None
            continue
        if table not in account.connector.tables:
            raise BadSettings(
                f"{account.connector.title} has no table {table!r}"
                f"{nearest(table, account.connector.tables)}",
                guidance=f"Its tables are: {', '.join(account.connector.tables)}",
            )
        if chosen.get(name, []) is not None:
            chosen[name] = [*(chosen.get(name) or []), table]
    return chosen or dict.fromkeys(settings.accounts)


def _check_tables(values: Mapping[str, Any], file: str) -> None:
    for name in values:
        if name not in TABLES:
            raise BadSettings(
                f"{file} has an unknown table [{name}]{nearest(name, TABLES)}",
                guidance=f"The tables are: {', '.join(TABLES)}",
            )
