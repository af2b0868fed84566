"""Errors: one line each, with a place and advice; requests: one key each; imports: few."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.core import errors
from connectors.http.config import HttpConfig, Request, Retry, Window

ROOT = Path(__file__).parents[3]
EVERY = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.KollectError)
]


def test_the_drawn_tree_is_the_real_one() -> None:
    """The tree in the module's docstring names every error below its own parent."""
    parents: list[tuple[int, str]] = []
    drawn = {}
    for line in (errors.__doc__ or "").splitlines():
        one_line = line.replace("│", " ").replace("├──", "   ").replace("└──", "   ").split()
        if not one_line or not hasattr(errors, one_line[0]):
            continue
        depth = line.index(one_line[0])
        parents = [(at, name) for at, name in parents if at < depth]
        drawn[one_line[0]] = parents[-1][1] if parents else "Exception"
        parents.append((depth, one_line[0]))
    assert drawn == {kind.__name__: kind.__mro__[1].__name__ for kind in EVERY}


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_is_one_line_with_place_and_advice(kind: type[errors.KollectError]) -> None:
    """What, where, what to do next; whatever line breaks a service sends."""
    error = kind("went\nwrong.", where="GET https://h/p")
    error.account, error.status, error.request_id, error.attempts = "mine", 404, "r1", 3
    assert str(error) == (
        "mine: went wrong (GET https://h/p, status 404, request id r1, asked 3 times). "
        f"{kind.advice}"
    )
    assert kind.advice.endswith(".")
    assert str(kind("short", guidance="Do this.")) == "short. Do this."


def test_errors_travel_between_processes_and_threads() -> None:
    """Copies and pickles keep the whole context."""
    error = errors.Throttled("busy", retry_after=7.0, where="GET /x")
    error.account = "mine"
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert isinstance(twin, errors.Throttled)
        assert (str(twin), twin.retry_after) == (str(error), 7.0)


def test_exit_statuses_are_those_of_the_contract() -> None:
    """2 for settings, 3 for a held account, 1 for all that failed otherwise."""
    assert errors.exit_status(errors.BadSettings("x")) == 2
    assert errors.exit_status(errors.AccountBusy("x")) == 3
    assert errors.exit_status(errors.BadCredential("x")) == 1
    assert errors.exit_status(ValueError("x")) == 1


def test_equal_requests_have_equal_keys() -> None:
    """The order of parameters and members makes no difference, a value does."""
    one = Request("POST", "/g", params=(("b", "2"), ("a", "1")), body={"y": [1], "x": {"q": 1}})
    two = Request("POST", "/g", params=(("a", "1"), ("b", "2")), body={"x": {"q": 1}, "y": [1]})
    other = Request("POST", "/g", params=(("a", "1"), ("b", "2")), body={"x": {"q": 1}, "y": [2]})
    assert one.key == two.key == 'POST /g?a=1&b=2 {"x":{"q":1},"y":[1]}'
    assert other.key != one.key
    assert len({one, two, other, Request("GET", "/g")}) >= 3
    assert Request("GET", "/g").key == "GET /g"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Window(0, 1.0),
        lambda: Window(5, 0),
        lambda: Window(5, float("nan")),
        lambda: Retry(attempts=0),
        lambda: Retry(first_seconds=-1),
        lambda: HttpConfig(max_in_flight=0),
        lambda: HttpConfig(timeout_seconds=0),
        lambda: HttpConfig(penalty_seconds=-1),
    ],
)
def test_wrong_declarations_are_refused_at_once(wrong: type) -> None:
    """A slip in a connector shows on import, not in the middle of a night's sync."""
    with pytest.raises(ValueError, match=r"window|retry|max_in_flight|seconds"):
        wrong()


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("config, redact, rate_limit, response", ["httpx", "httpcore", "asyncio"]),
        ("client", ["dagster", "pandas", "sqlalchemy", "duckdb", "pyarrow"]),
    ],
)
def test_importing_stays_light(modules: str, absent: list[str]) -> None:
    """Declarations load no HTTP library, and the client loads no warehouse."""
    program = f"import sys; from connectors.http import {modules}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not set(absent) & set(result.stdout.split())


def test_one_folder_knows_the_http_library() -> None:
    """It can be exchanged without a change to any connector."""
    users = [
        str(path.parent.name)
        for path in sorted((ROOT / "connectors").rglob("*.py"))
        if any(
            line.startswith(("import httpx", "from httpx"))
            for line in path.read_text().splitlines()
        )
    ]
    assert set(users) == {"http"}


@pytest.mark.parametrize(
    ("what", "guidance", "line"),
    [
        ("no table 'x'; did you mean 'y'?", "its tables are: y", "no table 'x'; did you mean 'y'? its"),
        ("it ended.", "write it again", "it ended; write"),
        ("it ended", "Write it again.", "it ended. Write"),
        ("it ended", "`kollect tables` lists them", "it ended; `kollect"),
    ],
)  # fmt: skip
def test_what_and_advice_are_joined_by_one_mark(what: str, guidance: str, line: str) -> None:
    """A question mark stays, an advice that is no sentence of its own follows a semicolon."""
    assert str(errors.BadSettings(what, guidance=guidance)).startswith(line)
