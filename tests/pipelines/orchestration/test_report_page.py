"""The nightly report as Dagster runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg

from pipelines.orchestration.report_page import CHECK, KEY, report_asset
from pipelines.orchestration.sources import Project
from tests.kit.account import Bench


def test_the_nightly_report_has_a_sentence_for_each_account_and_says_where_the_page_lies(
    synced: Callable[..., Bench],
    project_of: Callable[[Bench], Project],
    instance: dg.DagsterInstance,
) -> None:
    at = synced("kippt", size=6)
    project = project_of(at)
    only = replace(project.settings, accounts={at.account.name: at.account})
    asset = report_asset(replace(project, settings=only))
    first = dg.materialize([asset], instance=instance)
    (event,) = first.asset_materializations_for_node("write_the_page")
    assert event.asset_key == KEY
    assert str(event.metadata["accounts"].value).startswith("- kippt: safe, all")
    page = Path(str(event.metadata["page"].value))
    assert "Your data is safe" in page.read_text(encoding="utf-8")
    assert event.metadata["link"].value == page.as_uri()
    (check,) = first.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == (CHECK, True)

    at.stand_in.faults.add("token_died", times=None)
    assert at.sync().error is not None
    assert at.stand_in.faults.fired()
    second = dg.materialize([asset], instance=instance)
    (check,) = second.get_asset_check_evaluations()
    assert (check.passed, check.description) == (False, "not safe: kippt")
    assert "1 account of 1 is not safe" in page.read_text(encoding="utf-8")
