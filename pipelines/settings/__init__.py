"""The settings: `kollect.toml`, the environment, `.env` and the keyring, checked as a whole.

All of it is optional: without a file, every service whose credential is found is one account.
A literal token in the file is refused. Every problem is one BadSettings error that says where
it is and what to write instead.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from connectors import SERVICES, connector
from connectors.core.connector import Connector
from connectors.core.errors import BadSettings
from connectors.http.config import Retry, Window
from pipelines.settings.alerts import ALERT_KEYS, AlertSettings, read_alerts
from pipelines.settings.files import FILE_KEYS, FileSettings, read_file_settings
from pipelines.settings.schedule import ScheduleSettings, read_schedule

SECTIONS = {
    "warehouse": {"path"},
    "backup": {"dir", "keep"},
    "accounts": None,
    "schedule": {"sync", "full", "backup", "verify", "timezone"},
    "alerts": set(ALERT_KEYS),
    "guard": {"mass_delete_share"},
}  # fmt: skip
ACCOUNT_KEYS = {
    "service", "base_url", "token_env", "username_env", "password_env", "uid", "uid_env", "rate",
    "penalty_seconds", "retry", "include", "full_every_days", "max_in_flight",
} | FILE_KEYS  # fmt: skip
SECRET_KEYS = {"token", "api_key", "apikey", "key", "password", "secret", "api_token", "pat"}


@dataclass(frozen=True)
class Account:
    """One account of one service, ready to be synced (its credential may be missing)."""

    name: str
    connector: Connector
    base_url: str
    credential: Mapping[str, str] = field(repr=False)
    """Part -> value; only the parts that were found."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Part -> environment variable."""
    windows: tuple[Window, ...] = ()
    penalty_seconds: float = 0.0
    retry: Retry = field(default_factory=Retry)
    files: FileSettings = field(default_factory=FileSettings)
    include: tuple[str, ...] = ("*",)
    options: Mapping[str, Any] = field(default_factory=dict)
    """The settings that only this service has, by name."""
    full_every_days: int = 7
    max_in_flight: int = 8

    @property
    def ready(self) -> bool:
        """Whether one of the ways to get in is complete."""
        return any(
            all(part in self.credential for part in way) for way in self.connector.credential.ways
        )

    @property
    def missing(self) -> str:
        """The environment variables that would complete the preferred way."""
        ways = (
            " and ".join(self.variables[p] for p in way if p not in self.credential)
            for way in self.connector.credential.ways
        )
        return ", or ".join(ways)

    @property
    def tables(self) -> list[str]:
        """The tables that are included, in the connector's order."""
        return [
            name for name in self.connector.tables if "*" in self.include or name in self.include
        ]


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
    mass_delete_share: float = 0.5

    def account(self, name: str) -> Account:
        """The account of a name; BadSettings names the nearest one where there is none."""
        if name not in self.accounts:
            raise BadSettings(
                f"there is no account {name!r}{_nearest(name, self.accounts)}",
                guidance=f"the accounts are: {', '.join(self.accounts) or 'none yet'}",
            )
        return self.accounts[name]


