"""Today's problems and the messages sent about them: the cursor of the alerts sensor.

Each problem makes one message when it begins and one when it is over. A message that could not be
sent is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from pipelines.orchestration.notify import Message

TRIES = 20
"""A message is given up after so many failed attempts; the log has it."""


class Problem(msgspec.Struct):
    """A problem of now, or (with `over`) one whose end no message was sent about yet."""

    text: str
    since: str
    told: bool = False
    """Whether the message about it was sent."""
    over: bool = False
    tries: int = 0


class RunFailure(msgspec.Struct):
    """How the newest run about a subject failed, and when (UTC, ISO 8601)."""

    text: str
    at: str


class AlertState(msgspec.Struct):
    """Problems by subject; survives restarts in the cursor of the sensor."""

    problems: dict[str, Problem] = {}
    failures: dict[str, RunFailure] = {}
    """Subjects whose newest run of Dagster's failed."""
    runs_until: str = ""
    """Runs that ended before this moment are in `failures` or were good."""

    @classmethod
    def read(cls, cursor: str | None) -> AlertState:
        """The state in a cursor; an empty one where there is none, or one of another version."""
        try:
            return msgspec.json.decode(cursor or "{}", type=cls)
        except msgspec.MsgspecError:
            return cls()

    def write(self) -> str:
        """The state as the text of a cursor."""
        return msgspec.json.encode(self).decode()

    def update(self, wrong: Mapping[str, str], now: datetime) -> None:
        """`wrong` is subject -> its problem now; every other problem is over."""
        for subject, text in wrong.items():
            known = self.problems.get(subject)
            if known is None or known.over:
                # It came back before a message about its end was sent: it is still the old problem.
                told = known is not None and known.over and not known.told
                since = known.since if told and known else f"{now:%Y-%m-%d %H:%M} UTC"
                self.problems[subject] = Problem(text, since, told=told)
            else:
                known.text = text
        for subject, problem in list(self.problems.items()):
            if subject in wrong or problem.over:
                continue
            if problem.told:
                self.problems[subject] = Problem(problem.text, problem.since, over=True)
            else:
                del self.problems[subject]  # over before a message was sent

    def pending(self) -> dict[str, Problem]:
        """The problems (or their ends) that no message was sent about yet."""
        return {s: p for s, p in self.problems.items() if not p.told and p.tries < TRIES}

    def send(self, subject: str, send: Callable[[Message], dict[str, str]]) -> dict[str, str]:
        """Send the message about a subject; returns channel -> what went wrong."""
        problem = self.problems[subject]
        failed = send(Message(subject, problem.over, problem.text, problem.since))
        problem.tries += 1
        problem.told = not failed
        if problem.over and (problem.told or problem.tries >= TRIES):
            del self.problems[subject]
        return failed
