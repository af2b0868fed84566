"""Kinescope: what is asked for by days, and by numbers that only a person knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from connectors.core import Bind, Reader
from connectors.kinescope.endpoints import ONE_INVOICE

HISTORY_DAYS = 365
"""How far back figures are read at first, and in each full pass; the setting `history_days`."""
WINDOW_DAYS = 30
ONE_DAY = timedelta(days=1)
FRESH_DAYS = 3
"""The last days still change and are read again each time (API page, section 10)."""


def copy_windows(reader: Reader) -> None:
    """Read the days that may have changed: many at first, then from the last day read.

    A window with a row that cannot be read is asked for again by the next sync.
    """
    (resource,) = reader.resources
    last = reader.started_at.date() + ONE_DAY
    stored = None if reader.full else reader.known.cursor(resource.name)
    first = last - timedelta(days=reader.options["history_days"])
    if stored:
        first = max(first, date.fromisoformat(stored) - timedelta(days=FRESH_DAYS))
    listings = reader.read_each(resource, windows(first, last))
    if all(listing.completeness.complete for listing in listings):
        reader.evidence.cursors[(resource.name, "")] = reader.started_at.date().isoformat()


def windows(first: date, last: date) -> Iterator[Bind]:
    """The days from `first` to `last` in pieces.

    Each asks for a day more on either side, whose rows are left out: whether `to` is part of
    it, and whether the outer days come whole, is undocumented.
    """
    while first <= last:
        end = min(first + timedelta(days=WINDOW_DAYS - 1), last)
        yield {
            "first": first.isoformat(),
            "last": end.isoformat(),
            "from": (first - ONE_DAY).isoformat(),
            "to": (end + 2 * ONE_DAY).isoformat(),
        }
        first = end + ONE_DAY


def copy_invoices(reader: Reader) -> None:
    """Read the invoices that the settings name: new ones at once, all of them in full passes.

    No list of invoices is known (API page, section 6).
    """
    named = [str(number) for number in reader.options["invoices"]]
    known = {row[0] for row in reader.known.rows(ONE_INVOICE.rows[0].table.name, ["id"])}
    asked = [number for number in named if reader.full or number not in known]
    reader.read_each(ONE_INVOICE, [{"invoice_id": number} for number in asked])
    if not asked:
        reader.evidence.note("invoices", "no new invoice is named by the setting `invoices`")
