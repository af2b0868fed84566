"""Progress of long operations, the clock they take from outside, and sizes in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Step:
    """One step to show: `kind` is `waiting`, `step`, `done`, `bytes`, `message` or `problem`."""

    kind: str
    text: str = ""
    done: int = 0
    total: int = 0


OnStep = Callable[[Step], None]


def no_progress(_: Step) -> None:
    """Show nothing."""


def report_waiting(on_step: OnStep) -> Callable[[str], None]:
    """What a lock calls while another process holds it."""
    return lambda holder: on_step(Step("waiting", f"waiting for {holder}"))


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def size_text(count: float) -> str:
    """Bytes as people read them, in steps of a thousand: `512 bytes`, `1.4 kB`, `2.0 GB`."""
    if abs(count) < 1000:
        return counted(round(count), "byte")
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if abs(count) < 999.95:
            return f"{count:,.1f} {unit}"
    return f"{count / 1000:,.1f} TB"


def counted(count: int, noun: str) -> str:
    """A number with its noun, which takes a plural s: `1 backup`, `2,000 backups`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
