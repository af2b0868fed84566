"""Addresses and texts that people read lose their secrets; all else in them stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.http.redact import cut_parameters, is_secret_parameter, safe_text, safe_url

PIECES = st.sampled_from(
    [
        *"?&#=%;. \"'()/\\\n\x01é",
        *("%3F", "%26", "%3D", "%253D", "%253f", "%2526", "&amp;", "https://h/p", "amp;", "%4B"),
        *("token", "apiKey", "API_KEY", "api-key", "key", "monkey", "sign", "X-Amz-Date"),
        *("page", "value", "canary", "_", "-", "x" * 70, "ü" * 40),
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)


def without_secrets(text: str) -> str:
    return cut_parameters(text, lambda _, name: is_secret_parameter(name))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("https://x.y/z?a=1&sign=abc&expires=9#f", "https://x.y/z?a=1&expires=9#f"),
        ("https://k/?apiKey=1", "https://k/"),
        ("https://k/?apiKey=1&page=2", "https://k/?page=2"),
        ("see https://k/?collaboratorKey=a-b_c, then go", "see https://k/, then go"),
        ("[link](https://k/?b=1&readOnlyKey=q).", "[link](https://k/?b=1)."),
        ('<a href="/x?token=t&amp;b=2">', '<a href="/x?b=2">'),
        ("/x?b=2&amp;api_key=t&amp;c=3", "/x?b=2&amp;c=3"),
        ("https://s3/o?X-Amz-Date=1&X-Amz-Signature=2&versionId=3", "https://s3/o?versionId=3"),
        ("https://g/o?x-goog-signature=2", "https://g/o"),
        ("https://a/b#access_token=zzz&state=1", "https://a/b#state=1"),
        ("https://a/b?x=1#access_token=zzz", "https://a/b?x=1"),
        (
            "/open?url=https%3A%2F%2Fk%2F%3FapiKey%3Dabc%26b%3D1&z=2",
            "/open?url=https%3A%2F%2Fk%2F%3Fb%3D1&z=2",
        ),
        ("/o?u=%252Fk%253Ftoken%253Dabc%2526b%253D1", "/o?u=%252Fk%253Fb%253D1"),
        (
            "two https://a/?jwt=1 and https://b/?password=2\nend",
            "two https://a/ and https://b/\nend",
        ),
        ("https://a/?api%4Bey=abc", "https://a/"),
        ("https://a/?monkey=1&keynote=2&design=3", "https://a/?monkey=1&keynote=2&design=3"),
        ("really?yes=no, 1 = 2 & token = word", "really?yes=no, 1 = 2 & token = word"),
        ("", ""),
    ],
)
def test_secret_parameters_are_cut_out_and_nothing_else(text: str, clean: str) -> None:
    """Wherever the address stands, plain, quoted or inside another one."""
    assert without_secrets(text) == clean


@given(TEXTS)
@settings(max_examples=300)
def test_cutting_twice_is_cutting_once(text: str) -> None:
    """What was cut holds no secret that a second look would find."""
    once = without_secrets(text)
    assert without_secrets(once) == once


@pytest.mark.parametrize("text", ["x" * 300_000 + "=%", "ab%20c=d" * 30_000, "a&b=c#" * 30_000])
def test_long_texts_take_no_time_worth_mentioning(text: str) -> None:
    """The time grows with the length of a text, not with its square."""
    began = time.process_time()
    safe_text(text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://ada:pw@h:8/p?apiKey=1&page=2", "https://h:8/p?apiKey=***&page=2"),
        ("https://h/p?page=2&per_page=3", "https://h/p?page=2&per_page=3"),
        ("/relative?token=1", "/relative?token=***"),
        ("https://h/p?status%5B%5D=done", "https://h/p?status%5B%5D=done"),
        ("http://[broken", "(an address that cannot be read)"),
    ],
)
def test_addresses_for_people_keep_all_but_secrets(url: str, safe: str) -> None:
    """Host, path and harmless parameters are what an error needs to show."""
    assert safe_url(url) == safe


def test_texts_lose_known_secrets_and_users_in_addresses() -> None:
    """Also a secret that is percent-encoded, and one that begins with another."""
    text = "bad key abcd, abcdef, a%2Fb%2Bc at https://ada:pw@h/?sign=1 of 1"
    secrets = ["abcd", "abcdef", "a/b+c", "1", ""]
    assert safe_text(text, secrets) == "bad key ***, ***, *** at https://h/?sign=*** of 1"
