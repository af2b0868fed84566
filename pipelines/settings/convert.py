"""Turns a table of kollect.toml into a checked struct: msgspec validates, we add hints.

Every error names the file, the table and the setting, and shows what to write instead. It never
shows a value, since a value may be a secret that was put into the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar

import msgspec

from connectors.core.errors import BadSettings, nearest

TYPE_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "datetime": "a time",
    "date": "a date",
    "time": "a time",
}
PLACE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class SettingsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of kollect.toml; the fields are its settings, with their defaults."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {}
    """Setting -> a line that works, for the error where its value cannot be used."""


T = TypeVar("T", bound=SettingsTable)


def convert(values: Any, kind: type[T], where: str, *, more_names: Iterable[str] = ()) -> T:
    """The table `values`, checked; `where` names file and table for the errors.

    `more_names` are settings that are allowed beside those of `kind` and checked elsewhere.
    Raises BadSettings for an unknown setting (with the nearest name) or an unusable value.
    """
    own = [field.encode_name for field in msgspec.structs.fields(kind)]
    check_setting_names(values, [*own, *more_names], where)
    try:
        return msgspec.convert({name: values[name] for name in own if name in values}, kind)
    except msgspec.ValidationError as error:
        raise _unusable(str(error), kind, where) from None


def check_setting_names(values: Any, allowed: Iterable[str], where: str) -> None:
    """Raise BadSettings where `values` is no table, or holds a setting that is not allowed."""
    if not isinstance(values, dict):
        raise BadSettings(f"{where} is a table", guidance=f"write {where.rpartition(': ')[2]}")
    known = sorted(allowed)
    for name in values:
        if name not in known:
            raise BadSettings(
                f"{where} has an unknown setting {name!r}{nearest(name, known)}",
                guidance=f"Its settings are: {', '.join(known)}",
            )


def check_variable(value: str | None, name: str, where: str) -> None:
    """Refuse what can be no name of an environment variable: it may be the secret itself."""
    if value is not None and not VARIABLE.fullmatch(value):
        raise BadSettings(
            f"{where} {name} is no name of an environment variable",
            guidance="write the name of the variable that holds the secret, never the secret",
        )


def _unusable(text: str, kind: type[SettingsTable], where: str) -> BadSettings:
    """msgspec's error in the words of kollect.toml."""
    path = found["path"] if (found := PLACE.search(text)) else ""
    reason = PLACE.sub("", text)
    reason = re.sub(r"`([^`]*)`", lambda quoted: _in_words(quoted[1]), reason)
    reason = re.sub("^Object", "table", reason)
    reason = reason[:1].lower() + reason[1:]
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    example = kind.EXAMPLES.get(name, f"{name} = ...")
    return BadSettings(f"{where} {path}: {reason}", guidance=f"write {example}")


def _in_words(quoted: str) -> str:
    """A type of msgspec (`int | null`) in plain words; anything else stays quoted."""
    parts = [part for part in quoted.split(" | ") if part != "null"]
    if all(part in TYPE_WORDS for part in parts):
        return " or ".join(TYPE_WORDS[part] for part in parts)
    return f"'{quoted}'"
