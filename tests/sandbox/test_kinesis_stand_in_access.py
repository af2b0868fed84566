"""Who gets into the Kinesis stand-in, and how it words errors."""

from __future__ import annotations

import pytest

from sandbox.kinesis import Kinesis
from sandbox.kinesis.visitor import ask, body, login, post, read
from sandbox.service import Request

EVERY = {"project_id": "_lab", "collection_id": "every_type"}


def test_errors_of_handlers_come_as_http_200_or_with_their_status() -> None:
    """The body is the same in both forms: a status and a message that begins `Error: `."""
    service = Kinesis()
    first = ask(service, "/project/fetch/all", uid=None)
    assert (first.status, body(first)) == (
        200,
        {"status": 400, "message": "Error: No uid provided"},
    )
    service.switch("errors", "http")
    second = ask(service, "/project/fetch/all", uid=None)
    assert (second.status, second.body) == (400, first.body)


def test_errors_can_lack_a_status_or_have_it_as_text() -> None:
    """The irregular bodies, by switch for all errors and once for the next list."""
    service = Kinesis(switches={"error_shape": "statusless"})
    assert body(ask(service, "/project/fetch/all", uid=None))["error"] == "400"
    service.switch("error_shape", "string")
    assert body(ask(service, "/project/fetch/all", uid=None))["status"] == "400"
    service = Kinesis()
    service.spoil_next("project", "statusless")
    service.spoil_next("project", "string_status")
    service.spoil_next("project", "storage")
    answers = [body(ask(service, "/project/fetch/all")) for _ in range(4)]
    assert [answer.get("status") for answer in answers] == [None, "500", 500, 200]
    assert answers[0]["error"] == "500"
    assert body(ask(service, "/user/verify", uid=None))["status"] == "401"
    with pytest.raises(ValueError, match="form"):
        service.spoil_next("project", "nonsense")


def test_who_asks_is_checked_in_the_services_order() -> None:
    """No header: 401 as HTML. No uid, unknown uid, bad token, another's uid: bodies with
    400, 404, 500, 403. Without the word Bearer the token counts too."""
    service = Kinesis()
    refused = ask(service, "/project/fetch/all", token="")
    assert refused.status == 401 and b"<html>" in refused.body
    bad = {"token": "canary-wrong"}
    statuses = [
        body(ask(service, "/project/fetch/all", uid=None, **bad))["status"],
        body(ask(service, "/project/fetch/all", uid="77", **bad))["status"],
        body(ask(service, "/project/fetch/all", **bad))["status"],
        body(ask(service, "/project/fetch/all", uid="1"))["status"],
    ]
    assert statuses == [400, 404, 500, 403]
    bare = {"authorization": service.tokens.access_token}
    assert body(service.answer(Request("GET", "/project/fetch/all?uid=0", bare)))["amount"] == 5
    service.switch("uid_required", False)
    assert body(ask(service, "/project/fetch/all", uid=None))["amount"] == 5
    assert body(ask(service, "/data/fetch/all", project_id="_lab"))["message"] == (
        "Error: No collection_id provided"
    )


def test_login_gives_a_user_without_password_and_a_token_that_works() -> None:
    """By name or e-mail, whatever the case; the hash comes only where the switch says so."""
    service = Kinesis()
    answer = login(service)
    assert (answer["uid"], answer["user"]["password"]) == (0, "")
    assert answer["jwt"] in service.secrets()
    assert read(service, "/user/fetch/all", token=answer["jwt"])["amount"] == 6
    password = service.credentials()["KINESIS_PASSWORD"]
    content = {"auth_data": "INES_OK@mail.example", "password": password}
    assert body(post(service, "/user/login", content))["uid"] == 0
    service.switch("password_hash", "login")
    assert "canary-hash-" in login(service)["user"]["password"]
    assert {user["password"] for user in read(service, "/user/fetch/all")["users"]} == {""}
    content["password"] = "other"
    assert body(post(service, "/user/login", content))["status"] == 401
    content["auth_data"] = "nobody"
    assert body(post(service, "/user/login", content))["status"] == 404


def test_framework_errors_are_html() -> None:
    """Malformed JSON 400, wrong shape 422, no content type or unknown address 404."""
    service = Kinesis()
    typed = {"content-type": "application/json"}
    for content, headers, status in (
        (b"{", typed, 400),
        (b"[]", typed, 422),
        (b"{}", typed, 422),
        (b"{}", {}, 404),
    ):
        response = service.answer(Request("POST", "/user/login", headers, content))
        assert (response.status, response.body[:9]) == (status, b"<!DOCTYPE")
    assert ask(service, "/ticket/fetch/all").status == 404
    assert service.answer(Request("DELETE", "/user/delete?uid=0", typed)).status == 404
    service.switch("get_needs_content_type", True)
    assert ask(service, "/project/fetch/all").status == 404


