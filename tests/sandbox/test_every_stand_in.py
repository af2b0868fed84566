"""What every stand-in does, whatever its service: the registered ones and the example."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import zip_longest
from typing import Any

import pytest

from sandbox import SERVICES, Request, Service
from sandbox.core import Registry
from sandbox.core.server import StandIn
from tests.sandbox.client import ask, get
from tests.sandbox.lists import WAYS, read
from tests.sandbox.probes import PROBES, observed

KINDS = Registry({**SERVICES.places, "library": "sandbox.example:Library"})
SIZE = 24


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Callable[..., Service]:
    """The class of each stand-in in turn."""
    return KINDS[request.param]


def test_the_same_seed_gives_the_same_data_and_the_same_changes(
    kind: Callable[..., Service],
) -> None:
    """Seed and size decide everything, rounds of changes included."""
    one, two, other = kind(size=SIZE, seed=5), kind(size=SIZE, seed=5), kind(size=SIZE, seed=6)
    assert one.truth() == two.truth()
    assert one.credentials().keys() == other.credentials().keys()
    assert one.change(1) == two.change(1)
    assert one.truth() == two.truth()
    for size in (2, 7, 15):
        assert kind(size=size).change(1)


def test_every_table_has_rows_and_changes_show_in_them(kind: Callable[..., Service]) -> None:
    """No table of the truth is empty at first, and each round changes some of them."""
    service = kind(size=SIZE)
    before = service.truth()
    assert [name for name, rows in before.items() if not rows] == []
    for seed in range(3):
        sentences = service.change(seed)
        assert sentences
        after = service.truth()
        assert after.keys() == before.keys()
        assert after != before
        before = after


def test_the_truth_holds_no_secret(kind: Callable[..., Service]) -> None:
    """No token, key or signature is part of what a copy holds."""
    service = kind(size=SIZE)
    service.change(1)
    truth = json.dumps(service.truth(), ensure_ascii=False)
    assert service.secrets()
    assert [secret for secret in service.secrets() if secret and secret in truth] == []


def test_what_is_not_there_is_an_error(kind: Callable[..., Service]) -> None:
    """An unknown path is refused in the service's own words."""
    service = kind(size=SIZE)
    assert get(service, f"{service.base_path}/no/such/place/").status in (400, 401, 404)


def test_a_list_read_page_by_page_is_the_table_of_the_truth(kind: Callable[..., Service]) -> None:
    """Small pages add up: every row once and no other; also after changes."""
    service = kind(size=SIZE)
    service.change(1)
    way = WAYS[service.name]
    for listed in way.lists:
        pages = list(read(service, way, listed, 3))
        found = [str(row["id"]) for page in pages for row in page]
        wanted = [str(row[listed.key]) for row in service.truth()[listed.table]]
        assert sorted(found) == sorted(wanted), listed.path
        assert len(pages) > 1 or not listed.size or len(found) < 3


def test_who_has_no_credential_or_a_wrong_one_is_refused(kind: Callable[..., Service]) -> None:
    """401, or for no credential at all what its service answers instead."""
    way = WAYS[kind(size=SIZE).name]
    service = kind(size=SIZE, switches=way.switches)
    target = f"{service.base_path}{way.lists[0].path}"
    wrong = way.headers({name: f"{value}x" for name, value in service.credentials().items()})
    assert service.answer(Request("GET", target, wrong)).status == 401
    assert service.answer(Request("GET", target, {})).status in (400, 401)


@pytest.mark.parametrize("harm", ["empty_list", "cut_list", "duplicate_rows", "reordered_rows"])
def test_faults_find_the_rows_of_its_lists(kind: Callable[..., Service], harm: str) -> None:
    """A fault changes the rows of a list and nothing else, and counts as fired."""
    service = kind(size=SIZE)
    way = WAYS[service.name]
    for listed in way.lists:
        calm = [row["id"] for row in next(read(service, way, listed, 3))]
        stand_in = StandIn(service, limits=False)
        fault = stand_in.faults.add(harm, rows=1)
        harmed = [row["id"] for row in next(read(stand_in, way, listed, 3))]
        assert (fault.fired, harmed == calm) == (1, False), listed.path
        assert set(harmed) <= set(calm)


def test_every_error_and_every_throttle_has_words_of_the_service(
    kind: Callable[..., Service],
) -> None:
    """Faults ask for any status; Retry-After comes where it is wanted."""
    service = kind(size=SIZE)
    for status in (400, 401, 403, 404, 500, 503):
        assert service.refused(status).body
    assert service.throttled(7.0).headers["Retry-After"] == "7"
    assert "Retry-After" not in service.throttled(None).headers


def test_unknown_switches_and_positions_are_refused(kind: Callable[..., Service]) -> None:
    """Each switch can be turned to each of its positions and to no other."""
    service = kind(size=SIZE)
    for switch in service.switches.describe():
        for choice in switch["choices"]:
            service.switch(switch["name"], choice)
        if switch["choices"]:
            with pytest.raises(ValueError, match=switch["name"]):
                service.switch(switch["name"], "nonsense")
    with pytest.raises(ValueError, match="nonsense"):
        service.switch("nonsense", 1)


def test_every_position_of_every_switch_shows(kind: Callable[..., Service]) -> None:
    """In an answer, in an error, in the truth or in the credentials."""
    probes = PROBES[kind(size=SIZE).name]
    usual = list(observed(kind(size=probes.size)))

    def shows(**switches: Any) -> bool:
        seen = observed(kind(size=probes.size, switches=switches))
        return any(one != other for one, other in zip_longest(seen, usual))

    assert not shows()
    hidden = []
    for switch in kind(size=SIZE).switches.describe():
        others = [choice for choice in switch["choices"] if choice != switch["default"]]
        for choice in others or [probes.others[switch["name"]]]:
            if not shows(**{switch["name"]: choice}):
                hidden.append((switch["name"], choice))
    assert hidden == []


def test_another_process_reads_and_changes_it(kind: Callable[..., Service]) -> None:
    """The control interface offers truth, switches, actions, rounds and secrets."""
    with StandIn(kind(size=SIZE), limits=False) as stand_in:
        service = stand_in.service
        assert ask(stand_in, "/_sandbox/truth").json() == json.loads(json.dumps(service.truth()))
        assert ask(stand_in, "/_sandbox/credentials").json() == service.credentials()
        assert ask(stand_in, "/_sandbox/methods").json() == service.actions() != {}
        assert ask(stand_in, "/_sandbox/change", "POST", {"seed": 2}).json()
        assert ask(stand_in, "/_sandbox/secrets").json() == service.secrets()
        assert len(ask(stand_in, "/_sandbox/switches").json()) == len(service.switches.describe())
        assert stand_in.errors == []
