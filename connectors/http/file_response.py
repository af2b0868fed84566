"""Reads the answers of file hosts: resume, start over, retry, or give up and say why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from connectors.core.errors import (
    BrokenAnswer,
    Forbidden,
    KollectError,
    Missing,
    Refused,
    ServerFault,
    Skippable,
    Throttled,
)
from connectors.http.config import AnswerKind, Classify
from connectors.http.partial_file import Notes
from connectors.http.response import error_for, media_type, retry_after

if TYPE_CHECKING:
    import httpx

CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
LONGEST_NAME = 200
JSON = "application/json"
ERROR_BYTES = 64 << 10
LINK_REFUSED = (401, 403, 410)
"""Answers to a link that has expired, or was never good."""


class FileNotWanted(Skippable):
    """A file that the settings leave out; `bytes` is its size where known."""

    advice = "Change file_hosts or max_file_bytes of the account if you want it."

    def __init__(self, what: str, size: int | None = None) -> None:
        super().__init__(what)
        self.bytes = size


class ContentMismatch(BrokenAnswer):
    """A file that came whole and differs from what the service says of it."""


@dataclass(frozen=True)
class ExpectedFile:
    """What is known of a file before it comes."""

    bytes: int | None = None
    md5: str = ""
    kinds: tuple[str, ...] = ()
    largest: int = 0
    """Bytes; a larger file is left out. 0 for any size."""


def error_of_status(status: int, headers: Mapping[str, str]) -> KollectError | None:
    """The error for a status; None for one that brings bytes (200, 206) or says 416."""
    if status in (200, 206, 416):
        return None
    if status in LINK_REFUSED:
        return Forbidden(f"its host refuses it ({status})", status=status)
    if status == 404:
        return Missing("its host has no such file (404)", status=status)
    if status in (408, 425, 429, 503) or status >= 500:
        wait = retry_after(headers)
        if status == 429 or (status == 503 and wait is not None):
            return Throttled("its host asks for fewer requests", retry_after=wait)
        return ServerFault(f"its host failed ({status})", status=status)
    return Refused(f"its host answers {status}", status=status)


def error_of_answer(answer: httpx.Response, classify: Classify | None) -> KollectError | None:
    """The error for an answer that brings no file; None where one comes.

    The API's own host may say no inside of JSON: `classify` knows how.
    """
    headers = answer.headers
    error = error_of_status(answer.status_code, headers)
    if error is not None or classify is None:
        return error
    long = int(headers.get("content-length") or 0) > ERROR_BYTES
    if long or not headers.get("content-type", "").startswith(JSON):
        return None
    try:
        payload = msgspec.json.decode(answer.read())
    except msgspec.MsgspecError:
        return ContentMismatch("its host answers broken JSON instead of a file")
    found = classify(answer.status_code, headers, payload)
    if found.kind in (AnswerKind.CREDENTIAL, AnswerKind.EXPIRED, AnswerKind.FORBIDDEN):
        return error_of_status(403, headers)
    if found.kind is AnswerKind.OK:
        return ContentMismatch("its host answers JSON instead of a file")
    return error_for(found.kind, "")


def is_packed(headers: Mapping[str, str]) -> bool:
    """Whether a body is packed although nobody asked for it."""
    return headers.get("content-encoding", "identity").lower() not in ("", "identity")


def notes_from_headers(headers: Mapping[str, str]) -> Notes:
    """What a whole answer (200) says of the file; packed answers cannot be gone on with."""
    packed = is_packed(headers)
    etag, length = headers.get("etag", ""), headers.get("content-length", "")
    # Only a strong tag promises the same bytes.
    validator = etag if etag and not etag.startswith("W/") else headers.get("last-modified", "")
    return Notes(
        validator="" if packed else validator,
        total=int(length) if length.isdecimal() and not packed else None,
        content_type=media_type(headers.get("content-type", "")),
        file_name=name_in(headers.get("content-disposition", "")),
    )


def continues(headers: Mapping[str, str], notes: Notes, size: int) -> bool:
    """Whether a 206 continues the same file right behind the bytes that are here."""
    start, total = _range(headers)
    etag = headers.get("etag", "")
    same = not etag or etag == notes.validator or not notes.validator.startswith('"')
    return start == size and same and (None in (total, notes.total) or total == notes.total)


def already_complete(headers: Mapping[str, str], size: int) -> bool:
    """Whether a 416 means that nothing is missing."""
    _, total = _range(headers)
    return size > 0 and total == size


def _range(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    found = CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if found is None:
        return None, None
    start, total = found.groups()
    return int(start) if start else None, int(total) if total != "*" else None


def headers_mismatch(notes: Notes, expected: ExpectedFile, address: str) -> KollectError | None:
    """Why a file is not to be received after its headers came."""
    kind = notes.content_type
    if expected.kinds and kind and not kind.startswith(expected.kinds):
        return ContentMismatch(f"its host answers {kind} instead of a file")
    page = kind in ("text/html", "application/xhtml+xml")
    if page and not expected.md5 and not urlsplit(address).path.lower().endswith((".html", ".htm")):
        return ContentMismatch("its host answers a page of HTML instead of a file")
    if notes.total is not None and expected.largest and notes.total > expected.largest:
        return too_large(notes.total, expected.largest)
    if notes.total is not None and expected.bytes not in (None, notes.total):
        return _wrong_size(notes.total, expected.bytes)
    return None


def _wrong_size(size: int, promised: int | None) -> ContentMismatch:
    return ContentMismatch(f"it has {size:,} bytes where the service says {promised:,}")


def too_large(size: int, largest: int, at_least: str = "") -> FileNotWanted:
    """The error for a file beyond the cap."""
    text = f"its {at_least}{size:,} bytes are more than max_file_bytes ({largest:,})"
    return FileNotWanted(text, None if at_least else size)


def content_mismatch(size: int, md5: str, expected: ExpectedFile) -> ContentMismatch | None:
    """Where a whole file is not what the service says of it."""
    if expected.bytes is not None and size != expected.bytes:
        return _wrong_size(size, expected.bytes)
    if expected.md5 and md5 != expected.md5:
        return ContentMismatch("its MD5 is not the one that the service gives")
    return None


def name_in(disposition: str) -> str:
    """The file name in a Content-Disposition header, as a plain name."""
    if not disposition:
        return ""
    message = Message()
    message["content-disposition"] = disposition
    try:
        return plain_name(str(message.get_filename() or ""))
    except (LookupError, ValueError):
        return ""


def name_of_address(address: str) -> str:
    """The last part of an address's path."""
    return plain_name(unquote(urlsplit(address).path.rpartition("/")[2]))


def plain_name(name: str) -> str:
    """A name without folders and control characters, not too long for any disk."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip(" .")[:LONGEST_NAME]
