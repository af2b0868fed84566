"""Requests to which a stand-in answers differently for each position of each of its switches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sandbox import Request, Service
from sandbox.kinescope import Kinescope
from sandbox.kinesis import Kinesis
from sandbox.kinopio import Kinopio
from sandbox.kippt import Kippt
from sandbox.kitemaker import Kitemaker
from tests.sandbox.lists import WAYS


class Probes(NamedTuple):
    """How a service is probed; `prepare` makes the changes after which some switches matter."""

    requests: Callable[[Any], Iterable[Request]]
    prepare: Callable[[Any], object] = lambda service: None
    others: Mapping[str, Any] = {}
    """Positions of switches that take any value."""
    size: int = 24


def gets(service: Service, *targets: str, **more: str) -> Iterator[Request]:
    """GETs below the base path with the credential; `more` are headers (`_` stands for `-`)."""
    headers = WAYS[service.name].headers(service.credentials())
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    for target in targets:
        yield Request("GET", service.base_path + target, headers)


def sends(service: Service, method: str, target: str, body: Any, **more: str) -> Request:
    """A write with the credential and a JSON body."""
    request = next(gets(service, target, **more))
    headers = {**request.headers, "content-type": "application/json"}
    return Request(method, request.target, headers, json.dumps(body).encode())


def of_kinopio(service: Kinopio) -> Iterator[Request]:
    spaces = [*service.space_ids(), *service.space_ids("shared")]
    many = ",".join(f"unknown{number}" for number in range(61))
    lists = ("spaces", "hidden-spaces", "groups", "ai-images", "favorite-colors")
    yield from gets(service, "/user", *(f"/user/{name}" for name in lists))
    yield from gets(service, "/notification", "/notifications", "/space/unknown")
    yield from gets(service, *(f"/space/{space}" for space in spaces))
    yield from gets(service, f"/space/multiple?spaceIds={many}")
    yield from gets(service, f"/space/multiple?spaceIds={spaces[0]},unknown")
    posted = {"id": "P" * 21, "name": "posted", "createdAt": "2020-01-01T00:00:00.000Z"}
    yield sends(service, "POST", "/space", posted | {"lines": [{"name": "part two"}]})
    card = {"id": "C" * 21, "spaceId": posted["id"]}
    for name in ("short [[todo]]", "long" * 600):
        yield sends(service, "POST", "/card", card | {"name": name})
        card["id"] = "D" * 21
    yield from gets(service, f"/space/{posted['id']}")


def change_kinopio(service: Kinopio) -> None:
    space = next(s for s in service.space_ids() if service.child_ids(s, "boxes"))
    service.remove_card(space, service.card_ids(space)[0])
    service.edit_box(space, service.child_ids(space, "boxes")[0], name="edited")


def of_kippt(service: Kippt) -> Iterator[Request]:
    newest = max(clip.updated for clip in service.world.my_clips())
    shared = next(row.id for row in service.world.my_lists() if row.collaborators)
    empty = next(row.id for row in service.world.lists.values() if row.title == "Nothing yet")
    queries = ("", "?limit=999", "?limit=1&since=5&include_data=media", f"?since={newest}")
    yield from gets(service, "/clips", *(f"/clips/{query}" for query in queries), "/lists/")
    yield from gets(service, "/lists/following/", "/notifications/", f"/lists/{empty}/clips/")
    yield from gets(service, f"/lists/{shared}/collaborators/")
    yield from gets(service, "/clips/", content_type="application/vnd.kippt.20120429+json")
    for _ in range(2):
        yield sends(service, "POST", "/clips/", {"url": "http://twice.example/", "title": "twice"})


def change_kippt(service: Kippt) -> None:
    made = service.add_list("Short-lived")
    service.add_clip(made)
    service.delete_list(made)


GRAPHQL = (
    '{ workItemByNumber(number: "KM-1") { id number } initiatives { initiatives { number } } }',
    "{ workItems { cursor hasMore workItems { number } } }",
    '{ spaceByKey(key: "NO") { id } }',
)


def of_kitemaker(service: Kitemaker) -> Iterator[Request]:
    board = next(row["id"] for row in service.truth()["spaces"] if row["key"] == "KM")
    hidden = next(s.id for s in service.world.spaces.values() if s.key == "SEC")
    feedback = next(row["number"] for row in service.truth()["feedback"] if row["person_id"])
    rest = (
        "/metadata/spaces",
        f"/metadata/workitems?spaceId={board}",
        *(f"/recent/workitems?spaceId={board}{count}" for count in ("", "&count=51")),
        "/initiative?number=1",
        f"/feedback?number={feedback}",
        f"/feedback/{feedback}",
    )
    yield from gets(service, *(f"/rest/v1{target}" for target in rest))
    for token in service.secrets()[:2]:
        headers = {"authorization": f"Bearer {token}"}
        for text in (*GRAPHQL, f'{{ workItems(spaceId: "{hidden}") {{ cursor }} }}'):
            body = json.dumps({"query": text}).encode()
            yield Request("POST", f"{service.base_path}/graphql", headers, body)
    yield Request("POST", f"{service.base_path}/graphql", {}, b"{}")
    space = next(s for s in service.world.spaces.values() if s.key == "KM")
    labelled = next(item for item in space.items.values() if item.labels)
    other = next(label.id for label in space.labels if label not in labelled.labels)
    yield sends(service, "PUT", "/rest/v1/workitem", {"id": labelled.id, "labelIds": [other]})


def change_kitemaker(service: Kitemaker) -> None:
    item, moved = [r for r in service.truth()["work_items"] if r["space_name"] == "Acme"][:2]
    others = [s["id"] for s in service.truth()["spaces"] if s["id"] != item["space_id"]]
    service.add_comment(item["id"])
    service.rename_status(item["status_id"], "Renamed")
    service.move_work_item(moved["id"], others[0])


def of_kinesis(service: Kinesis) -> Iterator[Request]:
    uid = service.user_id(0)
    lists = [f"/{kind}/fetch/all?uid={uid}" for kind in ("user", "media", "project", "ticket")]
    lists += [f"/event/fetch/all?uid={uid}{more}" for more in ("", "&limit=9&offset=1")]
    yield from gets(service, *lists, "/project/fetch/all", f"/project/fetch?uid={uid}")
    yield from gets(service, lists[0], authorization="Bearer wrong")
    caller = service.user(uid)
    typed = {"content-type": "application/json"}
    body = {"auth_data": caller.username, "password": caller.login_password}
    login = Request("POST", f"{service.base_path}/user/login", typed, json.dumps(body).encode())
    yield login
    token = json.loads(service.answer(login).body).get("jwt", "")
    session = {**typed, "authorization": f"Bearer {token}"}
    for _ in range(2):
        yield Request("GET", f"{service.base_path}{lists[2]}", session)
    yield Request(
        "POST", f"{service.base_path}/user/login/jwt", session, json.dumps({"uid": uid}).encode()
    )


def of_kinescope(service: Kinescope) -> Iterator[Request]:
    account, span = service.account, "from=2026-11-10&to=2026-11-20"
    projects, event = account.records["projects"], next(iter(account.records["live_events"]))
    yield Request("GET", "/v1/tags", {})
    yield from gets(
        service,
        *("/v1/tags", "/v1/videos?per_page=999", "/v1/videos", "/v1/projects?order=created_at"),
        *(f"/v1/videos?order={field}&per_page=5&page=2" for field in ("description", "updated_at")),
        *("/v1/videos?order=created_at&per_page=9", "/v1/file-requests?page=2"),
        *(f"/v1/projects/{project}/folders" for project in projects),
        *("/v2/live/events", f"/v2/live/events/{event}"),
        *(f"/v1/videos/{service.library.id(number)}" for number in range(3)),
        *(f"/v1/videos/{service.library.id(number)}/annotations" for number in range(3)),
        *(f"/v1/analytics?fields=view&{span}", "/v1/analytics"),
    )
    yield sends(service, "POST", "/v1/tags", {"tag": "posted"})
    headers = {"x_parent_id": next(iter(projects)), "x_video_title": "uploaded"}
    yield sends(service, "POST", "/v2/video", "bytes", **headers)


PROBES: dict[str, Probes] = {
    "library": Probes(lambda service: gets(service, "/shelves")),
    "kinescope": Probes(
        of_kinescope,
        lambda service: service.set_chapters(service.library.id(1), [(0, "a")]),
        {"refused_order_fields": ("created_at",)},
    ),
    "kinesis": Probes(
        of_kinesis,
        others={
            "default_limit": 5,
            "maximum_limit": 7,
            "token_life": 1,
            "token_seconds": 1e-9,
            "token_lacks": ("event",),
            "api_prefix": "/api/v1",
        },
    ),
    "kinopio": Probes(of_kinopio, change_kinopio),
    "kippt": Probes(of_kippt, change_kippt),
    "kitemaker": Probes(of_kitemaker, change_kitemaker, size=210),
}
"""By service."""


def observed(service: Service) -> Iterator[Any]:
    """What shows of a stand-in after its changes: answers, errors, the truth, credentials."""
    probes = PROBES[service.name]
    probes.prepare(service)
    yield service.credentials()
    for request in probes.requests(service):
        answer = service.answer(request)
        yield request.target, answer.status, answer.body
    yield from (service.refused(status) for status in (401, 403, 404))
    yield service.throttled(None)
    yield service.answer(Request("GET", f"{service.base_path}/", {}))
    yield service.truth()
