"""Kitemaker: records read number by number, where REST has no list of them.

A 404 in the middle is normal (deleted, moved or private) and is remembered; the end is reached
after 25 in a row beyond the greatest number known (API page, section 8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from connectors.core import Missing, Page, Reader, Skippable, note

MARGIN = 25
MISSING_NUMBERS = "missing numbers"
"""The note, by list, of numbers that answered 404 in earlier passes."""
Ask = Callable[[Iterable[int]], Iterator[tuple[int, Page | Skippable]]]
Keep = Callable[[int, Page], str]
"""Keeps what an answer holds and returns its id; empty text where it holds nothing."""


@dataclass
class Probed:
    """What asking number by number has shown."""

    found: dict[int, str] = field(default_factory=dict)
    """Number -> id."""
    missing: set[int] = field(default_factory=set)
    """Numbers that answered 404."""
    failed: str = ""


def probe(ask: Ask, keep: Keep, numbers: Iterable[int], top: int) -> Probed:
    """Asks for some numbers and on beyond `top`, until 25 in a row are missing."""
    result = Probed()
    greatest, asked = top, top
    waiting = sorted(set(numbers))
    while waiting:
        for number, page in ask(waiting):
            if isinstance(page, Page):
                result.found[number] = keep(number, page)
                if not result.found[number]:
                    result.failed = f"the answer to number {number} holds no such record"
                greatest = max(greatest, number)
            elif isinstance(page, Missing):
                result.missing.add(number)
            else:
                result.failed = result.failed or str(page)
        asked = max(asked, waiting[-1])
        waiting = list(range(asked + 1, greatest + MARGIN + 1)) if not result.failed else []
    return result


def spans(numbers: Iterable[int]) -> str:
    """Numbers as short text: `3,7,9-12`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)


def numbers_in(text: str) -> set[int]:
    """The inverse of `spans`."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


class Holes:
    """Numbers that were missing in earlier passes and need not be asked for again."""

    def __init__(self, reader: Reader, scope: str) -> None:
        self._reader = reader
        self._scope = scope
        self.known = numbers_in(reader.known.state(note(MISSING_NUMBERS, scope)) or "")

    def worth_asking(self, top: int) -> list[int]:
        """All numbers up to some beyond the top, without those known to be missing.

        The last ones are asked for in any case: a number may be given late.
        """
        tail = range(max(1, top - MARGIN + 1), top + MARGIN + 1)
        return sorted(set(range(1, top + MARGIN + 1)) - self.known | set(tail))

    def remember(self, result: Probed) -> None:
        top = max(result.found, default=0)
        holes = {n for n in (self.known | result.missing) - result.found.keys() if n < top}
        self._reader.evidence.state[note(MISSING_NUMBERS, self._scope)] = spans(holes)
