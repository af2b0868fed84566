"""Materializing over real sockets: the same rows as the command line, and what Dagster keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import dagster as dg
import pytest

from pipelines.orchestration.assets import account_assets, op_of
from pipelines.orchestration.progress import ProgressLog
from pipelines.orchestration.report import preview
from pipelines.orchestration.sources import Source
from pipelines.sync.result import Progress
from sandbox.core.faults import Fault
from tests.kit.account import Bench, bench

Make = Callable[..., Bench]
AsSource = Callable[[Bench], Source]
SIZE = 3


def materialize(
    source: Source, instance: dg.DagsterInstance, *tables: str, fails: bool = False, **config: Any
) -> dg.ExecuteInProcessResult:
    chosen = [source.key(name) for name in tables] or None
    return dg.materialize(
        [account_assets(source)],
        instance=instance,
        selection=chosen,
        run_config={"ops": {op_of(source): {"config": config}}},
        raise_on_error=not fails,
    )


def metadata_of(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    return {
        event.asset_key.path[-1]: {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def versions_of(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        event.asset_key.path[-1]: (event.materialization.tags or {})["dagster/data_version"]
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def read_by_every_sync(source: Source) -> list[str]:
    """The tables of an account that are not left to full passes."""
    return [
        table
        for table in source.tables
        if not all(family.full_only for family in source.account.connector.families_of([table]))
    ]


@pytest.fixture
def kinopio(made: Make) -> Bench:
    return made("kinopio", size=SIZE)


class Story:
    """One account, synced three times: at first, without changes, after one card was edited."""

    def __init__(self, bench: Bench, source: Source, instance: dg.DagsterInstance) -> None:
        self.bench, self.source, self.instance = bench, source, instance
        self.first = materialize(source, instance)
        bench.assert_true()
        self.second = materialize(source, instance)
        card = next(iter(bench.rows("cards").values()))
        bench.world.edit_card(card["space_id"], card["id"], name="another text")
        self.third = materialize(source, instance)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with (
        bench(tmp_path_factory.mktemp("story"), "kinopio", size=SIZE) as made,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        yield Story(made, Source(made.settings, made.account, made.service, 0), instance)


def test_materializing_an_account_brings_the_rows_of_its_service(story: Story) -> None:
    """Every table equals the service's truth; every asset shows its rows, proof and preview."""
    found = metadata_of(story.first)
    summary = found.pop("summary")
    assert summary["is it safe?"].startswith("**kinopio: safe, all")
    # One sync is no curve yet; a plot of the service is there, as a picture without any address.
    pictures = [v for v in summary.values() if "](data:image/svg+xml;base64," in str(v)]
    assert pictures
    assert next(iter(summary)) == "is it safe?"
    assert list(summary.values())[1] == pictures[0]
    # Dagster shows Markdown of 1,000 characters and more behind a link.
    assert all(len(str(shown)) < 1000 for shown in summary.values())
    assert (summary["verdict"], summary["tables not proved complete"]) == ("safe", 0)
    assert set(found) == set(story.source.tables)
    for table, figures in found.items():
        assert figures["dagster/row_count"] >= 0, table
        assert figures["complete"] is True
        assert figures["was everything here?"] == f"**Yes**: {figures['proof']}"
        assert figures["proof"]
        assert figures["inserted"] >= figures["dagster/row_count"]
        assert figures["requests"] > 0
        assert ("preview" in figures) == (figures["dagster/row_count"] > 0)
    assert found["cards"]["dagster/row_count"] == len(story.bench.rows("cards")) > 0


def test_a_good_sync_passes_its_checks_and_old_data_is_only_a_warning(story: Story) -> None:
    """The made data ends in 2025: that is noticed, and fails nothing."""
    checks = story.first.get_asset_check_evaluations()
    failed = [check for check in checks if not check.passed]
    assert {check.check_name for check in failed} == {"do_new_records_arrive"}
    assert {check.severity for check in failed} == {dg.AssetCheckSeverity.WARN}
    assert story.first.success


