"""The command line as people and scripts meet it: real processes, exit statuses, plain words."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import SERVICES, connector
from tests.kit.account import Bench
from tests.kit.processes import ROOT, kollect

HASTY = {"attempts": 2, "first_seconds": 0.01, "max_seconds": 0.02}


@pytest.fixture
def kinopio(made: Callable[..., Bench]) -> Bench:
    """A Kinopio stand-in and a folder with its kollect.toml."""
    return made("kinopio", size=12)


@pytest.fixture
def loaded(synced: Callable[..., Bench]) -> Bench:
    """The same after a first sync."""
    return synced("kinopio", size=3)


def test_a_day_with_kinopio(kinopio: Bench) -> None:
    """check, plan, sync, status, query, history and export, one after the other."""
    environ = kinopio.box.environment()
    folder = kinopio.folder
    checked = kollect(folder, environ, "check")
    assert checked.returncode == 0
    assert "kinopio: good, sees the account of" in checked.stdout

    planned = json.loads(kollect(folder, environ, "plan", "--json").stdout)["kinopio"]
    kinopio.stand_in.reset()
    synced = kollect(folder, environ, "sync", "--json")
    assert synced.returncode == 0, synced.stderr
    report = json.loads(synced.stdout)
    assert report["status"] == "complete"
    assert report["accounts"]["kinopio"]["requests"] == kinopio.stand_in.count()
    assert abs(planned["requests"] - kinopio.stand_in.count()) <= 3
    tables = report["accounts"]["kinopio"]["tables"]
    assert set(tables["cards"]) >= {
        "mode", "complete", "inserted", "updated", "deleted", "unchanged", "rejected", "rows",
    }  # fmt: skip

    status = kollect(folder, {}, "status")
    assert status.returncode == 0
    assert ": safe, proved " in status.stdout
    shown = json.loads(kollect(folder, {}, "status", "--json").stdout)
    assert shown["accounts"]["kinopio"]["tables"]["cards"]["rows"] == tables["cards"]["rows"]

    answer = kollect(
        folder, {}, "query", "--format", "csv", "SELECT count(*) AS n FROM kinopio.cards"
    )
    assert list(csv.reader(io.StringIO(answer.stdout))) == [["n"], [str(tables["cards"]["rows"])]]

    space = kinopio.world.space_ids("owned")[0]
    kinopio.world.rename_space(space, "A new name")
    second = kollect(folder, environ, "sync")
    assert second.returncode == 0
    versions = kollect(folder, {}, "history", "kinopio.spaces", space)
    assert "-> A new name" in versions.stdout

    exported = kollect(folder, {}, "export", "kinopio", "--format", "json", "--to", "out")
    assert exported.returncode == 0, exported.stderr
    files = list((folder / "out" / "spaces").glob("*.json"))
    assert len(files) == len(kinopio.rows("spaces"))
    one = json.loads(files[0].read_text("utf-8"))
    assert {"name", "cards", "connections", "tags"} <= one.keys()


def test_help_is_instant_and_names_every_command(tmp_path: Path) -> None:
    """`kollect --help` imports nothing heavy."""
    done = kollect(tmp_path, {}, "--help")
    assert done.returncode == 0
    for name in ("init", "check", "plan", "sync", "status", "query", "history", "demo", "ui"):
        assert name in done.stdout
    code = (
        "import sys; from pipelines.cli import kollect\n"
        "print(sorted({'dagster', 'pandas', 'sqlalchemy', 'duckdb', 'httpx', 'rich'} "
        "& set(sys.modules)))"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_every_command_and_the_readme_know_each_other(tmp_path: Path) -> None:
    """README names every command; every command answers --help."""
    from pipelines.cli import COMMANDS

    readme = (ROOT / "README.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"`kollect {name}" in readme or f"`{name}`" in readme, name


def test_init_writes_settings_that_can_be_read(tmp_path: Path) -> None:
    """A fresh folder gets a commented file, and hears which credentials are missing."""
    done = kollect(tmp_path, {"KINOPIO_API_KEY": "0e79e82a-0000-0000-0000-000000000000"}, "init")
    assert done.returncode == 0
    assert "Kinopio: credential found" in done.stdout
    assert "set KINESCOPE_API_TOKEN" in done.stdout
    again = kollect(tmp_path, {}, "init")
    assert again.returncode == 2
    assert "already here" in again.stderr
    assert kollect(tmp_path, {}, "status").returncode == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[warehouse\npath = 1", "line 1, column"),
        ('[accounts.kinopio]\ntoken = "abc"\n', "secrets do not belong"),
        ('[warehouse]\npath = "kinopio.duckdb"\n[accounts.kinopio]\n', "cannot be named"),
    ],
)
def test_bad_settings_get_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    """Where it is, what is wrong, what to write instead; nothing was touched."""
    (tmp_path / "kollect.toml").write_text(text)
    done = kollect(tmp_path, {"KINOPIO_API_KEY": "0e79e82a-0000-0000-0000-000000000000", "KINOPIO_BASE_URL": "http://127.0.0.1:9"}, "sync")  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "kollect.toml"]


@pytest.mark.skipif(not Path("/sys").exists(), reason="needs a folder where nobody may write")
@pytest.mark.parametrize("command", ["check", "plan", "sync"])
def test_a_folder_where_nothing_can_be_written_gets_a_sentence(
    tmp_path: Path, command: str
) -> None:
    """Exit status 1 and the folder's name, no traceback."""
    text = '[warehouse]\npath = "/sys/k.duckdb"\n[accounts.kinopio]\n'
    (tmp_path / "kollect.toml").write_text(text)
    done = kollect(
        tmp_path, {"KINOPIO_API_KEY": "x", "KINOPIO_BASE_URL": "http://127.0.0.1:9"}, command
    )
    assert done.returncode == 1
    assert "cannot write in /sys" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_missing_credential_names_its_variable(kinopio: Bench) -> None:
    """Without its key the account is not synced, and the exit status says settings."""
    done = kollect(kinopio.folder, {}, "sync")
    assert done.returncode == 2
    assert "set KINOPIO_API_KEY" in done.stderr
    assert kinopio.stand_in.count() == 0


