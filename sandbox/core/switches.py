"""Switches: each is one thing that a service's API page leaves open, served in either form."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def one_of(*choices: Any, about: str) -> Any:
    """A switch with these positions; the first is the default."""
    return field(default=choices[0], metadata={"choices": choices, "about": about})


def any_value(default: Any, about: str) -> Any:
    """A switch that takes any value."""
    return field(default=default, metadata={"choices": (), "about": about})


@dataclass
class Switches:
    """All switches of a service: a subclass has one field for each."""

    def turn(self, name: str, value: Any) -> None:
        """Turn one switch; raises ValueError for an unknown name or position."""
        known = {entry.name: entry.metadata["choices"] for entry in fields(self)}
        if name not in known:
            raise ValueError(f"there is no switch {name!r}; there are {sorted(known)}")
        if known[name] and value not in known[name]:
            raise ValueError(f"{name} is one of {known[name]}, not {value!r}")
        setattr(self, name, value)

    def describe(self) -> list[dict[str, Any]]:
        """Every switch with its value, default, choices and meaning."""
        return [
            {
                "name": entry.name,
                "value": getattr(self, entry.name),
                "default": entry.default,
                "choices": list(entry.metadata["choices"]),
                "meaning": entry.metadata["about"],
            }
            for entry in fields(self)
        ]
