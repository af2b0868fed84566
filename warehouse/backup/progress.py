"""What a long operation tells while it runs, and the clock that it takes from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Step:
    """Something to show: `kind` is `waiting`, `step`, `done`, `bytes`, `message` or `problem`."""

    kind: str
    text: str = ""
    done: int = 0
    total: int = 0


Tell = Callable[[Step], None]


def quiet(_: Step) -> None:
    """Tells nobody."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def size_text(count: float) -> str:
    """Bytes as people read them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"
