"""Rough places: surroundings in which commands run as processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAKETIME = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
COMMANDS = {
    "check": "check",
    "sync": "sync",
    "status": "status",
    "query": "query 'SELECT title FROM kippt.clips ORDER BY id'",
    "backup": "backup",
    "verify": "verify",
    "restore": "restore newest --to restored.duckdb",
    "export": "export kippt --format json --to exported",
    "ui": "ui --check --port 0",
}
"""The main commands, by their first word."""


def no_change(folder: Path) -> None:
    """The folder stays as it is."""


@dataclass(frozen=True)
class Place:
    """Surroundings, and how commands end there that do not end with status 0."""

    name: str
    ends: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Command -> exit status, and words that it says then."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """More variables; `{folder}` and `{disk}` stand for the folder and the preloaded library."""
    prepare: Callable[[Path], None] = no_change
    before: str = ":"
    """What the shell does before it."""
    inside: str = ""
    """A command that starts the shell: `unshare`, `setpriv`."""
    redirect: str = ""
    """What the shell appends to the command."""
    lasting: bool = False
    """Whether the place itself stays rough, so that no good sync can follow there."""
    needs: str = ""
    """`faketime`, `compiler`, `mount` or `root`, where the place cannot be made without."""

    def lacks(self) -> str:
        """Why the place cannot be made here; empty where it can."""
        if self.needs == "faketime" and not FAKETIME:
            return "libfaketime is not installed (Debian: faketime)"
        if self.needs == "compiler" and not shutil.which("cc"):
            return "there is no C compiler (Debian: gcc)"
        if self.needs == "root" and (os.geteuid() or not shutil.which("setpriv")):
            return "only root can give files to another user (with setpriv of util-linux)"
        if self.needs == "mount" and not can_mount():
            return "no disk can be mounted here (root, unshare, mkfs.ext4); see `odd_disk`"
        return ""


def can_mount() -> bool:
    """Whether a file can be mounted as a disk, in a name space that ends with its process."""
    tools = all(shutil.which(tool) for tool in ("unshare", "mkfs.ext4"))
    script = "mount -t tmpfs none /mnt && test -e /dev/loop-control"
    return (
        tools
        and not subprocess.run(
            ["unshare", "--mount", "sh", "-c", script], capture_output=True, check=False
        ).returncode
    )


def everywhere(status: int, words: str) -> dict[str, tuple[int, str]]:
    """All commands end alike."""
    return dict.fromkeys(COMMANDS, (status, words))


def odd_disk(folder: Path) -> Path:
    """The library that refuses what some disks refuse, built once: a stand-in for SMB, NFS and
    FUSE, which cannot be mounted in tests."""
    library = folder / "odd_disk.so"
    if not library.exists():
        source = ROOT / "tests" / "kit" / "odd_disk.c"
        words = ["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run(words, check=True)
    return library


def run(place: Place, folder: Path, command: str, disk: Path | None = None) -> tuple[int, str, str]:
    """Run a command as a shell would: exit status, standard output, standard error."""
    values = {"folder": folder, "disk": disk, "faketime": FAKETIME[0] if FAKETIME else ""}
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "KOLLECT_KEYRING": "0"}
    environ |= {name: value.format(**values) for name, value in place.environ.items()}
    line = f"{sys.executable} -m pipelines {COMMANDS.get(command, command)} {place.redirect}"
    done = subprocess.run(
        [*place.inside.split(), "/bin/bash", "-c", f"{place.before}; {line}"], cwd=folder, env=environ, timeout=120,
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    texts = (each.decode("utf-8", "replace") for each in (done.stdout, done.stderr))
    return (done.returncode, *texts)  # type: ignore[return-value]  # two texts
