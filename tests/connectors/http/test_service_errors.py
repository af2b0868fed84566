"""How each service says no, and what kind of answer that is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core import errors
from connectors.http.config import AnswerKind, Classify, HttpConfig, Request, classify_by_status
from connectors.kinescope.errors import classify_kinescope
from connectors.kinesis.errors import classify_kinesis
from connectors.kinopio.errors import classify_kinopio
from connectors.kippt.errors import classify_kippt
from connectors.kitemaker.errors import classify_kitemaker

ALL: list[Classify] = [
    classify_by_status,
    classify_kinescope,
    classify_kinesis,
    classify_kinopio,
    classify_kippt,
    classify_kitemaker,
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["status", "error", "errors", "message", "code", "invalid_params", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def kind(classify: Classify, status: int, payload: Any = None) -> str:
    return classify(status, {}, payload).kind.value


@given(st.sampled_from(ALL), st.integers(100, 599), ANY_JSON)
def test_no_payload_breaks_a_classification(classify: Classify, status: int, payload: Any) -> None:
    """Whatever JSON comes, there is a kind, and an HTTP failure is never an answer."""
    found = classify(status, {}, payload)
    if not 200 <= status <= 299:
        assert found.kind is not AnswerKind.OK
    assert "\n" not in found.message


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (200, {"id": "x", "name": "a space"}, "ok"),
        (200, [{"status": 404}], "ok"),
        (200, {"status": 404, "message": "gone"}, "missing"),
        (200, {"status": 401}, "credential"),
        (200, {"status": 400}, "refused"),
        (200, {"status": 500}, "fault"),
        (200, {"status": 200}, "ok"),
        (200, {"status": True}, "ok"),
        (200, {"status": "404"}, "ok"),
        (429, None, "throttled"),
        (500, "text", "fault"),
    ],
)
def test_kinopio(status: int, payload: Any, expected: str) -> None:
    """Four numbers inside a body count as failures, and nothing else there does."""
    assert kind(classify_kinopio, status, payload) == expected


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 100101, "credential"),
        (401, 100102, "credential"),
        (400, 100103, "forbidden"),
        (400, 404404, "missing"),
        (404, 404404, "missing"),
        (400, 402402, "refused"),
        (422, 400400, "refused"),
        (402, 1, "plan"),
        (400, 400212, "plan"),
        (429, 100106, "throttled"),
        (500, 404404, "fault"),
        (200, 404404, "missing"),
        (200, 12345, "refused"),
        (413, None, "refused"),
    ],
)
def test_kinescope(status: int, code: int | None, expected: str) -> None:
    """The status decides, and the code where the status only says "refused"."""
    payload = {"error": {"code": code, "message": "no", "detail": "really"}}
    found = classify_kinescope(status, {}, payload)
    assert found.kind.value == expected
    assert found.message.startswith("no, really")


def test_kinescope_says_which_parameters_are_invalid() -> None:
    """Validation errors name the parameter and the reason."""
    invalid = [{"name": "order", "reason": "enum", "message": "unknown field"}, "odd"]
    payload = {"error": {"code": 400400, "message": "validation", "invalid_params": invalid}}
    assert classify_kinescope(422, {}, payload).message == (
        "validation, order: unknown field, code 400400"
    )


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (200, {"status": 200, "message": "ok"}, "ok"),
        (201, {"status": 201}, "ok"),
        (204, None, "ok"),
        (
            200,
            {"status": 404, "message": "Error: No Project with this project_id found"},
            "missing",
        ),
        (200, {"status": 404, "message": "Error: Account with this uid not found"}, "credential"),
        (200, {"status": 400, "message": "Error: No uid provided"}, "refused"),
        (200, {"status": 403, "message": "Error: Incorrect UID"}, "credential"),
        (200, {"status": 403, "message": "Error: Not enough privileges"}, "forbidden"),
        (
            200,
            {"status": 500, "message": "Error: Failed decoding JWT (ExpiredSignature)"},
            "expired",
        ),
        (200, {"status": 500, "message": "Error: Failed fetching users"}, "fault"),
        (200, {"status": 401, "message": "Error: Password mismatch"}, "credential"),
        (401, {"status": 401, "message": "expired"}, "expired"),
        (401, None, "expired"),
        (200, {"message": "no status"}, "refused"),
        (200, {"status": "401", "message": "no uid"}, "expired"),
        (200, {"status": "200"}, "refused"),
        (200, {"error": 500, "message": "failed"}, "fault"),
        (200, {"error": "500"}, "fault"),
        (200, {"status": True}, "refused"),
        (200, [], "refused"),
        (500, {"status": 200}, "fault"),
        (404, None, "missing"),
        (422, None, "refused"),
        (500, None, "fault"),
    ],
)
def test_kinesis(status: int, payload: Any, expected: str) -> None:
    """The body's status counts; without a good number there, nothing counts as good."""
    assert kind(classify_kinesis, status, payload) == expected


