"""Kinopio takes spaces and cards back in every form that its API page leaves open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.restore.plan import Action
from tests.kit.account import named
from tests.kit.give_back import backed_up

FORMS: list[dict[str, Any]] = [
    {"spelling": "newer", "write_answers": "empty", "posted_children": "documented"},
    {"era": "2023"},
    {"era": "2026"},
    {"posted_times": "kept"},
    {"tags_by_text": "ignored"},
    {"errors": "in_body"},
    {"removed_cards_inline": True},
]


@pytest.mark.slow
@pytest.mark.parametrize("switches", FORMS, ids=named)
def test_spaces_and_cards_come_back_whatever_the_service_answers(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    """A space posted whole may lose lists, which then come one by one, and lines, which cannot."""
    with backed_up(tmp_path, "kinopio", **switches) as kinopio:
        kinopio.lose("part")
        result = kinopio.restore()
        assert result.complete, result.error
        left = {i.table for i in result.after.all() if i.action is Action.REFUSED}
        assert left <= {"lines"}
        differs = {i.differs for i in result.after.all() if i.action is Action.DIFFERS}
        assert differs <= {("drawing_strokes",)}


@pytest.mark.slow
def test_a_free_account_stops_at_its_limit_and_the_report_says_so(tmp_path: Path) -> None:
    """What the service refuses is named with its reason; the rest comes back."""
    with backed_up(tmp_path, "kinopio", account="free") as kinopio:
        kinopio.lose("part")
        result = kinopio.restore()
        refused = {i.table: i.reason for i in result.after.all() if i.action is Action.REFUSED}
        assert "upgrade for more cards" not in refused.get("boxes", "")
        assert {"spaces", "cards"} <= refused.keys()
        assert result.written > 0


@pytest.mark.slow
def test_records_of_another_account_get_ids_of_their_own_once(tmp_path: Path) -> None:
    """The originals may still exist there: nothing is written under their ids, and a second
    restore finds what the first one wrote."""
    with (
        backed_up(tmp_path / "theirs", "kinopio", seed=2) as theirs,
        backed_up(tmp_path / "mine", "kinopio") as mine,
    ):
        source = replace(theirs.source, name="theirs")
        result = mine.restore(source=source, tables=frozenset({"spaces"}))
        assert result.complete, result.error
        written = [i for i in result.after.items["spaces"].values() if i.now is not None]
        assert written
        assert all(i.now and i.now != i.old for i in written)
        connections = result.after.items["connections"].values()
        assert not [i.place for i in connections if i.action is Action.DIFFERS]
        assert mine.restore(source=source, tables=frozenset({"spaces"})).written == 0


@pytest.mark.slow
def test_what_was_edited_comes_back_only_when_overwriting_is_asked_for(tmp_path: Path) -> None:
    with backed_up(tmp_path, "kinopio") as kinopio:
        world = kinopio.bench.world
        space_id = world.space_ids()[0]
        card_id = world.card_ids(space_id)[0]
        world.edit_card(space_id, card_id, "spoilt")
        assert kinopio.restore().written == 0
        result = kinopio.restore(overwrite=True)
        assert (result.written, result.complete) == (1, True)
        assert kinopio.bench.rows("cards")[space_id, card_id]["name"] != "spoilt"


@pytest.mark.slow
def test_what_was_deleted_comes_back_from_the_living_warehouse(tmp_path: Path) -> None:
    """Without a backup, from the history alone."""
    with backed_up(tmp_path, "kinopio") as kinopio:
        kinopio.lose("part")
        kinopio.bench.sync(full=True)
        result = kinopio.restore(source=kinopio.from_now())
        assert result.complete, result.error
        assert result.written > 0
        assert not [i.place for i in result.after.all() if i.action is Action.DIFFERS]
