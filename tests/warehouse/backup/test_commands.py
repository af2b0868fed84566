"""The commands: what they print, and the documented exit statuses."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from pipelines.cli import main
from tests.kit.backup import Place, everything
from warehouse.store.locks import FileLock

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with the place's settings; returns status, output and errors."""
    monkeypatch.setenv("KOLLECT_KEYRING", "0")
    file = place.folder / "kollect.toml"
    file.write_text("[backup]\nkeep = { daily = 1 }\n")

    def command(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["--config", str(file), *(str(word) for word in words)])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return command


def test_a_day_with_backups(run: Run, place: Place, tmp_path: Path) -> None:
    """Backup, list, verify at three depths, restore, prune."""
    status, out, err = run("backup")
    assert (status, len(out.splitlines())) == (0, 1)
    assert Path(out.strip(), "manifest.json").exists()
    assert "62 rows in 7 tables" in err
    status, out, _ = run("backup", "--verify", "--json")
    assert status == 0
    assert json.loads(out)["proved"]["depth"] == "rebuild"
    status, out, _ = run("backups")
    assert (status, "not yet" in out, "rebuild" in out) == (0, True, True)
    status, out, _ = run("backups", "--json")
    newest = json.loads(out)[-1]
    assert (newest["rows"], newest["encrypted"], newest["changes"]) == (62, False, {})
    for words in (["--quick"], [], ["--rebuild"], ["--sample", "50%"], ["--all"]):
        status, out, err = run("verify", *words)
        assert (status, newest["name"] in out, err) == (0, True, "")
    status, out, _ = run("restore", "newest", "--to", tmp_path / "new.duckdb")
    assert status == 0
    assert everything(tmp_path / "new.duckdb") == everything(place.warehouse)
    status, out, _ = run("restore", newest["name"], "demo", "--to", tmp_path / "j", "--as", "json")
    assert (status, (tmp_path / "j/demo/things.json").exists()) == (0, True)
    status, out, _ = run("prune", "--dry-run")
    assert (status, "would remove" in out) == (0, True)
    status, out, _ = run("prune", "--json")
    assert (status, len(json.loads(out)["removed"])) == (0, 1)


def test_a_lost_key_does_not_end_encryption_unnoticed(
    run: Run, place: Place, tmp_path: Path
) -> None:
    """Once asked for, a plain backup is written, and the next needs no asking."""
    assert run("backup", "--new-key", tmp_path / "key")[0] == 0
    status, out, err = run("backup")
    assert (status, out) == (2, "")
    assert "is encrypted, but no key is set now" in err
    assert run("backup", "--plain")[0] == 0
    assert run("backup")[0] == 0


def test_damage_ends_with_status_one_and_is_named(run: Run, place: Place) -> None:
    """One line for each problem, on standard error."""
    backup = place.backup()
    (backup / "tables/demo/things.parquet").unlink()
    status, out, err = run("verify")
    assert (status, out) == (1, "")
    assert f"{backup.name}: tables/demo/things.parquet: is missing" in err
    assert "DAMAGED" in run("backups")[1]
    status, out, _ = run("verify", "--json")
    assert (status, json.loads(out)["good"]) == (1, False)


def test_files_that_others_put_there_are_a_word_and_no_failure(run: Run, place: Place) -> None:
    """The status stays 0."""
    backup = place.backup()
    for name in (".DS_Store", "Thumbs.db"):
        (backup / name).write_bytes(b"x")
    status, out, err = run("verify")
    assert (status, "are as written" in out) == (0, True)
    assert f"{backup.name}: .DS_Store and 1 other file did not come from kollect" in err
    assert json.loads(run("verify", "--json")[1])["foreign"] == [".DS_Store", "Thumbs.db"]


def test_one_table_as_files_is_one_table(run: Run, place: Place, tmp_path: Path) -> None:
    """Numbers and nouns agree, here and when pruning."""
    place.backup()
    words = ["newest", "demo.things", "--to", tmp_path / "out", "--as", "json"]
    status, out, _ = run("restore", *words)
    sentence = f"{tmp_path / 'out'}: 37 rows in 2 tables (demo.things, with history)\n"
    assert (status, out) == (0, sentence)
    assert [e.name for e in (tmp_path / "out").iterdir()] == ["demo"]
    place.backup()
    assert "1 backup removed" in run("prune")[2]


def test_wrong_usage_ends_with_status_two(run: Run, tmp_path: Path) -> None:
    """With one line that says what would be right."""
    for words in (
        ["verify"],
        ["verify", "nothing"],
        ["verify", "--quick", "--rebuild"],
        ["verify", "--sample", "some"],
        ["restore", "newest", "--to", tmp_path / "new.duckdb", "--at", "then"],
        ["restore", "newest"],
        ["backup", "--plain", "--new-key", tmp_path / "key"],
        ["backup", "--key-file", tmp_path / "nowhere"],
        ["backups", "--url", "nosuch://place"],
    ):
        status, _, err = run(*words)
        assert (status, err.count("\n")) == (2, 1), words


def test_another_process_at_work_ends_with_status_three(run: Run, place: Place) -> None:
    """Prune does not wait."""
    place.backup()
    lock = place.backup_dir / ".kollect" / "locks" / "writing.lock"
    with FileLock(lock, timeout_seconds=0):
        status, _, err = run("prune")
    assert (status, "are being changed by process" in err) == (3, True)


def test_encrypted_and_far_away(run: Run, place: Place, tmp_path: Path) -> None:
    """A new key, a send, and everything from the address with nothing left here."""
    pytest.importorskip("pyrage")
    pytest.importorskip("fsspec")
    address, key = f"file://{tmp_path}/remote", tmp_path / "key.txt"
    status, out, err = run("backup", "--new-key", key, "--to", address)
    assert (status, "keep a copy" in err) == (0, True)
    name = Path(out.strip()).name
    shutil.rmtree(place.backup_dir)
    status, out, _ = run("backups", "--url", address, "--json")
    assert [(b["name"], b["encrypted"], b["rows"]) for b in json.loads(out)] == [(name, True, None)]
    odd = tmp_path / "remote" / "2026-01-01T00-00-00Z" / "manifest.json"
    odd.parent.mkdir()
    odd.write_text("{}")
    assert "is damaged" in json.loads(run("backups", "--url", address, "--json")[1])[0]["problem"]
    assert run("backups", "--url", address)[0] == 0
    odd.unlink()
    assert run("verify", f"{address}/{name}")[0] == 0
    assert run("verify", address, "--rebuild", "--key-file", key)[0] == 0
    status, _, err = run("restore", f"{address}/{name}", "--to", tmp_path / "new.duckdb")
    assert (status, "no key was given" in err) == (1, True)
    words = ["--to", tmp_path / "new.duckdb", "--key-file", key]
    assert run("restore", f"{address}/newest", *words)[0] == 0
    assert everything(tmp_path / "new.duckdb") == everything(place.warehouse)
    assert not [e for e in (place.folder / ".kollect" / "scratch").rglob("*") if e.is_file()]
    assert run("prune", "--url", address)[0] == 0


def test_the_commands_are_there_at_once() -> None:
    """Neither DuckDB nor anything else heavy is imported before it is needed."""
    script = (
        "import sys, pipelines.cli.backup\n"
        "heavy = {'duckdb', 'rich', 'fsspec', 'pyrage', 'pandas', 'dagster'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_option_says_what_it_does() -> None:
    """No command, option or argument without a word on it."""
    from pipelines.cli import backup

    for name in ("backup", "backups", "verify", "restore", "prune"):
        command: click.Command = getattr(backup, name)
        assert command.help
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, parameter.name
