"""The Kinopio stand-in answers as the API page says, in each form that it leaves open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Request, Response
from sandbox.kinopio import Kinopio

TABLES = {
    "users", "spaces", "space_collaborators", "cards", "connections", "connection_types", "boxes",
    "tags", "lists", "lines", "notifications", "favorite_spaces", "favorite_users",
    "favorite_colors", "ai_images",
}  # fmt: skip
KEYS: dict[str, tuple[str, ...]] = {
    "space_collaborators": ("space_id", "user_id"),
    "favorite_colors": ("color",),
    "ai_images": ("url",),
    **dict.fromkeys(
        ("cards", "connections", "connection_types", "boxes", "tags", "lists", "lines"),
        ("space_id", "id"),
    ),
}


@pytest.fixture
def kinopio() -> Kinopio:
    return Kinopio()


def with_switch(**switches: Any) -> Kinopio:
    return Kinopio(switches=switches)


def ask(service: Kinopio, target: str, **headers: str) -> Response:
    """A GET as the account's user, unless headers are given."""
    key = service.credentials()["KINOPIO_API_KEY"]
    return service.answer(Request("GET", target, headers or {"authorization": key}))


def got(service: Kinopio, target: str) -> Any:
    response = ask(service, target)
    assert response.status == 200, target
    return json.loads(response.body)


def stranger(service: Kinopio, target: str) -> Response:
    """A GET without any key."""
    return service.answer(Request("GET", target, {}))


