"""Kitemaker: from where the recent lists of a space are read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.kitemaker.normalize import NEVER, moment

ITEM_CURSORS = "recent work items"
COMMENT_CURSORS = "recent comments"


def newest(times: Iterable[Any], floor: str | None = None) -> str:
    """The latest of some times as it was written; empty text where there is none."""
    texts = [text for text in (*times, floor) if moment(text) > NEVER]
    return max(texts, key=moment, default="")


def before(newest_read: str, began: str) -> str:
    """The newest time read, or the beginning of the reading where that is earlier.

    What changed while the pages were read may have been on a page that was read before; and a
    time that has not yet come (a clock of the service that jumped) would hide what follows.
    """
    try:
        start = parsedate_to_datetime(began)
    except ValueError:
        return newest_read
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    return newest_read if moment(newest_read) <= start else start.isoformat()