def test_a_wrong_credential_says_so_and_loads_nothing(kinopio: Bench) -> None:
    """The service's refusal ends the account at once, with the variable to look at."""
    done = kollect(
        kinopio.folder, {"KINOPIO_API_KEY": "0e79e82a-0000-0000-0000-00000000beef"}, "sync"
    )
    assert done.returncode == 1
    assert "KINOPIO_API_KEY" in done.stderr
    assert "beef" not in done.stderr + done.stdout
    assert kinopio.stand_in.count() <= 2


def test_unknown_words_in_select_name_the_nearest(kinopio: Bench) -> None:
    """An account or table that does not exist is a usage error."""
    environ = kinopio.box.environment()
    first = kollect(kinopio.folder, environ, "sync", "kinopo")
    assert (first.returncode, "did you mean 'kinopio'?" in first.stderr) == (2, True)
    second = kollect(kinopio.folder, environ, "sync", "kinopio.cadrs")
    assert (second.returncode, "did you mean 'cards'?" in second.stderr) == (2, True)
    third = kollect(kinopio.folder, {}, "snyc")
    assert (third.returncode, "did you mean 'sync'?" in third.stderr) == (2, True)


def test_a_warehouse_of_something_else_is_left_alone(kinopio: Bench) -> None:
    """A file that is no warehouse is named, and stays as it was."""
    kinopio.warehouse.write_bytes(b"my diary")
    done = kollect(kinopio.folder, kinopio.box.environment(), "sync")
    assert done.returncode != 0
    assert "no warehouse of kollect" in done.stderr
    assert kinopio.warehouse.read_bytes() == b"my diary"


def test_a_warehouse_of_a_newer_kollect_is_left_alone(loaded: Bench) -> None:
    """An older kollect does not work on a file whose format it does not know."""
    import duckdb

    with duckdb.connect(str(loaded.warehouse)) as connection:
        connection.execute("UPDATE _kollect.meta SET value = '99' WHERE name = 'format'")
    before = loaded.warehouse.read_bytes()
    done = kollect(loaded.folder, loaded.box.environment(), "sync")
    assert done.returncode == 1
    assert "newer kollect" in done.stderr
    assert loaded.warehouse.read_bytes() == before


def test_a_service_that_is_down_is_named_and_nothing_is_deleted(loaded: Bench) -> None:
    """Unreachable: exit status 1, a line with the address, the tables as they were."""
    before = {table: loaded.rows(table) for table in ("spaces", "cards")}
    loaded.configure(retry=HASTY)
    loaded.box.__exit__(None, None, None)
    done = kollect(loaded.folder, loaded.box.environment(), "sync")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr
    assert {table: loaded.rows(table) for table in ("spaces", "cards")} == before


def test_an_address_that_answers_html_is_questioned(kinopio: Bench) -> None:
    """HTML with 200 is no data: is base_url right?"""
    kinopio.stand_in.faults.add("html", times=None)
    kinopio.configure(retry=HASTY)
    done = kollect(kinopio.folder, kinopio.box.environment(), "sync")
    assert done.returncode == 1
    assert "base_url" in done.stderr


def test_queries_can_neither_write_nor_leave_the_warehouse(loaded: Bench) -> None:
    """SQL is read-only, and files outside of the warehouse are out of reach."""
    for sql in (
        "DELETE FROM kinopio.cards",
        "COPY kinopio.cards TO 'stolen.csv'",
        "SELECT * FROM read_text('/etc/hostname')",
        "ATTACH 'other.duckdb'",
        "SELECT nonsense",
    ):
        done = kollect(loaded.folder, {}, "query", sql)
        assert done.returncode == 2, sql
        assert done.stderr.startswith("kollect: the query does not run")
    assert not (loaded.folder / "stolen.csv").exists()


