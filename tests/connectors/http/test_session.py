"""Logging in: when it is needed, once for all threads, and again when a session ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from connectors.core import errors
from connectors.http.config import HttpConfig, Login, Request
from connectors.kinesis.errors import classify_kinesis

GET = Request("GET", "/project/fetch/all")
PASSWORD = {"username": "ada", "password": "canary-password"}
LOGIN = Login(
    request=lambda parts: Request(
        "POST", "/user/login", body={"auth_data": parts["username"], "password": parts["password"]}
    ),
    token=lambda payload: {"token": payload["jwt"], "uid": str(payload["uid"])},
    renew=lambda parts: Request("POST", "/user/login/jwt", body={"uid": parts["uid"]}),
    life=lambda payload: payload.get("life"),
)
RULES = HttpConfig(
    headers={"Authorization": "Bearer {token}"},
    params={"uid": "{uid}"},
    classify=classify_kinesis,
    login=LOGIN,
)


class Instance:
    """A service with sessions: tokens are `canary-jwt-N`, of which only `valid` hold."""

    def __init__(self, life: float | None = None) -> None:
        self.life = life
        self.given = 0
        self.valid: set[str] = set()
        self.seen: list[httpx.Request] = []
        self.refusing = ""
        self.lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.seen.append(request)
            path = request.url.path
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if path.endswith("/user/login"):
                if self.refusing:
                    return self.body(404, self.refusing)
                assert json.loads(request.content) == {
                    "auth_data": "ada",
                    "password": "canary-password",
                }
                return self.session()
            if path.endswith("/user/login/jwt"):
                if token not in self.valid:
                    return self.body(500, "Error: Failed decoding JWT (ExpiredSignature)")
                return self.session()
            if token not in self.valid:
                return self.body(500, "Error: Failed decoding JWT (ExpiredSignature)")
            assert request.url.params["uid"] == "0"
            return httpx.Response(200, json={"status": 200, "message": "ok", "projects": []})

    def session(self) -> httpx.Response:
        self.given += 1
        self.valid = {f"canary-jwt-{self.given}"}
        more = {} if self.life is None else {"life": self.life}
        found = {"status": 200, "uid": 0, "jwt": f"canary-jwt-{self.given}", **more}
        return httpx.Response(200, json=found)

    @staticmethod
    def body(status: int, message: str) -> httpx.Response:
        return httpx.Response(200, json={"status": status, "message": message})

    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/v1") for request in self.seen]


def test_the_first_request_logs_in_and_later_ones_do_not(bench: Any) -> None:
    """One login serves a whole run; its uid travels with every request, even when it is 0."""
    instance = Instance()
    at = bench(instance, RULES, credential=PASSWORD)
    at.client.ask(GET)
    at.client.ask(GET)
    assert instance.paths() == ["/user/login", "/project/fetch/all", "/project/fetch/all"]
    assert "authorization" not in instance.seen[0].headers
    assert at.client.part("uid") == "0"
    assert len(at.told("login")) == 1


def test_a_given_token_needs_no_login(bench: Any) -> None:
    """A personal access token with its uid is used as it is."""
    instance = Instance()
    instance.valid = {"canary-pat"}
    bench(instance, RULES, credential={"token": "canary-pat", "uid": "0"}).client.ask(GET)
    assert instance.paths() == ["/project/fetch/all"]


def test_an_ended_session_is_renewed_by_one_login_and_one_repeat(bench: Any) -> None:
    """The body status 500 of an expired token is no server fault."""
    instance = Instance()
    at = bench(instance, RULES, credential=PASSWORD)
    at.client.ask(GET)
    instance.valid = set()
    answer = at.client.ask(GET)
    assert instance.given == 2
    assert instance.seen[-1].headers["authorization"] == "Bearer canary-jwt-2"
    assert answer.attempts == 2
    assert at.clock.sleeps == []


def test_a_session_refused_when_new_is_a_bad_credential(bench: Any) -> None:
    """Logging in again and again would help nobody."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/user/login"):
            return httpx.Response(200, json={"status": 200, "uid": 0, "jwt": "canary-jwt"})
        return Instance.body(500, "Error: Failed decoding JWT (InvalidSignature)")

    at = bench(handle, RULES, credential=PASSWORD, variables=["KINESIS_USERNAME"])
    with pytest.raises(errors.BadCredential, match="KINESIS_USERNAME") as caught:
        at.client.ask(GET)
    assert "Failed decoding JWT" in str(caught.value)
    assert at.client.statistics.requests == 4


def test_an_expired_personal_token_is_a_bad_credential(bench: Any) -> None:
    """Where nothing can log in, the error comes at once."""
    at = bench(Instance(), RULES, credential={"token": "canary-old", "uid": "0"})
    with pytest.raises(errors.BadCredential) as caught:
        at.client.ask(GET)
    assert at.client.statistics.requests == 1
    assert "canary-old" not in repr(caught.value)


