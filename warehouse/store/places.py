"""Places on disks that come and go: links, mounts, and folders that must not be made anew."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from connectors.core.errors import WarehouseProblem

FSTAB = Path("/etc/fstab")
REMOVABLE = ("/media", "/run/media", "/mnt", "/Volumes")
"""Where disks are attached: a folder that is missing below is a disk that is not there."""
ATTACH = "attach the disk that holds it, or correct the path"


def check_place(path: Path, *, fstab: Path = FSTAB) -> None:
    """Raise WarehouseProblem where a path leads through a link whose target is not there, or to a
    disk that is not mounted: a new file there would hide the real one."""
    for place in (path, *path.parents):
        if place.is_symlink() and not place.exists():
            raise WarehouseProblem(
                f"{place} is a link to {os.readlink(place)}, which is not there",
                guidance="attach the disk that holds it, or correct the link",
            )
    real = path.resolve()
    if real.exists():
        return
    for mount in _mounts(fstab):
        if real.is_relative_to(mount) and not os.path.ismount(mount) and _is_empty(mount):
            raise WarehouseProblem(
                f"{path} is on {mount}, which is not mounted (see {fstab})", guidance=ATTACH
            )
    if not real.parent.exists() and _is_on_missing_disk(real):
        raise WarehouseProblem(f"there is no {real.parent} for {path}", guidance=ATTACH)


def _is_empty(folder: Path) -> bool:
    """Whether a folder holds nothing, as one does that a disk is to be mounted on."""
    try:
        return not any(folder.iterdir())
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _is_on_missing_disk(real: Path) -> bool:
    """Whether a path leads to where disks are attached, and no disk is there."""
    for folder in REMOVABLE:
        if real.is_relative_to(folder):
            ways = [place for place in real.parents if place.is_relative_to(folder)]
            return not any(os.path.ismount(place) for place in ways)
    return False


def _mounts(fstab: Path) -> list[Path]:
    """The folders that the system's table mounts something on, but for the root."""
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = fstab.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    fields = (line.split() for line in lines if not line.lstrip().startswith("#"))
    named = (field[1].replace("\\040", " ") for field in fields if len(field) > 1)
    return [Path(name) for name in named if name.startswith("/") and name != "/"]
