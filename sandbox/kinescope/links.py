"""Links to files: signed ones that are new at each read, and the bytes behind them."""

from __future__ import annotations

import struct
import zlib
from typing import Any

SIGNATURE = "CANARYsign"
"""Every signature begins so; a copy that holds this text holds a live link."""
DEFAULT_BASE = "https://cdn.invalid"
SIGNED_SECONDS = 1800
STORAGE_SECONDS = 3600


class Links:
    """The links of one answer: `reads` and the service's clock make each signature new."""

    def __init__(self, base: str, reads: int, clock_seconds: int) -> None:
        self.base = base
        self._until = clock_seconds + SIGNED_SECONDS + reads % 60
        self._storage_until = clock_seconds + STORAGE_SECONDS + reads % 60
        self._signature = f"{SIGNATURE}{reads:06d}"
        self._signed = f"?expires={self._until}&sign={self._signature}"
        self._stored = (
            f"?X-Amz-Expires={STORAGE_SECONDS}&expires={self._storage_until}"
            f"&X-Amz-Signature={self._signature}"
        )

    def signed(self, path: str) -> str:
        """A link of the delivery network, good for half an hour."""
        return f"{self.base}{path}{self._signed}"

    def stored(self, path: str) -> str:
        """A link of the object storage, good for an hour."""
        return f"{self.base}{path}{self._stored}"

    def open(self, asset: dict[str, Any]) -> None:
        """Give a rendition links without signature."""
        path = f"{self.base}/files/assets/{asset['id']}/{asset['file_size']}"
        asset["url"] = path
        asset["download_link"] = f"{path}?filename={asset['original_name']}"

    def poster(self, folder: str, poster: dict[str, Any]) -> dict[str, Any]:
        """The poster with its four links, which are unsigned in all samples."""
        path = f"{self.base}/files/posters/{folder}"
        sizes = {
            size: f"{path}/{size}/{poster['id']}.png" for size in ("original", "md", "sm", "xs")
        }
        return {**poster, **sizes}


def is_live(query: dict[str, str], clock_seconds: int) -> bool:
    """Whether a signed link's query still opens its file."""
    signature = query.get("sign") or query.get("X-Amz-Signature", "")
    return signature.startswith(SIGNATURE) and int(query.get("expires", "0")) > clock_seconds


def lines(name: str, size: int) -> bytes:
    """The bytes of a made media file: its own id, line by line, cut at `size`."""
    line = name.encode() + b"\n"
    return (line * (size // len(line) + 1))[:size]


def picture(name: str) -> bytes:
    """A PNG of one pixel whose colour follows from the name."""
    colour = zlib.crc32(name.encode()).to_bytes(4, "big")[:3]

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body).to_bytes(4, "big")
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" + colour))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def captions(name: str) -> bytes:
    """A WebVTT file with one cue."""
    return f"WEBVTT\n\n00:00.000 --> 00:02.000\n{name}\n".encode()
