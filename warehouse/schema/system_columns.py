"""The columns that every table has beside its own: name, DuckDB type, comment."""

from __future__ import annotations

ACCOUNT_COLUMN = ("_account", "VARCHAR", "the account that this row belongs to")
"""The first column of every table."""
SYSTEM_COLUMNS = (
    ("_valid_from", "TIMESTAMPTZ", "when this version was first seen (UTC)"),
    ("_first_seen_at", "TIMESTAMPTZ", "when the record was first seen at all (UTC)"),
    ("_run_id", "VARCHAR", "the run that loaded this version (_kollect.runs)"),
    ("_raw", "RAW", "the record as it came, less secrets, signed links and child records"),
    ("_content", "UUID", "MD5 of the record less volatile fields; equal means unchanged"),
)
"""RAW is JSON in the better compression."""
ENDING_COLUMNS = (
    ("_valid_to", "TIMESTAMPTZ", "when this version was superseded or gone (UTC)"),
    ("_ended_by", "VARCHAR", "`updated` (a newer version followed) or `deleted`"),
    ("_ended_run_id", "VARCHAR", "the run that saw it superseded or gone"),
    ("_evidence", "VARCHAR", "what proved the deletion; NULL for `updated`"),
)
"""Beside those above in the history of a table."""
SYSTEM_NAMES = tuple(name for name, _, _ in SYSTEM_COLUMNS)
ENDING_NAMES = tuple(name for name, _, _ in ENDING_COLUMNS)
