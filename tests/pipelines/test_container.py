"""The container image: what it copies suffices to run, and it is built where that is possible."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def engine() -> str | None:
    """Docker or Podman, where its service answers."""
    for name in ("docker", "podman"):
        program = shutil.which(name)
        if (
            program
            and subprocess.run([program, "info"], capture_output=True, check=False).returncode == 0
        ):
            return program
    return None


def test_what_the_image_copies_is_enough_to_run(tmp_path: Path) -> None:
    """The steps of the Dockerfile by hand, with the packages that are installed here."""
    for words in re.findall(r"^COPY (.+)$", DOCKERFILE.read_text(), re.MULTILINE):
        *sources, target = words.split()
        for source in sources:
            to = tmp_path / target / (source if target.endswith("/") else "")
            if (ROOT / source).is_dir():
                leave = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, tmp_path / target, ignore=leave)
            else:
                shutil.copy(ROOT / source, to)
    for words in (["--version"], ["sync", "--help"], ["sandbox", "--help"], ["init"]):
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", *words], cwd=tmp_path, capture_output=True,
            text=True, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path),
                            "KOLLECT_KEYRING": "0"}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "kollect.toml").exists()


@pytest.mark.slow
def test_the_image_is_built_and_runs() -> None:
    """A sync of made data, as the ordinary user of the image."""
    program = engine()
    if program is None:
        pytest.skip("neither Docker nor Podman answers here")
    build = [program, "build", "-t", "kollect-test", "-f", str(DOCKERFILE), str(ROOT)]
    assert subprocess.run(build, check=False).returncode == 0
    run = [program, "run", "--rm", "--workdir", "/tmp", "kollect-test"]
    done = subprocess.run([*run, "demo", "--service", "kippt", "--size", "4"], check=False)
    assert done.returncode == 0
