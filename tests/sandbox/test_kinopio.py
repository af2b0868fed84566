"""Kinopio: the traps of its API page, and that the truth follows them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.core import Lagging, Response
from sandbox.kinopio import Kinopio
from tests.sandbox.client import get

KEYS = {"space_collaborators": "user_id", "favorite_colors": "color", "ai_images": "url"}


@pytest.fixture
def kinopio() -> Kinopio:
    return Kinopio()


def ask(service: Kinopio, target: str, **headers: str) -> Response:
    """A GET as the account's user, unless headers are given."""
    key = service.credentials()["KINOPIO_API_KEY"]
    return get(service, target, **(headers or {"authorization": key}))


def read(service: Kinopio, target: str) -> Any:
    response = ask(service, target)
    assert response.status == 200, target
    return json.loads(response.body)


def ids(service: Kinopio, target: str) -> set[str]:
    return {row["id"] for row in read(service, target)}


def table(service: Kinopio, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by key; children of spaces have the space's id in it."""
    parent = () if name == "notifications" else ("space_id",)
    key = (*parent, KEYS.get(name, "id"))
    return {tuple(row[part] for part in key if part in row): row for row in service.truth()[name]}


def test_the_bare_key_gets_in_and_a_wrong_one_gets_nothing_at_all(kinopio: Kinopio) -> None:
    """The header is the key itself; a wrong key never gives the smaller, public answer."""
    key = kinopio.credentials()["KINOPIO_API_KEY"]
    assert [len(part) for part in key.split("-")] == [8, 4, 4, 4, 12]
    assert get(kinopio, f"/user?apiKey={key}").status == 200
    for wrong in (f"Bearer {key}", f"Token {key}", "x", ""):
        assert ask(kinopio, "/user", authorization=wrong).status == 401
    assert (get(kinopio, "/user").status, get(kinopio, "/").status) == (401, 200)
    assert ask(kinopio, "/space/multiple?spaceIds=a", authorization="dead").status == 401


def test_spaces_answer_by_privacy_rights_and_existence(kinopio: Kinopio) -> None:
    """Public ones without a key, private ones not, removed ones with their flag, else 404; a
    space's own keys open just this space."""
    by_privacy = {row["privacy"]: row["id"] for row in read(kinopio, "/user/spaces")}
    statuses = {name: get(kinopio, f"/space/{i}").status for name, i in by_privacy.items()}
    assert statuses == {"open": 200, "closed": 200, "private": 401}
    assert b"canary-edit-key" not in get(kinopio, f"/space/{by_privacy['open']}").body
    assert ask(kinopio, "/space/unknown").status == 404
    assert read(kinopio, f"/space/{kinopio.space_ids('removed')[0]}")["isRemoved"] is True
    address = f"/space/{by_privacy['private']}"
    space = read(kinopio, address)
    edit, view = space["collaboratorKey"], space["readOnlyKey"]
    assert get(kinopio, address, read_only_authorization=view).status == 200
    removed = f"{address}/removedCards"
    assert get(kinopio, removed, space_authorization=edit).status == 200
    assert get(kinopio, removed, read_only_authorization=view).status == 401
    read_only = kinopio.space_ids("read_only")[0]
    assert ask(kinopio, f"/space/{read_only}/removedCards").status == 401


def test_capped_and_dropped_lists(kinopio: Kinopio) -> None:
    """Ten of twelve images if not asked otherwise; the last fifty notifications, newest first,
    some without card, space or user; the images' route may be gone."""
    assert len(read(kinopio, "/user/ai-images")) == 10
    assert len(read(kinopio, "/user/ai-images?limit=100")) == 12 == len(table(kinopio, "ai_images"))
    rows = read(kinopio, "/notifications")
    for part in ("cardId", "space", "user"):
        assert {part in row for row in rows} == {True, False}
    for _ in range(60):
        newest = kinopio.add_notification(space_id=kinopio.space_ids()[0])
    rows = read(kinopio, "/notifications")
    assert (len(rows), rows[0]["id"]) == (50, newest)
    assert len(table(kinopio, "notifications")) == 50
    kinopio.switch("dropped_routes", "gone")
    assert ask(kinopio, "/user/ai-images").status == 404
    assert kinopio.truth()["ai_images"] == []


def test_authors_are_known_by_id_though_no_payload_has_them(kinopio: Kinopio) -> None:
    """At most sixty in a request; who is gone is left out. The truth has them as users."""
    author = kinopio.add_person("wrote one card")
    assert author not in {row["id"] for row in kinopio.truth()["users"]}
    kinopio.add_card(kinopio.space_ids()[0], "by a stranger", user_id=author)
    found = get(kinopio, f"/user/public/multiple?userIds={author},gone-account-00000005")
    assert [user["id"] for user in json.loads(found.body)] == [author]
    assert author in {row["id"] for row in kinopio.truth()["users"]}


def test_secrets_are_sent_everywhere_and_stand_nowhere_in_the_truth(kinopio: Kinopio) -> None:
    """Each kind of secret is in some answer, the whole user in imported spaces among them."""
    spaces = [i for kind in ("owned", "shared", "removed") for i in kinopio.space_ids(kind)]
    sent = [read(kinopio, f"/space/{space_id}") for space_id in spaces]
    text = json.dumps([sent, read(kinopio, "/user")])
    kinds = ("edit-key", "read-key", "group-key", "invite-key", "read-invite-key", "embed-key")
    assert all(f"canary-{kind}" in text for kind in (*kinds, "arena", "owner@", "app-key"))
    assert "canary-" not in json.dumps(kinopio.truth())
    full = [user for space in sent for user in space["users"] if "email" in user]
    assert isinstance(full[0]["updatedAt"], int)
    kinopio.switch("full_owner", False)
    assert "canary-arena" not in json.dumps([read(kinopio, f"/space/{i}") for i in spaces])
    me = table(kinopio, "users")[(kinopio.world.me["id"],)]
    assert me["should_use_sticky_cards"] is True
    assert not {"email", "api_key", "weather_location", "updated_at"} & set(me)


def test_edits_move_the_times_that_the_page_says(kinopio: Kinopio) -> None:
    """A card's text moves all, its position and other items only `updatedAt`, as does a visit,
    which changes no table."""
    space_id = kinopio.space_ids()[0]
    card_id = kinopio.card_ids(space_id)[0]
    box_id = kinopio.child_ids(space_id, "boxes")[0]

    def moved(change: Callable[..., object], *values: Any, **named: Any) -> list[str]:
        before = read(kinopio, f"/space/{space_id}")
        change(space_id, *values, **named)
        after = read(kinopio, f"/space/{space_id}")
        return [name for name in ("updatedAt", "editedAt") if after[name] != before[name]]

    assert moved(kinopio.edit_card, card_id, "new") == ["updatedAt", "editedAt"]
    assert moved(kinopio.move_card, card_id, 1, 2) == ["updatedAt"]
    assert moved(kinopio.edit_box, box_id, name="b") == ["updatedAt"]
    assert moved(kinopio.rename_space, "n") == ["updatedAt"]
    truth = kinopio.truth()
    assert moved(kinopio.visit_space) == ["updatedAt"]
    assert kinopio.truth() == truth
    kinopio.switch("box_edits", "leave_updated_at")
    assert moved(kinopio.edit_box, box_id, name="c") == []


def test_an_incremental_pass_need_not_show_what_moves_no_space(kinopio: Kinopio) -> None:
    """Names of known users, AI images, and boxes by switch; the next edit of the space shows
    these."""
    space_id = kinopio.space_ids()[0]
    box_id = kinopio.child_ids(space_id, "boxes")[0]
    kinopio.switch("box_edits", "leave_updated_at")
    held = kinopio.truth()
    kinopio.rename_user(kinopio.user_ids()[0], "another")
    kinopio.add_ai_image("a cat")
    kinopio.edit_box(space_id, box_id, name="silent")
    expected = kinopio.expected(held)
    late = [name for name, rows in expected.items() for row in rows if isinstance(row, Lagging)]
    assert sorted(late) == ["ai_images", "boxes", "users"]
    kinopio.visit_space(space_id)
    assert not [row for row in kinopio.expected(expected)["boxes"] if isinstance(row, Lagging)]


def test_the_data_holds_the_pages_traps(kinopio: Kinopio) -> None:
    """Odd ids, shared template ids, orphans, empty and crowded spaces, two Inboxes..."""
    truth = kinopio.truth()
    assert any(row["id"][0] in "-_" for row in truth["cards"])
    assert sum(row["id"] == "1" for row in truth["cards"]) >= 2
    amounts = {row["id"]: 0 for row in truth["spaces"]}
    for row in truth["cards"]:
        amounts[row["space_id"]] += 1
    assert min(amounts.values()) == 0
    assert max(amounts.values()) > 200
    assert [row["name"] for row in truth["spaces"]].count("Inbox") == 2
    cards = {(row["space_id"], row["id"]) for row in truth["cards"]}
    assert any((row["space_id"], row["card_id"]) not in cards for row in truth["tags"])
    assert any((row["space_id"], row["end_item_id"]) not in cards for row in truth["connections"])
    assert any("path" not in row for row in truth["connections"])
    assert any("is_removed" not in row for row in truth["cards"])
    spaces = {row["id"] for row in truth["spaces"]}
    assert any(row.get("link_to_space_id") not in {None, *spaces} for row in truth["cards"])
    assert any(row["origin_space_id"] not in {"", *spaces} for row in truth["spaces"])
    known = {row["id"] for row in truth["users"]}
    assert any(row.get("user_id") not in {None, *known} for row in truth["cards"])
