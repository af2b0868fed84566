"""Where a process meets the machine: the folder it is in, and the rights of the files it makes."""

from __future__ import annotations

import os
from pathlib import Path

from connectors.core.errors import BadSettings

USUAL_UMASK = 0o022
"""What systems set by themselves: it is no wish of a person to let others read."""
PRIVATE_UMASK = 0o077


def make_files_private() -> None:
    """Let new files be readable for their owner alone, unless the person's umask is another than
    the usual one. Files that are replaced keep the rights that they had."""
    found = os.umask(PRIVATE_UMASK)
    if found != USUAL_UMASK:
        os.umask(found)


def working_folder() -> Path:
    """The current folder. Raises BadSettings where it does not exist any more."""
    try:
        return Path.cwd()
    except OSError:
        raise BadSettings(
            "the folder that this command was started in does not exist any more",
            guidance="change into another folder",
        ) from None
