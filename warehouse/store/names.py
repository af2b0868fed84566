"""Names of catalogs and schemas in a warehouse file."""

from __future__ import annotations

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
