"""The tables [accounts.NAME]: one account of one service each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from connectors import SERVICES, connector
from connectors.core.connector import Connector
from connectors.core.errors import BadSettings, nearest
from connectors.http.config import Retry, Window
from pipelines.settings.convert import SettingsTable, check_variable, convert
from pipelines.settings.environment import secret
from pipelines.settings.files import FileSettings, checked_hosts

ACCOUNT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
SECRET_NAMES = {"token", "api_key", "apikey", "key", "password", "secret", "api_token", "pat"}


class RateWindow(SettingsTable, frozen=True):
    """At most `limit` requests in any `seconds` seconds."""

    limit: Annotated[int, Meta(ge=1)]
    seconds: Annotated[float, Meta(gt=0)]


class RetryTable(SettingsTable, frozen=True):
    """How often a request is repeated; what is not named is as the service declares it."""

    attempts: Annotated[int, Meta(ge=1)] | None = None
    first_seconds: Annotated[float, Meta(ge=0)] | None = None
    max_seconds: Annotated[float, Meta(ge=0)] | None = None


class AccountTable(SettingsTable, frozen=True):
    """The settings of [accounts.NAME] that every service has; None is the service's default."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {
        "service": f'service = "..." with one of: {", ".join(SERVICES)}',
        "base_url": 'base_url = "https://..."',
        "allow_http": "allow_http = true or false",
        "moved_from": 'moved_from = "https://..."',
        "believe_date": "believe_date = true or false",
        "uid": 'uid = "the user\'s id"',
        "rate": "rate = [{ limit = 5, seconds = 1 }], or [] for no limit",
        "penalty_seconds": "penalty_seconds = 30",
        "retry": "retry = { attempts = 8, first_seconds = 1.0, max_seconds = 60.0 }",
        "include": 'include = ["*"]',
        "full_every_days": "full_every_days = 7, or 0 for full passes by hand alone",
        "max_in_flight": "max_in_flight = 4",
        "files": "files = true or false",
        "file_hosts": 'file_hosts = ["cdn.example.org"]',
        "max_file_bytes": "max_file_bytes = 1000000000, or 0 for any size",
        "file_parallel": "file_parallel = 4",
        "file_bytes_per_second": "file_bytes_per_second = 0",
        **{f"{part}_env": f'{part}_env = "NAME_OF_A_VARIABLE"'
           for part in ("token", "username", "password", "uid")},
    }  # fmt: skip
    service: str | None = None
    base_url: str | None = None
    allow_http: bool = False
    moved_from: str | None = None
    believe_date: bool = True
    token_env: str | None = None
    username_env: str | None = None
    password_env: str | None = None
    uid: str | int | None = None
    uid_env: str | None = None
    rate: tuple[RateWindow, ...] | None = None
    penalty_seconds: Annotated[float, Meta(ge=0)] | None = None
    retry: RetryTable | None = None
    include: tuple[str, ...] = ("*",)
    full_every_days: Annotated[int, Meta(ge=0)] | None = None
    max_in_flight: Annotated[int, Meta(ge=1)] | None = None
    files: bool = False
    file_hosts: tuple[str, ...] | None = None
    max_file_bytes: Annotated[int, Meta(ge=0)] | None = None
    file_parallel: Annotated[int, Meta(ge=1)] = 4
    file_bytes_per_second: Annotated[int, Meta(ge=0)] = 0


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
    allow_http: bool = False
    """Whether the credential may travel unencrypted to another computer."""
    moved_from: str = ""
    """The address that the service had before; its data go on in the same tables."""
    believe_date: bool = True
    """Whether the service's own time (`Date`) is believed; false where its clock is wrong."""
    address: str = ""
    """What the warehouse remembers as the service's address; `base_url` where it is empty."""

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
        """The tables that are included, in the connector's order; those that only an option
        brings are not, unless it is set."""
        unread = {
            name
            for option in self.connector.options
            if not self.options.get(option.name)
            for name in option.tables
        }
        return [
            name
            for name in self.connector.tables
            if ("*" in self.include or name in self.include) and name not in unread
        ]


def read_accounts(declared: Any, known: Mapping[str, str], file: str) -> dict[str, Account]:
    """Name -> account; without any declared, every service whose credential is known."""
    if declared is None:
        found = {name: read_account(name, {}, known, file) for name in SERVICES}
        return {name: account for name, account in found.items() if account.ready}
    if not isinstance(declared, dict):
        raise BadSettings(f"{file}: accounts is a table", guidance="write [accounts.NAME]")
    check_names(declared, file)
    return {name: read_account(name, values, known, file) for name, values in declared.items()}


