"""A service's own secrets leave its answers; what people wrote stays word for word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import SERVICES, connector
from connectors.core.redact import Redactor
from connectors.core.schema import DeclarationError
from connectors.core.validate import checked

FIELDS = ["apiKey", "collaborator_key", "password"]
HOSTS = {
    "own": ("sign", "X-Amz-*"),
    "app.example": ("apiKey",),
    "*.app.example": ("apiKey",),
    "*": ("inviteKey",),
    "*/media/stream": ("access_token",),
}
BASE = "https://api.example.org/v1"
KEPT = (
    "https://zoom.us/j/1?pwd=abc",
    "https://docs.google.com/spreadsheet/ccc?key=0Ak&hl=en#gid=0",
    "https://example.com/?session=1&auth=2&sig=3&token=4&apiKey=5&sign=6&X-Amz-Date=7",
    "https://elsewhere.example/?u=https%3A%2F%2Fzoom.us%2Fj%2F1%3Fpwd%3Dabc",
    "https://app.example.evil.example/?apiKey=5",
    "https://files.example/pictures?access_token=1",
    "1 = 2 & key = value, 100%",
)
"""What people write; none of it is a secret of the service."""


def redactor() -> Redactor:
    return Redactor(FIELDS, ["assets[].url", "stream.keys.main"], HOSTS, BASE)


@pytest.mark.parametrize("text", KEPT)
def test_what_people_wrote_is_kept_word_for_word(text: str) -> None:
    """By this service and by the declarations of all five, wherever it stands."""
    assert redactor().clean({"a": [{"b": text}]}) == {"a": [{"b": text}]}
    for service in SERVICES:
        page = connector(service)
        own = Redactor(page.secret_fields, page.secret_paths, page.signed_hosts, BASE)
        assert own.clean([text]) == [text]
        assert own.clean(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("https://api.example.org:8443/f?sign=abc&size=9", "https://api.example.org:8443/f?size=9"),
        ("https://API.example.org/f?x-amz-date=1&X-Amz-Signature=2", "https://API.example.org/f"),
        ("come: app.example/join?id=1&inviteKey=abc!", "come: app.example/join?id=1!"),
        ("[x](https://any.example/s#inviteKey=abc).", "[x](https://any.example/s)."),
        ("https://feeds.app.example/feed.json?API_KEY=1", "https://feeds.app.example/feed.json"),
        ("/media/stream?media_id=1&access_token=x", "/media/stream?media_id=1"),
        (
            "http://nas.example/api/media/stream?access_token=x",
            "http://nas.example/api/media/stream",
        ),
        (
            "https://img.example/?u=https%3A%2F%2Fapp.example%2Ff%3FapiKey%3Dabc%26b%3D1&z=2",
            "https://img.example/?u=https%3A%2F%2Fapp.example%2Ff%3Fb%3D1&z=2",
        ),
    ],
)
def test_declared_parameters_leave_the_links_that_they_open(text: str, clean: str) -> None:
    """At the declared hosts and paths, also in relative links and links inside of links."""
    assert redactor().clean([{"x": text}]) == [{"x": clean}]


def test_members_are_dropped_by_name_and_by_place_at_any_depth() -> None:
    """Without regard to case, `_` and `-`; lists and objects around them stay."""
    record: dict[str, Any] = {
        "id": 1,
        "API_key": "canary",
        "users": [{"name": "Ada", "apikey": "canary", "more": {"Collaborator-Key": ["canary"]}}],
        "passwords": 3,
        "assets": [{"id": 2, "url": "canary"}],
        "deep": [[{"assets": {"url": "canary", "assets": [{"Url": "canary"}]}}]],
        "stream": {"url": "kept", "keys": {"main": "canary", "other": 1}},
        "url": "kept",
    }
    cleaned = redactor().clean(record)
    assert cleaned is record
    assert cleaned == {
        "id": 1,
        "users": [{"name": "Ada", "more": {}}],
        "passwords": 3,
        "assets": [{"id": 2}],
        "deep": [[{"assets": {"assets": [{}]}}]],
        "stream": {"url": "kept", "keys": {"other": 1}},
        "url": "kept",
    }


def test_deep_nesting_is_no_obstacle() -> None:
    """A record of any depth that could be read can be cleaned."""
    value: Any = {"password": "canary", "kept": 1}
    for _ in range(5000):
        value = [value]
    redactor().clean(value)
    while isinstance(value, list):
        (value,) = value
    assert value == {"kept": 1}


JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(KEPT) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "assets", "stream", "keys"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=200)
def test_an_answer_without_secrets_comes_back_as_it_was(value: Any) -> None:
    """Whatever its shape."""
    before = msgspec.json.encode(value)
    assert msgspec.json.encode(redactor().clean(value)) == before


@pytest.mark.parametrize(
    "declaration",
    [
        {"secret_fields": ("",)},
        {"secret_fields": ("_-",)},
        {"secret_fields": ("schlüssel",)},
        {"secret_fields": ("data.token",)},
        {"secret_paths": ("token",)},
        {"secret_paths": ("assets[]..url",)},
        {"signed_hosts": {"https://cdn.example": ("sign",)}},
        {"signed_hosts": {"cdn.example?": ("sign",)}},
        {"signed_hosts": {"cdn.example": ()}},
        {"signed_hosts": {"cdn.example": ("sign=",)}},
    ],
)
def test_a_secret_name_that_can_never_match_is_rejected_at_import(
    declaration: dict[str, Any],
) -> None:
    """The error names the connector's page and the declaration."""
    page = connector("kippt")
    with pytest.raises(DeclarationError, match=r"connectors/kippt/__init__.py: a secret .*"):
        checked(replace(page, **declaration))
