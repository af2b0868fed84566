"""Standard output and errors that never stop a command: closed, full, broken or in any encoding."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any

import click


class _Output(io.FileIO):
    """Writes to a standard stream and drops what it does not take; `failure` is the first error.

    A reader that is gone (`kollect query ... | head`) ends the command with BrokenPipeError
    where `ends_with_reader` is set.
    """

    def __init__(self, number: int, *, ends_with_reader: bool) -> None:
        super().__init__(number, "w", closefd=False)
        self.failure: OSError | None = None
        self._ends_with_reader = ends_with_reader

    def write(self, data: Any, /) -> int:
        if self.failure is None:
            try:
                return super().write(data)
            except BlockingIOError:
                raise
            except OSError as error:
                if error.errno == errno.EPIPE and self._ends_with_reader:
                    raise
                self.failure = error
        return len(memoryview(data).cast("B"))


def prepare_output() -> None:
    """Make sure that every text can be written somewhere.

    A closed standard stream (`2>&-`) becomes the null device, before a database file could get
    its number. Characters that the encoding of a stream lacks are shown as codes. What a full or
    broken stream does not take is dropped, so that a sync goes on.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            null = io.FileIO(os.devnull, "w")
            setattr(sys, name, io.TextIOWrapper(null, encoding="utf-8"))
        elif stream is getattr(sys, f"__{name}__") and isinstance(stream, io.TextIOWrapper):
            stream.flush()
            output = _Output(number, ends_with_reader=name == "stdout")
            buffered = io.BufferedWriter(output)
            setattr(sys, name, io.TextIOWrapper(
                buffered, encoding=stream.encoding, errors="backslashreplace",
                line_buffering=stream.line_buffering, write_through=stream.write_through,
            ))  # fmt: skip
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def finish_output(status: int) -> int:
    """Write what is left; the exit status, which is 1 where standard output took not all of it."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    output = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    failure = output.failure if isinstance(output, _Output) else None
    if failure is None:
        return status
    click.echo(
        f"kollect: the output is not whole, standard output does not take it: {failure.strerror}. "
        "Write it to another place.",
        err=True,
    )
    return status or 1


def drop_output() -> None:
    """Whoever read standard output is gone: nothing more is written there."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def readable_arguments(arguments: list[str]) -> list[str]:
    """Arguments as UTF-8 texts, also where the locale is one that knows ASCII alone."""
    return [_as_utf8(argument) for argument in arguments]


def _as_utf8(argument: str) -> str:
    try:
        return os.fsencode(argument).decode("utf-8")
    except UnicodeError:
        return argument  # a file name in another encoding