def table(service: Kinopio, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {
        tuple(row[column] for column in KEYS.get(name, ("id",))): row
        for row in service.truth()[name]
    }


def test_the_bare_key_gets_in_and_nothing_else_does(kinopio: Kinopio) -> None:
    """The header is the key itself; a prefix, another key or none are 401."""
    key = kinopio.credentials()["KINOPIO_API_KEY"]
    assert [len(part) for part in key.split("-")] == [8, 4, 4, 4, 12]
    assert ask(kinopio, "/user", authorization=key).status == 200
    assert stranger(kinopio, f"/user?apiKey={key}").status == 200
    for wrong in (f"Bearer {key}", f"Token {key}", "x", ""):
        assert ask(kinopio, "/user", authorization=wrong).status == 401
    assert stranger(kinopio, "/user").status == 401
    assert stranger(kinopio, "/").status == 200


def test_a_dead_key_is_refused_on_open_routes_too(kinopio: Kinopio) -> None:
    """A wrong key never gives the smaller, public answer."""
    assert ask(kinopio, "/space/multiple?spaceIds=a", authorization="dead").status == 401


def test_the_declared_limits_are_the_pages(kinopio: Kinopio) -> None:
    """5 requests a second and 30 seconds of silence; the 429 is plain text without a hint."""
    assert [(w.limit, w.seconds) for w in kinopio.windows] == [(5, 1.0)]
    assert kinopio.penalty_seconds == 30
    refusal = kinopio.throttled(None)
    assert (refusal.status, "Retry-After" in refusal.headers) == (429, False)
    assert kinopio.throttled(30).headers["Retry-After"] == "30"
    kinopio.switch("throttled_body", "json")
    assert json.loads(kinopio.throttled(None).body)["status"] == 429


def test_the_listing_is_bare_unsorted_and_without_removed_spaces(kinopio: Kinopio) -> None:
    """An array of metadata, in another order each time, own and shared spaces alike."""
    first, second = got(kinopio, "/user/spaces"), got(kinopio, "/user/spaces")
    assert [row["id"] for row in first] != [row["id"] for row in second]
    assert {row["id"] for row in first} == {row["id"] for row in second}
    assert not any("cards" in row or row["isRemoved"] for row in first)
    assert {row["userId"] for row in first} > {got(kinopio, "/user")["id"]}


def test_the_listing_can_have_flaws_and_whole_spaces() -> None:
    """By switches: one null and one space twice; nested children in each row."""
    rows = got(with_switch(listing_flaws="duplicate_and_null"), "/user/spaces")
    ids = [row["id"] for row in rows if row is not None]
    assert (rows.count(None), len(ids) - len(set(ids))) == (1, 1)
    assert all("cards" in row for row in got(with_switch(listing_rows="full"), "/user/spaces"))


def test_hidden_spaces_may_be_left_out_of_the_listing() -> None:
    """By switch; then the truth has none either, and they count as unlisted."""
    listed, left_out = Kinopio(), with_switch(hidden_spaces="left_out")
    hidden = {row["id"] for row in got(listed, "/user/hidden-spaces")}
    assert hidden and hidden <= {row["id"] for row in got(listed, "/user/spaces")}
    assert not hidden & {row["id"] for row in got(left_out, "/user/spaces")}
    assert not hidden & {row["id"] for row in left_out.truth()["spaces"]}
    assert hidden <= set(left_out.unlisted())


def test_a_batch_answers_at_most_sixty_in_another_order() -> None:
    """The rest is lost without a word, or 400 by switch."""
    kinopio = Kinopio(size=90)
    ids = [row["id"] for row in got(kinopio, "/user/spaces")][:65]
    rows = got(kinopio, f"/space/multiple?spaceIds={','.join(ids)}")
    assert {row["id"] for row in rows} == set(ids[:60])
    assert [row["id"] for row in rows] != ids[:60]
    assert all("cards" in row for row in rows)
    kinopio.switch("batch_over_60", "400")
    assert ask(kinopio, f"/space/multiple?spaceIds={','.join(ids)}").status == 400


def test_a_batch_omits_what_one_may_not_see_or_sends_an_empty_object(kinopio: Kinopio) -> None:
    """Unknown ids vanish, or are {} by switch."""
    known = kinopio.space_ids()[0]
    target = f"/space/multiple?spaceIds={known},unknown"
    assert [row["id"] for row in got(kinopio, target)] == [known]
    kinopio.switch("batch_missing", "empty")
    assert sorted(len(row) > 0 for row in got(kinopio, target)) == [False, True]


def test_a_batch_may_come_without_cards(kinopio: Kinopio) -> None:
    """By switch: only `cards` is missing, or all nested arrays."""
    target = f"/space/multiple?spaceIds={kinopio.space_ids()[0]}"
    kinopio.switch("batch_cards", "no_cards")
    assert "cards" not in got(kinopio, target)[0]
    assert "boxes" in got(kinopio, target)[0]
    kinopio.switch("batch_cards", "metadata")
    assert "boxes" not in got(kinopio, target)[0]


def test_one_space_answers_by_privacy_rights_and_existence(kinopio: Kinopio) -> None:
    """Public ones without a key, private ones not, removed ones with their flag, else 404."""
    by_privacy = {row["privacy"]: row["id"] for row in got(kinopio, "/user/spaces")}
    statuses = {p: stranger(kinopio, f"/space/{i}").status for p, i in by_privacy.items()}
    assert statuses == {"open": 200, "closed": 200, "private": 401}
    assert b"canary-edit-key" not in stranger(kinopio, f"/space/{by_privacy['open']}").body
    assert ask(kinopio, "/space/unknown").status == 404
    assert got(kinopio, f"/space/{kinopio.space_ids('removed')[0]}")["isRemoved"] is True


def test_keys_of_single_spaces_open_just_these(kinopio: Kinopio) -> None:
    """The edit key and the read key of a space work as headers of their own."""
    private = next(row["id"] for row in got(kinopio, "/user/spaces") if row["privacy"] == "private")
    space = got(kinopio, f"/space/{private}")
    edit = {"space-authorization": space["collaboratorKey"]}
    read = {"read-only-authorization": space["readOnlyKey"]}
    assert ask(kinopio, f"/space/{private}", **read).status == 200
    assert ask(kinopio, f"/space/{private}/removedCards", **edit).status == 200
    assert ask(kinopio, f"/space/{private}/removedCards", **read).status == 401


def test_removed_cards_are_for_those_who_may_edit(kinopio: Kinopio) -> None:
    """A list for editable spaces, 401 for read-only ones, unknown to the space itself."""
    crowded = kinopio.space_ids()[0]
    removed = got(kinopio, f"/space/{crowded}/removedCards")
    assert removed and all(card["isRemoved"] for card in removed)
    inside = {card["id"] for card in got(kinopio, f"/space/{crowded}")["cards"]}
    assert not inside & {card["id"] for card in removed}
    read_only = kinopio.space_ids("read_only")[0]
    assert ask(kinopio, f"/space/{read_only}").status == 200
    assert ask(kinopio, f"/space/{read_only}/removedCards").status == 401
    kinopio.switch("removed_cards_inline", True)
    assert {card["id"] for card in removed} < {
        card["id"] for card in got(kinopio, f"/space/{crowded}")["cards"]
    }


@pytest.mark.parametrize(
    ("documented", "newer"),
    [
        ("/space/{}/removedCards", "/space/{}/removed-cards"),
        ("/notifications", "/notification"),
        ("/tags/todo", "/tag/todo"),
        ("/space/everyones-spaces", "/space/everyone-spaces"),
    ],
)
def test_routes_have_two_spellings_one_at_a_time(documented: str, newer: str) -> None:
    """The page's spelling by default, the newer one or both by switch."""
    for spelling, expected in (
        ("documented", [200, 404]),
        ("newer", [404, 200]),
        ("both", [200, 200]),
    ):
        kinopio = with_switch(spelling=spelling)
        space_id = kinopio.space_ids()[0]
        targets = [documented.format(space_id), newer.format(space_id)]
        assert [ask(kinopio, target).status for target in targets] == expected


def test_payload_eras_have_their_names(kinopio: Kinopio) -> None:
    """2023 has types and cards, 2026 items, lists and strokes; mixed has both pairs."""
    spaces = kinopio.space_ids()

    def pairs() -> set[str]:
        payloads = [got(kinopio, f"/space/{space_id}") for space_id in spaces]
        names = {name for p in payloads for c in p["connections"] for name in c}
        return names & {"startCardId", "startItemId", "connectionTypeId", "color"}

    assert pairs() == {"startCardId", "startItemId", "connectionTypeId"}
    kinopio.switch("era", "2023")
    assert pairs() == {"startCardId", "connectionTypeId"}
    space = got(kinopio, f"/space/{spaces[0]}")
    assert "connectionTypes" in space
    assert not {"lists", "lines", "drawingStrokes", "note"} & set(space)
    kinopio.switch("era", "2026")
    assert pairs() == {"startItemId", "color"}
    space = got(kinopio, f"/space/{spaces[0]}")
    assert "connectionTypes" not in space
    assert space["lists"] and space["lines"] and isinstance(space["drawingStrokes"][0], list)


def test_connections_have_one_pair_of_columns_in_every_era(kinopio: Kinopio) -> None:
    """Whatever the payload calls the ends, the truth calls them items."""
    ends = set()
    for era in ("2023", "mixed", "2026"):
        kinopio.switch("era", era)
        rows = kinopio.truth()["connections"]
        ends.add(tuple((row["start_item_id"], row["end_item_id"]) for row in rows))
    assert len(ends) == 1


def test_numbers_and_positions_come_in_both_forms(kinopio: Kinopio) -> None:
    """Sizes as int or text, x and y with or without fractions; the truth keeps numbers."""
    target = f"/space/{kinopio.space_ids()[0]}"
    cards = got(kinopio, target)["cards"]
    assert any(isinstance(card["x"], float) for card in cards)
    assert isinstance(cards[0]["width"], int)
    truth = kinopio.truth()
    kinopio.switch("numbers", "text")
    space = got(kinopio, target)
    assert isinstance(space["cards"][0]["width"], str)
    assert isinstance(space["boxes"][0]["x"], str)
    assert kinopio.truth() == truth
    kinopio.switch("positions", "whole")
    assert all(isinstance(card["x"], int) for card in got(kinopio, target)["cards"])


def test_errors_are_worded_in_three_ways(kinopio: Kinopio) -> None:
    """JSON with its status, text, or 200 with the status inside."""
    assert json.loads(ask(kinopio, "/space/unknown").body)["status"] == 404
    kinopio.switch("errors", "text")
    assert ask(kinopio, "/space/unknown").body == b"error 404"
    kinopio.switch("errors", "in_body")
    assert got(kinopio, "/space/unknown")["status"] == 404


def test_dropped_routes_are_404_by_switch(kinopio: Kinopio) -> None:
    """AI images, journal spaces, the prompt and the news go away together."""
    routes = ("/user/ai-images", "/user/journal-spaces", "/journal-daily-prompt", "/meta/new-stuff")
    assert {ask(kinopio, route).status for route in routes} == {200}
    kinopio.switch("dropped_routes", "gone")
    assert {ask(kinopio, route).status for route in routes} == {404}
    assert kinopio.truth()["ai_images"] == []


def test_ai_images_are_cut_without_a_limit(kinopio: Kinopio) -> None:
    """Ten of twelve by default, all when asked for."""
    assert len(got(kinopio, "/user/ai-images")) == 10
    assert len(got(kinopio, "/user/ai-images?limit=100")) == 12 == len(table(kinopio, "ai_images"))
    kinopio.switch("ai_images_default_limit", 100)
    assert len(got(kinopio, "/user/ai-images")) == 12


def test_small_forms_by_switch(kinopio: Kinopio) -> None:
    """Favourite colours, the owner's field, the edit key and the user's key vary."""
    target = f"/space/{kinopio.space_ids()[0]}"
    assert "color" in got(kinopio, "/user/favorite-colors")[0]
    assert "userId" in got(kinopio, target)
    assert isinstance(got(kinopio, target)["collaboratorKey"], str)
    assert "apiKey" in got(kinopio, "/user")
    kinopio.switch("favorite_colors", "text")
    kinopio.switch("owner_field", "ownerUserId")
    kinopio.switch("collaborator_key", "object")
    kinopio.switch("user_api_key", "absent")
    assert isinstance(got(kinopio, "/user/favorite-colors")[0], str)
    assert "ownerUserId" in got(kinopio, target) and "userId" not in got(kinopio, target)
    assert "collaboratorKey" in got(kinopio, target)["collaboratorKey"]
    assert "apiKey" not in got(kinopio, "/user")


def test_imported_spaces_carry_the_whole_user(kinopio: Kinopio) -> None:
    """`users[0]` holds every secret of the account, unless the switch is off."""

    def full_owners() -> list[Any]:
        spaces = [got(kinopio, f"/space/{space_id}") for space_id in kinopio.space_ids()]
        return [user for space in spaces for user in space["users"] if "email" in user]

    assert isinstance(full_owners()[0]["updatedAt"], int)
    assert full_owners()[0]["apiKey"] in kinopio.secrets()
    kinopio.switch("full_owner", False)
    assert full_owners() == []


def test_notifications_are_the_last_fifty_of_all_kinds(kinopio: Kinopio) -> None:
    """Newest first; some without card, space or user."""
    rows = got(kinopio, "/notifications")
    assert any("card" in row for row in rows) and any("cardId" not in row for row in rows)
    assert any("space" not in row for row in rows) and any("user" not in row for row in rows)
    for _ in range(60):
        newest = kinopio.add_notification(space_id=kinopio.space_ids()[0])
    rows = got(kinopio, "/notifications")
    assert (len(rows), rows[0]["id"]) == (50, newest)
    assert len(table(kinopio, "notifications")) == 50


def test_repair_routes_give_single_records(kinopio: Kinopio) -> None:
    """Cards, connections, types, boxes, tags and users one by one."""
    space_id = kinopio.space_ids()[0]
    space = got(kinopio, f"/space/{space_id}")
    card = space["cards"][0]
    assert got(kinopio, f"/card/{card['id']}") == card
    assert got(kinopio, f"/card/multiple?cardIds={card['id']},unknown") == [card]
    for route, name in (
        ("connection", "connections"), ("connection-type", "connectionTypes"), ("box", "boxes"),
    ):  # fmt: skip
        assert got(kinopio, f"/{route}/{space[name][0]['id']}") == space[name][0]
    tag = next(tag for tag in space["tags"] if tag["name"] == "to buy")
    assert tag in got(kinopio, f"/tags/by-card/{tag['cardId']}")
    assert tag in got(kinopio, "/tags/to%20buy")
    assert len(got(kinopio, "/user/tags")) == 5
    ids = kinopio.user_ids()
    users = got(kinopio, f"/user/public/multiple?userIds={ids[0]},gone-account-00000005")
    assert [user["id"] for user in users] == [ids[0]]
    assert got(kinopio, f"/user/public/{ids[0]}") == users[0]
    body = json.dumps({"query": card["name"][:5]}).encode()
    key = kinopio.credentials()["KINOPIO_API_KEY"]
    found = kinopio.answer(Request("POST", "/card/search", {"authorization": key}, body))
    assert found.status == 200


@pytest.mark.parametrize(
    "route",
    [
        "/user/journal-spaces", "/user/inbox-space", "/space/inbox", "/user/template-spaces",
        "/user/group-spaces", "/user/hidden-spaces", "/space/explore-spaces", "/space/live-spaces",
        "/space/explore-spaces/feed.json", "/space/everyones-spaces/feed.json", "/meta/date",
        "/services/community-backgrounds", "/user/favorite-users", "/user/favorite-spaces",
    ],
)  # fmt: skip
def test_side_routes_answer(kinopio: Kinopio, route: str) -> None:
    """Every further read route of the page has an answer."""
    assert ask(kinopio, route).status == 200


def test_unknown_routes_are_404(kinopio: Kinopio) -> None:
    """Also known paths with a method that the stand-in does not have."""
    key = kinopio.credentials()["KINOPIO_API_KEY"]
    assert ask(kinopio, "/user/nonsense").status == 404
    assert kinopio.answer(Request("DELETE", "/space", {"authorization": key})).status == 404
