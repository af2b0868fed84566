"""Kinesis API: uploaded media, on the instance's own origin (API page, section 10).

Public files lie below the origin, outside of the API's prefix, and want no token. A private one
is opened by a link with a token of its own, which is asked for when it is needed. File names
carry a random part and are not overwritten: a name stands for its content.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from connectors.core import FileLink, FileSource, Fresh
from connectors.core.files import Row
from connectors.kinesis.endpoints import ONE_MEDIA
from connectors.kinesis.tables import MEDIA
from connectors.paging import get_path

HOSTS = ("own",)
LARGEST = 256 * 1024 * 1024
"""Bytes; the service's own default is 2 MB, and a setting of each instance."""


def origin_of(base_url: str) -> str:
    """Scheme, host and port, without the API's prefix."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def uploaded(row: Row, base_url: str) -> Iterable[FileLink]:
    """The file of a media record, by its path of today or its name of 2023."""
    path = str(row["path"] or row["name"] or "").lstrip("/")
    if not path:
        return
    private = row["security"] == "PRIVATE"
    yield FileLink(
        "" if private else f"{origin_of(base_url)}/{quote(path)}",
        mark=f"path {path}",
        name=path.rpartition("/")[2],
        bytes=row["file_size"] or None,
    )


def private_link(answer: Any, row: Row, base_url: str) -> str | None:
    """The address that opens a private file; the token in it is written nowhere."""
    media = get_path(answer, "media") or get_path(answer, "data.media") or get_path(answer, "data")
    token = media.get("access_token") if isinstance(media, dict) else None
    if not token:
        return None
    asked = urlencode({"media_id": row["id"], "access_token": token})
    return f"{origin_of(base_url)}/media/stream?{asked}"


FILES = (
    FileSource(
        MEDIA,
        "path",
        "the uploaded file",
        links=uploaded,
        also=("path", "name", "security", "file_size"),
        kinds=("image/", "application/octet-stream", "binary/"),
        fresh=Fresh(ONE_MEDIA, {"media_id": "id"}, private_link),
    ),
)