def read_settings(
    file: Path | None = None,
    *,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings of `file`, else of KOLLECT_CONFIG, else of `kollect.toml` in the folder.

    Raises BadSettings with the place (line and column, or the setting's name) and the cure.
    """
    here = (folder or Path.cwd()).absolute()
    outside = dict(os.environ if environ is None else environ)
    named = file or (Path(outside["KOLLECT_CONFIG"]) if outside.get("KOLLECT_CONFIG") else None)
    place = named.absolute() if named else here / "kollect.toml"
    if named and not place.exists():
        raise BadSettings(f"there is no file {named}", guidance="check --config or KOLLECT_CONFIG")
    known = {**_dotenv(place.parent / ".env"), **outside}
    return settings_of(_read_toml(place) if place.exists() else {}, place, known)


def settings_of(values: Mapping[str, Any], place: Path, known: Mapping[str, str]) -> Settings:
    """The settings of parsed TOML that stands (or would stand) in `place`; raises BadSettings."""
    base = place.parent
    _check_names(values, place.name)
    warehouse = values.get("warehouse", {})
    backup = values.get("backup", {})
    return Settings(
        file=place if place.exists() else None,
        warehouse=(base / _text(warehouse, "path", "kollect.duckdb", "warehouse")).absolute(),
        backup_dir=(base / _text(backup, "dir", "backups", "backup")).absolute(),
        keep=_keep(backup.get("keep", {"daily": 7, "weekly": 4, "monthly": 12})),
        accounts=_accounts(values.get("accounts"), known),
        schedule=read_schedule(values.get("schedule", {}), known),
        alerts=read_alerts(values.get("alerts", {})),
        mass_delete_share=_share(values.get("guard", {}).get("mass_delete_share", 0.5)),
    )


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(
            f"{file.name} is no valid TOML: {error}", guidance="mend that line"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(
            f"{file.name} cannot be read: {error}", guidance="check the file"
        ) from None


def _dotenv(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(file).items() if value is not None}


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _check_names(values: Mapping[str, Any], file: str) -> None:
    for section, inside in values.items():
        if section not in SECTIONS:
            raise BadSettings(
                f"{file} has an unknown section [{section}]{_nearest(section, SECTIONS)}",
                guidance=f"the sections are: {', '.join(SECTIONS)}",
            )
        if not isinstance(inside, dict):
            raise BadSettings(f"{file}: {section} is a section", guidance=f"write [{section}]")
        allowed = SECTIONS[section]
        for name in inside if allowed is not None else ():
            if name not in (allowed or ()):
                raise BadSettings(
                    f"{file}: [{section}] has an unknown setting {name!r}"
                    f"{_nearest(name, allowed or ())}",
                    guidance=f"its settings are: {', '.join(sorted(allowed or ()))}",
                )
    for account, inside in values.get("accounts", {}).items():
        _check_account_names(account, inside, file)


def _check_account_names(account: str, inside: Any, file: str) -> None:
    where = f"{file}: [accounts.{account}]"
    if not isinstance(inside, dict):
        raise BadSettings(f"{where} is a section", guidance=f"write [accounts.{account}]")
    service = inside.get("service", account)
    own = connector(service).options if service in SERVICES else ()
    allowed = ACCOUNT_KEYS | {option.name for option in own}
    for name in inside:
        if name.lower() in SECRET_KEYS:
            raise BadSettings(
                f"{where} holds a literal {name!r}: secrets do not belong into a settings file",
                guidance="put it into the environment or into .env and name the variable with "
                "token_env (or password_env)",
            )
        if name not in allowed:
            raise BadSettings(
                f"{where} has an unknown setting {name!r}{_nearest(name, allowed)}",
                guidance=f"its settings are: {', '.join(sorted(allowed))}",
            )


def _accounts(declared: Any, known: Mapping[str, str]) -> dict[str, Account]:
    if declared is None:
        found = {service: _account(service, {}, known) for service in SERVICES}
        return {name: account for name, account in found.items() if account.ready}
    return {name: _account(name, inside, known) for name, inside in declared.items()}


def _account(name: str, inside: Mapping[str, Any], known: Mapping[str, str]) -> Account:
    where = f"[accounts.{name}]"
    service = _text(inside, "service", name, f"accounts.{name}")
    if service not in SERVICES:
        raise BadSettings(
            f"{where} is for an unknown service {service!r}{_nearest(service, SERVICES)}",
            guidance=f'write service = "..." with one of: {", ".join(SERVICES)}',
        )
    declared = connector(service)
    variables = {
        part: _text(inside, f"{part}_env", default, f"accounts.{name}")
        for part, default in declared.credential.parts.items()
    }
    credential = {part: value for part, v in variables.items() if (value := _secret(v, known))}
    if "uid" in inside:
        credential["uid"] = str(inside["uid"])
    base_url = _text(
        inside, "base_url", known.get(declared.base_url_env) or declared.base_url or "", where
    )
    rules = declared.http
    include = inside.get("include", ["*"])
    _check_include(where, include, declared)
    options = _options(where, inside, declared)
    return Account(
        name=name,
        connector=declared.configure(declared, options) if declared.configure else declared,
        base_url=base_url,
        credential=credential,
        variables=variables,
        windows=_windows(where, inside["rate"]) if "rate" in inside else rules.windows,
        penalty_seconds=_number(where, inside, "penalty_seconds", rules.penalty_seconds),
        retry=_retry(where, inside.get("retry", {}), rules.retry),
        files=read_file_settings(where, inside, declared, base_url),
        include=tuple(include),
        options=options,
        full_every_days=int(_number(where, inside, "full_every_days", declared.full_every_days)),
        max_in_flight=int(_number(where, inside, "max_in_flight", rules.max_in_flight)),
    )


def _options(where: str, inside: Mapping[str, Any], declared: Connector) -> dict[str, Any]:
    """The settings that only this service has."""
    found: dict[str, Any] = {}
    for option in declared.options:
        found[option.name] = value = inside.get(option.name, option.default)
        if not option.right(value):
            raise BadSettings(
                f"{where} {option.name} = {value!r}", guidance=f"write {option.example}"
            )
    return found


def _secret(variable: str, known: Mapping[str, str]) -> str:
    """The value of a variable: environment, `.env`, then the system keyring where installed."""
    if known.get(variable):
        return known[variable]
    if known.get("KOLLECT_KEYRING", "1") == "0":
        return ""
    try:
        import keyring
    except ImportError:
        return ""
    try:
        return keyring.get_password("kollect", variable) or ""
    except Exception:  # noqa: BLE001 - a keyring that is locked or absent is no error of ours
        return ""


def _text(inside: Mapping[str, Any], name: str, default: str, where: str) -> str:
    value = inside.get(name, default)
    if not isinstance(value, str):
        raise BadSettings(
            f"{where} {name} = {value!r} is no text", guidance=f'write {name} = "..."'
        )
    return value


def _number(where: str, inside: Mapping[str, Any], name: str, default: float) -> float:
    value = inside.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise BadSettings(f"{where} {name} = {value!r}", guidance="write a number, 0 or more")
    return value


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise BadSettings(f"[guard] mass_delete_share = {value!r}", guidance="write 0.5 for a half")
    return float(value)


def _windows(where: str, value: Any) -> tuple[Window, ...]:
    try:
        return tuple(Window(int(w["limit"]), float(w["seconds"])) for w in value)
    except (TypeError, KeyError, ValueError):
        raise BadSettings(
            f"{where} rate = {value!r}",
            guidance="write rate = [{ limit = 5, seconds = 1 }], or [] for no limit",
        ) from None


def _retry(where: str, value: Any, default: Retry) -> Retry:
    """The service's own rule, but for what the settings say."""
    try:
        return replace(default, **value)
    except (TypeError, ValueError):
        raise BadSettings(
            f"{where} retry = {value!r}",
            guidance="write retry = { attempts = 8, first_seconds = 1.0, max_seconds = 60.0 }",
        ) from None


def _keep(value: Any) -> dict[str, int]:
    good = isinstance(value, dict) and all(
        name in ("daily", "weekly", "monthly") and isinstance(n, int) and n >= 0
        for name, n in value.items()
    )
    if not good:
        raise BadSettings(
            f"[backup] keep = {value!r}",
            guidance="write keep = { daily = 7, weekly = 4, monthly = 12 }",
        )
    return dict(value)


def _check_include(where: str, include: Any, declared: Connector) -> None:
    if not isinstance(include, list) or not all(isinstance(name, str) for name in include):
        raise BadSettings(f"{where} include = {include!r}", guidance='write include = ["*"]')
    for name in include:
        if name != "*" and name not in declared.tables:
            raise BadSettings(
                f"{where} includes an unknown table {name!r}{_nearest(name, declared.tables)}",
                guidance=f"the tables are: {', '.join(declared.tables)}",
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
                f"{_nearest(table, account.connector.tables)}",
                guidance=f"its tables are: {', '.join(account.connector.tables)}",
            )
        if chosen.get(name, []) is not None:
            chosen[name] = [*(chosen.get(name) or []), table]
    return chosen or dict.fromkeys(settings.accounts)
