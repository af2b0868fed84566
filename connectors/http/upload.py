"""Bodies that are files: sent piece by piece, with their length told before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

CHUNK = 64 * 1024


@dataclass(frozen=True)
class FileBody:
    """Bytes around the content of a file; iterating opens the file anew each time."""

    file: Path
    content_type: str
    before: bytes = b""
    after: bytes = b""

    @property
    def length(self) -> int:
        """In bytes. Raises OSError where the file is not there."""
        return len(self.before) + self.file.stat().st_size + len(self.after)

    def __iter__(self) -> Iterator[bytes]:
        yield self.before
        with self.file.open("rb") as content:
            while chunk := content.read(CHUNK):
                yield chunk
        yield self.after


def form_body(file: Path, part: str, name: str, fields: Mapping[str, str]) -> FileBody:
    """A multipart form of these fields and the file, as its part of this name."""
    boundary = f"kollect-{token_hex(16)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    safe_name = name.replace('"', "%22").replace("\r", " ").replace("\n", " ")
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"; '
        f'filename="{safe_name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    )
    return FileBody(
        file,
        f"multipart/form-data; boundary={boundary}",
        "".join(parts).encode(),
        f"\r\n--{boundary}--\r\n".encode(),
    )
