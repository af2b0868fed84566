"""What the tests of Kitemaker share: accounts that were synced once, and the request plans."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.sync.result import AccountResult
from pipelines.sync.runtime import Runtime
from sandbox import Request
from tests.kit import first_syncs
from tests.kit.account import Bench

PAGE = 50
MARGIN = 25
REST_LACKS = {"comments", "labels"}
"""Never complete by REST alone: comments on initiatives and labels of feedback do not show."""


@contextmanager
def synced(
    folder: Path, transport: str = "auto", *, size: int | None = None, **more: Any
) -> Iterator[Bench]:
    """A bench whose first sync is done."""
    is_rest = transport == "rest"  # GraphQL alone begins as `auto` does
    with first_syncs.synced(
        folder,
        "kitemaker",
        first={"size": size, "transport": "rest" if is_rest else "auto"},
        lacking=REST_LACKS if is_rest else (),
        size=size,
        transport=transport,
        **more,
    ) as made:
        yield made


def later(kitemaker: Bench, days: int, **more: Any) -> AccountResult:
    """A sync so many days from now."""
    runtime = Runtime(
        progress=kitemaker.progress.append, now=lambda: datetime.now(UTC) + timedelta(days=days)
    )
    return kitemaker.sync(runtime=runtime, **more)


def switch(kitemaker: Bench, transport: str) -> None:
    """Use another transport from now on, as if kollect.toml had been edited."""
    kitemaker.configure(transport=transport)


def all_shown(result: AccountResult) -> bool:
    """Whether a sync was complete, or by REST lacks only what REST never shows."""
    lacking = {name for name, row in result.tables.items() if not row["complete"]}
    return result.status != "failed" and lacking in (set(), REST_LACKS)


def nothing_changed(result: AccountResult) -> bool:
    """Whether a sync that had no trouble made no version and ended nothing."""
    return all_shown(result) and all(
        row["inserted"] == row["updated"] == row["deleted"] == 0 for row in result.tables.values()
    )


def assert_true(kitemaker: Bench) -> None:
    """The copy equals what the transport can show."""
    transport = "rest" if kitemaker.account.options["transport"] == "rest" else "graphql"
    kitemaker.assert_true(kitemaker.world.truth(transport))


def paths(kitemaker: Bench) -> Counter[str]:
    """How often each address was asked for since the last reset."""
    return Counter(
        entry.target.partition("?")[0].removeprefix("/developers").removeprefix("/rest/v1")
        for entry in kitemaker.stand_in.requests
    )


def queries(kitemaker: Bench) -> list[dict[str, Any]]:
    """The bodies of all GraphQL requests from now on."""
    sent: list[dict[str, Any]] = []

    def note(request: Request, _: int) -> None:
        if request.path.endswith("/graphql"):
            sent.append(json.loads(request.body))

    kitemaker.world.after_answer.append(note)
    return sent


def pages(rows: int) -> int:
    return max(1, math.ceil(rows / PAGE))


def full_by_graphql(kitemaker: Bench) -> int:
    """1 + 1 + 2 + pages of every space, of initiatives and of feedback (API page, section 10)."""
    truth = kitemaker.world.truth()
    held = Counter(row["space_id"] for row in truth["work_items"])
    of_spaces = sum(pages(held[space["id"]]) for space in truth["spaces"])
    return 4 + of_spaces + pages(len(truth["initiatives"])) + pages(len(truth["feedback"]))


def changes_by_auto(kitemaker: Bench) -> int:
    """1 + 1 + 1, and two recent lists for each space; an empty space is read whole instead."""
    held = {row["space_id"] for row in kitemaker.world.truth()["work_items"]}
    spaces = spaces_of(kitemaker).values()
    return 3 + sum(2 if space_id in held else 1 for space_id in spaces)


def full_by_rest(kitemaker: Bench) -> int:
    """1 + 1 + 2S + S + 2S + numbers of spaces (whose key is known), initiatives and feedback."""
    world = kitemaker.world.world
    truth = kitemaker.world.truth("rest")
    about = {row["entity_id"] for row in truth["comments"]}
    numbers = 0
    for space in truth["spaces"]:
        items = world.spaces[space["id"]].items
        if any(item.id in about for item in items.values()):
            numbers += max(items, default=0) + MARGIN
    numbers += max(world.initiatives) + MARGIN + max(world.feedback) + MARGIN
    return 2 + 5 * len(truth["spaces"]) + numbers


def spaces_of(kitemaker: Bench) -> dict[str, str]:
    """Key -> id of the spaces that the token sees."""
    return {row["key"]: row["id"] for row in kitemaker.world.truth()["spaces"]}


def items_of(kitemaker: Bench, key: str) -> list[Any]:
    """The work items of a space, oldest first."""
    return list(kitemaker.world.world.spaces[spaces_of(kitemaker)[key]].items.values())