def check_names(names: Iterable[str], file: str) -> None:
    """Refuse names that cannot be parts of paths, of SELECT words and of Dagster's keys."""
    for name in names:
        if not ACCOUNT_NAME.fullmatch(name):
            raise BadSettings(
                f"{file}: [accounts.{name!r}] cannot be named so: the name is part of file names, "
                "of ACCOUNT.TABLE and of Dagster's assets",
                guidance="use letters, digits, `_` and `-` only, beginning with no `-`",
            )


def read_account(name: str, values: Any, known: Mapping[str, str], file: str) -> Account:
    """The account of one table; raises BadSettings for what cannot be meant."""
    where = f"{file}: [accounts.{name}]"
    service = values.get("service", name) if isinstance(values, dict) else name
    own = connector(service).options if service in SERVICES else ()
    _refuse_secrets(values, where)
    table = convert(values, AccountTable, where, more_names=[option.name for option in own])
    if service not in SERVICES:
        raise BadSettings(
            f"{where} is for an unknown service {service!r}{nearest(service, SERVICES)}",
            guidance=f"write {table.EXAMPLES['service']}",
        )
    declared = connector(service)
    options = _options(values, declared, where)
    if declared.configure:
        declared = declared.configure(declared, options)
    _check_include(table.include, declared, where)
    variables = _variables(table, declared, where)
    credential = {part: value for part, v in variables.items() if (value := secret(v, known))}
    if table.uid is not None:
        credential["uid"] = str(table.uid)
    base_url = table.base_url
    if base_url is None:
        base_url = known.get(declared.base_url_env) or declared.base_url or ""
    return Account(
        name=name,
        connector=declared,
        base_url=base_url,
        credential=credential,
        variables=variables,
        windows=_windows(table, declared),
        penalty_seconds=_or(table.penalty_seconds, declared.http.penalty_seconds),
        retry=_retry(table, declared),
        files=FileSettings(
            wanted=table.files,
            hosts=checked_hosts(table.file_hosts, declared, base_url, where),
            largest=_or(table.max_file_bytes, declared.max_file_bytes),
            parallel=table.file_parallel,
            bytes_per_second=table.file_bytes_per_second,
        ),
        include=table.include,
        options=options,
        full_every_days=_or(table.full_every_days, declared.full_every_days),
        allow_http=table.allow_http,
        moved_from=table.moved_from or "",
        believe_date=table.believe_date,
        max_in_flight=_or(table.max_in_flight, declared.http.max_in_flight),
    )


def _refuse_secrets(values: Any, where: str) -> None:
    for name in values if isinstance(values, dict) else ():
        if name.lower() in SECRET_NAMES:
            raise BadSettings(
                f"{where} holds a literal {name!r}: secrets do not belong into a settings file",
                guidance="put it into the environment or into .env and name the variable with "
                "token_env (or password_env)",
            )


def _variables(table: AccountTable, declared: Connector, where: str) -> dict[str, str]:
    """Part of the credential -> the environment variable that holds it."""
    found: dict[str, str] = {}
    for part, default in declared.credential.parts.items():
        chosen: str | None = getattr(table, f"{part}_env")
        check_variable(chosen, f"{part}_env", where)
        found[part] = chosen or default
    return found


def _options(values: Mapping[str, Any], declared: Connector, where: str) -> dict[str, Any]:
    """The settings that only this service has."""
    found: dict[str, Any] = {}
    for option in declared.options:
        found[option.name] = value = values.get(option.name, option.default)
        if not option.is_valid(value):
            raise BadSettings(
                f"{where} {option.name} = {value!r}", guidance=f"write {option.example}"
            )
    return found


def _check_include(include: tuple[str, ...], declared: Connector, where: str) -> None:
    if not include:
        raise BadSettings(
            f"{where} include = [] keeps no table",
            guidance='write include = ["*"] or names of tables, or take the account out',
        )
    for name in include:
        if name != "*" and name not in declared.tables:
            raise BadSettings(
                f"{where} includes an unknown table {name!r}{nearest(name, declared.tables)}",
                guidance=f"The tables are: {', '.join(declared.tables)}",
            )


def _windows(table: AccountTable, declared: Connector) -> tuple[Window, ...]:
    if table.rate is None:
        return declared.http.windows
    return tuple(Window(window.limit, window.seconds) for window in table.rate)


def _retry(table: AccountTable, declared: Connector) -> Retry:
    """The service's own rule, but for what the settings change."""
    chosen = table.retry or RetryTable()
    names = ("attempts", "first_seconds", "max_seconds")
    changed = {n: getattr(chosen, n) for n in names if getattr(chosen, n) is not None}
    return replace(declared.http.retry, **changed)


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value