def test_threads_share_one_login(bench: Any) -> None:
    """Twelve threads that start together, or find the session ended together, log in once."""
    instance = Instance()
    at = bench(instance, RULES, credential=PASSWORD)

    def all_ask() -> None:
        threads = [threading.Thread(target=at.client.ask, args=(GET,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    all_ask()
    assert instance.given == 1
    instance.valid = set()
    all_ask()
    assert instance.given == 2
    assert instance.paths().count("/user/login") == 2


def test_a_session_with_a_known_life_is_renewed_before_it_ends(bench: Any) -> None:
    """No request runs into the end of a session whose end is known."""
    instance = Instance(life=900)
    at = bench(instance, RULES, credential=PASSWORD)
    at.client.ask(GET)
    at.clock.pass_(830)
    at.client.ask(GET)
    assert "/user/login/jwt" not in instance.paths()
    at.clock.pass_(15)
    at.client.ask(GET)
    assert instance.paths()[-2:] == ["/user/login/jwt", "/project/fetch/all"]
    assert instance.seen[-2].headers["authorization"] == "Bearer canary-jwt-1"
    assert at.told("login")[-1] == {"renewal": True}


def test_a_renewal_that_comes_too_late_falls_back_to_the_password(bench: Any) -> None:
    """After a long pause the old session cannot renew itself any more."""
    instance = Instance(life=900)
    at = bench(instance, RULES, credential=PASSWORD)
    at.client.ask(GET)
    at.clock.pass_(5000)
    instance.valid = set()
    at.client.ask(GET)
    assert instance.paths()[-3:] == ["/user/login/jwt", "/user/login", "/project/fetch/all"]


def test_a_refused_login_is_tried_once_for_all_threads(bench: Any) -> None:
    """Services lock accounts after a few wrong passwords."""
    instance = Instance()
    instance.refusing = "Error: Account with this Username not found"
    at = bench(instance, RULES, credential=PASSWORD)
    for _ in range(3):
        with pytest.raises(errors.BadCredential, match="this Username not found"):
            at.client.ask(GET)
    assert instance.paths() == ["/user/login"]


def test_a_login_that_is_not_there_points_to_base_url(bench: Any) -> None:
    """A 404 page for the login means a wrong address, not a missing record."""
    at = bench(lambda _: httpx.Response(404, html="<p>no</p>"), RULES, credential=PASSWORD)
    with pytest.raises(errors.BadSettings, match="base_url"):
        at.client.ask(GET)


@pytest.mark.parametrize("payload", [{"status": 200}, {"status": 200, "jwt": "", "uid": 1}])
def test_a_login_without_a_token_is_a_bad_credential(
    bench: Any, payload: Mapping[str, Any]
) -> None:
    """An answer that looks well but holds no token is not believed."""
    at = bench(lambda _: httpx.Response(200, json=payload), RULES, credential=PASSWORD)
    with pytest.raises(errors.BadCredential, match="without a token"):
        at.client.ask(GET)


def test_trouble_during_the_login_is_asked_through(bench: Any) -> None:
    """A login is repeated like a read: it changes nothing."""
    instance = Instance()
    troubles = [httpx.Response(502, html="<p>gateway</p>")]
    at = bench(
        lambda request: troubles.pop() if troubles else instance(request),
        RULES,
        credential=PASSWORD,
    )
    assert at.client.ask(GET).status == 200


def test_a_login_that_fails_is_tried_by_one_thread_with_one_budget(bench: Any) -> None:
    """Four threads and the next tables share its failure: 8 requests with a password, not 32.
    Minutes later the service may be well again."""
    instance = Instance()
    down = [True]

    def handle(request: httpx.Request) -> httpx.Response:
        if down:
            instance.seen.append(request)
            return httpx.Response(503, json={"message": "maintenance"})
        return instance(request)

    at = bench(handle, RULES, credential=PASSWORD)
    failed: list[errors.KollectError] = []

    def ask() -> None:
        with pytest.raises(errors.ServerFault, match="503") as caught:
            at.client.ask(GET)
        failed.append(caught.value)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ask()
    assert len(failed) == 5
    assert instance.paths() == ["/user/login"] * 8
    down.clear()
    at.clock.pass_(301)
    assert at.client.ask(GET).status == 200


def test_a_blank_at_the_end_of_a_token_is_said(bench: Any) -> None:
    """A pasted line break or blank is not sent, and the token is not shown."""
    for token in ("canary ", "canary\n", "\tcanary"):
        with pytest.raises(errors.BadCredential, match="token begins or ends with a blank") as e:
            bench(
                Instance(),
                HttpConfig(headers={"A": "Bearer {token}"}),
                credential={"token": token},
                variables=["KIPPT_API_TOKEN"],
            )
        assert "KIPPT_API_TOKEN" in str(e.value) and "canary" not in repr(e.value)


def test_an_incomplete_credential_names_what_lacks(bench: Any) -> None:
    """Neither a token with its uid nor a password: said before anything is asked."""
    plain = HttpConfig(headers={"X-User": "{username}", "X-Token": "{token}"})
    with pytest.raises(errors.BadSettings, match=r"lacks its token.*Set KIPPT_API_TOKEN") as caught:
        bench(Instance(), plain, credential={"username": "ada"}, variables=["KIPPT_API_TOKEN"])
    assert errors.exit_status(caught.value) == 2
    at = bench(Instance(), RULES, credential={"token": "canary-pat"})
    with pytest.raises(errors.BadSettings, match="lacks its uid"):
        at.client.ask(GET)


def test_a_credential_that_no_header_can_carry_is_refused_without_repeating_it(bench: Any) -> None:
    """A line break pasted into a token, or a letter with an accent, is said but not shown."""
    for token in ("canary\nsecret", "canary-sécret"):
        at = bench(Instance(), HttpConfig(headers={"A": "{token}"}), credential={"token": token})
        with pytest.raises(errors.BadCredential, match="cannot be sent") as caught:
            at.client.ask(GET)
        assert "canary" not in repr(caught.value)


def test_a_request_may_carry_its_own_authorization(bench: Any) -> None:
    """Two doors of one service (REST and GraphQL) may want the token in different headers."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    at = bench(handle, HttpConfig(headers={"X-API-KEY": "{token}"}), credential={"token": "abcd"})
    at.client.ask(Request("GET", "/x", headers=(("Authorization", "Bearer {token}"),)))
    assert seen[0].headers["x-api-key"] == "abcd"
    assert seen[0].headers["authorization"] == "Bearer abcd"
