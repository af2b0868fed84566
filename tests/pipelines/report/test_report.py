"""`kollect report`: the verdict first, nothing from outside, nothing of the data runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors import SERVICES
from pipelines.report.facts import read_facts
from pipelines.report.page import render
from pipelines.settings import Settings
from tests.kit.account import Bench
from tests.kit.processes import kollect


def report(bench: Bench) -> str:
    settings = replace(bench.settings, accounts={bench.account.name: bench.account})
    return render(read_facts(settings, datetime.now(UTC)))


@pytest.mark.parametrize("service", SERVICES)
def test_the_report_of_a_complete_copy_begins_with_safe_and_has_the_plots_of_the_service(
    synced: Callable[..., Bench], service: str
) -> None:
    at = synced(service, size=6)
    page = report(at)
    assert re.search(r"<h1[^>]*>Your data is safe</h1>", page)
    assert f"{service}: <span" in page
    assert any(plot.title in page for plot in at.account.connector.plots)
    outside = re.findall(r'(?:src|href)="(?!#)[^"]*"|@import|url\(', page)
    assert outside == []
    assert "<script" not in page


def test_the_report_says_which_account_is_not_safe_why_and_what_vanished(
    synced: Callable[..., Bench],
) -> None:
    at = synced("kippt", size=6)
    service = at.world
    for number in range(1, 4):
        service.change(number)
    assert at.sync(full=True, accept_deletes=True).status == "complete"
    ended = at.query("SELECT count(*) FROM kippt.clips_history WHERE _ended_by = 'deleted'")[0][0]
    at.stand_in.faults.add("token_died", times=None)
    assert at.sync().error is not None
    assert at.stand_in.faults.fired()
    page = report(at)
    assert "1 account of 1 is not safe" in page
    assert "What needs attention" in page
    assert "refuses the credential" in page
    assert ("404 on its own address" in page or "absent from" in page) is bool(ended)


def test_texts_of_the_data_do_not_become_part_of_the_page(synced: Callable[..., Bench]) -> None:
    at = synced("kinopio", size=6)
    facts = read_facts(
        replace(at.settings, accounts={at.account.name: at.account}), datetime.now(UTC)
    )
    row = {
        "account": "kinopio",
        "table": "cards",
        "key": {"id": "1"},
        "title": "<script>alert(1)</script>",
        "ended_at": datetime.now(UTC),
        "evidence": "<b>none</b>",
    }
    page = render(replace(facts, ended=[row], ended_count=1))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_without_any_account_the_report_says_how_to_begin(tmp_path: Path) -> None:
    settings = Settings(None, tmp_path / "kollect.duckdb", tmp_path / "backups", {}, {})
    assert "There is no account yet" in render(read_facts(settings, datetime.now(UTC)))


@pytest.mark.slow
def test_a_browser_shows_the_verdict_of_the_page_that_the_command_wrote(
    synced: Callable[..., Bench],
) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here to open the page in")
    at = synced("kippt", size=6)
    ended = kollect(at.folder, at.box.environment(), "report", "--to", "page.html")
    assert ended.returncode == 0, ended.stderr
    shown = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
         f"file://{at.folder / 'page.html'}"],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert "Your data is safe" in shown