def test_a_sync_without_changes_shows_the_same_versions(story: Story) -> None:
    """A data version is the content: nothing changed looks like nothing changed."""
    first, again = versions_of(story.first), versions_of(story.second)
    assert again == {name: version for name, version in first.items() if name in again}
    shown = metadata_of(story.second)
    assert {f["what changed"] for t, f in shown.items() if t != "summary"} == {"nothing changed"}


def test_a_change_at_the_service_changes_one_version(story: Story) -> None:
    """Only what really changed looks changed."""
    before = versions_of(story.first) | versions_of(story.second)
    changed = {t for t, version in versions_of(story.third).items() if before[t] != version}
    assert changed == {"cards", "summary"}
    assert metadata_of(story.third)["cards"]["what changed"] == "1 updated"


def test_what_a_pass_does_not_read_is_judged_but_not_materialized(story: Story) -> None:
    """Made images are read by full passes alone: a cheap sync leaves their asset alone."""
    assert "ai_images" not in metadata_of(story.second)
    judged = {c.asset_key.path[-1] for c in story.second.get_asset_check_evaluations()}
    assert "ai_images" in judged


def test_checks_alone_ask_the_service_nothing(story: Story) -> None:
    """`Execute` on a check looks at what is here."""
    before = len(story.bench.stand_in.requests)
    key = dg.AssetCheckKey(story.source.key("cards"), "is_every_key_unique")
    result = dg.materialize(
        [account_assets(story.source)],
        instance=story.instance,
        selection=dg.AssetSelection.checks(key),
    )
    assert [c.check_name for c in result.get_asset_check_evaluations()] == ["is_every_key_unique"]
    assert len(story.bench.stand_in.requests) == before


def test_no_secret_of_the_service_is_in_any_event(story: Story) -> None:
    """Whatever a payload hides, Dagster's history does not know it."""
    entries = story.instance.all_logs(story.first.run_id)
    text = "\n".join(str(entry.to_json()) for entry in entries)
    secrets = story.bench.world.secrets()
    assert secrets
    assert not [s for s in secrets if json.dumps(s, ensure_ascii=False)[1:-1] in text]
    assert not any(value in text for value in story.bench.world.credentials().values())


def test_the_log_of_a_run_ends_with_what_it_came_to(story: Story) -> None:
    """The page of a run shows the end of its log: one line says it all."""
    said = [entry.user_message for entry in story.instance.all_logs(story.third.run_id)]
    last = next(text for text in reversed(said) if text.startswith("kinopio: "))
    assert "complete, " in last
    assert "; 1 updated (" in last
    last = [
        t
        for e in story.instance.all_logs(story.second.run_id)
        if "kinopio: " in (t := e.user_message)
    ][-1]
    assert "; nothing changed (" in last


def test_a_full_pass_reads_everything_again(story: Story) -> None:
    """The launchpad's `full` is `--full` of the command line."""
    again = metadata_of(materialize(story.source, story.instance, full=True))
    assert metadata_of(story.second)["cards"]["mode"] == "incremental"
    assert again["cards"]["mode"] == "full"
    assert again["cards"]["unchanged"] == again["cards"]["dagster/row_count"]


