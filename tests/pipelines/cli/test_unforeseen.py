"""No command ends in a traceback, whatever happens and whatever its streams take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "canary-token-0123456789"
CANNOT_HAPPEN = """
import click, sys, types
from pipelines.cli import COMMANDS, main

@click.command()
def explode():
    raise LookupError("the moon fell on canary-token-0123456789")

sys.modules["exploding"] = types.SimpleNamespace(explode=explode)
COMMANDS["explode"] = ("exploding:explode", "")
main(["explode"])
"""


def run(code: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "TMPDIR": str(folder), "KOLLECT_KEYRING": "0", **more}
    words = [sys.executable, "-c", code]
    return subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def test_what_nobody_foresaw_is_one_sentence_with_a_file_to_attach(tmp_path: Path) -> None:
    """The file has the traceback and the versions, and no secret; only its owner can read it."""
    (tmp_path / ".env").write_text(f"KINOPIO_API_KEY={SECRET}\n")
    done = run(CANNOT_HAPPEN, tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("kollect: kollect met a fault of its own: LookupError: the moon fell")
    (file,) = tmp_path.glob("kollect-fault-*.txt")
    assert f"attach {file}" in line
    assert file.stat().st_mode & 0o077 == 0
    text = file.read_text()
    assert "Traceback" in text
    assert "duckdb 1." in text
    assert SECRET not in line + text


def test_where_no_folder_takes_the_file_the_sentence_remains(tmp_path: Path) -> None:
    code = f"import tempfile; tempfile.tempdir = '/nowhere'\n{CANNOT_HAPPEN}"
    done = run(code, tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Please report it;" in done.stderr


KOLLECT = f"{sys.executable} -m pipelines"


def shell(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[3]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "KOLLECT_KEYRING": "0", **more}
    words = ["sh", "-c", command]
    return subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def test_a_command_in_a_folder_that_was_removed_says_so(tmp_path: Path) -> None:
    for command in ("status", "init", "demo"):
        (tmp_path / "gone").mkdir()
        done = shell(f"cd gone; rmdir ../gone; {KOLLECT} {command}", tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith("kollect: the folder that this command was started in does")
        assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_output_that_a_full_disk_does_not_take_is_said_in_one_line(tmp_path: Path) -> None:
    done = shell(f"{KOLLECT} --help > /dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("kollect: the output is not whole")
    assert done.stderr.count("\n") == 1
    # Where errors cannot be written either, the exit status remains.
    assert shell(f"{KOLLECT} nothing > /dev/full 2>&1", tmp_path).returncode == 2


def test_arguments_are_utf_8_where_the_locale_knows_ascii_alone(tmp_path: Path) -> None:
    done = shell(f"{KOLLECT} status schlüssel", tmp_path, LC_ALL="C", PYTHONUTF8="0",
                 PYTHONCOERCECLOCALE="0")  # fmt: skip
    assert done.returncode == 2
    assert any(f"no account 'schl{u}ssel'" in done.stderr for u in ("ü", r"\xfc"))
