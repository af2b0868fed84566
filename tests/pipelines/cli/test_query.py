"""`kollect query` and `history`: what they print can be used by programs and harms no terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.kit import first_syncs
from tests.kit.account import Bench
from tests.kit.processes import ROOT, kollect


@pytest.fixture(scope="module")
def kinopio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A small synced account."""
    folder = tmp_path_factory.mktemp("kinopio")
    with first_syncs.synced(folder, "kinopio", size=3) as found:
        yield found


@pytest.fixture
def query(kinopio: Bench) -> Callable[..., subprocess.CompletedProcess[str]]:
    return lambda *words: kollect(kinopio.folder, {}, "query", *words)


@pytest.mark.parametrize("sql", ["", ";", "-- nothing"])
def test_an_empty_query_gets_a_sentence(
    query: Callable[..., subprocess.CompletedProcess[str]], sql: str
) -> None:
    """Exit status 2 and one line, no traceback."""
    done = query(sql)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_csv_has_plain_line_ends_and_lower_case_booleans(
    query: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """As other programs write it; NULL is nothing."""
    sql = "SELECT true AS a, NULL AS b, TIMESTAMPTZ '2026-01-02 03:04:05+00' AS c"
    done = query("--format", "csv", sql)
    assert done.stdout == "a,b,c\ntrue,,2026-01-02T03:04:05+00:00\n"
    assert list(csv.reader(io.StringIO(done.stdout)))[1][0] == "true"


def test_json_keeps_columns_of_the_same_name(
    query: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """The second `a` is `a_2`."""
    done = query("--format", "json", "SELECT 1 AS a, 2 AS a")
    assert json.loads(done.stdout) == [{"a": 1, "a_2": 2}]


def test_a_misspelt_column_is_answered_with_those_that_are_near(
    query: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """DuckDB's proposals are passed on, on the same line."""
    done = query("SELECT nmae FROM kinopio.spaces")
    assert len(done.stderr.splitlines()) == 1
    assert '"name"' in done.stderr


def test_what_a_terminal_would_obey_is_shown_as_a_code(
    query: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """Escape sequences, bells and marks that turn the direction of writing."""
    shown = {0x1B: "\\x1b", 0x9B: "\\x9b", 0x202E: "\\u202e", 0x07: "\\x07"}
    sql = "SELECT " + ", ".join(f"'a' || chr({code}) || 'b' AS t{code}" for code in shown)
    done = query(sql)
    as_json = query("--format", "json", sql).stdout
    for code, text in shown.items():
        assert chr(code) not in done.stdout + as_json
        assert f"a{text}b" in done.stdout
    assert json.loads(as_json) == [{f"t{code}": f"a{chr(code)}b" for code in shown}]


def test_rows_below_none_are_a_usage_error(
    query: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = query("--rows", "-1", "SELECT 1")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_a_key_may_begin_with_a_dash(kinopio: Bench) -> None:
    """Ids of some services do; it is no option."""
    done = kollect(kinopio.folder, {}, "history", "kinopio.cards", "-1m0_space", "-a")
    assert done.returncode == 2
    assert "never held a record -1m0_space/-a" in done.stderr


def test_output_in_another_encoding_or_into_a_closed_stream_ends_well(kinopio: Bench) -> None:
    """What the encoding lacks is shown as a code; a closed standard error hides nothing."""
    config = str(kinopio.folder / "kollect.toml")
    environ = {**os.environ, "KOLLECT_CONFIG": config, "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "pipelines", "query", "SELECT '\u2603' AS snow"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=False)
    assert (done.returncode, b"\\u2603" in done.stdout) == (0, True)
    shell = f"{sys.executable} -m pipelines query --format csv 'SELECT 7 AS n' 2>&-"
    closed = subprocess.run(
        shell, shell=True, cwd=ROOT, env=environ, capture_output=True, check=False
    )
    assert (closed.returncode, closed.stdout) == (0, b"n\n7\n")


def test_a_table_is_no_wider_than_the_output(kinopio: Bench) -> None:
    """Columns that do not fit are dropped, and said; `record` shows every one."""
    environ = {"COLUMNS": "80"}
    sql = "FROM kinopio.cards LIMIT 2"
    shown = kollect(kinopio.folder, environ, "query", sql).stdout
    assert all(cell_len(line) <= 80 for line in shown.splitlines())
    assert shown.splitlines()[0].split()[:2] == ["space_id", "id"]
    assert "not shown: _account" in shown
    record = kollect(kinopio.folder, environ, "query", "--format", "record", sql).stdout
    assert all(cell_len(line) <= 80 for line in record.splitlines())
    names = {line.split()[0] for line in record.splitlines() if line.split()}
    columns = kinopio.account.connector.tables["cards"].columns
    assert {*(column.name for column in columns), "_raw"} <= names


def test_sql_comes_from_standard_input_or_a_file(kinopio: Bench, tmp_path: Path) -> None:
    words = ("query", "--format", "csv")
    assert kollect(kinopio.folder, {}, *words, stdin="SELECT 7 AS n").stdout == "n\n7\n"
    (tmp_path / "q.sql").write_text("SELECT 8 AS n;\n")
    assert kollect(kinopio.folder, {}, *words, "-f", str(tmp_path / "q.sql")).stdout == "n\n8\n"


def test_times_are_local_unless_utc_is_asked_for(
    kinopio: Bench,
) -> None:
    environ = {"TZ": "Asia/Tokyo"}
    sql = "SELECT TIMESTAMPTZ '2026-01-02 03:04:05+00' AS t"
    assert "2026-01-02 12:04:05+09:00" in kollect(kinopio.folder, environ, "query", sql).stdout
    done = kollect(kinopio.folder, environ, "query", "--utc", sql)
    assert "2026-01-02 03:04:05+00:00" in done.stdout


def test_tables_shows_what_there_is_to_query(kinopio: Bench) -> None:
    """Tables with rows; one table's columns, their meaning, and examples that run."""
    listed = json.loads(kollect(kinopio.folder, {}, "tables", "--json").stdout)
    rows = {f"{each['schema']}.{each['name']}": each["rows"] for each in listed}
    assert rows["kinopio.cards"] == len(kinopio.rows("cards"))
    assert "kinopio.cards_history" not in rows
    shown = kollect(kinopio.folder, {"COLUMNS": "80"}, "tables", "cards").stdout
    assert all(len(line) <= 110 for line in shown.splitlines())
    examples = [line.split('"')[1] for line in shown.splitlines() if "kollect query" in line]
    assert len(examples) == 4
    done = kollect(kinopio.folder, {}, "query", "--format", "json", examples[2])
    assert done.returncode == 0, done.stderr
    wrong = kollect(kinopio.folder, {}, "tables", "cadrs")
    assert (wrong.returncode, "did you mean 'cards'?" in wrong.stderr) == (2, True)


def test_what_was_deleted_is_listed_with_its_evidence(synced: Callable[..., Bench]) -> None:
    """Everywhere, the newest first; a record's history says the same."""
    at = synced("kinopio", size=4)
    space, card = next(iter(at.rows("cards")))
    at.world.delete_card(space, card)
    assert at.sync().status == "complete"
    environ = at.box.environment()
    found = json.loads(kollect(at.folder, environ, "deleted", "--json").stdout)
    assert [(row["table"], row["key"]) for row in found if row["table"] == "cards"] == [
        ("cards", {"space_id": space, "id": card})
    ]
    assert all(row["evidence"] for row in found)
    shown = kollect(at.folder, environ, "deleted", "--since", "2h").stdout
    assert f"{len(found)} record" in shown
    versions = json.loads(
        kollect(at.folder, environ, "history", "kinopio.cards", space, card, "--json").stdout
    )
    assert (versions[-1]["ended_by"], versions[-1]["record"]["id"]) == ("deleted", card)
    wrong = kollect(at.folder, environ, "deleted", "--since", "soon")
    assert (wrong.returncode, "is no time" in wrong.stderr) == (2, True)
