"""Materializing over real sockets: the same rows as the command line, and what Dagster keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import dagster as dg
import pytest

from pipelines.assets import account_assets, op_of
from pipelines.dagster_places import Source
from pipelines.dagster_report import ProgressLog, preview
from pipelines.sync import Progress
from tests.support import Bench

Make = Callable[..., Bench]
AsSource = Callable[[Bench], Source]
SIZE = 8


def materialize(
    source: Source, instance: dg.DagsterInstance, *tables: str, fails: bool = False, **config: Any
) -> dg.ExecuteInProcessResult:
    chosen = [dg.AssetKey([source.label, name]) for name in tables] or None
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


@pytest.fixture
def kinopio(made: Make) -> Bench:
    return made("kinopio", size=SIZE)


def test_materializing_an_account_brings_the_rows_of_its_service(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """Every table equals the service's truth, and every asset shows its rows and its proof."""
    result = materialize(source_of(kinopio), instance)
    assert result.success
    kinopio.assert_true()
    found = metadata_of(result)
    assert set(found) == set(kinopio.account.tables)
    for table, figures in found.items():
        assert figures["dagster/row_count"] == len(kinopio.rows(table)), table
        assert figures["complete"] is True
        assert figures["proof"]
        assert figures["inserted"] >= figures["dagster/row_count"] > 0
        assert figures["requests"] > 0
        assert figures["preview"]
    assert result.get_asset_check_evaluations()
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_a_sync_without_changes_shows_the_same_versions(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """A data version is the content: nothing changed looks like nothing changed."""
    first = materialize(source_of(kinopio), instance)
    second = materialize(source_of(kinopio), instance)
    again = versions_of(second)
    assert again == {name: version for name, version in versions_of(first).items() if name in again}
    assert {f["what changed"] for f in metadata_of(second).values()} == {"nothing changed"}


def test_a_change_at_the_service_changes_one_version(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """Only what really changed looks changed."""
    first = versions_of(materialize(source_of(kinopio), instance))
    card = next(iter(kinopio.rows("cards").values()))
    kinopio.world.edit_card(card["space_id"], card["id"], name="another text")
    result = materialize(source_of(kinopio), instance)
    changed = {t for t, version in versions_of(result).items() if first[t] != version}
    assert changed == {"cards"}
    assert metadata_of(result)["cards"]["what changed"] == "1 updated"


def test_one_selected_table_asks_only_for_what_it_needs(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """Colours need the favourites alone; what comes in the same answers is shown as loaded too."""
    result = materialize(source_of(kinopio), instance, "favorite_colors")
    asked = {entry.path for entry in kinopio.stand_in.requests}
    assert asked == {
        "/user/favorite-spaces",
        "/user/favorite-users",
        "/user/favorite-colors",
    }
    shown = set(metadata_of(result))
    assert {"favorite_colors", "favorite_spaces", "favorite_users"} <= shown
    assert "cards" not in shown
    judged = {check.asset_key.path[-1] for check in result.get_asset_check_evaluations()}
    assert judged == {"favorite_colors"}


def test_checks_alone_ask_the_service_nothing(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """`Execute` on a check looks at what is here."""
    source = source_of(kinopio)
    materialize(source, instance)
    before = len(kinopio.stand_in.requests)
    assets = account_assets(source)
    key = dg.AssetCheckKey(dg.AssetKey([source.label, "cards"]), "key_is_unique")
    result = dg.materialize(
        [assets], instance=instance, selection=dg.AssetSelection.checks(key), raise_on_error=True
    )
    assert [c.check_name for c in result.get_asset_check_evaluations()] == ["key_is_unique"]
    assert len(kinopio.stand_in.requests) == before


def test_a_full_pass_reads_everything_again(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """The launchpad's `full` is `--full` of the command line."""
    source = source_of(kinopio)
    materialize(source, instance)
    few = metadata_of(materialize(source, instance))
    all_of_them = metadata_of(materialize(source, instance, full=True))
    assert few["cards"]["mode"] == "incremental"
    assert all_of_them["cards"]["mode"] == "full"
    assert all_of_them["cards"]["unchanged"] == all_of_them["cards"]["dagster/row_count"]


def test_a_refused_credential_fails_in_one_line_without_the_credential(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """The run says what to do; the key is in no event."""
    source = source_of(kinopio)
    wrong = replace(source.account, credential=MappingProxyType({"token": "wrong-token-4711"}))
    result = materialize(replace(source, account=wrong), instance, fails=True)
    assert not result.success
    events = instance.all_logs(result.run_id)
    failed = [e for e in events if e.dagster_event and e.dagster_event.is_step_failure]
    data = failed[0].dagster_event.step_failure_data  # type: ignore[union-attr]
    assert data.user_failure_data is not None
    said = data.user_failure_data.description or ""
    assert "KINOPIO_API_KEY" in said
    assert "\n" not in said
    assert not any("wrong-token-4711" in entry.to_json() for entry in events)


def test_no_secret_of_the_service_is_in_any_event(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """Whatever a payload hides, Dagster's history does not know it."""
    result = materialize(source_of(kinopio), instance)
    text = "\n".join(entry.to_json() for entry in instance.all_logs(result.run_id))
    leaked = [s for s in kinopio.world.secrets() if json.dumps(s, ensure_ascii=False)[1:-1] in text]
    assert not leaked
    assert not any(value in text for value in kinopio.world.credentials().values())


def test_what_a_pass_does_not_read_is_judged_but_not_materialized(
    kinopio: Bench, source_of: AsSource, instance: dg.DagsterInstance
) -> None:
    """Made images are read by full passes alone: a cheap sync leaves their asset alone."""
    source = source_of(kinopio)
    materialize(source, instance)
    second = materialize(source, instance)
    assert "ai_images" not in metadata_of(second)
    assert "ai_images" in {c.asset_key.path[-1] for c in second.get_asset_check_evaluations()}


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
    for _ in range(1000):
        now[0] += 0.01
        show(Progress("a", "request", "", {"event": "answer"}))
    assert said == ["reading spaces: 500 answers so far", "reading spaces: 1,000 answers so far"]
    show(Progress("a", "loaded", "cards: 3 rows (3 inserted)", {"row": {"inserted": 3}}))
    show(Progress("a", "loaded", "tags: 3 rows (nothing changed)", {"row": {"inserted": 0}}))
    assert said[2:] == ["cards: 3 rows (3 inserted)"]


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
