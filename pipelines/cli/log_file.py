"""The log of syncs and backups: `.kollect/log/kollect.log`, a few megabytes at the most."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler

from connectors.core.errors import KollectError
from pipelines.settings import Settings
from warehouse.store.warehouse import Warehouse

LOGGER = logging.getLogger("kollect.command")
BYTES = 1_000_000
OLDER_FILES = 4
FORM = "%(asctime)s %(process)d %(message)s"


def start_log(settings: Settings) -> None:
    """Write into the log from now on, beginning with the command.

    A folder that cannot be written is no error of a log: the command itself tells.
    """
    with suppress(OSError, KollectError):
        folder = Warehouse(settings.warehouse).home / "log"
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "kollect.log",
            maxBytes=BYTES,
            backupCount=OLDER_FILES,
            encoding="utf-8",
            delay=True,
        )
        handler.setFormatter(logging.Formatter(FORM, "%Y-%m-%dT%H:%M:%S%z"))
        logger = logging.getLogger("kollect")
        logger.addHandler(handler)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        logging.raiseExceptions = False  # a disk that became full ends no sync by its log
        LOGGER.info("kollect %s", " ".join(sys.argv[1:]))
