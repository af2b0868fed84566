"""What people see of files: plan, sync, status, settings; and that nobody else pays for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import SERVICES, connector
from connectors.core.errors import BadSettings
from pipelines.cli import main
from pipelines.settings import settings_of
from tests.kit.file_scene import FileBench

Shelf = Callable[..., FileBench]
Run = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs `kollect` on a bench: (exit status, standard output, standard error)."""

    def command(bench: FileBench, *one_line: str) -> tuple[int, str, str]:
        bench.settings  # noqa: B018  (reading them writes kollect.toml)
        for name, value in bench.box.environment().items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(["--config", str(bench.folder / "kollect.toml"), *one_line])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


def test_plan_says_how_many_files_and_bytes_before_they_come(shelf: Shelf, run: Run) -> None:
    """Reckoned from first pages before any sync, exact once the tables are here, none after."""
    bench = shelf("kinescope", include=["videos", "video_assets", "subtitles"])
    true = [f for f in bench.world.true_files() if f["table"] in ("video_assets", "subtitles")]
    known = sum(f["bytes"] for f in true if f["table"] == "video_assets")
    unknown = sum(f["table"] == "subtitles" for f in true)
    before = json.loads(run(bench, "plan", "--json")[1])["kinescope"]["files"]
    assert (before["files"], before["bytes"]) == (len(true), known)
    assert (before["of_unknown_size"], before["about"]) == (unknown, True)
    assert bench.host.visits == []
    toml = bench.folder / "kollect.toml"
    text = toml.read_text()
    toml.write_text(text.replace("files = true", "files = false"))
    bench.sync()
    assert not bench.store.exists()
    toml.write_text(text)
    plan = json.loads(run(bench, "plan", "--json")[1])["kinescope"]
    assert (plan["files"]["files"], plan["files"]["bytes"]) == (len(true), known)
    assert plan["files"]["about"] is False
    links = next(step for step in plan["steps"] if step["step"] == "links of files")
    bench.stand_in.reset()
    bench.sync()
    asked = bench.stand_in.count("/v1/videos/")
    assert links["requests"] == plan["files"]["links"] == asked
    assert "files to fetch: 0" in run(bench, "plan")[1]


def test_sync_and_status_say_what_became_of_files(shelf: Shelf, run: Run) -> None:
    """A failed one makes the exit status 1, and both name it; a skipped or gone one does not."""
    bench = shelf("kinescope", loaded=True, size=3, include=["videos", "video_assets"])
    asset = bench.world.library.record(0)["assets"][0]
    place = f"kinescope/files/assets/{asset['id']}/{asset['file_size']}"
    bench.host.refusals[place] = 403
    status, out, errors = run(bench, "sync", "--json")
    shown = json.loads(out)["accounts"]["kinescope"]
    assert (status, shown["status"]) == (1, "partial")
    assert (shown["files"]["fetched"], shown["files"]["failed"]) == (2, 1)
    assert "1 files could not be fetched" in errors
    assert asset["id"] in errors
    status, out, _ = run(bench, "status", "--json")
    assert status == 1
    assert json.loads(out)["accounts"]["kinescope"]["files"]["failed"] == 1
    bench.host.refusals[place] = 404
    status, out, _ = run(bench, "sync")
    assert status == 0
    assert "2 here already, 1 gone at the service" in out
    assert "2 files (" in run(bench, "status")[1]


def test_without_the_setting_nothing_of_files_is_even_imported(shelf: Shelf) -> None:
    """Accounts without `files = true` pay nothing."""
    bench = shelf("kinescope", loaded=True, size=3, include=["videos", "video_assets"])
    bench.settings  # noqa: B018  (reading them writes kollect.toml)
    toml = bench.folder / "kollect.toml"
    toml.write_text(toml.read_text().replace("files = true", "files = false"))
    program = (
        "import sys\nfrom pathlib import Path\nfrom pipelines.settings import read_settings\n"
        "from pipelines.sync.account import sync_account\n"
        f"settings = read_settings(Path({str(toml)!r}))\n"
        "result = sync_account(settings, settings.accounts['kinescope'])\n"
        "print(result.status, result.files, 'files' in result.as_json())\n"
        "print([n for n in sys.modules if 'download' in n or n.startswith('warehouse.files.ledger')"
        " or n in ('pipelines.files.download', 'pipelines.files.fetch')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, **bench.box.environment()},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["complete None False", "[]"]
    assert not bench.store.exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("files", "yes", "files"),
        ("file_hosts", "cdn.example.org", "file_hosts"),
        ("file_hosts", ["a b/*"], "file_hosts"),
        ("max_file_bytes", -1, "max_file_bytes"),
        ("file_parallel", 0, "file_parallel"),
        ("file_bytes_per_second", 0.5, "file_bytes_per_second"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(name: str, value: object, said: str) -> None:
    """Where it stands and what to write instead."""
    values = {"accounts": {"kinopio": {name: value}}}
    with pytest.raises(BadSettings, match=rf"\[accounts\.kinopio\] {said}") as error:
        settings_of(values, Path("kollect.toml"), {})
    assert "write" in str(error.value)


def test_every_service_has_sensible_defaults() -> None:
    """Its own host is allowed, and no service lets files come from anywhere."""
    for service in SERVICES:
        declared = connector(service)
        assert "own" in declared.file_hosts
        assert "*" not in declared.file_hosts
        account = settings_of({"accounts": {service: {}}}, Path("kollect.toml"), {}).accounts[
            service
        ]
        assert not account.files.wanted
        assert account.files.hosts == declared.file_hosts
        assert account.files.largest == declared.max_file_bytes
