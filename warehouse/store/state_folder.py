"""kollect's own folder beside a warehouse file, which no two warehouse files share.

`.kollect/` belongs to the file that `.kollect/warehouse` names. Further warehouse files in the
same folder (a restored copy, a second settings file) have `.kollect/other/<file name>/`. So none
waits for the locks of another, resumes its staged responses or clears its scratch folders.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from warehouse.store.durable import replace_file
from warehouse.store.locks import FileLock, HeldElsewhere

FOLDER = ".kollect"
OWNER = "warehouse"
"""The file in `.kollect/` that names the warehouse file which the folder belongs to."""
OTHERS = "other"
WAIT_SECONDS = 60.0


def find_state_folder(warehouse: Path) -> Path:
    """Where the state of a warehouse file is, or would be. Nothing is written."""
    common = common_folder(warehouse)
    owner = _owner(common, warehouse.name)
    return common if owner in (None, warehouse.name) else common / OTHERS / warehouse.name


def claim_state_folder(warehouse: Path) -> Path:
    """The same, for whoever is about to write there: `.kollect/` gets its owner now.

    A folder that cannot be written to stays as it is; whoever writes there is told.
    """
    common = common_folder(warehouse)
    with contextlib.suppress(OSError, HeldElsewhere):
        common.mkdir(parents=True, exist_ok=True)
        if not (common / OWNER).exists():
            with FileLock(common / "locks" / "owner.lock", timeout_seconds=WAIT_SECONDS):
                owner = _owner(common, warehouse.name) or warehouse.name
                replace_file(common / OWNER, f"{owner}\n".encode())
    return find_state_folder(warehouse)


def common_folder(warehouse: Path) -> Path:
    """What all warehouse files of a folder share: the rate budgets of accounts."""
    return warehouse.parent / FOLDER


def _owner(common: Path, name: str) -> str | None:
    """The owner of `.kollect/`, None where nobody has claimed it."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return (common / OWNER).read_text(encoding="utf-8").strip()
    # An older kollect left no mark. It kept the writer's file of every warehouse here.
    stamped = sorted(
        file.name.removesuffix(".published.json")
        for file in (common / "writer").glob("*.published.json")
    )
    return name if name in stamped else next(iter(stamped), None)
