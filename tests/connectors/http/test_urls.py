"""Where requests may go: the host of the base URL, and nowhere else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.core import errors
from connectors.http.config import Request

GET = Request("GET", "/things")


def redirecting(seen: list[httpx.Request], to: str, times: int = 1, status: int = 302) -> Any:
    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) <= times:
            return httpx.Response(status, headers={"location": to})
        return httpx.Response(200, json={"ok": True})

    return handle


@pytest.mark.parametrize("to", ["/v1/things/", "things/", "https://api.example:443/v1/things/"])
def test_a_redirect_on_the_same_host_is_followed(bench: Any, to: str) -> None:
    """A missing slash costs one more request, which keeps the authorization and the rate."""
    seen: list[httpx.Request] = []
    at = bench(redirecting(seen, to))
    assert at.client.ask(GET).payload == {"ok": True}
    assert seen[1].url.path == "/v1/things/"
    assert seen[1].headers["authorization"] == seen[0].headers["authorization"]
    assert at.client.statistics.requests == 2
    assert at.client.statistics.retries == 0


@pytest.mark.parametrize(
    "to",
    [
        "https://elsewhere.example/v1/things",
        "http://api.example/v1/things",
        "https://api.example:8443/v1/things",
        "//elsewhere.example/x?token=canary-in-link",
        "https://api.example@elsewhere.example/",
        "https://ada:canary@api.example/v1/things",
        "http://[broken",
    ],
)
def test_no_redirect_leads_away(bench: Any, to: str) -> None:
    """Another scheme, host or port never sees the request, whatever the service says."""
    seen: list[httpx.Request] = []
    at = bench(redirecting(seen, to))
    with pytest.raises(errors.Refused, match="base_url") as caught:
        at.client.ask(GET)
    assert len(seen) == 1
    assert "canary" not in str(caught.value)


def test_a_move_to_https_says_how_to_follow_it(bench: Any) -> None:
    """The commonest case has its own advice."""
    at = bench(redirecting([], "https://api.example/v1"), base_url="http://api.example/v1")
    with pytest.raises(errors.Refused, match="Set base_url to its https address"):
        at.client.ask(GET)


def test_redirects_in_a_circle_end(bench: Any) -> None:
    """Three are followed, then it is said."""
    seen: list[httpx.Request] = []
    with pytest.raises(errors.Refused, match="more than 3"):
        bench(redirecting(seen, "/v1/things", times=99)).client.ask(GET)
    assert len(seen) == 4


def test_a_post_is_not_turned_into_a_get(bench: Any) -> None:
    """302 after a POST would ask another question; 307 repeats the same one."""
    seen: list[httpx.Request] = []
    post = Request("POST", "/graphql", body={"query": "{a}"}, repeatable=True)
    with pytest.raises(errors.Refused):
        bench(redirecting(seen, "/v1/graphql/")).client.ask(post)
    seen.clear()
    bench(redirecting(seen, "/v1/graphql/", status=307)).client.ask(post)
    assert [request.method for request in seen] == ["POST", "POST"]
    assert seen[1].content == seen[0].content


def test_a_paging_link_on_the_same_host_is_asked_as_it_is(bench: Any) -> None:
    """Absolute links keep their own parameters."""
    seen: list[httpx.Request] = []
    at = bench(redirecting(seen, "", times=0))
    at.client.ask(Request("GET", "https://api.example/v2/x?offset=20", params=(("limit", "5"),)))
    assert str(seen[0].url) == "https://api.example/v2/x?offset=20&limit=5"
    with pytest.raises(errors.Refused, match="another host"):
        at.client.ask(Request("GET", "https://elsewhere.example/v2/x"))
    assert len(seen) == 1


@pytest.mark.parametrize(
    "base_url",
    [
        "api.example/v1",
        "ftp://api.example",
        "https://",
        "https://ada:canary@api.example",
        "https://api.example/?apiKey=canary",
        "https://api.example:port",
        "",
    ],
)
def test_an_unusable_base_url_is_said_before_anything_is_asked(bench: Any, base_url: str) -> None:
    """Wrong settings end with exit status 2, and never repeat a secret in the address."""
    with pytest.raises(errors.BadSettings) as caught:
        bench(lambda _: httpx.Response(200), base_url=base_url)
    assert errors.exit_status(caught.value) == 2
    assert "canary" not in str(caught.value)


def test_a_slash_more_or_less_makes_no_difference(bench: Any) -> None:
    """Base URLs are written with and without a slash at their end, and paths at their begin."""
    seen: list[httpx.Request] = []
    for base_url in ("https://api.example/v1", "https://api.example/v1/"):
        for path in ("/things", "things"):
            bench(redirecting(seen, "", times=0), base_url=base_url).client.ask(
                Request("GET", path)
            )
    assert {str(request.url) for request in seen} == {"https://api.example/v1/things"}
