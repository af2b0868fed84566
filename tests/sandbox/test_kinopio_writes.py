"""Kinopio's write routes do what the API page says, and refuse what it forbids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.core import Request
from sandbox.kinopio import Kinopio


class Writer:
    """Sends writes to one stand-in as the account's user, and reads spaces back."""

    def __init__(self, **switches: Any) -> None:
        self.service = Kinopio(size=8, switches=switches)
        self.key = self.service.credentials()["KINOPIO_API_KEY"]

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"authorization": self.key}
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self.service.answer(Request(method, path, headers, sent))
        return answer.status, json.loads(answer.body)

    def space(self, space_id: str) -> Any:
        return self.send("GET", f"/space/{space_id}")[1]

    def owned(self) -> str:
        return self.service.space_ids()[0]


def test_a_whole_space_is_posted_in_one_request_with_its_own_ids() -> None:
    """Contents and ids are as sent; owner and author are the caller, times are the service's."""
    writer = Writer()
    source = writer.space(writer.owned())
    writer.service.delete_space(source["id"])
    status, answer = writer.send("POST", "/space", source)
    made = writer.space(source["id"])
    assert (status, answer["id"]) == (200, source["id"])
    for name in ("cards", "connections", "connectionTypes", "boxes", "tags", "lists", "lines"):
        assert [row["id"] for row in made[name]] == [row["id"] for row in source[name]], name
    assert [card["name"] for card in made["cards"]] == [card["name"] for card in source["cards"]]
    assert made["drawingStrokes"] == source["drawingStrokes"]
    assert made["createdAt"] != source["createdAt"]
    assert {card["userId"] for card in made["cards"]} == {writer.service.world.me["id"]}
    assert made["collaboratorKey"] != source["collaboratorKey"]


def test_an_id_that_exists_is_refused_and_an_absent_one_is_made() -> None:
    writer = Writer()
    space = writer.space(writer.owned())
    assert writer.send("POST", "/space", {"name": "x", "id": space["id"]})[0] == 400
    assert writer.send("POST", "/space", {"name": "x", "cards": space["cards"][:1]})[0] == 400
    assert len(writer.send("POST", "/space", {"name": "x"})[1]["id"]) == 21
    assert writer.send("POST", "/space", {"cards": []})[0] == 400


@pytest.mark.parametrize("spelling", ["documented", "newer"])
def test_removed_spaces_and_cards_come_back_by_their_restore_routes(spelling: str) -> None:
    """A card's connections and tags are gone for good; the space's own spelling is a switch."""
    writer = Writer(spelling=spelling)
    space_id = writer.owned()
    connection = writer.space(space_id)["connections"][0]
    card_id = connection.get("startCardId") or connection["startItemId"]
    assert writer.send("DELETE", "/card", {"id": card_id, "spaceId": space_id})[0] == 200
    assert card_id not in [card["id"] for card in writer.space(space_id)["cards"]]
    assert writer.send("PATCH", "/card/restore", {"id": card_id, "spaceId": space_id})[0] == 200
    assert card_id in [card["id"] for card in writer.space(space_id)["cards"]]
    assert connection["id"] not in [row["id"] for row in writer.space(space_id)["connections"]]
    writer.send("DELETE", "/space", {"id": space_id})
    assert writer.space(space_id)["isRemoved"] is True
    calls = (("/space/restore", {"id": space_id}), (f"/space/restore/{space_id}", None))
    statuses = [writer.send("PATCH", path, body)[0] for path, body in calls]
    assert statuses == ([200, 404] if spelling == "documented" else [404, 200])
    assert writer.space(space_id)["isRemoved"] is False
    assert writer.send("PATCH", "/card/restore", {"id": "unknown"})[0] == 404


def test_records_are_posted_piece_by_piece() -> None:
    """A card is marked and placed, its text makes tags; a connection needs its type first."""
    writer = Writer()
    space_id = writer.send("POST", "/space", {"name": "Pieces"})[1]["id"]
    _, cards = writer.send(
        "POST",
        "/card/multiple",
        [{"spaceId": space_id, "name": name} for name in ("one [[todo]]", "two")],
    )
    assert [card["isCreatedThroughPublicApi"] for card in cards] == [True, True]
    assert cards[0]["x"] < cards[1]["x"]
    ends = {"startCardId": cards[0]["id"], "endCardId": cards[1]["id"]}
    line = {"spaceId": space_id, "connectionTypeId": "t" * 21, **ends}
    assert writer.send("POST", "/connection", line)[0] == 400
    kind = {"spaceId": space_id, "id": "t" * 21, "name": "leads to"}
    assert writer.send("POST", "/connection-type", kind)[0] == 200
    assert writer.send("POST", "/connection", line)[0] == 200
    assert writer.send("POST", "/box", {"spaceId": space_id, "name": "shelf"})[0] == 200
    assert writer.send("POST", "/list", {"spaceId": space_id, "name": "later"})[0] == 200
    made = writer.space(space_id)
    names = ("cards", "connections", "connectionTypes", "boxes", "lists", "tags")
    assert [len(made[name]) for name in names] == [2, 1, 1, 1, 1, 1]
    assert made["tags"][0]["cardId"] == cards[0]["id"]


def test_rights_limits_and_texts_are_held() -> None:
    """401 in a space that one may only read, 400 above the text limit and the free limit."""
    writer = Writer(account="free", card_text_limit=2000)
    foreign = writer.service.space_ids("read_only")[0]
    card = {"spaceId": foreign, "name": "x"}
    assert writer.send("POST", "/card", card)[0] == 401
    card["spaceId"] = writer.owned()
    assert writer.send("POST", "/card", card)[0] == 400  # 1,234 cards were created before
    writer.service.world.me["cardsCreatedCount"] = 98
    assert writer.send("POST", "/card", card | {"name": "x" * 2001})[0] == 400
    assert [writer.send("POST", "/card", card)[0] for _ in range(3)] == [200, 200, 400]
    assert writer.send("POST", "/card", {"spaceId": "unknown", "name": "x"})[0] == 404
    assert writer.send("POST", "/card", {"name": "x"})[0] == 400
    writer.key = "wrong"
    assert writer.send("POST", "/card", card)[0] == 401


def test_patches_change_what_is_sent_but_never_the_space_of_a_record() -> None:
    writer = Writer()
    space = writer.space(writer.owned())
    card = space["cards"][0]
    other = writer.service.space_ids()[1]
    body = {"id": card["id"], "name": "new text", "spaceId": other}
    assert writer.send("PATCH", "/card", body)[0] == 200
    space = writer.space(space["id"])
    assert space["cards"][0] | {"name": "new text"} == space["cards"][0]
    assert writer.send("PATCH", "/space", {"id": space["id"], "name": "Other"})[0] == 200
    assert writer.space(space["id"])["name"] == "Other"
    assert writer.send("PATCH", "/user", {"email": "x@example.org"})[0] == 400
