"""Kippt's write routes do what the API page says, and refuse what it forbids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.core import Request
from sandbox.kippt import Kippt


class Writer:
    """Sends writes to one stand-in as the account's user."""

    def __init__(self, **switches: Any) -> None:
        self.service = Kippt(size=8, switches=switches)
        given = self.service.credentials()
        self.headers = {
            "x-kippt-username": given["KIPPT_USERNAME"],
            "x-kippt-api-token": given["KIPPT_API_TOKEN"],
        }

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self.service.answer(Request(method, f"/api{path}", self.headers, sent))
        return answer.status, json.loads(answer.body or b"null")

    @property
    def of_another(self) -> int:
        """A clip of somebody else that one may read."""
        world = self.service.world
        return next(c.id for c in world.copied_clips() if c.user is not world.me)


def test_lists_and_clips_get_ids_and_times_of_the_service() -> None:
    writer = Writer()
    fields = {"title": "Recipes", "description": "to cook", "is_private": True}
    status, made = writer.send("POST", "/lists/", {**fields, "id": 1, "created": 5})
    assert status == 201 and fields.items() <= made.items() and made["id"] != 1
    clip = {"url": "http://cook.example/", "title": "Soup", "notes": "hot", "list": made["id"]}
    status, link = writer.send("POST", "/clips/", {**clip, "list": made["resource_uri"]})
    assert status == 201 and link["list"] == made["resource_uri"] and link["notes"] == "hot"
    status, note = writer.send("POST", "/clips/", {"title": "Salt", "notes": "a pinch"})
    assert (status, note["type"]) == (201, "note") and note["url"]
    assert writer.send("POST", "/clips/", {"title": "neither"}) == (400, {"message": "No url."})
    edited = writer.send("PUT", f"/clips/{link['id']}/", {"title": "Stew"})[1]
    assert (edited["title"], edited["notes"]) == ("Stew", "hot")


@pytest.mark.parametrize(("rule", "status"), [("accept", 201), ("refuse", 400)])
def test_a_second_clip_of_an_address_is_made_or_refused(rule: str, status: int) -> None:
    """The page does not say which."""
    writer = Writer(duplicate_url=rule)
    body = {"url": "http://twice.example/", "title": "twice"}
    assert writer.send("POST", "/clips/", body)[0] == 201
    assert writer.send("POST", "/clips/", body)[0] == status


def test_what_is_not_ones_own_is_refused() -> None:
    writer = Writer()
    theirs, inbox = writer.of_another, writer.service.world.inbox.id
    own = writer.service.world.my_clips()[0].id
    assert writer.send("PUT", f"/clips/{theirs}/", {"title": "mine"})[0] == 401
    assert writer.send("DELETE", f"/clips/{theirs}/")[0] == 401
    assert writer.send("DELETE", f"/lists/{inbox}/")[0] == 400
    assert writer.send("POST", f"/clips/{own}/likes/")[0] == 400
    assert writer.send("POST", f"/clips/{theirs}/likes/") == (200, {})


def test_favourites_comments_and_follows_are_what_was_sent() -> None:
    writer = Writer()
    clip, world = writer.of_another, writer.service.world
    assert writer.send("POST", f"/clips/{clip}/favorite/") == (200, {"is_favorite": True})
    assert writer.send("DELETE", f"/clips/{clip}/favorite/") == (200, {"is_favorite": False})
    status, comment = writer.send("POST", f"/clips/{clip}/comments/", {"body": "Good"})
    assert (status, comment["body"], comment["user"]["id"]) == (201, "Good", world.me.id)
    user = world.followers[0].id
    for wish, following in (("follow", True), ("unfollow", False)):
        answer = writer.send("POST", f"/users/{user}/relationship/", {"action": wish})
        assert answer == (200, {"following": following})
    assert writer.send("DELETE", f"/clips/{clip}/comments/{comment['id']}/")[0] == 204
