"""Kitemaker: the gap test of the recent lists (50 rows, no second page), and their cursors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.core import Record
from connectors.kitemaker.endpoints import MOST
from connectors.kitemaker.normalize import moment


def gap(rows: list[Record], cursor: str | None, stored: Mapping[str, datetime | None]) -> str:
    """Why rows may be lost between this answer and the cursor; empty where none can be.

    The order of the rows means nothing. A row that is stored as it came, from the time of the
    cursor or before, is an overlap, since many rows may share the cursor's millisecond.
    """
    if len(rows) < MOST:
        return ""
    if not cursor:
        return f"{len(rows)} rows came, there may be more, and the space was never read whole"
    limit = moment(cursor)
    times = [(str(row.get("id")), moment(row.get("updatedAt"))) for row in rows]
    if min(time for _, time in times) < limit:
        return ""
    if any(time <= limit and stored.get(row_id) == time for row_id, time in times):
        return ""
    return f"all {len(rows)} rows are newer than what was read last, there may be more"


def newest(times: Iterable[Any], floor: str | None = None) -> str:
    """The latest of some times as it was written; empty text where there is none."""
    return max((text for text in (*times, floor or "") if text), key=moment, default="")


def before(newest_read: str, began: str) -> str:
    """The newest time read, or the beginning of the reading where that is earlier.

    What changed while the pages were read may have been on a page that was read before.
    """
    try:
        start = parsedate_to_datetime(began)
    except ValueError:
        return newest_read
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    return newest_read if moment(newest_read) <= start else start.isoformat()
