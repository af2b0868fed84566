"""Files that cards, spaces and images name: what lies where, and what is in it."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

from sandbox.service import Response

HOSTS = {
    "https://cdn.kinopio.club/": "/cdn/",
    "https://files.kinopio.club/": "/older/",
}
"""The hosts of uploads, and where their files lie below the base of a file host."""
ONE_NAMED = re.compile(r"\S+/(?:cdn|older)/\S+\.(?:png|jpg|pdf)")
NAMING = (
    ("cards", ("space_id", "id"), "name"),
    ("cards", ("space_id", "id"), "url_preview_image"),
    ("spaces", ("id",), "drawing_image"),
    ("boxes", ("space_id", "id"), "background"),
    ("ai_images", ("url",), "url"),
)


def moved(text: str, base: str) -> str:
    """The text with addresses of uploads leading below the base, if there is one."""
    for host, folder in HOSTS.items() if base else ():
        text = text.replace(host, f"{base}{folder}")
    return text


def moved_response(response: Response, base: str) -> Response:
    """The same for an answer."""
    body = moved(response.body.decode(), base).encode()
    return Response(response.status, body, response.headers)


def moved_tables(
    tables: dict[str, list[dict[str, Any]]], base: str
) -> dict[str, list[dict[str, Any]]]:
    """The same for the truth."""
    if not base:
        return tables
    found: dict[str, list[dict[str, Any]]] = json.loads(moved(json.dumps(tables), base))
    return found


def stored(path: str) -> Response:
    """The upload at a path: bytes that follow from it."""
    ending = path.rpartition(".")[2]
    kinds = {"png": "image/png", "jpg": "image/jpeg", "pdf": "application/pdf"}
    if not path.startswith(("/cdn/", "/older/")) or ending not in kinds:
        return Response.of_text("no such key", 404)
    return Response(200, body_of(path), {"Content-Type": kinds[ending]})


def body_of(path: str) -> bytes:
    """Some hundred bytes that no other path has."""
    seed = sha256(path.encode()).digest()
    return b"\x89PNG" + seed * (3 + seed[0] % 40)


def true_files(tables: dict[str, list[dict[str, Any]]], base: str) -> list[dict[str, Any]]:
    """What a copy of these tables names below the base, each file of a record once."""
    found: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for table, key, field in NAMING:
        for row in tables[table]:
            record_key = "/".join(str(row[name]) for name in key)
            for address in ONE_NAMED.findall(str(row.get(field) or "")):
                body = body_of(address.removeprefix(base))
                found[table, record_key, field, address] = {
                    "table": table,
                    "record_key": record_key,
                    "field": field,
                    "sha256": sha256(body).hexdigest(),
                    "bytes": len(body),
                }
    return list(found.values())
