"""Names of catalogs and schemas in a warehouse file."""

from __future__ import annotations

import hashlib
import re

from connectors import SERVICES

CATALOG = "kept"
"""The name under which the writer's file is attached."""
STATE = "_kollect"
"""The schema of the ledger."""
MY = "my"
"""The schema that is a person's own."""
OURS = (*SERVICES, STATE, "analysis")
"""The schemas that loads write; every other one in a warehouse file is a person's."""
PUBLISHED = "published"
SHAPE = "shape_of_my"
"""The names under which the published file, and its schemas without rows, are attached."""
RESERVED = (
    *OURS, MY, CATALOG, PUBLISHED, SHAPE, "main", "memory", "system", "temp", "information_schema",
    "pg_catalog",
)  # fmt: skip
"""Names that a warehouse file cannot have, since DuckDB would confuse it with what is inside."""
DEVICE = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""Names that no file on a Windows share can have, whatever its ending."""


def file_name_of(account: str) -> str:
    """What files and folders of an account are called: as the account, where that is a name of
    small letters.

    Other names end in a hash after a `~`, which no account's name holds. So `A` and `a` do not
    share a file on disks that know no case.
    """
    if account == account.lower() and not DEVICE.fullmatch(account):
        return account
    return f"{account}~{hashlib.sha256(account.encode()).hexdigest()[:8]}"
