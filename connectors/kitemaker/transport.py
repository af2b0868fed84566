"""Kitemaker: which transport a pass may use, and what it may end with the token it has.

A token sees only some spaces, so what it does not see is no evidence of an end unless the same
token saw it before (API page, sections 1 and 9).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.core import Plan, Reader, note


@dataclass(frozen=True)
class Transport:
    """The interfaces that the account's setting allows."""

    graphql: bool
    rest: bool

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Transport:
        wanted = options.get("transport", "auto")
        return cls(graphql=wanted != "rest", rest=wanted != "graphql")


def token_mark(reader: Reader) -> str:
    """Tells one token from another; says nothing of the token itself."""
    token = reader.credential("token").encode()
    return hashlib.blake2b(token, digest_size=8, person=b"kollect").hexdigest()


def with_token_check(plan: Callable[[Reader, Transport], None]) -> Plan:
    """The plan of a family; with another token than last time it ends nothing."""

    def run(reader: Reader) -> None:
        mark, before = token_mark(reader), reader.known.state(note("token", reader.family))
        if before not in (None, mark):
            reader.evidence.no_ends = "the token is another one than last time"
            reader.evidence.messages.append(
                f"the token has changed: {reader.family} read, and nothing is ended this time"
            )
        plan(reader, Transport.of(reader.options))
        for table in reader.tables:
            if table.name not in reader.evidence.proofs:
                reader.evidence.note(table.name, "what was read shows nothing new of it")
        if not reader.evidence.failures:
            reader.evidence.state[note("token", reader.family)] = mark

    return run


def leave_out(reader: Reader, tables: Iterable[str]) -> None:
    """Tables of which REST has no list: their rows stay, and nothing is said of them."""
    names = sorted(name for name in tables if reader.keeps(name))
    reader.evidence.left_out.update(names)
    if reader.full and names:
        reader.evidence.messages.append(f"REST shows no {', '.join(names)}: they stay as they are")


def with_activities(reader: Reader, **variables: Any) -> dict[str, Any]:
    """Variables of a query that shows activities where the account wants them."""
    return {**variables, "activities": reader.keeps("activities")}
