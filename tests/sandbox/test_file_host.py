"""The host of files behaves as HTTP says, and notices every credential that comes along."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sandbox import FileHost, Request, Response, Sandbox
from sandbox.core.ranges import ranged

BODY = b"0123456789"


def part(asked: str = "", validator: str = "etag", **headers: str) -> Response:
    """The answer to a request for a part of ten bytes."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if asked:
        sent["range"] = asked
    return ranged(Request("GET", "/x", sent), Response(200, BODY), validator)


@pytest.mark.parametrize(
    ("asked", "status", "body", "said"),
    [
        ("", 200, BODY, None),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=2-3", 206, b"23", "bytes 2-3/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=2-99", 206, b"23456789", "bytes 2-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("lines=1-2", 200, BODY, None),
    ],
)
def test_parts_are_those_of_the_standard(
    asked: str, status: int, body: bytes, said: str | None
) -> None:
    """RFC 9110, section 14."""
    answer = part(asked)
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers.get("Content-Range") == said


def test_a_part_is_only_sent_while_the_content_is_the_same() -> None:
    """If-Range with another tag, a weak one, or a date where there is none: all of it."""
    tag = part().headers["ETag"]
    assert part("bytes=4-", if_range=tag).status == 206
    assert part("bytes=4-", if_range='"another"').status == 200
    weak = part(validator="weak").headers["ETag"]
    assert weak.startswith("W/")
    assert part("bytes=4-", "weak", if_range=weak).status == 200
    date = part(validator="date").headers["Last-Modified"]
    assert part("bytes=4-", "date", if_range=date).status == 206
    assert "ETag" not in part(validator="none").headers


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(["kinescope", "kippt"], limits=False, files=True) as running:
        yield running


def test_a_token_is_noticed_wherever_it_comes(box: Sandbox) -> None:
    """In the usual header, in any other, in the address; and only then."""
    assert box.file_host is not None
    host = box.file_host.service
    assert isinstance(host, FileHost)
    place = f"{box.file_host.origin}/kippt/avatars/0001/160x160"
    assert httpx.get(place).status_code == 200
    assert host.leaks == []
    token = box.services["kippt"].credentials()["KIPPT_API_TOKEN"]
    for headers in ({"Authorization": "anything"}, {"X-Odd": token}, {"X-Kippt-Username": "m"}):
        assert httpx.get(place, headers=headers).status_code == 400
    assert httpx.get(f"{place}?key={token}").status_code == 400
    assert len(host.leaks) == 4


def test_signed_links_expire_and_are_new_at_each_read(box: Sandbox) -> None:
    """What was good is dead after its time, and the service gives another."""
    world = box.services["kinescope"]
    token = world.credentials()["KINESCOPE_API_TOKEN"]
    address = f"{box.stand_ins['kinescope'].url}/v1/videos?order=created_at.asc"

    def link() -> str:
        rows = httpx.get(address, headers={"Authorization": f"Bearer {token}"}).json()["data"]
        return str(rows[0]["assets"][0]["url"])

    first = link()
    assert first != link()
    assert httpx.get(first).status_code == 200
    world.jump_clock(7200)
    assert httpx.get(first).status_code == 403
    assert httpx.get(link()).status_code == 200


def test_settings_name_the_host_for_every_account(box: Sandbox) -> None:
    """So that whoever writes `files = true` needs nothing else."""
    assert box.file_host is not None
    assert box.settings("x.duckdb").count(f'"{box.file_host.origin}"') == 2
