"""The former base of stand-ins, until each of them is ported to `sandbox.core`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core import Request, Response, Switches, Window
from sandbox.core.service import Service as CoreService

__all__ = ["Request", "Response", "Service", "Switch", "Window"]


@dataclass(frozen=True)
class Switch:
    """One thing that the API pages leave open, served in either form."""

    name: str
    default: Any
    choices: tuple[Any, ...]
    meaning: str


class Turned(Switches):
    """Switches given as a tuple, with their values in `settings`."""

    def __init__(self, declared: tuple[Switch, ...], settings: dict[str, Any]) -> None:
        self.declared = {switch.name: switch for switch in declared}
        self.settings = settings

    def turn(self, name: str, value: Any) -> None:
        if name not in self.declared:
            raise ValueError(f"there is no switch {name!r}; there are {sorted(self.declared)}")
        choices = self.declared[name].choices
        if choices and value not in choices:
            raise ValueError(f"{name} is one of {choices}, not {value!r}")
        self.settings[name] = value

    def describe(self) -> list[dict[str, Any]]:
        return [
            {
                "name": switch.name,
                "value": self.settings[switch.name],
                "default": switch.default,
                "choices": list(switch.choices),
                "meaning": switch.meaning,
            }
            for switch in self.declared.values()
        ]


class Service(CoreService):
    """A stand-in with its own router, lock and refusals."""

    switches: Any = ()

    def __init__(
        self,
        *,
        size: int | None = None,
        seed: int = 1,
        switches: Mapping[str, Any] | None = None,
    ) -> None:
        declared = type(self).switches
        self.settings = {switch.name: switch.default for switch in declared}
        super().__init__(size=size, seed=seed)
        self.switches = Turned(declared, self.settings)
        for name, value in (switches or {}).items():
            self.switch(name, value)

    def actions(self) -> dict[str, str]:
        return {
            name: str(inspect.signature(getattr(self, name)))
            for name, _ in inspect.getmembers(type(self), inspect.isfunction)
            if not name.startswith("_") and not hasattr(CoreService, name)
        }
