"""Kitemaker: code reviews, which only their own address in the other product leads to.

No list shows them. Activities name their addresses, so that they are read where the account keeps
activities: all in a full pass, else new ones and those that were open.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from connectors.core import Missing, Reader, StateKind, confirm_missing, note
from connectors.kitemaker.endpoints import CODE_REVIEWS, SEVERAL_CODE_REVIEWS
from connectors.kitemaker.sync.several import read_several
from connectors.kitemaker.transport import Transport, leave_out
from connectors.paging import get_path

ADDED = "CODE_REVIEW_REQUEST_ADDED"
"""The type of an activity that names a code review."""
OPEN = "OPEN"
NO_REVIEW = "no code review"
"""The note, by address, that the service knows no code review there."""


def copy_code_reviews(reader: Reader, transport: Transport) -> None:
    """Code reviews and the work items that they are about."""
    if not transport.graphql:
        leave_out(reader, (table.name for table in reader.tables))
        return
    ids, finished = dict[str, str](), set[str]()
    for url, row_id, state in reader.known.rows("code_reviews", ["details_url", "id", "state"]):
        ids[url] = row_id
        if state != OPEN:
            finished.add(url)
    noted = reader.known.states(StateKind.NOTE, NO_REVIEW)
    unknown = {url for url, value in noted.items() if value}
    asked = addresses(reader) | ids.keys()
    if not reader.full:
        asked -= finished | unknown
    unread = read_several(reader, SEVERAL_CODE_REVIEWS, asked, {})
    urls = {ids[url]: url for url in unread.keys() & ids.keys()}
    confirm_missing(
        reader,
        "code_reviews",
        sorted(urls),
        CODE_REVIEWS,
        lambda row_id: {"w0": urls[row_id]},
        is_there=lambda row_id, page: get_path(page.payload, "data.w0.id") == row_id,
    )
    for url in asked - ids.keys():
        error = unread.get(url)
        if isinstance(error, Missing):
            reader.evidence.state[note(NO_REVIEW, url)] = "yes"
        elif error is not None:
            reader.evidence.lack_rows(CODE_REVIEWS, str(error))
        elif url in unknown:
            reader.evidence.state[note(NO_REVIEW, url)] = ""


def addresses(reader: Reader) -> set[str]:
    """The addresses that the known activities name."""
    rows = reader.known.rows("activities", ["type", "details"])
    return {
        text
        for kind, details in rows
        if kind == ADDED and details
        for text in _texts(json.loads(details))
        if text.startswith(("http://", "https://"))
    }


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, whose form is the service's own."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
