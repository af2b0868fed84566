"""The file that stands for a lock where the disk knows none: whose it is, and when it is over."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from connectors.core.system import boot_id
from warehouse.store.locks import take_mark


def test_a_mark_is_taken_once_and_names_its_holder(tmp_path: Path) -> None:
    mark = tmp_path / "a.lock.held"
    assert take_mark(mark) is None
    assert take_mark(mark) == f"process {os.getpid()}"


def test_a_mark_of_a_process_that_has_ended_is_taken_over(tmp_path: Path) -> None:
    """Also one from before this boot; never one of another machine."""
    mark = tmp_path / "a.lock.held"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = platform.node()
    for process, boot in ((ended.pid, boot_id()), (os.getpid(), "an-earlier-boot")):
        mark.write_text(f"process {process} on {host} since boot {boot}\n")
        assert take_mark(mark) is None
        assert f"process {os.getpid()} on {host}" in mark.read_text()
    mark.write_text(f"process {ended.pid} on elsewhere since boot {boot_id()}\n")
    assert take_mark(mark) == f"process {ended.pid} on elsewhere ({mark})"
