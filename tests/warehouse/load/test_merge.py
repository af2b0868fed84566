"""Merging against a plain model: for any sequence of loads, rows, history and ends agree."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.core import (
    Connector,
    Credential,
    Family,
    Reference,
    Resource,
    Rows,
    Table,
    col,
    inherited,
    parent,
)
from connectors.core.evidence import Evidence
from connectors.core.validate import checked
from connectors.http.config import HttpConfig
from tests.kit.loading import START, Loading

SPACES = Table("spaces", "A space", (col("id", "text", "its id"), col("name", "text", "its name")))
CARDS = Table(
    "cards",
    "A card in a space",
    (
        inherited("space_id", "text", "the space"),
        col("id", "text", "its id"),
        col("text", "text", "what it says"),
    ),
    key=("space_id", "id"),
    parents=(Reference("space_id", "spaces", owner=True),),
)
ROWS = Rows(
    SPACES, at="data", children=(Rows(CARDS, at="cards", inherit={"space_id": parent("id")}),)
)
ALL_SPACES = Resource("spaces", "/spaces", (ROWS,))
BOARD = checked(
    Connector(
        name="board",
        title="Board",
        base_url="https://board.example",
        base_url_env="BOARD_BASE_URL",
        credential=Credential({"token": "BOARD_TOKEN"}, (("token",),)),
        http=HttpConfig({"Authorization": "Bearer {token}"}),
        families=(Family("spaces", (ALL_SPACES,)),),
        notes="tests",
        check=ALL_SPACES,
        describe=lambda answer: "some spaces",
    )
)
Cards = dict[str, str]
Space = tuple[str, Cards]
"""A name, and the cards by id."""
spaces = st.tuples(
    st.sampled_from("xyz"), st.dictionaries(st.sampled_from("12"), st.sampled_from("xyz"))
)
loads = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abc"), spaces),
        st.sets(st.sampled_from("abc"), max_size=2),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
State = dict[str, Space]
Step = tuple[State, set[str], bool]
"""What a listing shows, which spaces are said to be gone, and whether the listing was proved."""


def held_after(steps: list[Step]) -> list[State]:
    """The model: what comes is kept, whole spaces at a time; what a proved listing lacks is gone,
    and so is what its own address says is gone, whatever a list still shows."""
    held: State = {}
    found = []
    for listed, gone, proved in steps:
        held = dict(listed) if proved else {**held, **listed}
        held = {key: space for key, space in held.items() if key not in gone}
        found.append(held)
    return found


def payload(listed: State) -> dict[str, Any]:
    return {
        "data": [
            {
                "id": key,
                "name": name,
                "cards": [{"id": card, "text": text} for card, text in cards.items()],
            }
            for key, (name, cards) in listed.items()
        ]
    }


def cards_of(state: State) -> set[tuple[str, str, str]]:
    return {(key, card, text) for key, (_, cards) in state.items() for card, text in cards.items()}


def check(steps: list[Step], folder: Path) -> None:
    """After each load the tables are the model, and afterwards for each earlier time; no version
    is of no length."""
    expected = held_after(steps)
    with Loading(folder, BOARD) as loading:
        for number, (listed, gone, proved) in enumerate(steps):
            evidence = Evidence(loading.family("spaces").resources)
            for key in gone:
                evidence.end("spaces", {"id": key}, "404 on its own address")
            ledger = loading.load(
                "spaces",
                [(ROWS, payload(listed))],
                proved=["spaces"] if proved else [],
                evidence=evidence,
                accept_deletes=True,
            )
            before = expected[number - 1] if number else {}
            after = expected[number]
            assert ledger["spaces"]["rows"] == len(after)
            assert ledger["spaces"]["inserted"] == len(after.keys() - before.keys())
            assert ledger["spaces"]["deleted"] == len(before.keys() - after.keys())
            stayed = before.keys() & after.keys()
            renamed = [key for key in stayed if before[key][0] != after[key][0]]
            assert ledger["spaces"]["updated"] == len(renamed)
            assert set(loading.query("SELECT space_id, id, text FROM board.cards")) == cards_of(
                after
            )
        for number, state in enumerate(expected):
            time = START.replace(hour=number)
            shown = loading.query("SELECT id, name FROM board.spaces_at(?)", time)
            assert sorted(shown) == sorted((key, name) for key, (name, _) in state.items())
            cards = loading.query("SELECT space_id, id, text FROM board.cards_at(?)", time)
            assert set(cards) == cards_of(state)
        for table in ("spaces", "cards"):
            empty = f"SELECT count(*) FROM board.{table}_history WHERE _valid_to <= _valid_from"
            assert loading.query(empty) == [(0,)]


@given(steps=loads)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_any_sequence_of_loads_ends_as_a_plain_model_says(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(steps, Path(folder))


def test_a_renamed_space_that_ends_in_the_same_load_gets_no_version_of_no_length(
    tmp_path: Path,
) -> None:
    """A listing shows it under a new name with its cards, and its own address says it is gone."""
    calm: State = {"a": ("x", {"1": "x", "2": "y"})}
    renamed: State = {"a": ("y", {"1": "z"})}
    check([(calm, set(), False), (renamed, {"a"}, False)], tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@given(steps=loads)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_many_sequences_of_loads_end_as_a_plain_model_says(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(steps, Path(folder))
