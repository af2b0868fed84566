"""Kinesis API: a sync asks what the API page's request plan says, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipelines.sync.estimate import estimate
from pipelines.sync.probe import probing
from pipelines.sync.result import Progress
from pipelines.sync.runtime import Runtime
from tests.kit.account import Bench
from tests.kit.kinesis import PAGES, pages, plan


def test_pages_overlap_at_little_cost() -> None:
    """With a few rows more in a page, no list costs more than the API page plans: pages of
    100 side by side."""
    assert all(PAGES.requests(n) <= pages(n) for n in range(1500))
    found = {n: PAGES.requests(n) for n in (0, 120, 1000, 10_000)}
    assert found == {0: 1, 120: 1, 1000: 9, 10_000: 96}


def test_a_sync_asks_each_list_once(made: Callable[..., Bench]) -> None:
    """First, second and full syncs cost the plan; a legacy address costs one more, once. What
    did not change makes no version."""
    kinesis = made("kinesis", switches={"list_suffix": "fetch"})
    assert plan(kinesis) == plan(kinesis, pages)
    assert kinesis.sync().requests == plan(kinesis) + 1
    kinesis.stand_in.reset()
    again = kinesis.sync()
    assert again.requests == kinesis.stand_in.count() == plan(kinesis)
    assert not any(r["inserted"] + r["updated"] + r["deleted"] for r in again.tables.values())
    assert kinesis.stand_in.count("/user/fetch/all") == 0
    kinesis.world.switch("list_suffix", "fetch/all")
    assert kinesis.sync(full=True).requests == plan(kinesis) + 1


def test_one_table_costs_its_lists_and_a_look_at_who_asks(made: Callable[..., Bench]) -> None:
    """What an absence proves depends on the caller's role, which the users show."""
    kinesis = made("kinesis", size=12)
    assert kinesis.sync("media").status == "complete"
    gone = kinesis.world.store.medias[0].id
    kinesis.world.delete_media(gone)
    kinesis.stand_in.reset()
    result = kinesis.sync("media")
    assert result.tables["media"]["deleted"] == 1
    assert result.requests == kinesis.stand_in.count() == 2


def test_new_events_are_read_from_their_end(made: Callable[..., Bench]) -> None:
    """Of many events two pages are read; a full pass reads all and finds the deleted ones."""
    kinesis = made("kinesis", size=700)
    events = kinesis.world.store.events
    assert kinesis.sync("events").status == "complete"
    assert len(events) > 300
    kinesis.world.delete_event(events[5].id)
    new = kinesis.world.add_event("data_create", "usr[{0}] did something")
    kinesis.stand_in.reset()
    result = kinesis.sync("events")
    assert (result.status, result.tables["events"]["inserted"]) == ("complete", 1)
    assert kinesis.stand_in.count("/event/") == 2
    assert (new,) in kinesis.rows("events")
    kinesis.stand_in.reset()
    result = kinesis.sync("events", full=True)
    assert result.tables["events"]["deleted"] == 1
    assert kinesis.stand_in.count("/event/") == PAGES.requests(len(events))


def test_a_login_is_one_request_and_a_session_is_renewed_before_it_ends(
    made: Callable[..., Bench],
) -> None:
    """The caller is user 0; after 14 of its 15 minutes the session is renewed, and one that
    ended all the same is followed by another login."""
    kinesis = made("kinesis", switches={"credential": "login"}, max_in_flight=1)
    passed = [0.0]
    answers = [0]

    def watch(progress: Progress) -> None:
        answers[0] += progress.fields.get("event") == "answer"
        passed[0] = 850.0 * (answers[0] >= 9)

    runtime = Runtime(progress=watch, clock=lambda: passed[0], sleep=lambda _: None)
    result = kinesis.sync(runtime=runtime)
    assert (result.status, result.requests) == ("complete", plan(kinesis) + 2)
    assert kinesis.stand_in.count("/user/login/jwt", method="POST") == 1
    assert kinesis.stand_in.count("/user/login", method="POST") == 2

    kinesis.stand_in.reset()
    ended = [False]

    def end(_: object, __: int) -> None:
        if kinesis.stand_in.count() == 7 and not ended[0]:
            ended[0] = True
            kinesis.world.expire_tokens()

    kinesis.world.after_answer.append(end)
    assert kinesis.sync().status == "complete"
    assert kinesis.stand_in.count("/user/login", method="POST") == 2
    kinesis.assert_true()


def test_check_and_plan_speak_before_a_sync(made: Callable[..., Bench]) -> None:
    """One request says how many projects may be seen; once rows are here, the plan is exact."""
    kinesis = made("kinesis", switches={"list_suffix": "fetch"})
    with probing(kinesis.settings, kinesis.account) as probe:
        declared = kinesis.account.connector
        assert declared.describe(probe.look(declared.check)) == "5 projects"
        assert estimate(kinesis.account, probe, None, full=False).requests <= plan(kinesis)
    assert kinesis.sync().status == "complete"
    with probing(kinesis.settings, kinesis.account) as probe:
        assert estimate(kinesis.account, probe, None, full=True).requests == plan(kinesis)


def test_a_token_needs_its_owners_id(made: Callable[..., Bench]) -> None:
    """Without KINESIS_UID the error names it; with another's id the credential is refused."""
    kinesis = made("kinesis", switches={"credential": "token"}, uid="1")
    account = kinesis.account
    without = {"token": account.credential["token"]}
    assert not replace(account, credential=without).ready
    assert "KINESIS_UID" in replace(account, credential=without).missing
    result = kinesis.sync()
    assert "Incorrect UID" in str(result.error)
    assert result.requests == 1
