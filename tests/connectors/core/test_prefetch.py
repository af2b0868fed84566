"""Asking ahead: a slow service is not waited for once per family."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox import Fault
from tests.kit.account import Bench

Make = Callable[..., Bench]
TABLES = ["tags", "players", "privacy_domains", "moderators", "webhooks"]
TAIL = ("/v1/tags", "/v1/players", "/v1/privacy-domains", "/v1/moderators", "/v1/webhooks")
"""Kinescope's lists in one answer each, a family each, read one after the other."""
LATENCY_SECONDS = 0.3


def asked_at(bench: Bench) -> list[float]:
    """When the server began to answer each of these lists in the newest sync."""
    asked = [(r.target.partition("?")[0], r.time) for r in bench.stand_in.requests]
    newest = {path: time for path, time in asked if path in TAIL}
    assert len(newest) == len(TAIL), sorted(newest)
    return sorted(newest.values())


@pytest.mark.parametrize(("in_flight", "together"), [(8, True), (1, False)])
def test_families_that_need_no_other_are_asked_for_while_one_is_loaded(
    made: Make, in_flight: int, together: bool
) -> None:
    """All of them within a round trip after the first; with one in flight, one by one."""
    bench = made(
        "kinescope", latency_seconds=LATENCY_SECONDS, max_in_flight=in_flight, include=TABLES
    )
    assert bench.sync().status == "complete"
    times = asked_at(bench)
    assert (times[-1] - times[0] < 2 * LATENCY_SECONDS) is together
    bench.assert_true()


def test_what_was_asked_ahead_is_asked_once(made: Make) -> None:
    """As many requests as without, refusals among them, and the same rows."""
    benches = [made("kinescope", max_in_flight=number, include=TABLES) for number in (1, 8)]
    for bench in benches:
        bench.stand_in.faults.add(Fault("forbidden", match="/v1/players", times=None))
        assert bench.sync().status == "partial"
        bench.world.change(3)
        bench.sync()
    calm, ahead = (sorted(r.target for r in bench.stand_in.requests) for bench in benches)
    assert ahead == calm
    assert benches[0].query("SELECT count(*) FROM kinescope.tags") == benches[1].query(
        "SELECT count(*) FROM kinescope.tags"
    )


def test_a_key_that_dies_ahead_is_told_by_the_family_that_would_have_asked(made: Make) -> None:
    """What was proved before is loaded, the rest named; the next sync asks for what is missing."""
    bench = made("kinescope", include=["videos", *TABLES], size=4)
    bench.stand_in.faults.add(Fault("token_died", match="/v1/players", times=None))
    broken = bench.sync()
    assert broken.error is not None
    assert not broken.tables["players"]["complete"]
    assert broken.tables["videos"]["complete"]
    bench.stand_in.faults.clear()
    assert bench.sync().status == "complete"
    bench.assert_true()


def test_kinopio_asks_for_its_lists_together_and_for_nothing_before_its_key_is_proved(
    made: Make,
) -> None:
    """Both lists of spaces and all that is one answer, right after the account has answered."""
    bench = made("kinopio", latency_seconds=LATENCY_SECONDS, size=3)
    assert bench.sync().status == "complete"
    asked = {r.target.partition("?")[0]: r.time for r in bench.stand_in.requests}
    account = asked["/user"]
    together = [
        asked[path] - account
        for path in ("/user/spaces", "/user/removed-spaces", "/user/favorite-spaces")
    ]
    assert min(together) > LATENCY_SECONDS * 0.9
    assert max(together) - min(together) < LATENCY_SECONDS
    bench.assert_true()


def test_pages_beyond_what_may_take_long_are_not_asked_before_their_turn(made: Make) -> None:
    """A listing of several pages whose first is minutes older would look as if it had moved."""
    bench = made(
        "kinescope", latency_seconds=0.05, include=["videos", "annotations", "playlists"], size=30
    )
    assert bench.sync().status == "complete"
    asked = [
        r.target.partition("?")[0] for r in sorted(bench.stand_in.requests, key=lambda r: r.time)
    ]
    slow = [number for number, path in enumerate(asked) if "annotation" in path]
    assert len(slow) > 3
    listed = [number for number, path in enumerate(asked) if path == "/v1/playlists"]
    # The first of them asks whose account it is.
    assert listed[1] > max(slow)
    bench.assert_true()
