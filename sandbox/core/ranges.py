"""Parts of files as HTTP has them (RFC 9110): ETag, Range, If-Range, 206 and 416."""

from __future__ import annotations

import re
from hashlib import md5

from sandbox.core.messages import Request, Response

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
MODIFIED = "Sat, 01 Mar 2025 09:00:00 GMT"
VALIDATORS = ("etag", "date", "weak", "none")


def ranged(request: Request, whole: Response, validator: str = "etag") -> Response:
    """The part of a whole answer that is asked for, or all of it.

    `validator` says how the host names the content: by a strong ETag, by a date alone, by a
    weak ETag, or not at all.
    """
    if whole.status != 200:
        return whole
    tag = f'"{md5(whole.body, usedforsecurity=False).hexdigest()}"'
    named = {
        "etag": {"ETag": tag, "Last-Modified": MODIFIED},
        "date": {"Last-Modified": MODIFIED},
        "weak": {"ETag": f"W/{tag}"},
    }.get(validator, {})
    headers = {**whole.headers, **named, "Accept-Ranges": "bytes"}
    asked = RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or not _same(request.headers.get("if-range"), named):
        return Response(200, whole.body, headers)
    size = len(whole.body)
    first, last = asked.groups()
    start = int(first) if first else max(0, size - int(last or 0))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size or end <= start:
        return Response(416, b"", {**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(206, whole.body[start:end], headers)


def _same(asked: str | None, named: dict[str, str]) -> bool:
    """Whether a range may be answered: weak tags never promise the same bytes."""
    if asked is None:
        return True
    return not asked.startswith("W/") and asked in named.values()
