"""Bytes of made image files: small, valid, and decided by the name alone."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256

TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "webp": "image/webp",
}


def content_type(name: str) -> str:
    """The type by the name's ending."""
    return TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def picture(name: str) -> bytes:
    """The file of this name; other names give other bytes."""
    digest = sha256(name.encode()).digest()
    match name.rpartition(".")[2].lower():
        case "png":
            return _png(digest[:3])
        case "svg":
            colour = digest.hex()[:6]
            text = (
                '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8">'
                f'<script>/* active content */</script><rect fill="#{colour}"/></svg>'
            )
            return text.encode()
        case "gif":
            return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + digest[:6] + b";"
        case "webp":
            return b"RIFF" + struct.pack("<I", 4 + len(digest)) + b"WEBP" + digest
        case _:
            return b"\xff\xd8\xff\xe0" + digest * 40 + b"\xff\xd9"


def _png(colour: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    rows = (b"\x00" + colour * 8) * 8
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
