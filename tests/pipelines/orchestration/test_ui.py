"""The page as a person meets it: groups, states and plots in a real browser.

The screenshots are kept in `.ci/artifacts/` for whoever wants to look.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import SERVICES
from pipelines.cli.ui import free_port
from sandbox import Sandbox
from tests.kit.browser import CHROMIUM, DRIVER, MISSING, Browser, until
from tests.pipelines.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
PICTURES = ROOT / ".ci" / "artifacts"
ACCOUNTS = [f"sandbox_{service}" for service in SERVICES]
NAMES = ("PATH", "HOME", "LANG", "TMPDIR")
CLEAN = {name: os.environ[name] for name in NAMES if name in os.environ} | {"KOLLECT_KEYRING": "0"}

RUNS = """
query { runsOrError(limit: 200) { ... on Runs { results { runId jobName status startTime endTime
  tags { key value } } } } }
"""
LAUNCH = """
mutation ($job: String!) { launchRun(executionParams: {mode: "default", selector: {
  repositoryLocationName: "kollect", repositoryName: "__repository__", jobName: $job}}) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
INSTIGATORS = """
query { repositoryOrError(repositorySelector: {repositoryLocationName: "kollect",
  repositoryName: "__repository__"}) { ... on Repository {
  schedules { name scheduleState { status } } sensors { name sensorState { status } } } } }
"""


def ask(address: str, query: str, **variables: Any) -> Any:
    """One GraphQL request, as the page makes them."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        f"{address}/graphql", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.load(answer)
    assert "errors" not in found, found
    return found["data"]


class Served:
    """`kollect ui`, `dg dev` or `dagster dev` until the block ends."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.port = free_port("127.0.0.1")
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "served.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [*words, "--port", str(self.port)], cwd=folder, env=CLEAN, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip

    def wait(self) -> None:
        """Until the page answers and has loaded the definitions."""

        def loaded() -> bool:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            found = ask(self.address, INSTIGATORS)["repositoryOrError"]
            return bool(found.get("schedules"))

        until(loaded, 240)

    def stop(self) -> int:
        """As a service manager does: the first process alone is told."""
        started = descendants(self.process.pid)
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(90)
        until(lambda: not any(map(lives, started)), 60)
        return status


def descendants(process: int) -> set[int]:
    """The processes that a process started, and those that they started."""
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            parents[int(place.name)] = int(fields[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def lives(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[
            0
        ] != "Z"
    except OSError:
        return False


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`kollect ui` in an empty folder; it syncs every account of the sandbox by itself."""
    made = Served(tmp_path_factory.mktemp("ui"), sys.executable, "-m", "pipelines", "ui")
    try:
        made.wait()
        until(lambda: all(good(made, f"sync_{a}") for a in ACCOUNTS), 600, pause=2)
        for job in ("sync_sandbox_kinopio", "backup", "verify"):
            before = len(good(made, job))
            launched = ask(made.address, LAUNCH, job=job)["launchRun"]
            assert launched["__typename"] == "LaunchRunSuccess", launched
            until(lambda job=job, before=before: len(good(made, job)) > before, 240)
        until(lambda: good(made, "__ASSET_JOB"), 240)
        yield made
    finally:
        if made.process.poll() is None:
            made.stop()


def runs(made: Served, job: str) -> list[dict[str, Any]]:
    return [r for r in ask(made.address, RUNS)["runsOrError"]["results"] if r["jobName"] == job]


def good(made: Served, job: str) -> list[dict[str, Any]]:
    """The runs of a job that ended well; fails where one did not."""
    found = runs(made, job)
    assert not [r for r in found if r["status"] == "FAILURE"], made.log.read_text()[-3000:]
    return [r for r in found if r["status"] == "SUCCESS"]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip(MISSING)
    with Browser(tmp_path) as opened:
        yield opened


def test_schedules_and_sensors_are_running(served: Served) -> None:
    """Nobody has to switch anything on."""
    found = ask(served.address, INSTIGATORS)["repositoryOrError"]
    states = {s["name"]: s["scheduleState"]["status"] for s in found["schedules"]}
    states |= {s["name"]: s["sensorState"]["status"] for s in found["sensors"]}
    assert set(states.values()) == {"RUNNING"}
    assert len(states) == 2 * len(SERVICES) + 9


def test_a_second_run_of_an_account_waits_for_the_first(served: Served) -> None:
    """Started at the same moment by hand, they run one after the other."""
    for _ in range(2):
        ask(served.address, LAUNCH, job="full_pass_sandbox_kinopio")
    # The sandbox changes meanwhile; a list that came empty is proved later, and such a run fails.
    job, ended = "full_pass_sandbox_kinopio", {"SUCCESS", "FAILURE"}
    until(lambda: sum(r["status"] in ended for r in runs(served, job)) == 2, 300, pause=2)
    first, second = sorted(runs(served, job), key=lambda run: float(run["startTime"]))
    assert float(second["startTime"]) >= float(first["endTime"])


def test_the_groups_are_the_accounts(served: Served, browser: Browser) -> None:
    """The lineage shows each account with its tables, and the views after them."""
    browser.open(f"{served.address}/asset-groups")
    browser.wait_for(*ACCOUNTS, "views", "backups")
    until(lambda: "fetching" not in browser.text, 60)
    time.sleep(3)
    browser.picture(PICTURES / "lineage.png")
    browser.open(f"{served.address}/locations/kollect/asset-groups/sandbox_kinopio/lineage")
    # What lies outside of the window is not drawn: no table in particular can be expected.
    browser.wait_for("Asset checks", "Passed", "Materialized")
    time.sleep(3)
    browser.picture(PICTURES / "group.png")
    browser.open(f"{served.address}/locations/kollect/asset-groups/sandbox_kinopio/list")
    browser.wait_for("connections", "boxes", "cards", "Materialized")
    until(lambda: "Loading" not in browser.text, 60)
    browser.picture(PICTURES / "tables.png")


def test_an_asset_says_that_its_data_is_safe(served: Served, browser: Browser) -> None:
    """Materialized, checked, fresh, how many rows, whose, from where."""
    browser.open(f"{served.address}/assets/sandbox_kinopio/cards")
    shown = browser.wait_for(
        "Latest materialization", "Freshness policy", "Row count", "Passing", "One card of a space",
        "kollect.kinopio.cards", "sandbox",
    )  # fmt: skip
    assert "Overdue" not in shown
    browser.picture(PICTURES / "asset.png")
    browser.open(f"{served.address}/assets/sandbox_kinopio/cards?view=events")
    browser.wait_for("what changed", "was everything here?", "preview", "inserted")
    browser.picture(PICTURES / "materialization.png")


def test_the_summary_of_an_account_says_that_its_data_is_safe(
    served: Served, browser: Browser
) -> None:
    """The verdict, why, and since when."""
    browser.open(f"{served.address}/assets/sandbox_kippt/summary")
    browser.wait_for("is it safe?", "sandbox_kippt: safe, all")
    browser.picture(PICTURES / "summary-first.png")
    browser.open(f"{served.address}/assets/sandbox_kippt/summary?view=events")
    browser.wait_for("verdict", "safe", "tables are proved complete", "oldest proof")
    browser.picture(PICTURES / "summary.png")
    browser.open(f"{served.address}/assets/sandbox_kippt/summary?view=checks")
    browser.wait_for("is_the_data_safe", "is_the_credential_there", "Passed")
    browser.picture(PICTURES / "summary-checks.png")


def test_the_newest_backup_is_there_to_see(served: Served, browser: Browser) -> None:
    """How old, how large, proved or not, and how to get it back."""
    browser.open(f"{served.address}/assets/backups/newest")
    browser.wait_for("Latest materialization", "Freshness policy", "Row count", "newest backup")
    browser.picture(PICTURES / "backup.png")
    browser.open(f"{served.address}/assets/backups/newest?view=events")
    browser.wait_for("get it back with", "kollect restore", "backups kept")
    browser.picture(PICTURES / "backup-written.png")
    browser.open(f"{served.address}/assets/backups/newest?view=checks")
    browser.wait_for("is_every_byte_as_written", "files are as written", "Passed")
    browser.picture(PICTURES / "backup-proved.png")


def test_numbers_plot_themselves(served: Served, browser: Browser) -> None:
    """After two syncs there is a curve to look at."""
    browser.open(f"{served.address}/assets/sandbox_kinopio/cards")
    browser.wait_for("Plots")
    browser.click_text("Plots")
    until(lambda: browser.run("return document.querySelectorAll('canvas').length") > 3, 60)
    browser.run("document.querySelector('canvas').scrollIntoView({block: 'center'})")
    time.sleep(2)
    browser.picture(PICTURES / "plots.png")


def test_the_states_of_checks_are_there_to_read(served: Served, browser: Browser) -> None:
    """Each with one sentence."""
    browser.open(f"{served.address}/assets/sandbox_kinopio/cards?view=checks")
    browser.wait_for("is_every_key_unique", "is_everything_here", "are_all_parents_here", "Passed")
    browser.click_text("is_every_key_unique")
    browser.wait_for("each row has its own space_id, id", "blocking")
    browser.picture(PICTURES / "checks.png")


def test_the_other_pages_look_well(served: Served, browser: Browser) -> None:
    """Runs, automation, a view, the catalogue, the run's log."""
    pages = {
        "runs": ("/runs", ["sync_sandbox_kinopio", "Success"]),
        "automation": ("/automation", ["backup", "tell_about_problems"]),
        "view": ("/assets/views/profiles", ["Every user record of every account"]),
        "catalogue": ("/assets", ["sandbox_kinescope"]),
        "timeline": ("/overview", ["sync_sandbox_kinopio"]),
        "jobs": ("/jobs", ["sync_sandbox_kinopio"]),
    }
    for name, (path, words) in pages.items():
        browser.open(f"{served.address}{path}")
        browser.wait_for(*words)
        time.sleep(2)
        browser.picture(PICTURES / f"{name}.png")
    run = good(served, "sync_sandbox_kinopio")[0]["runId"]
    browser.open(f"{served.address}/runs/{run}")
    browser.wait_for("sandbox_kinopio: complete,", "tables read")
    time.sleep(2)
    browser.picture(PICTURES / "run.png")
    # The service with the lowest rate has the longest first sync: its log says how far it is.
    run = good(served, "sync_sandbox_kitemaker")[-1]["runId"]
    browser.open(f"{served.address}/runs/{run}")
    browser.wait_for("sandbox_kitemaker: complete,")

    def top_of_the_log() -> bool:
        browser.run(
            "document.querySelectorAll('*').forEach("
            "e => { if (e.scrollHeight > e.clientHeight) e.scrollTop = 0 })"
        )
        return "answers so far" in browser.text

    until(top_of_the_log, 60)
    browser.picture(PICTURES / "run-progress.png")


def test_ctrl_c_ends_everything_that_was_started(served: Served) -> None:
    """No process is left; the history stays."""
    assert served.stop() == 0
    folder = served.log.parent
    assert sorted(p.name for p in folder.iterdir()) == [".dagster", "served.log"]
    assert (folder / ".dagster" / "storage" / "history").is_dir()


def test_a_refused_key_is_told_in_one_sentence(tmp_path: Path) -> None:
    """On the run's page and on the account's summary, at two widths: which account, what to do."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip(MISSING)
    with Sandbox(["kippt"]) as box:
        values = {**box.environment(), "KIPPT_API_TOKEN": "dead-key"}
        (tmp_path / ".env").write_text("".join(f"{k}={v}\n" for k, v in values.items()))
        url = box.stand_ins["kippt"].url
        (tmp_path / "kollect.toml").write_text(f'[accounts.kippt]\nbase_url = "{url}"\n')
        made = Served(tmp_path, sys.executable, "-m", "pipelines", "ui")
        try:
            made.wait()
            job = "sync_kippt"
            until(lambda: [r for r in runs(made, job) if r["status"] == "FAILURE"], 240)
            run = runs(made, job)[0]["runId"]
            for width, height in ((1400, 1000), (1000, 800)):
                with Browser(tmp_path / str(width), width, height) as browser:
                    browser.open(f"{made.address}/runs/{run}")
                    text = browser.wait_for("refuses the credential", "KIPPT_API_TOKEN")
                    assert "Stack Trace" not in text
                    browser.picture(PICTURES / f"refused-run-{width}.png")
                    browser.open(f"{made.address}/assets/kippt/summary")
                    browser.wait_for("is it safe?", "the service refuses the credential")
                    browser.picture(PICTURES / f"refused-summary-{width}.png")
        finally:
            made.stop()


@pytest.mark.parametrize("words", [("dg", "dev"), ("dagster", "dev")])
def test_the_other_ways_to_start_it_work_at_the_root(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """`dg dev` and `dagster dev` in the repository's root, without any setting."""
    for name in ("connectors", "pipelines", "warehouse", "sandbox"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("dagster.yaml", "pyproject.toml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    made = Served(tmp_path, tool(words[0]), *words[1:])
    try:
        made.wait()
    finally:
        made.stop()
    assert (tmp_path / ".dagster" / "storage").is_dir()
    assert not list(tmp_path.glob(".tmp_dagster_home_*"))


def test_definitions_are_listed_quickly() -> None:
    """Below 6 seconds of work, also when something else keeps the computer busy."""
    before = os.times()
    done = subprocess.run([tool("dg"), "list", "defs"], cwd=ROOT, env=CLEAN, check=False,
                          capture_output=True, text=True)  # fmt: skip
    after = os.times()
    assert done.returncode == 0, done.stderr[-2000:]
    assert "sandbox_kinopio/cards" in done.stdout
    worked = after.children_user + after.children_system
    worked -= before.children_user + before.children_system
    assert worked < 6, f"{worked:.1f} s of processor time"
