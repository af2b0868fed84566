"""Kinopio: real spaces of every era load without a reject and come back out of `_raw`."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from connectors.core.redact import Redactor
from connectors.kinopio.redact import SECRET_FIELDS, SIGNED_HOSTS, redact
from sandbox import Request
from tests.kit.payloads import DATA, recorded

FOLDER = DATA / "kinopio"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="no sample payloads beside the repository"
)
PARTS = {
    "cards": "cards",
    "connections": "connections",
    "connectionTypes": "connection_types",
    "boxes": "boxes",
    "tags": "tags",
    "lists": "lists",
    "lines": "lines",
}


def spaces() -> dict[str, dict[str, Any]]:
    """Each sample under an id of its own: several samples are eras of the same space."""
    found = {}
    for file in sorted(FOLDER.glob("space.*.json")):
        space = json.loads(file.read_text("utf-8"))
        space["id"] = file.stem
        space.setdefault("updatedAt", "2024-01-01T00:00:00.000Z")
        found[file.stem] = space
    return found


def expected(space: dict[str, Any]) -> dict[str, Any]:
    """What may be kept of a space: all of it but secrets and what users did not publish."""
    cleaned = redact({"path": "/space/multiple"}, copy.deepcopy(space))
    redactor = Redactor(SECRET_FIELDS, signed_hosts=SIGNED_HOSTS)
    whole: dict[str, Any] = redactor.clean(cleaned)
    return whole


def test_real_spaces_load_without_a_reject_and_come_back_whole(tmp_path: Path) -> None:
    """Every record's `_raw`, put together again, is the payload less its secrets."""
    samples = spaces()

    def batch(request: Request) -> Any:
        return [copy.deepcopy(samples[i]) for i in request.query["spaceIds"].split(",")]

    listing = [
        {k: v for k, v in space.items() if not isinstance(v, list)} for space in samples.values()
    ]
    answers: dict[str, Any] = {
        "/user": {"id": "me", "name": "me"},
        "/user/spaces": listing,
        "/user/removed-spaces": [],
        "/user/public/multiple": [],
        "/space/multiple": batch,
        **{f"/space/{name}/removedCards": [] for name in samples},
        "/user/favorite-spaces": [],
        "/user/favorite-users": [],
        "/user/favorite-colors": [],
        "/notifications": [],
        "/user/ai-images": [],
    }
    with recorded(tmp_path, "kinopio", answers, {"KINOPIO_API_KEY": "a-key-of-tests"}) as kinopio:
        result = kinopio.sync()
        assert result.status == "complete", result.as_json()
        assert kinopio.query("SELECT * FROM _kollect.rejects") == []
        for name, space in samples.items():
            kept = json.loads(kinopio.rows("spaces")[(name,)]["_raw"])
            for field, table in PARTS.items():
                if field in space:
                    raws = [
                        json.loads(raw)
                        for (raw,) in kinopio.query(
                            f"SELECT _raw FROM kinopio.{table} WHERE space_id = ?", name
                        )
                    ]
                    kept[field] = sorted(raws, key=lambda record: str(record["id"]))
            wanted = expected(space)
            for field in PARTS:
                if field in wanted:
                    wanted[field] = sorted(wanted[field], key=lambda record: str(record["id"]))
            assert kept == wanted
