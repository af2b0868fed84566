"""Asking a stand-in in this process, without sockets: for its own tests and for a look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from sandbox.kinesis.model import CALLER
from sandbox.kinesis.service import Kinesis
from sandbox.service import Request, Response


def ask(service: Kinesis, path: str, *, token: str | None = None, **query: Any) -> Response:
    """GET as the caller, with the access token unless another is given ("" for none);
    a query parameter that is None is left out."""
    token = service.tokens.access_token if token is None else token
    query.setdefault("uid", service.user_id(CALLER))
    query = {name: value for name, value in query.items() if value is not None}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return service.answer(Request("GET", f"{path}?{urlencode(query)}", headers))


def body(response: Response) -> Any:
    """The JSON of an answer; raises ValueError where it is no JSON by its content type."""
    if response.headers["Content-Type"] != "application/json":
        raise ValueError(f"no JSON but {response.headers['Content-Type']}")
    return json.loads(response.body)


def read(service: Kinesis, path: str, **query: Any) -> Any:
    """The JSON of a good answer; raises ValueError for any other."""
    answer = body(ask(service, path, **query))
    if answer["status"] != 200:
        raise ValueError(answer)
    return answer


def post(service: Kinesis, path: str, content: Any, token: str = "") -> Response:
    """POST JSON, with a token if one is given."""
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    return service.answer(Request("POST", path, headers, json.dumps(content).encode()))


def login(service: Kinesis) -> Any:
    """The JSON of a login as the caller."""
    caller = service.user(service.user_id(CALLER))
    content = {"auth_data": caller.username, "password": caller.login_password}
    return body(post(service, "/user/login", content))


def every_list(service: Kinesis) -> Iterator[tuple[str, dict[str, str], list[Any]]]:
    """All lists of a full export as (resource, what was asked for, rows)."""
    for resource in ("user", "config", "constraint", "media", "event"):
        yield resource, {}, read(service, f"/{resource}/fetch/all")[f"{resource}s"]
    projects = read(service, "/project/fetch/all")["projects"]
    yield "project", {}, projects
    for project in projects:
        inside = {"project_id": project["id"]}
        yield "routing", inside, read(service, "/routing/fetch/all", **inside)["routes"]
        collections = read(service, "/collection/fetch/all", **inside)["collections"]
        yield "collection", inside, collections
        for collection in collections:
            inner = {**inside, "collection_id": collection["id"]}
            yield "data", inner, read(service, "/data/fetch/all", **inner)["pairs"]
