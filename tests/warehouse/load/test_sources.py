"""When copies of a record disagree: its own answer wins over lists, lists over embedded copies."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from connectors.core import (
    Connector,
    Credential,
    Family,
    RecordSource,
    Resource,
    Rows,
    Table,
    col,
)
from connectors.core.validate import checked
from connectors.http.config import HttpConfig
from tests.kit.loading import Loading

PEOPLE = Table(
    "people",
    "A person",
    (
        col("id", "text", "its id"),
        col("name", "text", "its name"),
        col("city", "text", "where it lives"),
    ),
    sparse=True,
)
NEWS = Table("news", "Something that happened", (col("id", "text", "its id"),))
OWN = Rows(PEOPLE, at="me", source=RecordSource.OWN)
LISTED = Rows(PEOPLE, at="people")
EMBEDDED = Rows(PEOPLE, at="person", source=RecordSource.EMBEDDED, proves=False)
NEWS_ROWS = Rows(NEWS, at="news", children=(EMBEDDED,))
FAMILIES = tuple(
    Family(name, (Resource(name, f"/{name}", (rows,), listing=False),))
    for name, rows in (("own", OWN), ("list", LISTED), ("news", NEWS_ROWS))
)
PAPER = checked(
    Connector(
        name="paper",
        title="Paper",
        base_url="https://paper.example",
        base_url_env="PAPER_BASE_URL",
        credential=Credential({"token": "PAPER_TOKEN"}, (("token",),)),
        http=HttpConfig({"Authorization": "Bearer {token}"}),
        families=FAMILIES,
        notes="tests",
        check=FAMILIES[0].resources[0],
        describe=lambda answer: "somebody",
    )
)
ADA = {"id": "1", "name": "Ada"}
OLD_ADA = {"id": "1", "name": "Adah"}
OTHER_ADA = {"id": "1", "name": "A. L."}


def own(person: dict[str, Any]) -> tuple[str, list[Any]]:
    return "own", [(OWN, {"me": dict(person)})]


def listed(*people: dict[str, Any]) -> tuple[str, list[Any]]:
    return "list", [(LISTED, {"people": [dict(person) for person in people]})]


def news(*people: dict[str, Any]) -> tuple[str, list[Any]]:
    items = [{"id": str(n), "person": dict(person)} for n, person in enumerate(people)]
    return "news", [(NEWS_ROWS, {"news": items})]


def people(loading: Loading) -> list[tuple[Any, ...]]:
    return loading.query("SELECT id, name, city FROM paper.people ORDER BY id")


def versions(loading: Loading) -> int:
    return int(loading.query("SELECT count(*) FROM paper.people_history")[0][0])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_any_order_of_families_the_own_answer_stays_and_makes_no_version_at_any_sync(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    """Three sources disagree about one person, at a first sync and at two more."""
    reads = [own(ADA), listed(OTHER_ADA), news(OLD_ADA)]
    with Loading(tmp_path, PAPER) as loading:
        for _ in range(3):
            for number in order:
                loading.load(*reads[number])
        assert people(loading) == [("1", "Ada", None)]
        assert versions(loading) == 0


def test_a_person_known_from_embedded_copies_alone_is_kept_and_makes_no_version(
    tmp_path: Path,
) -> None:
    with Loading(tmp_path, PAPER) as loading:
        loading.load(*news(OLD_ADA))
        assert people(loading) == [("1", "Adah", None)]
        assert loading.load(*news(ADA))["people"]["updated"] == 0
        assert people(loading) == [("1", "Ada", None)]
        assert loading.load(*listed(OTHER_ADA))["people"]["updated"] == 0
        assert loading.load(*news(OLD_ADA))["people"]["updated"] == 0
        assert people(loading) == [("1", "A. L.", None)]
        assert versions(loading) == 0


def test_an_embedded_copy_fills_what_was_never_known_without_a_version(tmp_path: Path) -> None:
    with Loading(tmp_path, PAPER) as loading:
        loading.load(*own(ADA))
        since = loading.query("SELECT _valid_from FROM paper.people")
        for _ in range(2):
            loading.load(*news({**OLD_ADA, "city": "London"}))
            loading.load(*own(ADA))
        assert people(loading) == [("1", "Ada", "London")]
        assert loading.query("SELECT _valid_from FROM paper.people") == since
        assert versions(loading) == 0


def test_a_change_in_the_own_answer_makes_a_version_whatever_the_others_say(
    tmp_path: Path,
) -> None:
    with Loading(tmp_path, PAPER) as loading:
        loading.load(*own(OLD_ADA))
        loading.load(*listed(OLD_ADA))
        assert loading.load(*own(ADA))["people"]["updated"] == 1
        loading.load(*listed(OLD_ADA))
        assert people(loading) == [("1", "Ada", None)]
        assert versions(loading) == 1


def test_sources_of_a_full_record_are_ranked_within_one_load(tmp_path: Path) -> None:
    """Copies of one load are ranked too, whatever their order."""
    with Loading(tmp_path, PAPER) as loading:
        reads = [*own(ADA)[1], *news(OLD_ADA)[1]]
        loading.load("own", reads)
        loading.load("own", list(reversed([*own(ADA)[1], *news(OLD_ADA)[1]])))
        assert people(loading) == [("1", "Ada", None)]
        assert versions(loading) == 0


def test_more_people_than_fit_in_memory_are_put_together_piece_by_piece(tmp_path: Path) -> None:
    """Pieces of 12,000 people, in two lists that each show one field."""
    count = 12_000
    with Loading(tmp_path, PAPER) as loading:
        names = [{"id": str(n), "name": f"name {n}"} for n in range(count)]
        cities = [{"id": str(n), "city": f"city {n}"} for n in range(count)]
        loading.load("list", [(LISTED, {"people": names}), (LISTED, {"people": cities})])
        loading.load("list", [(LISTED, {"people": [{"id": "7", "city": "Paris"}]})])
        whole = "SELECT count(*) FROM paper.people WHERE name = 'name ' || id AND city IS NOT NULL"
        assert loading.query(whole) == [(count,)]
        assert loading.query("SELECT name, city FROM paper.people WHERE id = '7'") == [
            ("name 7", "Paris")
        ]