def test_one_selected_table_asks_only_for_what_it_needs(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """Colours need the favourites alone; what comes in the same answers is shown as loaded too."""
    result = materialize(source_of(kinopio), instance, "favorite_colors")
    asked = {entry.target.partition("?")[0] for entry in kinopio.stand_in.requests}
    assert asked - {"/user"} == {  # a first sync asks whose account it is
        "/user/favorite-spaces",
        "/user/favorite-users",
        "/user/favorite-colors",
    }
    shown = set(metadata_of(result))
    assert {"favorite_colors", "favorite_spaces", "favorite_users"} <= shown
    assert "cards" not in shown
    judged = {check.asset_key.path[-1] for check in result.get_asset_check_evaluations()}
    assert judged == {"favorite_colors"}


def test_a_dead_key_turns_the_account_red_and_materializes_no_table(story: Story) -> None:
    """The run fails in one line without the key; every table keeps the date of its last proof."""
    account = story.source.account
    wrong = replace(account, credential=MappingProxyType({"token": "wrong-token-4711"}))
    result = materialize(replace(story.source, account=wrong), story.instance, fails=True)
    assert not result.success
    (shown,) = metadata_of(result).items()
    assert shown[0] == "summary"
    assert shown[1]["is it safe?"].startswith("**kinopio: incomplete")
    checks = {
        (check.asset_key.path[-1], check.check_name): check
        for check in result.get_asset_check_evaluations()
    }
    for table in read_by_every_sync(story.source):
        complete = checks[table, "is_everything_here"]
        assert not complete.passed, table
        assert "last proved complete 20" in (complete.description or "")
    assert not checks["summary", "is_the_data_safe"].passed
    events = story.instance.all_logs(result.run_id)
    failed = [e for e in events if e.dagster_event and e.dagster_event.is_step_failure]
    data = failed[0].dagster_event.step_failure_data  # type: ignore[union-attr]
    assert data.user_failure_data is not None
    reason = data.user_failure_data.description or ""
    assert "KINOPIO_API_KEY" in reason
    assert "\n" not in reason
    assert not any("wrong-token-4711" in str(entry.to_json()) for entry in events)


def test_a_sync_that_proves_less_than_everything_is_no_green_run(story: Story) -> None:
    """As the exit status of `kollect sync` is not 0: the table is observed, not materialized."""
    faults = story.bench.stand_in.faults
    faults.add(Fault("forbidden", match="/user/favorite-colors", times=None))
    result = materialize(story.source, story.instance, "favorite_colors", fails=True)
    assert faults.fired("forbidden") > 0
    faults.clear()
    assert not result.success
    assert "favorite_colors" not in metadata_of(result)
    observed = [e.asset_key for e in result.get_asset_observation_events()]
    assert story.source.key("favorite_colors") in observed
    (complete,) = [
        check
        for check in result.get_asset_check_evaluations()
        if check.check_name == "is_everything_here"
    ]
    assert not complete.passed


def test_progress_is_a_line_every_few_seconds() -> None:
    """A thousand answers are a handful of lines; a loaded table is one at once."""
    said: list[str] = []

    class Log:
        def info(self, text: str) -> None:
            said.append(text)

        warning = info

    now = [0.0]
    show = ProgressLog(Log(), lambda: now[0])
    show(Progress("a", "family", "reading spaces", {"family": "spaces"}))
    for _ in range(960):
        now[0] += 1 / 64
        show(Progress("a", "request", "", {"event": "answer"}))
    assert said == [f"reading spaces: {n} answers so far" for n in (320, 640, 960)]
    said.clear()
    show(Progress("a", "loaded", "cards: 3 rows (3 inserted)", {"row": {"inserted": 3}}))
    show(Progress("a", "loaded", "tags: 3 rows (nothing changed)", {"row": {"inserted": 0}}))
    assert said == ["cards: 3 rows (3 inserted)"]


def test_a_preview_shows_data_that_cannot_act() -> None:
    """No image is fetched, no markup comes alive, no mail address and no signed link is shown."""
    shown = preview(
        ["id", "text"],
        [
            ("x" * 30, "![](https://a.example/p.png) <img src=x> `b` | c"),
            ("1", "write to anna.berg@example.org, see https://a.example/f?token=abcdefgh&x=1"),
            ("2", None),
        ],
        [],
    )
    lines = shown.splitlines()
    assert lines[2] == "| `xxxxxxxxx…` | `![](https://a.example/p.png) <img src=x> 'b' ¦ c` |"
    assert "anna.berg" not in shown
    assert "abcdefgh" not in shown
    assert lines[4] == "| `2` |  |"
