"""Appends the bytes of one answer to a partial file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from connectors.core.errors import (
    BrokenAnswer,
    Refused,
    TimedOut,
    Unreachable,
    WarehouseProblem,
)
from connectors.http.file_response import (
    ExpectedFile,
    already_complete,
    continues,
    headers_mismatch,
    is_packed,
    notes_from_headers,
    too_large,
)
from connectors.http.partial_file import Notes, PartialFile

FREE_BYTES = 64 << 20
"""Left free on the disk."""
HEADERS = {"user-agent": "kollect", "accept": "*/*", "accept-encoding": "identity"}


def headers_for(part: PartialFile, expected: ExpectedFile) -> dict[str, str]:
    """A range is only asked for where the pieces are sure to fit together."""
    validator = part.notes.validator
    if not part.size or not (validator or expected.md5):
        return HEADERS
    asked = {**HEADERS, "range": f"bytes={part.size}-"}
    return {**asked, "if-range": validator} if validator else asked


def receive(
    answer: httpx.Response,
    part: PartialFile,
    expected: ExpectedFile,
    url: str,
    *,
    on_bytes: Callable[[int], None],
    free: Callable[[Path], int],
) -> None:
    """Write the body of an answer (200, 206 or 416) into the partial file.

    `on_bytes` is called with the size of each piece and may wait; `free` gives the free bytes of
    a folder. Raises BrokenAnswer, ContentMismatch, FileNotWanted (too large), WarehouseProblem.
    """
    headers = answer.headers
    if answer.status_code == 416:
        if already_complete(headers, part.size):
            return
        part.begin(Notes())
        raise BrokenAnswer("its host does not go on with it")
    if answer.status_code == 206:
        if not continues(headers, part.notes, part.size):
            part.begin(Notes())
            raise BrokenAnswer("its host goes on with another file")
    else:
        notes = notes_from_headers(headers)
        if problem := headers_mismatch(notes, expected, url):
            raise problem
        part.begin(notes)
    total = part.notes.total
    if total is not None and total - part.size + FREE_BYTES > free(part.file.parent):
        raise WarehouseProblem(
            f"no space left for a file of {total:,} bytes",
            guidance="free some space, or set max_file_bytes; what came so far is kept",
        )
    for chunk in answer.iter_bytes() if is_packed(headers) else answer.iter_raw():
        part.write(chunk)
        if expected.largest and part.size > expected.largest:
            part.forget()
            raise too_large(expected.largest, expected.largest, "more than ")
        on_bytes(len(chunk))
    if total is not None and part.size != total:
        text = f"the file broke off after {part.size:,} of {total:,} bytes"
        if part.size > total:
            part.begin(Notes())
        raise BrokenAnswer(text)


@contextmanager
def plain_errors(part: PartialFile) -> Iterator[None]:
    """Errors of the network in words that show no address."""
    try:
        yield
    except httpx.TimeoutException:
        raise TimedOut("its host did not go on in time") from None
    except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL):
        raise Refused("its address cannot be asked for") from None
    except (httpx.NetworkError, httpx.ProtocolError) as error:
        if part.size:
            raise BrokenAnswer(f"the file broke off after {part.size:,} bytes") from None
        raise Unreachable(f"its host gives no answer ({type(error).__name__})") from None
    except httpx.TransportError as error:
        raise Unreachable(f"its host cannot be reached ({type(error).__name__})") from None
    except httpx.DecodingError:
        raise BrokenAnswer("the file cannot be unpacked, it may be cut off") from None
