"""Kippt: images that the service found at clips, and people's pictures (API page, section 10).

Clips only tell of their images when asked to, so an account that wants files asks for `media`
with every clip. None of them is anybody's upload.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.core import FileLink, FileSource
from connectors.core.files import Row
from connectors.kippt.tables import CLIPS, USERS

HOSTS = (
    "own",
    "d19weqihs4yh5u.cloudfront.net",
    "d17f28g3dsa4vh.cloudfront.net",
    "kippt-image-vault.herokuapp.com",
)
"""The hosts of images and pictures in every recorded answer."""
LARGEST = 64 * 1024 * 1024
"""Bytes; they are pictures."""


def clip_image(row: Row, _: str) -> Iterable[FileLink]:
    """The largest image of a clip; no part of `media` is certain to be there."""
    try:
        images = json.loads(row["media"] or "null")["images"]
    except (ValueError, TypeError, KeyError):
        return
    for size in ("original", "tile"):
        address = _url(images, size)
        if address:
            yield FileLink(address)
            return


def _url(images: Any, size: str) -> str:
    shown = images.get(size) if isinstance(images, Mapping) else None
    found = shown.get("url") if isinstance(shown, Mapping) else None
    return found if isinstance(found, str) and found.startswith(("http:", "https:")) else ""


FILES = (
    FileSource(CLIPS, "media", "the image found at a clip", links=clip_image, also=("media",),
               kinds=("image/", "application/octet-stream", "binary/")),
    FileSource(USERS, "avatar_url", "somebody's picture", address="avatar_url",
               kinds=("image/", "application/octet-stream", "binary/")),
)  # fmt: skip
