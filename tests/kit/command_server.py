"""A process that carries out commands of `kollect` in children of its own.

Importing kollect costs more than most commands, so it is imported once and each command is
forked from here: with streams, folder, environment and session of its own, as from a shell. Run
as a program it reads one JSON object a line (`folder`, `words`, `environment`, `streams`: the
files of standard input, output and errors) and answers each with the exit status.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from connectors import SERVICES, connector
from pipelines.cli import COMMANDS, main


def import_commands() -> None:
    """Import what commands import when they are called, but nothing that starts threads."""
    for place, _ in COMMANDS.values():
        importlib.import_module(place.partition(":")[0])
    for service in SERVICES:
        connector(service)
    for name in ("duckdb", "httpcore", "httpx", "sqlalchemy", "warehouse", "pipelines.sync"):
        importlib.import_module(name)


def carry_out(order: dict[str, Any]) -> int:
    """Run one command in a child; its exit status, negative where a signal ended it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status: Any = 1
    try:
        os.setsid()
        for number, (file, mode) in enumerate(zip(order["streams"], ("rb", "wb", "wb"))):
            with Path(file).open(mode) as stream:
                os.dup2(stream.fileno(), number)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        time.tzset()
        sys.argv[1:] = order["words"]
        main()
    except SystemExit as ended:
        status = ended.code
    finally:
        os._exit(status)


def serve() -> None:
    """Carry out orders until standard input ends."""
    import_commands()
    with os.fdopen(os.dup(0)) as orders, os.fdopen(os.dup(1), "w") as answers:
        for line in orders:
            answers.write(f"{carry_out(json.loads(line))}\n")
            answers.flush()


if __name__ == "__main__":
    serve()