@pytest.mark.parametrize(
    ("status", "payload", "expected"),
    [
        (200, {"meta": {}, "objects": []}, "ok"),
        (200, {"message": "Something is off"}, "refused"),
        (200, {"id": 3, "message": "a field"}, "ok"),
        (503, {"message": "slow down"}, "throttled"),
        (503, None, "throttled"),
        (429, None, "throttled"),
        (401, {"message": "who?"}, "credential"),
        (404, {"message": "Not found."}, "missing"),
        (405, None, "refused"),
        (500, None, "fault"),
    ],
)
def test_kippt(status: int, payload: Any, expected: str) -> None:
    """503 is its way to say "too many"; a lone message is no record."""
    assert kind(classify_kippt, status, payload) == expected


@pytest.mark.parametrize(
    ("status", "errors_found", "expected"),
    [
        (401, [{"message": "no", "status": 401, "code": "UNAUTHORIZED"}], "credential"),
        (404, [{"message": "no", "status": 404, "code": "ISSUE_NOT_FOUND"}], "missing"),
        (429, [{"message": "no", "status": 429}], "throttled"),
        (200, [{"message": "no", "status": 401}], "credential"),
        (200, [{"message": "no", "code": "SPACE_NOT_FOUND"}], "missing"),
        (200, [{"message": "no", "extensions": {"code": "UNAUTHENTICATED"}}], "credential"),
        (200, [{"message": "no", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}], "fault"),
        (200, [{"message": "Cannot query field"}], "refused"),
        (200, [{"code": "SPACE_NOT_FOUND"}, {"status": 401}], "credential"),
        (200, ["odd"], "refused"),
        (200, {"message": "no"}, "refused"),
        (200, [], "ok"),
    ],
)
def test_kitemaker(status: int, errors_found: Any, expected: str) -> None:
    """Errors with HTTP 200 are errors; the gravest of several decides."""
    payload = {"data": {"workItems": []}, "errors": errors_found}
    assert kind(classify_kitemaker, status, payload) == expected


def test_partial_graphql_data_is_no_answer(bench: Any) -> None:
    """What is lacking beside an error would look deleted."""
    payload = {"data": {"organization": None}, "errors": [{"message": "resolver broke"}]}
    at = bench(lambda _: httpx.Response(200, json=payload), HttpConfig(classify=classify_kitemaker))
    with pytest.raises(errors.Refused, match="resolver broke"):
        at.client.ask(Request("POST", "/graphql", body={"query": "{a}"}, repeatable=True))


def test_a_status_inside_a_body_counts_for_probes(bench: Any) -> None:
    """HTTP 200 with a 404 inside answers a probe like a plain 404."""
    payload = {"status": 404, "message": "Error: No Event with this event_id found"}
    at = bench(lambda _: httpx.Response(200, json=payload), HttpConfig(classify=classify_kinesis))
    assert at.client.ask(Request("GET", "/event"), also={404}).status == 404


def test_a_wrong_caller_never_looks_like_a_missing_record(bench: Any) -> None:
    """A 404 about the caller's own account stops, even where a 404 is asked for."""
    payload = {"status": 404, "message": "Error: Account with this uid not found"}
    at = bench(lambda _: httpx.Response(200, json=payload), HttpConfig(classify=classify_kinesis))
    with pytest.raises(errors.BadCredential):
        at.client.ask(Request("GET", "/event"), also={404})


def test_plain_text_of_a_failure_is_repeated_in_the_error(bench: Any) -> None:
    """Services that fail in plain text are heard too, HTML pages are not."""
    at = bench(lambda _: httpx.Response(400, text="missing\nparameter q"), HttpConfig())
    with pytest.raises(errors.Refused, match='"missing parameter q"'):
        at.client.ask(Request("GET", "/search"))
    at = bench(lambda _: httpx.Response(400, html="<p>canary</p>"), HttpConfig())
    with pytest.raises(errors.Refused) as caught:
        at.client.ask(Request("GET", "/search"))
    assert "canary" not in str(caught.value)
