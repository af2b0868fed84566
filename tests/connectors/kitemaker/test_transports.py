"""Kitemaker: a row is the same whichever transport it came by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.core.errors import BadSettings
from connectors.kitemaker import normalize
from pipelines.settings import settings_of
from tests.kit.account import Bench
from tests.kit.kitemaker import (
    assert_true,
    items_of,
    later,
    nothing_changed,
    spaces_of,
    switch,
    synced,
)


@pytest.mark.slow
def test_switching_to_rest_and_back_makes_no_version(tmp_path: Path) -> None:
    """After a first sync by GraphQL, full passes by REST and by GraphQL change no row, and what
    only one of them shows is kept."""
    with synced(tmp_path) as kitemaker:
        switch(kitemaker, "rest")
        by_rest = later(kitemaker, days=1, full=True)
        assert nothing_changed(by_rest), by_rest.tables
        kitemaker.assert_true(kitemaker.world.truth("graphql"))
        shown = kitemaker.world.truth("rest")
        shown["comments"] = kitemaker.world.truth("graphql")["comments"]
        kitemaker.assert_true(shown)
        replies = "SELECT count(*) > 0 FROM kitemaker.comments WHERE reply"
        assert kitemaker.query(replies) == [(True,)]
        switch(kitemaker, "auto")
        assert nothing_changed(kitemaker.sync(full=True))
        assert kitemaker.query(replies) == [(True,)]


def test_what_graphql_adds_to_rows_of_rest_makes_no_version(tmp_path: Path) -> None:
    """Keys, colours and archive times come into the rows that are there; they keep their age.
    When such a value changes later, it makes a version as any other does."""
    with synced(tmp_path, "rest") as kitemaker:
        switch(kitemaker, "auto")
        result = kitemaker.sync(full=True)
        assert result.status == "complete"
        changed = {name: row["updated"] for name, row in result.tables.items() if row["updated"]}
        assert changed == {}
        assert sum(row["deleted"] for row in result.tables.values()) == 0
        assert_true(kitemaker)
        label = next(iter(kitemaker.world.world.spaces.values())).labels[0]
        label.color = "123456"
        assert kitemaker.sync().tables["labels"]["updated"] == 1
        colors = "SELECT color FROM kitemaker.labels_history WHERE id = ?"
        assert kitemaker.query(colors, label.id) == [("e91e63",)]


@pytest.mark.slow
def test_a_space_without_comments_is_read_by_numbers_once_its_key_is_set(
    made: Callable[..., Bench],
) -> None:
    """REST shows a key in comments alone. The settings may name it; a wrong one, which leads to
    the work items of another space, fails that table and ends nothing."""
    kitemaker = made("kitemaker", size=130, transport="rest")
    spaces = spaces_of(kitemaker)
    for item in [i for i in items_of(kitemaker, "KM") if i.comments]:
        for comment in list(item.comments):
            kitemaker.world.delete_comment(comment.id)
    first = kitemaker.sync()
    assert "REST tells the key" in first.tables["work_items"]["reason"]
    held = len(kitemaker.rows("work_items"))
    for keys, complete in (({spaces["KM"]: "MOB"}, False), ({spaces["KM"]: "KM"}, True)):
        kitemaker.configure(space_keys=keys)
        result = kitemaker.sync(full=True)
        assert result.tables["work_items"]["complete"] is complete
        assert result.tables["work_items"]["deleted"] == 0
    everything = {(row["id"],) for row in kitemaker.world.truth("graphql")["work_items"]}
    assert len(everything) > held
    assert kitemaker.rows("work_items").keys() == everything


@pytest.mark.parametrize(
    "wrong",
    [
        {"kitemaker": {"transport": "soap"}},
        {"kitemaker": {"space_keys": ["KM"]}},
        {"kinopio": {"transport": "rest"}},
    ],
)
def test_settings_of_this_service_alone_are_checked(wrong: dict[str, object]) -> None:
    """A value that cannot be meant, or another service's setting, is refused by name."""
    with pytest.raises(BadSettings, match=r"transport|space_keys"):
        settings_of({"accounts": wrong}, Path("/x/kollect.toml"), {})


@pytest.mark.parametrize(
    ("given", "expected"),
    [(12, 12), ("12", 12), ("ABC-12", 12), ("I-7", 7), ("twelve", "twelve"), (None, None)],
)
def test_numbers_are_integers(given: object, expected: object) -> None:
    """Text and prefixes of GraphQL go; what is no number is left to be rejected."""
    assert normalize.number(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"__typename": "User", "id": "a", "username": "ole", "name": "Ole"}, ("a", "Ole", "user")),
        ({"__typename": "User", "id": "a", "username": "ole", "name": None}, ("a", "ole", "user")),
        ({"__typename": "Application", "id": "b", "label": "Zap"}, ("b", "Zap", "application")),
        ({"__typename": "Integration", "id": "c", "service": "GITHUB"},
         ("c", "GITHUB", "integration")),
        ({"__typename": "IntegrationUser", "id": "d", "label": "Per"},
         ("d", "Per", "integration_user")),
        ({"__typename": "SomethingNew"}, (None, None, "something_new")),
        ({"id": "e", "name": "@Ole", "type": "user"}, ("e", "@Ole", "user")),
    ],
)  # fmt: skip
def test_actors_have_rest_s_form(given: dict[str, object], expected: tuple[object, ...]) -> None:
    """Id, name and type of all four kinds, and of kinds to come."""
    found = normalize.actor(given)
    assert (found["id"], found["name"], found["type"]) == expected
