"""What the service's API page leaves open."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import Switches, one_of


@dataclass
class LibrarySwitches(Switches):
    total: str = one_of("told", "absent", about="whether lists tell their total")
