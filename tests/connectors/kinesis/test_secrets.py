"""Kinesis API: no secret reaches the warehouse, the stage, a message or a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.kinesis.redact import is_secret, open_structures, without_secrets
from tests.kit.account import Bench
from tests.kit.written import everything_below


def test_no_secret_is_written_anywhere(made: Callable[..., Bench]) -> None:
    """A run that fails half-way leaves its stage behind: neither this nor the warehouse, the
    messages or the results hold a password, a hash, a secret setting, a sealed value or its
    default, or a token."""
    switches = {
        "credential": "login",
        "password_hash": "everywhere",
        "media_fields": "current",
        "payload_key": "data_object",
    }
    kinesis = made("kinesis", switches=switches)
    kinesis.stand_in.faults.add("status", match="/data/fetch/all", times=None, after=6, status=500)
    failed = kinesis.sync()
    assert failed.status == "partial"
    assert next(kinesis.folder.rglob("*.journal")).stat().st_size > 5000
    written = everything_below(kinesis.folder)
    kinesis.stand_in.faults.clear()
    whole = kinesis.sync()
    assert whole.status == "complete"
    kinesis.assert_true()
    written += everything_below(kinesis.folder)
    assert b"Corner Bookshop" in written and b"Arrived damp" in written
    told = f"{failed} {whole} {kinesis.progress}"
    secrets = kinesis.world.secrets()
    assert len(secrets) > 40
    assert not [text for text in secrets if text.encode() in written or text in told]
    for name in (b"access_token=", b"$argon2id", b'"reset_token"'):
        assert name not in written


@pytest.mark.parametrize(
    ("structure", "secret"),
    [
        ({"id": "a", "stype": "TEXT", "encrypted": False}, False),
        ({"id": "a", "stype": "TEXT"}, False),
        ({"id": "a", "stype": {"CUSTOM": "comment"}, "encrypted": False}, False),
        ({"id": "a", "stype": "PASSWORD", "encrypted": False}, True),
        ({"id": "a", "stype": "Password"}, True),
        ({"id": "a", "stype": {"PASSWORD": None}}, True),
        ({"id": "a", "stype": "TEXT", "encrypted": True}, True),
        ({"id": "a", "stype": "TEXT", "encrypted": "true"}, True),
        ({"id": "a", "encrypted": False}, True),
        ({"id": "a", "stype": ["TEXT", "EMAIL"]}, True),
    ],
)
def test_only_what_is_known_to_be_open_is_kept(structure: dict[str, Any], secret: bool) -> None:
    """Passwords and encrypted fields are secret, and so is what cannot be told."""
    assert is_secret(structure) is secret
    shown = open_structures({"structures": [structure], "custom_structures": None})
    assert shown == {"": frozenset() if secret else frozenset({"a"})}


def test_values_that_no_structure_answers_for_are_dropped() -> None:
    """A structure added since, an unknown group, or a value somewhere else in the record."""
    bind = {"open": {"": frozenset({"a"}), "g": frozenset({"b"})}, "sealed": frozenset({"pin"})}
    record = {
        "data_id": "d1",
        "published": True,
        "lastEdited": 5,
        "pin": "1234",
        "values": {"pin": "1234"},
        "structures": [{"id": "a", "value": "1"}, {"id": "new", "value": "?"}, "?"],
        "custom_structures": [
            {"id": "g", "structures": [{"id": "b", "value": "2"}, {"id": "a", "value": "?"}]},
            {"id": "h", "structures": [{"id": "b", "value": "?"}]},
        ],
    }
    cleaned = without_secrets(
        {"path": "/data/fetch/all", "bind": bind}, {"status": 200, "pairs": [record, "?"]}
    )
    assert cleaned["pairs"] == [
        {
            "data_id": "d1",
            "published": True,
            "lastEdited": 5,
            "structures": [{"id": "a", "value": "1"}],
            "custom_structures": [
                {"id": "g", "structures": [{"id": "b", "value": "2"}]},
                {"id": "h", "structures": []},
            ],
        },
        None,
    ]


@pytest.mark.parametrize("path", ["/config/fetch/all", "/data/fetch", "/collection/fetch/all"])
def test_an_answer_of_unknown_shape_keeps_only_its_envelope(path: str) -> None:
    """Wherever its rows may be, they are not written."""
    answer = {"status": 200, "message": "ok", "amount": 1, "entries": [{"value": "?"}]}
    assert without_secrets({"path": path, "bind": {}}, answer) == {
        "status": 200,
        "message": "ok",
        "amount": 1,
    }


def test_settings_are_kept_by_name_and_without_users_in_addresses() -> None:
    """Names ignore case; an address that names a user and a password loses its value."""
    rows = [
        {"name": "env", "value": "production"},
        {"key": "API_URL", "value": "https://me:secret@api.example"},
        {"name": "TOKEN_KEY", "value": "secret"},
        {"name": "greeting", "value": "hello"},
    ]
    answer = {"status": 200, "data": {"configs": rows}}
    request = {"path": "/config/fetch/all", "bind": {}}
    assert without_secrets(request, answer)["data"]["configs"] == [
        {"name": "env", "value": "production"},
        {"key": "API_URL"},
        {"name": "TOKEN_KEY"},
        {"name": "greeting"},
    ]
