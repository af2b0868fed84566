"""The main commands in rough places: the right result or one right sentence, and nothing lost."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import read_settings
from tests.kit.account import Bench
from tests.kit.first_syncs import synced
from tests.kit.rough import COMMANDS, Place, everywhere, odd_disk, run
from warehouse.backup.write import write_backup

CLIPS = "SELECT id, title FROM kippt.clips ORDER BY id"
NETWORK = ("check", "sync")
WRITERS = ("check", "sync", "backup", "restore", "export", "ui")
"""Commands that write below the folder, if it is only a lock or a count of requests."""
ANOTHER_USER = 65534
REFUSED = "http://127.0.0.1:9"
GONE = "/nowhere/gone"
FOLDER_GONE = "folder that this command was started in does not exist any more"


def some(commands: tuple[str, ...], status: int, words: str) -> dict[str, tuple[int, str]]:
    return dict.fromkeys(commands, (status, words))


def link_to_the_warehouse(folder: Path) -> None:
    (folder / "disk").mkdir()
    shutil.move(folder / "kollect.duckdb", folder / "disk" / "real.duckdb")
    (folder / "kollect.duckdb").symlink_to(folder / "disk" / "real.duckdb")


def dangling(name: str) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        shutil.move(folder / name, folder / f"kept-{name}")
        (folder / name).symlink_to(GONE)

    return prepare


def litter(folder: Path) -> None:
    (backup,) = (folder / "backups").glob("2*")
    for place in (
        folder,
        folder / ".kollect",
        folder / ".kollect" / "stage",
        backup.parent,
        backup,
    ):
        for name in (".DS_Store", "Thumbs.db", ".nfs000000000012", "a (conflicted copy).duckdb",
                     "x.sync-conflict-20260101-000000-ABC.json"):  # fmt: skip
            (place / name).write_bytes(b"x")
        (place / "@eaDir").mkdir()


def windows_files(folder: Path) -> None:
    for name in ("kollect.toml", ".env"):
        text = (folder / name).read_text().replace("\n", "\r\n")
        (folder / name).write_bytes(text.encode("utf-16"))


def on_a_disk_of_its_own(folder: Path) -> None:
    """The folder as an image that can be mounted in its place."""
    make = ["mkfs.ext4", "-q", "-m", "0", "-d", str(folder), str(folder.with_name("disk")), "32M"]
    subprocess.run(make, check=True)


def give_away(folder: Path) -> None:
    """Every file to another user, for that user alone."""
    for inside in folder.rglob("*"):
        if inside.is_file():
            inside.chmod(0o600)
        os.chown(inside, ANOTHER_USER, ANOTHER_USER, follow_symlinks=False)


def moved_to(address: str) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        text = re.sub("moved_from = .*", "", (folder / "kollect.toml").read_text())
        moved = f'base_url = "{address}"\nmoved_from = "\\1"'
        (folder / "kollect.toml").write_text(re.sub('base_url = "(.*)"', moved, text))

    return prepare


def clock(shift: str) -> dict[str, str]:
    return {"LD_PRELOAD": "{faketime}", "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def disk(refuses: str) -> dict[str, str]:
    return {"LD_PRELOAD": "{disk}", "ODD_DISK": refuses, "ODD_PLACE": "{folder}"}


PLACES = [
    Place("clock a month behind", needs="faketime", environ=clock("-30d"), ends={
        "sync": (1, "the clock says"), "backup": (1, "the clock says"),
        "status": (1, "later than now"),
    }),
    Place("clock a year ahead", needs="faketime", environ=clock("+400d"), ends={
        "sync": (1, "the clock says"), "status": (1, "last proved 400 days ago"),
    }),
    Place("read-only folder", needs="compiler", environ=disk("readonly"),
          ends=some(WRITERS, 1, "cannot write in .*Read-only")
          | {"ui": (2, "cannot write in .*Read-only")}),
    Place("full disk", needs="compiler", environ=disk("full"),
          ends=some(WRITERS, 1, "no space left on the disk") | {"ui": (2, "No space left")}),
    Place("disk without locks, modes, hard links and flushes", needs="compiler",
          environ=disk("flock,chmod,link,fsync")),
    Place("deleted folder", before="mkdir -p gone; cd gone; rmdir ../gone", ends=everywhere(2, FOLDER_GONE)),
    Place("output closed", redirect=">&-"),
    Place("errors closed", redirect="2>&-"),
    Place("all streams closed", redirect="<&- >&- 2>&-"),
    Place("output full", redirect="> /dev/full", ends=everywhere(1, "the output is not whole")),
    Place("errors full", redirect="2> /dev/full"),
    Place("output and errors full", redirect="> /dev/full 2>&1", ends=everywhere(1, "")),
    Place("errors broken", redirect="2> >(true)"),
    Place("minimal environment", environ={"PATH": ""}),
    Place("no home, no folder for scratch files", environ={"HOME": "", "TMPDIR": "/nowhere"}),
    *(Place(f"locale {name} {coding}", environ={"LC_ALL": name, "PYTHONUTF8": "0",
                                                "PYTHONCOERCECLOCALE": "0"}
            | ({"PYTHONIOENCODING": coding} if coding else {}))
      for name, coding in (("C", ""), ("POSIX", ""), ("C.UTF-8", ""), ("xx_YY.bogus", ""),
                           ("C", "ascii"), ("C", "latin-1"), ("C", "cp1252"), ("C", "utf-16"))),
    Place("SOCKS proxy in an unknown form", environ={"ALL_PROXY": "socks://127.0.0.1:7890/"},
          ends=some(NETWORK, 2, r"ALL_PROXY names a proxy.*socks5://")
          | {"status": (1, "ALL_PROXY names a proxy")}),
    Place("proxy without a port number", environ={"http_proxy": "http://h:port"},
          ends=some(NETWORK, 2, "http_proxy names a proxy, which is no address")
          | {"status": (1, "http_proxy names a proxy")}),
    Place("proxy that does not answer", environ={"HTTP_PROXY": "127.0.0.1:9"},
          ends=some((*NETWORK, "status"), 1, "HTTP_PROXY does not connect")),
    Place("SOCKS proxy that does not answer", environ={"ALL_PROXY": "socks5h://127.0.0.1:9"},
          ends=some((*NETWORK, "status"), 1, "ALL_PROXY does not connect")),
    *(Place(f"proxy but not for {entries}", environ={"HTTP_PROXY": REFUSED, "NO_PROXY": entries})
      for entries in ("*", "localhost,127.0.0.1", "127.0.0.0/8,fe80::/10", "[::1]:80 127.0.0.1")),
    Place("certificates that are not needed", environ={"SSL_CERT_FILE": GONE}),
    Place("link to the warehouse", prepare=link_to_the_warehouse),
    Place("warehouse on a disk that is not there", prepare=dangling("kollect.duckdb"), lasting=True,
          ends={command: (1, f"is a link to {GONE}, which is not there") for command in COMMANDS
                if command not in ("verify", "restore", "ui")}),
    Place("backups on a disk that is not there", prepare=dangling("backups"),
          ends=some(("backup", "verify", "restore"), 1, f"is a link to {GONE}, which is not")),
    Place("settings on a disk that is not there", prepare=dangling("kollect.toml"), lasting=True,
          ends=everywhere(2, f"is a link to {GONE}, which is not there")),
    Place("litter", prepare=litter),
    Place("files in UTF-16 with CR LF", prepare=windows_files),
    Place("unknown host", prepare=moved_to("https://kollect.invalid"), lasting=True,
          ends=some((*NETWORK, "status"), 1, "there is no host kollect.invalid")),
    Place("mounted disk that is full", needs="mount", inside="unshare --mount",
          prepare=on_a_disk_of_its_own,
          before="mount -o loop ../disk . && cd $PWD; head -c 1G /dev/zero > filler 2> /dev/null",
          ends=some(WRITERS, 1, "no space left on the disk") | {"ui": (2, "No space left")}),
    Place("mounted disk that is read-only", needs="mount", inside="unshare --mount",
          prepare=on_a_disk_of_its_own, before="mount -o loop,ro ../disk . && cd $PWD",
          ends=some(WRITERS, 1, "cannot write in .*Read-only")
          | {"ui": (2, "cannot write in .*Read-only")}),
    Place("files that belong to another user", needs="root", prepare=give_away,
          inside="setpriv --bounding-set -dac_override,-dac_read_search",
          ends=everywhere(2, "cannot be read: Permission denied")),
    Place("another user's files", needs="compiler", environ=disk("denied"),
          ends=everywhere(2, "cannot be read: Permission denied")),
]  # fmt: skip
SAMPLE = ("clock a month behind", "full disk")


@dataclass
class Seed:
    """A folder after a first sync and a backup, and the library of the odd disk."""

    bench: Bench
    folder: Path
    disk: Path | None

    def copy(self, to: Path) -> Path:
        return shutil.copytree(self.folder, to, symlinks=True)


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seed]:
    folder = tmp_path_factory.mktemp("rough") / "seed"
    with synced(folder, "kippt", size=3) as bench:
        text = bench.settings_file.read_text()
        relative = re.sub('path = ".*"', 'path = "kollect.duckdb"', text)
        bench.settings_file.write_text(relative)
        variables = bench.box.environment().items()
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables))
        assert bench.sync().status == "complete"
        write_backup(read_settings(bench.settings_file, environ={}), key=None)
        library = odd_disk(folder.parent) if shutil.which("cc") else None
        yield Seed(bench, folder, library)


def rows(folder: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folder / "kollect.duckdb"), read_only=True) as connection:
        return connection.execute(CLIPS).fetchall()


def check_command(place: Place, folder: Path, command: str, seed: Seed) -> None:
    """One command ends there as it should, in at most one sentence where it fails."""
    status, out, err = run(place, folder, command, seed.disk)
    ends, words = place.ends.get(command, (0, ""))
    told = f"{place.name}, {command}: {status}\n{out}\n{err}"
    assert status == ends, told
    assert "Traceback" not in out + err, told
    assert "fault of its own" not in out + err, told
    assert re.search(words, " ".join((out + err).split())), told
    if ends and command != "status":
        assert sum(line.startswith("kollect: ") for line in err.splitlines()) <= 2, told


def check_place(place: Place, commands: tuple[str, ...], seed: Seed, folder: Path) -> None:
    if reason := place.lacks():
        pytest.skip(reason)
    seed.copy(folder)
    place.prepare(folder)
    for command in commands:
        check_command(place, folder, command, seed)
    if not place.lasting:
        for inside in folder.rglob("*"):
            if inside.is_dir():
                inside.chmod(0o755)
        folder.chmod(0o755)
        status, out, err = run(Place("home"), folder, "sync")
        assert status == 0, (place.name, out, err)
        assert rows(folder) == rows(seed.folder)


@pytest.mark.parametrize("place", [p for p in PLACES if p.name in SAMPLE], ids=lambda p: p.name)
def test_a_sync_in_a_rough_place(place: Place, seed: Seed, tmp_path: Path) -> None:
    check_place(place, ("sync",), seed, tmp_path / "here")


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES, ids=lambda p: p.name)
def test_every_command_in_every_rough_place(place: Place, seed: Seed, tmp_path: Path) -> None:
    check_place(place, tuple(COMMANDS), seed, tmp_path / "here")


@pytest.mark.parametrize(
    ("umask", "mode"),
    [
        ("022", 0o600),
        pytest.param("027", 0o640, marks=pytest.mark.slow),
        pytest.param("002", 0o664, marks=pytest.mark.slow),
    ],
)
def test_new_files_are_private_unless_the_umask_is_a_wish(
    seed: Seed, tmp_path: Path, umask: str, mode: int
) -> None:
    """022 is what systems set by themselves."""
    folder = seed.copy(tmp_path / "here")
    status, _, err = run(Place(umask, before=f"umask {umask}"), folder, "restore")
    assert status == 0, err
    assert stat.S_IMODE((folder / "restored.duckdb").stat().st_mode) == mode
