"""Names of services and where their classes are; several stand-ins at once."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from sandbox.core.file_host import FileHost
from sandbox.core.server import StandIn
from sandbox.core.service import Service


class Registry(Mapping[str, type[Service]]):
    """Service name -> class in alphabetical order; a module is imported when asked for."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """`places`: name -> "module:Class"."""
        self.places = dict(sorted(places.items()))

    def __getitem__(self, name: str) -> type[Service]:
        module, _, class_name = self.places[name].partition(":")
        found: type[Service] = getattr(importlib.import_module(module), class_name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __contains__(self, name: object) -> bool:
        return name in self.places  # without importing it


class StandIns:
    """Stand-ins of several services (all of the registry by default) while the block lasts.

    All are made from the same `seed`; `size` is each service's own default where it is
    None, or a mapping by name. `ports` fixes ports by name, the others are free ones.
    """

    registry: ClassVar[Mapping[str, type[Service]]]

    def __init__(
        self,
        services: Iterable[str] | None = None,
        *,
        size: int | Mapping[str, int] | None = None,
        seed: int = 1,
        limits: bool = True,
        latency_seconds: float = 0.0,
        switches: Mapping[str, Mapping[str, Any]] | None = None,
        ports: Mapping[str, int] | None = None,
        files: bool = False,
    ) -> None:
        """With `files`, the files that services name are served by a host of their own."""
        names = list(self.registry) if services is None else list(services)
        if unknown := sorted(set(names) - set(self.registry)):
            raise ValueError(f"no stand-in for {unknown}; there are {list(self.registry)}")
        self.services: dict[str, Service] = {}
        self.stand_ins: dict[str, StandIn] = {}
        for name in names:
            options: dict[str, Any] = {"seed": seed, "switches": (switches or {}).get(name)}
            wanted = size.get(name) if isinstance(size, Mapping) else size
            if wanted is not None:
                options["size"] = wanted
            self.services[name] = self.registry[name](**options)
            self.stand_ins[name] = StandIn(
                self.services[name],
                port=(ports or {}).get(name, 0),
                latency_seconds=latency_seconds,
                limits=limits,
            )
        self.file_host: StandIn | None = None
        if files:
            port = (ports or {}).get("files", 0)
            self.file_host = StandIn(FileHost(self.services), port=port, limits=False)
        self._running = ExitStack()

    def environment(self) -> dict[str, str]:
        """The environment variables that hold the credentials of all services."""
        return {
            name: value
            for service in self.services.values()
            for name, value in service.credentials().items()
        }

    def settings(
        self,
        warehouse_path: str | Path,
        *,
        more: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> str:
        """The text of a kollect.toml with one account for each running stand-in.

        `more` adds settings by account, e.g. {"an_account": {"files": True}}.
        """
        lines = ["[warehouse]", f"path = {_toml(str(warehouse_path))}"]
        for name, stand_in in self.stand_ins.items():
            settings: dict[str, Any] = {"service": name, "base_url": stand_in.url}
            if self.file_host is not None:
                settings["file_hosts"] = ["own", self.file_host.origin]
            settings |= self.services[name].account_settings
            settings |= (more or {}).get(name, {})
            lines += ["", f"[accounts.{name}]"]
            lines += [f"{key} = {_toml(value)}" for key, value in settings.items()]
        return "\n".join(lines) + "\n"

    def __enter__(self) -> Self:
        with ExitStack() as starting:  # a taken port must not leave the others running
            for stand_in in self.stand_ins.values():
                starting.enter_context(stand_in)
            if self.file_host is not None:
                starting.enter_context(self.file_host)
                for name, service in self.services.items():
                    service.serve_files_at(f"{self.file_host.origin}/{name}")
            self._running = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.close()


def _toml(value: Any) -> str:
    """A plain value as TOML; JSON's text and number forms are TOML's too."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False)
