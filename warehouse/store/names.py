"""Names of catalogs and schemas in a warehouse file."""

from __future__ import annotations

from connectors import SERVICES

CATALOG = "kept"
"""The name under which the writer's file is attached."""
STATE = "_kollect"
"""The schema of the ledger."""
MY = "my"
"""The schema that is a person's own."""
RESERVED = (*SERVICES, STATE, CATALOG, MY, "analysis", "main", "memory", "system", "temp")
"""Names that a warehouse file cannot have, since DuckDB would confuse it with what is inside."""
