"""Kitemaker: changes around the work items, as a later sync and the history show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.account import Bench
from tests.kit.kitemaker import all_shown, assert_true, items_of, later, spaces_of, synced

TRANSPORTS = ["auto", *(pytest.param(t, marks=pytest.mark.slow) for t in ("graphql", "rest"))]


def history(kitemaker: Bench, columns: str, table: str, **wanted: str) -> list[tuple[Any, ...]]:
    where = " AND ".join(f"{name} = ?" for name in wanted)
    text = f"SELECT {columns}, _ended_by FROM kitemaker.{table}_history WHERE {where} ORDER BY ALL"
    return kitemaker.query(text, *wanted.values())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_deleted_feedback_ends_with_its_insights_and_their_links(
    tmp_path: Path, transport: str
) -> None:
    """The feedback has evidence of its own, what is inside of it ends with it."""
    with synced(tmp_path, transport) as kitemaker:
        world = kitemaker.world.world
        feedback = next(f for f in world.feedback.values() if f.insights and f.insights[0].linked)
        insight = feedback.insights[0]
        kitemaker.world.delete_feedback(feedback.id)
        assert all_shown(kitemaker.sync())
        assert history(kitemaker, "id", "feedback", id=feedback.id) == [(feedback.id, "deleted")]
        assert history(kitemaker, "id", "insights", id=insight.id) == [(insight.id, "deleted")]
        links = history(kitemaker, "entity_id", "insight_entities", insight_id=insight.id)
        assert links == sorted((entity.id, "deleted") for entity in insight.linked)
        assert_true(kitemaker)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_relinked_insight_has_new_links_and_a_version(tmp_path: Path, transport: str) -> None:
    """The old link ends, the new one is there; the insight itself was changed."""
    with synced(tmp_path, transport) as kitemaker:
        insights = [i for f in kitemaker.world.world.feedback.values() for i in f.insights]
        insight = next(i for i in insights if i.linked)
        old, new = insight.linked[0].id, items_of(kitemaker, "KM")[-1].id
        assert new not in {entity.id for entity in insight.linked}
        kitemaker.world.link_insight(insight.id, old, on=False)
        kitemaker.world.link_insight(insight.id, new)
        assert all_shown(kitemaker.sync())
        links = history(kitemaker, "entity_id", "insight_entities", insight_id=insight.id)
        assert links == [(old, "deleted")]
        assert (insight.id, new) in kitemaker.rows("insight_entities")
        assert_true(kitemaker)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_initiative_leaves_a_space_and_enters_another(tmp_path: Path, transport: str) -> None:
    """One link ends, the other begins; the initiative goes on."""
    with synced(tmp_path, transport) as kitemaker:
        spaces = spaces_of(kitemaker)
        initiative = next(iter(kitemaker.world.world.initiatives.values()))
        kitemaker.world.set_initiative_spaces(initiative.id, [spaces["KM"]])
        kitemaker.sync()
        kitemaker.world.set_initiative_spaces(initiative.id, [spaces["MOB"]])
        assert all_shown(kitemaker.sync())
        past = history(kitemaker, "space_id", "initiative_spaces", initiative_id=initiative.id)
        assert (spaces["KM"], "deleted") in past
        assert (initiative.id, spaces["MOB"]) in kitemaker.rows("initiative_spaces")
        assert_true(kitemaker)


@pytest.mark.parametrize("bumps", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_renamed_status_is_renamed_in_its_work_items(
    tmp_path: Path, transport: str, bumps: bool
) -> None:
    """In the next sync (by REST in the next day's), whether or not the service counts a rename as
    a change of the work items; each of them has a version with the old name."""
    with synced(tmp_path, transport) as kitemaker:
        item = items_of(kitemaker, "KM")[0]
        old = item.status.name
        kitemaker.world.switch("rename_bumps_work_item", bumps)
        kitemaker.world.rename_status(item.status.id, "Almost there")
        result = later(kitemaker, days=1) if transport == "rest" else kitemaker.sync()
        assert all_shown(result)
        named = "SELECT DISTINCT status_name FROM kitemaker.work_items WHERE status_id = ?"
        assert kitemaker.query(named, item.status.id) == [("Almost there",)]
        assert history(kitemaker, "status_name", "work_items", id=item.id) == [(old, "updated")]
        assert_true(kitemaker)
