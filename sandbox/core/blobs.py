"""Bytes of made files: small, valid, and decided by the file's name alone."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256
from typing import Any

from sandbox.core.messages import Response

TYPES = {
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "vtt": "text/vtt",
    "webp": "image/webp",
}


def content_type(name: str) -> str:
    """The type by the name's ending."""
    return TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def blob(name: str) -> bytes:
    """The file of this name; other names give other bytes."""
    digest = sha256(name.encode()).digest()
    match name.rpartition(".")[2].lower():
        case "png":
            return png(digest[:3])
        case "svg":
            picture = f'<svg xmlns="http://www.w3.org/2000/svg"><script>/* {name} */</script></svg>'
            return picture.encode()
        case "gif":
            return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + digest[:6] + b";"
        case "webp":
            return b"RIFF" + struct.pack("<I", 4 + len(digest)) + b"WEBP" + digest
        case "pdf":
            return b"%PDF-1.4\n%" + digest.hex().encode() + b"\n%%EOF\n"
        case "vtt":
            return f"WEBVTT\n\n00:00.000 --> 00:02.000\n{name}\n".encode()
    return jpeg(name)


def jpeg(name: str) -> bytes:
    """Some hundred bytes that begin and end as a JPEG does."""
    digest = sha256(name.encode()).digest()
    return b"\xff\xd8\xff\xe0" + digest * (2 + digest[1] % 30) + b"\xff\xd9"


def png(colour: bytes) -> bytes:
    """A PNG of one pixel of this colour (three bytes)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" + colour))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def lines(name: str, size: int) -> bytes:
    """A file of this size: its name, line by line."""
    line = name.encode() + b"\n"
    return (line * (size // len(line) + 1))[:size]


def served(name: str, body: bytes | None = None) -> Response:
    """The answer with the file of this name."""
    return Response(200, blob(name) if body is None else body, {"Content-Type": content_type(name)})


def true_file(table: str, key: Any, field: str, body: bytes | None) -> dict[str, Any]:
    """One row of `Service.true_files`; without `body`, a file that the service does not have."""
    return {
        "table": table,
        "record_key": "/".join(str(part) for part in key) if isinstance(key, tuple) else str(key),
        "field": field,
        "sha256": None if body is None else sha256(body).hexdigest(),
        "bytes": None if body is None else len(body),
    }