EQUAL = re.compile(
    r"^ +(\w+) +(\d+) +equal +(?:equal|\d+ differences?) +equal +equal *$", re.MULTILINE
)
"""A line of the demo: equal to the service after the first sync; after the second, how far from
the service, and equal to what it can see; equal to the service after the full pass."""


@pytest.mark.slow
def test_the_demo_shows_five_services_equal_to_their_stand_ins(tmp_path: Path) -> None:
    """Row by row, in every table but those that an option brings, within the limits of each."""
    done = kollect(tmp_path, {}, "demo")
    assert done.returncode == 0, f"{done.stdout[-9000:]}\n{done.stderr[-3000:]}"
    found = {name: int(tables) for name, tables in EQUAL.findall(done.stdout)}
    services = [connector(name) for name in SERVICES]
    optional = {s.name: {t for option in s.options for t in option.tables} for s in services}
    assert found == {s.name: len(s.tables.keys() - optional[s.name]) for s in services}


@pytest.mark.slow
def test_the_demo_says_what_it_compared_and_what_only_a_full_pass_sees(tmp_path: Path) -> None:
    """Kippt shows new comments and likes on old clips to a full pass alone: after the second
    sync the demo does not call that equal, and its list of changes is the second sync's own."""
    done = kollect(tmp_path, {}, "demo", "--service", "kippt", "--size", "12")
    assert done.returncode == 0, done.stderr
    tables = len(connector("kippt").tables)
    assert EQUAL.findall(done.stdout) == [("kippt", str(tables))]
    line = next(line for line in done.stdout.splitlines() if re.match(rf" +kippt +{tables} ", line))
    assert re.search(r"equal +\d+ differences? +equal +equal", line), line
    for words in ("What it took", "What the second sync changed", "show to nobody but a full pass"):
        assert words in done.stdout
    status = kollect(tmp_path, {}, "--config", "demo/kollect.toml", "status")
    assert ": safe, proved " in status.stdout


def test_the_demo_removes_no_folder_that_a_demo_has_not_written(tmp_path: Path) -> None:
    """A folder of real settings stays, warehouse and all."""
    (tmp_path / "kollect.toml").write_text("[accounts.kinopio]\n")
    (tmp_path / "kollect.duckdb").write_bytes(b"mine")
    done = kollect(tmp_path, {}, "demo", "--to", ".")
    assert done.returncode == 2
    assert "something else than a demo" in done.stderr
    assert (tmp_path / "kollect.duckdb").read_bytes() == b"mine"


def test_an_interrupted_sync_ends_at_once_and_is_gone_on_with(made: Callable[..., Bench]) -> None:
    """Nobody waits for the rest of a long sync; what was answered is not asked for again."""
    bench = made("kinescope", size=12, latency_seconds=0.15)
    environ = {"PATH": os.environ["PATH"], "HOME": str(bench.folder), "PYTHONPATH": str(ROOT),
               "KOLLECT_KEYRING": "0", **bench.box.environment()}  # fmt: skip
    command = [sys.executable, "-m", "pipelines", "sync"]
    with subprocess.Popen(
        command, cwd=bench.folder, env=environ, stderr=subprocess.PIPE, text=True
    ) as process:
        while bench.stand_in.count() < 12:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    asked = bench.stand_in.count()
    assert "interrupted; nothing is lost, the next sync goes on here" in said
    assert "Traceback" not in said
    done = kollect(bench.folder, bench.box.environment(), "sync")
    assert done.returncode == 0, done.stderr
    assert re.search(r"going on with run \S+ \(\d+ pages are here\)", done.stderr)
    assert asked < bench.stand_in.count() / 2
    bench.assert_true()


def test_the_sandbox_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    """`kollect sandbox --settings` writes what a sync in that folder needs, for its owner alone."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pipelines", "sandbox", "--service", "kinopio", "--size", "4",
               "--settings", "box"]  # fmt: skip
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while "serving" not in (line := process.stderr.readline()):
            assert line, "the sandbox ended"
        done = kollect(tmp_path / "box", {}, "sync", "--json")
        process.send_signal(signal.SIGINT)
        ended = process.stderr.read()
    assert json.loads(done.stdout)["status"] == "complete"
    assert "violations of the limits: 0" in ended
    modes = {name: (tmp_path / "box" / name).stat().st_mode & 0o777
             for name in ("kollect.toml", ".env")}  # fmt: skip
    assert modes == {"kollect.toml": 0o600, ".env": 0o600}


@pytest.mark.parametrize(
    ("command", "file"),
    [("sandbox --settings .", "kollect.toml"), ("sandbox --settings .", ".env"),
     ("init", "kollect.toml")],
)  # fmt: skip
def test_no_command_overwrites_the_settings_of_a_person(
    tmp_path: Path, command: str, file: str
) -> None:
    """Whichever of the files is here already, all stay as they were."""
    (tmp_path / file).write_text("# mine\n")
    done = kollect(tmp_path, {}, *command.split())
    assert done.returncode == 2
    assert f"{file} is already here" in done.stderr
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {file: "# mine\n"}
