"""Telling a person: once per problem, once when it is over, by every way that is set."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.orchestration.alerts import Book, announce, look, problem_of, subjects_of
from pipelines.orchestration.notify import Channels, Message
from pipelines.orchestration.schedules import ACCOUNT_TAG

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


# -- once, and once when it is over -----------------------------------------------------------


def test_a_lasting_problem_is_told_once_and_its_end_once(tmp_path: Path) -> None:
    """24 failed hours are one alarm; the 25th, good one is the all-clear."""
    told: list[tuple[bool, str]] = []

    def deed(news: Message) -> dict[str, str]:
        told.append((news.over, news.text))
        return {}

    for hour in range(24):
        book = Book.read(tmp_path / "alerts.json")
        book.saw("kinopio", f"down {hour}", NOON)
        for subject in book.pending():
            book.tell(subject, deed)
        book.write()
    book = Book.read(tmp_path / "alerts.json")
    for _ in range(2):
        book.saw("kinopio", "", NOON)
        for subject in list(book.pending()):
            book.tell(subject, deed)
    assert told == [(False, "down 0"), (True, "down 23")]
    assert book.problems == {}


def test_what_could_not_be_told_is_tried_again(tmp_path: Path) -> None:
    """A mail server may be down at the same time."""
    book = Book(tmp_path / "alerts.json")
    book.saw("kinopio", "down", NOON)
    answers = [{"email": "no route"}, {}]
    for _ in range(2):
        for subject in list(book.pending()):
            book.tell(subject, lambda _: answers.pop(0))
    assert answers == []
    assert not book.pending()


def test_a_problem_that_is_over_before_anybody_knew_is_not_told(tmp_path: Path) -> None:
    """No all-clear without an alarm."""
    book = Book(tmp_path / "alerts.json")
    book.saw("kinopio", "down", NOON)
    book.saw("kinopio", "", NOON)
    assert not book.pending()


def test_a_damaged_book_is_begun_anew(tmp_path: Path) -> None:
    """An alarm too many is better than none."""
    (tmp_path / "alerts.json").write_text('{"kinopio": {"text"')
    assert Book.read(tmp_path / "alerts.json").problems == {}
    (tmp_path / "alerts.json").write_text('{"kinopio": {"unknown": 1}}')
    assert Book.read(tmp_path / "alerts.json").problems == {}


# -- what runs say ----------------------------------------------------------------------------


def one_run(instance: dg.DagsterInstance, deed: str, **tags: str) -> dg.DagsterRun:
    """A run of one asset that does well, or not."""
    key = dg.AssetKey(["kinopio", "cards"])
    check = dg.AssetCheckSpec("copy_is_complete", asset=key)

    def cards() -> Any:
        if deed == "fail":
            raise dg.Failure("kinopio: the key abc-secret is refused. Make a new one.")
        if deed == "crash":
            raise ZeroDivisionError("abc-secret by zero")
        severity = dg.AssetCheckSeverity.WARN if deed == "warn" else dg.AssetCheckSeverity.ERROR
        result = dg.AssetCheckResult(
            passed=deed == "good", severity=severity, description="page 3 never came"
        )
        return dg.MaterializeResult(check_results=[result])

    cards.__annotations__.clear()
    result = dg.materialize(
        [dg.asset(key=key, check_specs=[check])(cards)],
        instance=instance,
        raise_on_error=False,
        tags={ACCOUNT_TAG: "kinopio", **tags},
    )
    return result.dagster_run


def test_runs_become_problems_and_ends(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """A failed run, a good one: two messages, and no look at the same run twice."""
    book, log = Book(tmp_path / "alerts.json"), logging.getLogger("test")
    cursor: str | None = None
    said: list[list[str]] = []
    for deed in ("good", "fail", "fail", "good", "good"):
        one_run(instance, deed)
        cursor = look(instance, cursor, book, {"kinopio": "kinopio"}, ["abc-secret"])
        said.append(announce(book, Channels(), ["abc-secret"], log))
        text = json.dumps([p.text for p in book.problems.values()])
        assert "abc-secret" not in text
        if deed == "fail":
            assert "Make a new one" in text
    assert [len(lines) for lines in said] == [0, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("good", ""),
        ("warn", ""),
        ("incomplete", "1 table is not proved to be whole\ncards: page 3 never came"),
        ("fail", "kinopio: the key abc-secret is refused. Make a new one."),
        ("crash", "ZeroDivisionError: abc-secret by zero"),
    ],
)
def test_only_what_matters_is_a_problem(instance: dg.DagsterInstance, deed: str, said: str) -> None:
    """A warning is for those who look; an unproved table is for everybody."""
    run = one_run(instance, deed)
    stored = instance.get_run_by_id(run.run_id)
    assert stored is not None
    text = problem_of(instance, stored)
    assert text.startswith(said)
    assert bool(text) == bool(said)


def test_a_run_that_is_started_again_by_itself_is_not_told_yet(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """Its retry says how it ended."""
    one_run(instance, "fail", **{"dagster/will_retry": "true"})
    book = Book(tmp_path / "alerts.json")
    look(instance, None, book, {"kinopio": "kinopio"}, [])
    assert book.problems == {}


def test_a_run_is_about_its_accounts(instance: dg.DagsterInstance) -> None:
    """By tag, by the assets that were chosen by hand, else by its job."""
    known: Callable[..., dg.DagsterRun] = dg.DagsterRun
    assert subjects_of(known("sync_a", tags={ACCOUNT_TAG: "a"}), {"a": "A b"}) == ["A b"]
    by_hand = known("__ASSET_JOB", asset_selection=frozenset({dg.AssetKey(["a", "cards"])}))
    assert subjects_of(by_hand, {"a": "A b"}) == ["A b"]
    assert subjects_of(known("backup"), {}) == ["backup"]