def test_session_tokens_end_and_are_renewed() -> None:
    """By answers, by seconds, or at once; the error is the body status 500, or 401. A
    renewal needs a token that still lives."""
    now = [0.0]
    service = Kinesis(switches={"token_life": 2}, clock=lambda: now[0])
    token = login(service)["jwt"]
    found = [body(ask(service, "/project/fetch/all", token=token)) for _ in range(3)]
    assert [answer["status"] for answer in found] == [200, 200, 500]
    assert found[2]["message"] == "Error: Failed decoding JWT (ExpiredSignature)"
    assert body(post(service, "/user/login/jwt", {"uid": 0}, token))["status"] == 500
    service.switch("token_life", 0)
    token = login(service)["jwt"]
    renewed = body(post(service, "/user/login/jwt", {"uid": 0}, token))["jwt"]
    now[0] = 901.0
    service.switch("expired_token", 401)
    assert body(ask(service, "/project/fetch/all", token=renewed))["status"] == 401
    token = login(service)["jwt"]
    service.expire_tokens()
    assert body(ask(service, "/project/fetch/all", token=token))["status"] == 401
    service.switch("renewal", False)
    assert post(service, "/user/login/jwt", {"uid": 0}, token).status == 404


def test_an_access_token_can_be_bad_or_lack_some_lists() -> None:
    """A list that it may not read is an error and never empty; a replaced one is unknown."""
    service = Kinesis(switches={"token_lacks": ("event",)})
    assert body(ask(service, "/event/fetch/all"))["status"] == 403
    assert body(ask(service, "/event/fetch/all", token=login(service)["jwt"]))["amount"] == 36
    for state in ("expired", "not_yet_valid", "revoked"):
        service.switch("token_state", state)
        assert body(ask(service, "/project/fetch/all"))["status"] == 500
    service.switch("token_state", "valid")
    old = service.tokens.access_token
    service.replace_access_token()
    assert body(ask(service, "/project/fetch/all", token=old))["status"] == 500
    assert read(service, "/project/fetch/all")["amount"] == 5


def test_credentials_are_both_or_one() -> None:
    """Names are the contract's."""
    service = Kinesis()
    assert len(service.credentials()) == 4
    service.switch("credential", "token")
    assert set(service.credentials()) == {"KINESIS_API_TOKEN", "KINESIS_UID"}
    service.switch("credential", "login")
    assert set(service.credentials()) == {"KINESIS_USERNAME", "KINESIS_PASSWORD"}


@pytest.mark.parametrize("role", ["ADMIN", "AUTHOR", "VIEWER"])
def test_other_roles_get_less_with_status_200(role: str) -> None:
    """Projects are filtered silently, amount included; users and settings are refused, and
    events to all below ADMIN; projects of others are refused."""
    service = Kinesis(switches={"role": role})
    answer = read(service, "/project/fetch/all")
    assert [row["id"] for row in answer["projects"]] == ["bookshop", "field-notes"]
    assert answer["amount"] == 2
    for resource in ("user", "config"):
        assert body(ask(service, f"/{resource}/fetch/all"))["status"] == 403
    expected = 200 if role == "ADMIN" else 403
    assert body(ask(service, "/event/fetch/all"))["status"] == expected
    assert body(ask(service, "/data/fetch/all", **EVERY))["status"] == 403
    assert read(service, "/user/fetch/one", target_uid="0")["user"]["role"] == role
    service.remove_member("bookshop", "0")
    assert read(service, "/project/fetch/all")["amount"] == 1
    assert len(service.truth()["projects"]) == 5


def test_too_many_requests_and_other_refusals_have_the_services_words() -> None:
    """429 as HTTP status or inside a 200; 401 is the expired token; 5xx are pages."""
    service = Kinesis()
    assert (service.windows[0].limit, service.windows[0].seconds) == (10, 1.0)
    assert service.throttled(2.0).status == 429
    assert service.throttled(2.0).headers["Retry-After"] == "2"
    service.switch("throttle", "body")
    assert (service.throttled(None).status, body(service.throttled(None))["status"]) == (200, 429)
    assert "ExpiredSignature" in body(service.refused(401))["message"]
    assert body(service.refused(403))["status"] == 403
    assert service.refused(502).status == 502
