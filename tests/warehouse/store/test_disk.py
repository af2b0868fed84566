"""What a disk refuses is told as that; every other error stays what it is."""

from __future__ import annotations

import errno
import os
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from warehouse.store.disk import storage_problem
from warehouse.store.locks import FileLock


def raised(function: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as caught:
        function()
    return caught.value


def bug_while_handling_a_missing_file() -> None:
    try:
        os.stat("/no/such/file")
    except FileNotFoundError:
        {}["bug"]


def bug_while_handling_a_full_disk() -> None:
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError:
        {}["bug"]


def full_disk_that_is_answered_otherwise() -> None:
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError:
        raise duckdb.IOException("the other host went away") from None


def missing_file() -> None:
    os.stat("/no/such/file")


def text_that_reads_like_a_refusal() -> None:
    duckdb.connect().execute("SELECT 'Permission denied'::INTEGER")


def rollback_after_a_full_disk() -> None:
    try:
        raise duckdb.IOException("Could not write file: No space left on device")
    except duckdb.Error:
        raise duckdb.TransactionException("no transaction is active")  # noqa: B904 - as it happens


def full_disk_as_the_cause() -> None:
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError as error:
        raise RuntimeError("a thread failed") from error


def no_room_for_what_memory_does_not_hold() -> None:
    """DuckDB's limit is what the disk has free, unless it is told another."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{folder}'")
        connection.execute("SET memory_limit = '24MB'")
        connection.execute("SET max_temp_directory_size = '1MiB'")
        connection.execute("CREATE TABLE t AS SELECT uuid() AS id FROM range(2_000_000)")


@pytest.mark.parametrize(
    "function",
    [
        rollback_after_a_full_disk,
        full_disk_as_the_cause,
        no_room_for_what_memory_does_not_hold,
    ],
)
def test_a_full_disk_is_found_behind_the_error_that_it_led_to(
    function: Callable[[], None],
) -> None:
    problem = storage_problem(raised(function), Path("/data"))
    assert "no space left on the disk that holds /data" in str(problem)


@pytest.mark.parametrize(
    "function",
    [
        bug_while_handling_a_missing_file,
        bug_while_handling_a_full_disk,
        full_disk_that_is_answered_otherwise,
        missing_file,
        text_that_reads_like_a_refusal,
    ],
)
def test_other_errors_are_no_disk_errors(function: Callable[[], None]) -> None:
    assert storage_problem(raised(function), Path("/data")) is None


def test_a_lock_on_a_full_disk_is_free_again_after_the_error(tmp_path: Path) -> None:
    """The file size limit makes the system refuse the holder's name, as a full disk does."""
    file = tmp_path / "account.lock"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"), FileLock(file, timeout_seconds=0):
            raise AssertionError("must not be reached")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with FileLock(file, timeout_seconds=0):
        assert file.read_text() == f"process {os.getpid()}\n"
