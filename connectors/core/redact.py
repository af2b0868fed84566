"""Takes a service's own secrets out of its answers, before anything is staged or written.

People's texts are kept word for word. What goes is what the connector declares, since the page of
the service marks it as a secret: members by name, members by their place, and parameters of
signed links and invitations at the hosts that understand them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.core.files import OWN
from connectors.http.redact import cut_parameters, fold, fold_parameter
from connectors.http.urls import covers_host

NAME = re.compile(r"[A-Za-z0-9_-]*[A-Za-z0-9][A-Za-z0-9_-]*")
PLACE = re.compile(rf"({NAME.pattern}(\[\])?\.)+{NAME.pattern}")
HOST = re.compile(r"(own|\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*)(/[^\s?#]*)?")
PARAMETER = re.compile(rf"{NAME.pattern}\*?")


@dataclass(frozen=True)
class _Signed:
    """Parameters that open something in links of one host."""

    host: str
    path: str
    names: frozenset[str]
    starts: tuple[str, ...]

    def covers(self, host: str, path: str) -> bool:
        """Whether a link leads here; `host` is empty in a relative link."""
        return covers_host(self.host, host) and self.path in path

    def holds(self, name: str) -> bool:
        return name in self.names or bool(self.starts and name.startswith(self.starts))


class Redactor:
    """Redacts the answers of one service, as its connector declares it."""

    def __init__(
        self,
        secret_fields: Iterable[str] = (),
        secret_paths: Iterable[str] = (),
        signed_hosts: Mapping[str, Iterable[str]] | None = None,
        base_url: str = "",
    ) -> None:
        """See `Connector` for the declarations; `base_url` says which host is `own`.

        Raises ValueError for a declaration that can never match.
        """
        self._fields = frozenset(fold(_matching(NAME, name)) for name in secret_fields)
        self._paths: dict[str, list[list[str]]] = {}
        for path in secret_paths:
            steps = _matching(PLACE, path).replace("[]", "").split(".")
            first, *rest = map(fold, steps)
            self._paths.setdefault(first, []).append(rest)
        self._signed = [
            _signed(entry, names, base_url) for entry, names in (signed_hosts or {}).items()
        ]
        self._harmless: set[str] = set()
        """Names of members that need no look, so that most objects are passed over at once."""

    def clean(self, value: Any) -> Any:
        """The value without secrets; dicts and lists are changed in place, and returned."""
        if isinstance(value, str):
            return self._text(value)
        # A list of what is still to visit, since deep nesting would end recursion.
        boxes = [value]
        for box in boxes:
            if isinstance(box, dict):
                if not self._harmless.issuperset(box):
                    self._drop_members(box)
                self._visit(box, box.items(), boxes)
            elif isinstance(box, list):
                self._visit(box, enumerate(box), boxes)
        return value

    def _visit(self, box: Any, items: Iterable[tuple[Any, Any]], boxes: list[Any]) -> None:
        for place, inner in items:
            kind = type(inner)
            if kind is dict or kind is list:
                boxes.append(inner)
            elif self._signed and kind is str and ("=" in inner or "%" in inner):
                # Giving a present key a new value does not disturb the iteration.
                box[place] = self._text(inner)

    def _drop_members(self, box: dict[Any, Any]) -> None:
        for key in box.keys() - self._harmless:
            name = fold(key)
            if name in self._fields:
                del box[key]
            elif name in self._paths:
                for rest in self._paths[name]:
                    _drop(box[key], rest)
            elif len(self._harmless) < 10_000:
                self._harmless.add(key)

    def _text(self, text: str) -> str:
        return cut_parameters(text, self._opens) if self._signed else text

    def _opens(self, address: str, name: str) -> bool:
        """Whether a parameter of this address is a secret of the service."""
        plain = fold_parameter(name)
        entries = [entry for entry in self._signed if entry.holds(plain)]
        if not entries:
            return False
        host, path = _host_and_path(address)
        return any(entry.covers(host, path) for entry in entries)


def _matching(form: re.Pattern[str], text: str) -> str:
    if form.fullmatch(text) is None:
        raise ValueError(f"{text!r} can never match")
    return text


def _signed(entry: str, names: Iterable[str], base_url: str) -> _Signed:
    host, slash, path = _matching(HOST, entry).partition("/")
    if host == OWN:
        host = (urlsplit(base_url).hostname or "").lower()
    plain = [_matching(PARAMETER, name) for name in names]
    if not plain:
        raise ValueError(f"{entry!r} names no parameter")
    return _Signed(
        # A connector without a base_url has no own host yet: then nothing is its own.
        host or "-",
        slash + path,
        frozenset(fold(name) for name in plain if not name.endswith("*")),
        tuple(fold(name[:-1]) for name in plain if name.endswith("*")),
    )


def _host_and_path(address: str) -> tuple[str, str]:
    """Of an address as it stands in a text: whole, without its scheme, or relative."""
    _, scheme, whole = address.rpartition("://")
    if not scheme:
        # In a parameter of another address, its name stands before it.
        whole = whole.rpartition("=")[2]
    host, slash, path = whole.partition("/")
    host = host.rpartition("@")[2].partition(":")[0]
    return host.rstrip(".").lower(), slash + path


def _drop(value: Any, path: list[str]) -> None:
    """Remove the members at a path below a value; lists on the way are gone through."""
    boxes = [value]
    for box in boxes:
        if isinstance(box, list):
            boxes += box
        elif isinstance(box, dict):
            for key in [key for key in box if fold(key) == path[0]]:
                if len(path) == 1:
                    del box[key]
                else:
                    _drop(box[key], path[1:])
