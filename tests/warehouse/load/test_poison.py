"""Whatever stands where a key, a parent's key or a value belongs: a reject, never an exception."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.core import Connector, Credential, Family, Resource, Rows, Table, col
from connectors.core.evidence import Evidence
from connectors.core.validate import checked
from connectors.http.config import HttpConfig
from tests.kit.loading import Loading
from tests.warehouse.load.test_merge import BOARD, ROWS
from tests.warehouse.load.test_sources import LISTED, PAPER, people

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1.5, float("nan"), float("inf"), "", "\x00", "a\x00b", "\ud800",
    "'; DROP TABLE x; --", "1e999", "💥", {}, [], {"id": {"id": 1}}, [[{}]], {"\x00": 1},
    {"": None}, {"\ud800": 1},
)  # fmt: skip
NUMBERS = Table(
    "numbers",
    "Something with a number for its id",
    (col("id", "integer", "its id"), col("name", "text", "its name")),
)
NUMBER_ROWS = Rows(NUMBERS, at="data")
PIECES = Rows(NUMBERS, at="data", sparse=True)
LISTING = Resource("numbers", "/numbers", (NUMBER_ROWS,))
COUNTER = checked(
    Connector(
        name="counter",
        title="Counter",
        base_url="https://counter.example",
        base_url_env="COUNTER_BASE_URL",
        credential=Credential({"token": "COUNTER_TOKEN"}, (("token",),)),
        http=HttpConfig({"Authorization": "Bearer {token}"}),
        families=(Family("numbers", (LISTING,)),),
        notes="tests",
        check=LISTING,
        describe=lambda answer: "numbers",
    )
)


def spaces(odd: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Spaces with an odd key, name, card key or text each, and one valid space with a card."""
    found: list[dict[str, Any]] = [
        {"id": "valid", "name": "one of us", "cards": [{"id": "1", "text": "kept"}]}
    ]
    for number, value in enumerate(odd):
        found += [
            {"id": value, "name": "x", "cards": [{"id": "1", "text": "of an odd space"}]},
            {"id": f"name {number}", "name": value, "cards": []},
            {"id": f"card {number}", "cards": [{"id": value, "text": "x"}]},
            {"id": f"text {number}", "cards": [{"id": "1", "text": value}]},
        ]
    return found


def check_spaces(folder: Path, odd: tuple[Any, ...]) -> None:
    """Two loads, in which every odd key is also said to be gone, or known to be present."""
    with Loading(folder, BOARD) as loading:
        for _ in range(2):
            evidence = Evidence(loading.family("spaces").resources)
            for number, key in enumerate(odd):
                if number % 2:
                    evidence.end("spaces", {"id": key}, "said to be gone")
                else:
                    evidence.spare("spaces", {"id": key})
            shown = {"data": spaces(odd)}
            loading.load("spaces", [(ROWS, shown)], proved=["spaces"], evidence=evidence)
        assert ("valid", "one of us") in loading.query("SELECT id, name FROM board.spaces")
        cards = loading.query("SELECT space_id, id, text FROM board.cards")
        assert ("valid", "1", "kept") in cards
        named = loading.query("SELECT count(*) FROM board.spaces WHERE id LIKE 'name %'")
        written = [value for value in odd if "\\ud800" not in repr(value)]
        assert named == [(len(written),)]
        assert not [card for card in cards if card[0].startswith(("{", "["))]


def test_any_value_as_key_name_and_key_of_a_child_is_kept_or_rejected(tmp_path: Path) -> None:
    check_spaces(tmp_path, ODD)


@pytest.mark.slow
@given(odd=st.lists(st.recursive(st.sampled_from(ODD[:15]), lambda inner: st.lists(inner)
                                 | st.dictionaries(st.text(), inner)), max_size=8))  # fmt: skip
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_nested_values_too(odd: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_spaces(Path(folder), tuple(odd))


def test_any_value_in_a_record_that_comes_in_pieces_is_kept_or_rejected(tmp_path: Path) -> None:
    shown = [{"id": "valid", "name": "one of us"}]
    shown += [{"id": value, "name": "x"} for value in ODD]
    shown += [{"id": f"name {number}", "name": value} for number, value in enumerate(ODD)]
    with Loading(tmp_path, PAPER) as loading:
        for _ in range(2):
            loading.load("list", [(LISTED, {"people": [dict(record) for record in shown]})])
        assert ("valid", "one of us", None) in people(loading)


@pytest.mark.parametrize("rows", [NUMBER_ROWS, PIECES])
def test_a_key_of_numbers_takes_whole_numbers_alone(tmp_path: Path, rows: Rows) -> None:
    """Others are rejects, one each; in a listing and in pieces."""
    shown = [{"id": 7, "name": "valid"}, {"id": "8", "name": "as text"}]
    shown += [{"id": value, "name": "x"} for value in ODD if value not in (0, -1, True)]
    with Loading(tmp_path, COUNTER) as loading:
        ledger = loading.load("numbers", [(rows, {"data": shown})])["numbers"]
        kept = loading.query("SELECT id, name FROM counter.numbers ORDER BY id")
        assert kept == [(7, "valid"), (8, "as text")]
        assert ledger["rejected"] >= len(shown) - 2
