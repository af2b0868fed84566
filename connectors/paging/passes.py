"""Two ways to prove that nothing slipped over a page border while the pages were read."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

BORDER_TRIES = 8
"""How often one border is compared before the listing is called unproved."""
PASS_TRIES = 8
"""How many passes are made until two in a row are equal."""


@dataclass
class BorderPass:
    """Page k, page k+1, page k again: unmoved when its last row still ends it.

    A proof where rows only move up, because new ones come at the end: a border that moved never
    moves back. One that stays in motion holds up its own page only.
    """

    number: int = 1
    ids: list[Hashable] | None = None
    last: int = 0
    """Which page was the last one when `ids` were read; the list may be shorter by now."""
    ahead: list[Hashable] | None = None
    ahead_last: int = 0
    tries: int = 0

    def take(self, number: int, ids: list[Hashable], last: int) -> int:
        """The next page to ask; 0 when all borders are proved, -1 when one never settles."""
        if self.ids is None:
            self.ids, self.last = ids, last
        elif self.ahead is None and number > self.number:
            self.ahead, self.ahead_last = ids, last
            return self.number
        elif self.ahead is not None and number == self.number:
            unmoved = ids[-1:] == self.ids[-1:] and len(ids) == len(self.ids)
            if unmoved:
                self.number, self.tries = self.number + 1, 0
                self.ids, self.last = self.ahead, self.ahead_last
            else:
                self.ids, self.last, self.tries = ids, last, self.tries + 1
            self.ahead = None
            if self.tries > BORDER_TRIES:
                return -1
        return self.number + 1 if self.number < self.last else 0


@dataclass
class EqualPasses:
    """Whole passes until two in a row show the same rows on the same pages, none of them twice.

    A proof also where rows come and go anywhere. A row that stays is missed by a pass only if
    others before it went meanwhile. Those were on pages already read, and the next pass would
    have to show them again; or they had come unseen, and then a page that was read between their
    coming and going repeats a row of the page before. Comparing borders alone is no proof here:
    what goes and comes in turns moves a border and puts it back between the two looks at it.
    """

    moved: bool = False
    """Whether something else than the rows said so in this pass."""
    ever_moved: bool = False
    passes: int = 0
    shown: dict[int, int] = field(default_factory=dict)
    """Page -> hash of its rows, in this pass."""
    before: dict[int, int] = field(default_factory=dict)

    def take(self, number: int, ids: Sequence[Hashable]) -> None:
        """One page of this pass."""
        self.shown[number] = hash(tuple(ids))

    def end(self) -> bool | None:
        """All pages of a pass came: True for equal passes, None for one more, False for enough."""
        self.passes += 1
        first = self.passes == 1
        differs = not first and (self.moved or self.shown != self.before)
        self.ever_moved |= self.moved or differs
        self.before, self.shown, self.moved = self.shown, {}, False
        if not first and not differs:
            return True
        return None if self.passes < PASS_TRIES else False
