"""Kinopio: uploads and images that cards, spaces, boxes and people name (API page, section 10).

Stock backgrounds are everybody's, previews are made anew by the server: neither is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote, urlsplit

from connectors.core import FileLink, FileSource
from connectors.core.files import Row
from connectors.kinopio.tables import AI_IMAGES, BOXES, CARDS, SPACES, USERS

HOSTS = (
    "own",
    "cdn.kinopio.club",
    "files.kinopio.club",
    "us-east-1.linodeobjects.com/kinopio-uploads/",
)
"""Where uploads lie, and lay in earlier years."""
LARGEST = 512 * 1024 * 1024
"""Bytes; uploads go up to 256 MB."""
STOCK = "bk.kinopio.club"
PROXY = "img.kinopio.club"
ENDINGS = frozenset(
    ("png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "heic", "heif", "bmp", "tif", "tiff",
     "ico", "mp4", "m4v", "mov", "webm", "ogv", "avi", "mkv", "mp3", "wav", "ogg", "oga", "m4a",
     "aac", "flac", "opus", "pdf", "txt", "md", "csv", "json", "zip", "doc", "docx", "xls",
     "xlsx", "ppt", "pptx", "odt", "ods", "odp", "rtf", "epub", "psd", "ai", "sketch", "fig",
     "stl", "obj", "glb", "gltf", "woff", "woff2", "ttf", "otf")
)  # fmt: skip
URL = re.compile(r"""https?://[^\s<>"'`\\^{}|\[\]]+""")
INNER = re.compile(r"https?(?::|%3A)(?:/|%2F){1,2}", re.IGNORECASE)


def uploads_in(text: str) -> Iterable[str]:
    """The addresses inside a text that end like a file's, as a browser would cut them out."""
    for found in URL.findall(text):
        address = found.rstrip(".,;:!?*_")
        # A closing bracket belongs to the address only if it was opened there.
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(".,;:!?*_")
        address = without_proxy(address)
        try:
            name = unquote(urlsplit(address).path).rpartition("/")[2]
        except ValueError:
            continue
        if "." in name and name.rpartition(".")[2].lower() in ENDINGS:
            yield address


def without_proxy(address: str) -> str:
    """The image behind Kinopio's resizing proxy; any other address as it is."""
    if not address.startswith((f"https://{PROXY}/", f"http://{PROXY}/")):
        return address
    path = address.split("/", 3)[3]
    inner = INNER.search(path)
    if inner is None:
        return address
    found = path[inner.start() :]
    return unquote(found) if "%" in inner.group() else found


def in_card(row: Row, _: str) -> Iterable[FileLink]:
    """What was uploaded or linked in a card's text."""
    return [FileLink(address) for address in uploads_in(str(row["name"] or ""))]


def image(column: str) -> Callable[[Row, str], Iterable[FileLink]]:
    """The image that a column names, unless it is a stock image."""

    def links(row: Row, _: str) -> Iterable[FileLink]:
        address = without_proxy(str(row[column] or ""))
        if address and f"://{STOCK}/" not in address:
            yield FileLink(address)

    return links


FILES = (
    FileSource(CARDS, "name", "uploads and files in a card's text", links=in_card, also=("name",)),
    FileSource(
        CARDS, "url_preview_image", "the image of a link's preview",
        links=image("url_preview_image"), also=("url_preview_image",),
    ),
    FileSource(
        SPACES, "background", "a space's own background",
        links=image("background"), also=("background",),
    ),
    FileSource(
        SPACES, "drawing_image", "the drawing of a space",
        links=image("drawing_image"), also=("drawing_image",),
    ),
    FileSource(
        BOXES, "background", "a box's own background",
        links=image("background"), also=("background",),
    ),
    FileSource(
        USERS, "default_space_background", "the own background of new spaces",
        links=image("default_space_background"), also=("default_space_background",),
    ),
    FileSource(AI_IMAGES, "url", "an image made by a prompt", address="url"),
)  # fmt: skip
