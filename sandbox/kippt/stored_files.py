"""Images that the service found at clips, and people's pictures."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sandbox.kippt.model import World
from sandbox.service import Response

HOST = "https://pictures.example"


def moved(text: str, base: str) -> str:
    """The text with addresses of pictures leading below the base, if there is one."""
    return text.replace(HOST, base) if base else text


def body_of(path: str) -> bytes:
    """Some hundred bytes that no other path has."""
    seed = sha256(path.encode()).digest()
    return b"\xff\xd8\xff" + seed * (2 + seed[1] % 30)


def stored(path: str) -> Response:
    """The picture at a path."""
    if not path.startswith(("/links/", "/avatars/")):
        return Response.of_text("no such key", 404)
    return Response(200, body_of(path), {"Content-Type": "image/jpeg"})


def true_files(world: World, tables: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The original image of each clip of a copy, and the picture of each user in it."""
    named = []
    for row in tables["clips"]:
        images = (world.clips[row["id"]].media or {}).get("images")
        if images:
            named.append(("clips", row["id"], "media", images["original"]["url"]))
    for row in tables["users"]:
        named.append(("users", row["id"], "avatar_url", world.users[row["id"]].avatar_url))
    found = []
    for table, record_id, field, address in named:
        body = body_of(address.removeprefix(HOST))
        found.append(
            {"table": table, "record_key": str(record_id), "field": field,
             "sha256": sha256(body).hexdigest(), "bytes": len(body)}
        )  # fmt: skip
    return found
