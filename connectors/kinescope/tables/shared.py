"""Kinescope: columns that many of its tables have."""

from __future__ import annotations

from connectors.core import col

CREATED = col("created_at", "time", "when it was created")
UPDATED = col("updated_at", "time", "when it was changed last; NULL until then")
STAMPS = (CREATED, UPDATED)
WORKSPACE = col("workspace_id", "text", "the workspace of the token")
PRIVACY = (
    col("privacy_type", "text", "who may watch: `anywhere`, `nowhere`, `custom`"),
    col("privacy_domains", "json", "hosts that may embed it"),
)
POSTER_IMAGES = tuple(
    col(f"poster.{name}", "text", meaning)
    for name, meaning in (
        ("id", "the active poster"),
        ("status", "whether the active poster is ready"),
        ("original", "address of the active poster"),
    )
)
