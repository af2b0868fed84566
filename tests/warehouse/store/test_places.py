"""Links, modes, mounts and files that were put into the place of the published one."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.core.errors import WarehouseProblem
from tests.kit.account import Bench
from warehouse.store.places import check_place
from warehouse.store.warehouse import Warehouse


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_published_file_behind_a_link_is_replaced_where_the_link_points(
    synced: Callable[..., Bench], tmp_path: Path
) -> None:
    """The link stays, and the mode of the file too."""
    bench = synced("kippt", size=5)
    disk = tmp_path / "disk"
    disk.mkdir()
    real = disk / "real.duckdb"
    shutil.move(bench.warehouse, real)
    bench.warehouse.symlink_to(real)
    real.chmod(0o640)
    bench.world.change(3)
    assert bench.sync(full=True).status == "complete"
    assert bench.warehouse.readlink() == real
    assert mode(real) == 0o640
    assert os.listdir(disk) == ["real.duckdb"]
    bench.assert_true()


def test_a_link_to_a_disk_that_is_not_there_is_no_new_warehouse(
    synced: Callable[..., Bench],
) -> None:
    bench = synced("kippt", size=5)
    bench.warehouse.unlink()
    bench.warehouse.symlink_to("/nowhere/kollect.duckdb")
    with pytest.raises(WarehouseProblem, match="is a link to /nowhere/"):
        bench.sync()
    with (
        pytest.raises(WarehouseProblem, match="which is not there"),
        Warehouse(bench.warehouse).reading(),
    ):
        pass
    assert bench.warehouse.is_symlink()


def test_a_disk_that_is_not_mounted_is_named(tmp_path: Path) -> None:
    """By the system's table of mounts, and by the folders where disks are attached."""
    mount = tmp_path / "my disk"
    mount.mkdir()
    fstab = tmp_path / "fstab"
    fstab.write_text(f"# {tmp_path} none\nnas:/x {str(mount).replace(' ', chr(92) + '040')} nfs\n")
    with pytest.raises(WarehouseProblem, match="my disk, which is not mounted"):
        check_place(mount / "kollect.duckdb", fstab=fstab)
    check_place(tmp_path / "kollect.duckdb", fstab=fstab)
    (mount / "used").mkdir()
    check_place(mount / "kollect.duckdb", fstab=fstab)  # a table of another machine, as in a chroot
    check_place(tmp_path / "not yet" / "kollect.duckdb", fstab=tmp_path / "none")
    with pytest.raises(WarehouseProblem, match="there is no /media/somebody/disk"):
        check_place(Path("/media/somebody/disk/kollect.duckdb"), fstab=fstab)


def runs(bench: Bench) -> set[str]:
    return {run for (run,) in bench.query("SELECT run_id FROM _kollect.runs")}


@pytest.mark.slow
def test_a_copied_folder_that_went_on_by_itself_is_told_from_this_one(
    synced: Callable[..., Bench], tmp_path: Path
) -> None:
    """Both have the same identity and generation. The file put in place here is taken over."""
    bench = synced("kippt", size=5)
    assert bench.sync().status == "complete"
    copy = tmp_path / "copy"
    shutil.copytree(bench.folder, copy)
    bench.world.change(3)
    bench.sync(full=True)
    own = runs(bench)
    other = Bench("kippt", copy, bench.box)
    other.write_settings()
    other.sync(full=True)
    theirs = runs(other)
    shutil.copy(other.warehouse, bench.warehouse)
    bench.sync(full=True)
    assert theirs < runs(bench)
    assert not (own - theirs) & runs(bench)
    bench.assert_true()


def test_a_file_put_in_place_while_a_sync_ran_is_not_overwritten(
    synced: Callable[..., Bench], tmp_path: Path
) -> None:
    bench = synced("kippt", size=5)
    assert bench.sync().status == "complete"
    before = tmp_path / "before.duckdb"
    shutil.copy(bench.warehouse, before)
    bench.world.change(3)
    bench.sync(full=True)
    warehouse = Warehouse(bench.warehouse)
    shutil.copy(before, bench.warehouse)
    content = bench.warehouse.read_bytes()
    with pytest.raises(WarehouseProblem, match="was replaced by another file while this ran"):
        warehouse.publish()
    assert bench.warehouse.read_bytes() == content
    bench.sync(full=True)
    bench.assert_true()
