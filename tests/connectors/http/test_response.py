"""From bytes to JSON: nothing is lost for one odd character, nothing broken passes as whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.http.response import LONGEST_PAUSE, NoJson, http_date, read_payload, retry_after

NOON = 1763726400.0
"""21 November 2025, 12:00 UTC."""
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(body: bytes, content_type: str = "application/json") -> tuple[Any, int]:
    return read_payload(body, content_type)


@given(JSON)
@settings(max_examples=50)
def test_what_was_encoded_is_read_back(value: Any) -> None:
    """Ordinary JSON arrives as it is, with nothing repaired."""
    assert read(msgspec.json.encode(value)) == (value, 0)


@pytest.mark.parametrize(
    ("body", "payload", "repaired"),
    [
        (
            b'{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1}',
            {"a": None, "b": None, "c": None, "d": 1},
            3,
        ),
        (b"[1e400, -1e400, 1e300]", [None, None, 1e300], 2),
        (b'["\\ud800", "\\ud83d\\ude00", "a\\udc00b"]', ["�", "😀", "a�b"], 2),
        (b'{"\\ud800": {"x": ["\\udfff"]}}', {"�": {"x": ["�"]}}, 2),
        (b'["\xff\xfe", 1]', ["��", 1], 2),
        (b'["raw\ttab and\nline", 1]', ["raw\ttab and\nline", 1], 0),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}, 0),
        (b"123456789012345678901234567890", 123456789012345678901234567890, 0),
        (b"[123456789012345678901234567890, NaN]", [123456789012345678901234567890, None], 1),
    ],
)
def test_odd_characters_are_repaired_and_counted(body: bytes, payload: Any, repaired: int) -> None:
    """What JSON cannot carry is replaced and counted; all around it, and big integers, stay."""
    assert read(body) == (payload, repaired)
    assert msgspec.json.encode(read(body)[0])


def test_an_older_character_set_is_read_as_declared() -> None:
    """A service that says latin-1 means it."""
    assert read('["é"]'.encode("latin-1"), "application/json; charset=iso-8859-1") == (["é"], 0)


@pytest.mark.parametrize(
    ("body", "content_type", "says"),
    [
        (b'{"items": [1, 2', "application/json", "15 bytes of broken or cut off JSON"),
        (b"", "application/json", "empty body"),
        (b"  \n", "application/json", "empty body"),
        (b"<!doctype html><p>", "text/html; charset=utf-8", "HTML, is base_url right?"),
        (b" <html>", "", "HTML, is base_url right?"),
        (b"[]", "text/plain", "text/plain instead of JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", "nested too deeply"),
        (b'[NaN, "\\', "application/json", "cut off"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_json_says_what_it_is(body: bytes, content_type: str, says: str) -> None:
    """The one_line name the trouble, and never show what the body holds."""
    with pytest.raises(NoJson) as caught:
        read(body, content_type)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "content_type",
    ["application/json;charset=UTF-8", "application/vnd.kippt.20131007+json", "TEXT/JSON", ""],
)
def test_all_spellings_of_json_are_taken(content_type: str) -> None:
    """Versions in the media type, capitals, and no type at all."""
    assert read(b"[1]", content_type) == ([1], 0)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    """Any bytes give a payload that can be written again, or NoJson."""
    try:
        payload, _ = read(body)
    except NoJson:
        return
    msgspec.json.encode(payload)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "9" * 400}, LONGEST_PAUSE),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, LONGEST_PAUSE),
        (
            {
                "retry-after": "Fri, 21 Nov 2925 12:01:00 GMT",
                "date": "Fri, 21 Nov 2925 12:00:00 GMT",
            },
            60.0,
        ),
        ({"retry-after": "Fri, 21 Nov 2025 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 99 Nov 2025 11:00:00 GMT"}, None),
        ({"retry-after": "Fri, 21 Nov 2025 12:01:00 GMT", "date": "rubbish"}, 60.0),
    ],
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    """What cannot be read counts as unsaid, what is past as now."""
    assert retry_after(headers, lambda: NOON) == seconds


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine nine hours ahead of UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_date_without_a_zone_is_utc_wherever_the_machine_stands() -> None:
    """`-0000` says that nobody knows the zone of the writer; the time is UTC all the same."""
    waits = [
        retry_after({"retry-after": f"Fri, 21 Nov 2025 12:01:00 {until}", **date}, lambda: NOON)
        for until in ("-0000", "+0000", "GMT")
        for date in ({}, {"date": "Fri, 21 Nov 2025 12:00:00 -0000"})
    ]
    assert waits == [60.0] * 6
    assert http_date("Fri, 21 Nov 2025 12:00:00 -0000").isoformat() == "2025-11-21T12:00:00+00:00"
