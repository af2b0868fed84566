"""Counts of the files of an account in one sync."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class FileCounts:
    """Counts of one sync; shown in its result."""

    fetched: int = 0
    here: int = 0
    """Files that were here already, or came with another record."""
    failed: int = 0
    skipped: int = 0
    gone: int = 0
    bytes: int = 0
    """Received in this run."""
    requests: int = 0
    """To file hosts; those for links count with the account's."""
    retries: int = 0
    problems: list[str] = field(default_factory=list)
    """Of the first files that failed: which, and why."""

    def as_json(self) -> dict[str, Any]:
        """The object of `sync --json`; `problems` only where there are some."""
        names = ("fetched", "here", "failed", "skipped", "gone", "bytes", "requests", "retries")
        shown: dict[str, Any] = {name: getattr(self, name) for name in names}
        return {**shown, **({"problems": self.problems} if self.problems else {})}

    @property
    def sentence(self) -> str:
        """For people: `files: 3 fetched, 1 failed`."""
        counted = (
            (self.fetched, "fetched"),
            (self.here, "here already"),
            (self.failed, "failed"),
            (self.skipped, "skipped"),
            (self.gone, "gone at the service"),
        )
        parts = [f"{count:,} {word}" for count, word in counted if count]
        return f"files: {', '.join(parts) or 'none'}"
