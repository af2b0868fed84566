"""What happens in the Kinopio stand-in, and that its truth follows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
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


def ask(service: Kinopio, target: str, **headers: str) -> Response:
    """A GET as the account's user, unless headers are given."""
    key = service.credentials()["KINOPIO_API_KEY"]
    return service.answer(Request("GET", target, headers or {"authorization": key}))


def got(service: Kinopio, target: str) -> Any:
    response = ask(service, target)
    assert response.status == 200, target
    return json.loads(response.body)


def table(service: Kinopio, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {
        tuple(row[column] for column in KEYS.get(name, ("id",))): row
        for row in service.truth()[name]
    }


def test_a_visit_moves_only_updated_at_and_visits(kinopio: Kinopio) -> None:
    """`editedAt` stays, and no table changes."""
    space_id = kinopio.space_ids()[0]
    before, truth = got(kinopio, f"/space/{space_id}"), kinopio.truth()
    kinopio.visit_space(space_id)
    after = got(kinopio, f"/space/{space_id}")
    assert {name for name in after if after[name] != before[name]} == {
        "updatedAt", "visits", "updateHash",
    }  # fmt: skip
    assert after["updatedAt"] > before["updatedAt"]
    assert kinopio.truth() == truth


def test_edits_move_the_times_that_the_page_says(kinopio: Kinopio) -> None:
    """A card's text moves all, its position and other items only `updatedAt`."""
    space_id = kinopio.space_ids()[0]
    card_id = kinopio.card_ids(space_id)[0]

    def moved(change: Callable[[], object]) -> list[str]:
        before = got(kinopio, f"/space/{space_id}")
        change()
        after = got(kinopio, f"/space/{space_id}")
        return [name for name in ("updatedAt", "editedAt") if after[name] != before[name]]

    box_id = kinopio.child_ids(space_id, "boxes")[0]
    line_id = kinopio.child_ids(space_id, "connections")[0]
    assert moved(lambda: kinopio.edit_card(space_id, card_id, "new")) == ["updatedAt", "editedAt"]
    assert moved(lambda: kinopio.move_card(space_id, card_id, 1, 2)) == ["updatedAt"]
    assert moved(lambda: kinopio.edit_box(space_id, box_id, name="b")) == ["updatedAt"]
    assert moved(lambda: kinopio.rename_space(space_id, "n")) == ["updatedAt"]
    edit = {"labelIsVisible": True}
    assert moved(lambda: kinopio.edit_child(space_id, "connections", line_id, **edit)) == [
        "updatedAt"
    ]
    kinopio.switch("box_edits", "leave_updated_at")
    assert moved(lambda: kinopio.edit_box(space_id, box_id, name="c")) == []


def test_soft_removal_of_a_space_and_its_return(kinopio: Kinopio) -> None:
    """From one list to the other and back; the row stays with its flag."""
    space_id = kinopio.space_ids()[0]
    kinopio.remove_space(space_id)
    assert space_id not in {row["id"] for row in got(kinopio, "/user/spaces")}
    assert space_id in {row["id"] for row in got(kinopio, "/user/removed-spaces")}
    assert table(kinopio, "spaces")[(space_id,)]["is_removed"] is True
    kinopio.restore_space(space_id)
    assert space_id in {row["id"] for row in got(kinopio, "/user/spaces")}
    assert table(kinopio, "spaces")[(space_id,)]["is_removed"] is False


def test_a_space_can_vanish_in_three_ways(kinopio: Kinopio) -> None:
    """Removed by another, access lost, deleted: no list has it, its address tells which."""
    by_other, lost, deleted = kinopio.space_ids()[:3]
    kinopio.remove_space_by_collaborator(by_other)
    kinopio.lose_access(lost)
    kinopio.delete_space(deleted)
    lists = got(kinopio, "/user/spaces") + got(kinopio, "/user/removed-spaces")
    vanished = {by_other, lost, deleted}
    assert not vanished & {row["id"] for row in lists}
    assert [ask(kinopio, f"/space/{i}").status for i in (by_other, lost, deleted)] == [
        200,
        401,
        404,
    ]
    assert kinopio.unlisted() == {by_other: 200, lost: 401}
    assert not vanished & {row["id"] for row in kinopio.truth()["spaces"]}
    assert not vanished & {row["space_id"] for row in kinopio.truth()["cards"]}
    kinopio.regain_access(lost)
    assert (lost,) in table(kinopio, "spaces")


def test_a_removed_card_stays_and_takes_its_lines_and_tags_along(kinopio: Kinopio) -> None:
    """The card keeps its row; what hung on it is gone unless orphans are asked for."""
    space_id = kinopio.space_ids()[0]
    first, second = kinopio.card_ids(space_id)[:2]
    connection_id = kinopio.add_connection(space_id, first, second)
    tag_id = kinopio.add_tag(space_id, first, "new")
    kinopio.remove_card(space_id, first, leave_orphans=True)
    assert (space_id, connection_id) in table(kinopio, "connections")
    kinopio.restore_card(space_id, first)
    kinopio.remove_card(space_id, first)
    assert table(kinopio, "cards")[(space_id, first)]["is_removed"] is True
    assert (space_id, connection_id) not in table(kinopio, "connections")
    assert (space_id, tag_id) not in table(kinopio, "tags")
    kinopio.delete_card(space_id, first)
    assert (space_id, first) not in table(kinopio, "cards")


def test_a_card_without_text_is_deleted_at_once(kinopio: Kinopio) -> None:
    """It is in no list, not even of the removed ones."""
    space_id = kinopio.space_ids()[0]
    card_id = kinopio.card_ids(space_id)[0]
    kinopio.edit_card(space_id, card_id, "")
    assert card_id not in kinopio.card_ids(space_id, removed=True)
    assert (space_id, card_id) not in table(kinopio, "cards")


@pytest.mark.parametrize("kind", ["boxes", "connections", "lines", "lists", "tags"])
def test_other_items_are_deleted_for_good(kinopio: Kinopio, kind: str) -> None:
    """They only lack in their space afterwards."""
    space_id = kinopio.space_ids()[0]
    child_id = kinopio.child_ids(space_id, kind)[0]
    kinopio.delete_child(space_id, kind, child_id)
    assert (space_id, child_id) not in table(kinopio, kind)


def test_a_deleted_connection_type_takes_its_connections_along(kinopio: Kinopio) -> None:
    """Neither the type nor a connection of it is left."""
    space_id = kinopio.space_ids()[0]
    type_id = kinopio.child_ids(space_id, "connection_types")[0]
    kinopio.delete_connection_type(space_id, type_id)
    assert (space_id, type_id) not in table(kinopio, "connection_types")
    left = [row for row in kinopio.truth()["connections"] if row["space_id"] == space_id]
    assert type_id not in {row["connection_type_id"] for row in left}


def test_tags_are_recoloured_in_all_spaces(kinopio: Kinopio) -> None:
    """Every tag of the name has the colour, and nothing else changes colour."""
    count = kinopio.recolor_tags("todo", "#123456")
    tags = kinopio.truth()["tags"]
    assert count > 2
    assert sum(row["color"] == "#123456" for row in tags) == count


def test_favourites_come_and_go(kinopio: Kinopio) -> None:
    """Spaces, users and colours; an edited favourite is marked."""
    space_id, user_id = kinopio.space_ids()[5], kinopio.user_ids()[2]
    kinopio.favorite_space(space_id)
    kinopio.favorite_user(user_id)
    kinopio.favorite_color("teal")
    kinopio.edit_card(space_id, kinopio.card_ids(space_id)[0], "changed")
    assert table(kinopio, "favorite_spaces")[(space_id,)]["is_edited"] is True
    assert got(kinopio, "/user/favorite-spaces")[-1]["isEdited"] is True
    assert (user_id,) in table(kinopio, "favorite_users")
    kinopio.unfavorite_space(space_id)
    kinopio.unfavorite_user(user_id)
    kinopio.unfavorite_color("teal")
    assert (space_id,) not in table(kinopio, "favorite_spaces")
    assert (user_id,) not in table(kinopio, "favorite_users")
    assert ("teal",) not in table(kinopio, "favorite_colors")


def test_the_data_holds_the_pages_traps(kinopio: Kinopio) -> None:
    """Odd ids, shared template ids, orphans, empty and crowded spaces, two Inboxes..."""
    truth = kinopio.truth()
    assert any(row["id"][0] in "-_" for row in truth["cards"])
    assert sum(row["id"] == "1" for row in truth["cards"]) >= 2
    per_space = {row["id"]: 0 for row in truth["spaces"]}
    for row in truth["cards"]:
        per_space[row["space_id"]] += 1
    assert min(per_space.values()) == 0 and max(per_space.values()) > 200
    names = [row["name"] for row in truth["spaces"]]
    assert names.count("Inbox") == 2
    cards = {(row["space_id"], row["id"]) for row in truth["cards"]}
    assert any((row["space_id"], row["card_id"]) not in cards for row in truth["tags"])
    assert any((row["space_id"], row["end_item_id"]) not in cards for row in truth["connections"])
    assert any("path" not in row for row in truth["connections"])
    assert any("is_removed" not in row for row in truth["cards"])
    ids = {row["id"] for row in truth["spaces"]}
    assert any(row.get("link_to_space_id") not in {None, *ids} for row in truth["cards"])
    assert any(row["origin_space_id"] not in {"", *ids} for row in truth["spaces"])
    known = {row["id"] for row in truth["users"]}
    assert any(row.get("user_id") not in {None, *known} for row in truth["cards"])


def test_secrets_are_sent_everywhere_and_stand_nowhere_in_the_truth(kinopio: Kinopio) -> None:
    """Each secret of one's own is in some answer; none is in any table."""
    sent = ask(kinopio, "/user").body.decode()
    for kind in ("owned", "shared", "removed"):
        sent += "".join(ask(kinopio, f"/space/{i}").body.decode() for i in kinopio.space_ids(kind))
    text = json.dumps(kinopio.truth(), ensure_ascii=False)
    for secret in kinopio.secrets():
        assert secret not in text
    kinds = ("edit-key", "read-key", "group-key", "invite-key", "read-invite-key", "embed-key")
    assert all(f"canary-{kind}" in sent for kind in (*kinds, "arena", "owner@", "app-key"))
    assert "canary-" not in text


def test_every_table_has_rows_and_unique_keys(kinopio: Kinopio) -> None:
    """All tables of the contract, each with at least one row, no key twice."""
    truth = kinopio.truth()
    assert set(truth) == TABLES
    for name, rows in truth.items():
        assert rows and len(table(kinopio, name)) == len(rows), name


def test_the_truth_is_what_the_routes_send(kinopio: Kinopio) -> None:
    """Space by space the rows of the truth are the rows of the payloads."""
    truth = kinopio.truth()
    listed = got(kinopio, "/user/spaces") + got(kinopio, "/user/removed-spaces")
    assert {row["id"] for row in truth["spaces"]} == {row["id"] for row in listed}
    for row in listed:
        space = got(kinopio, f"/space/{row['id']}")
        removed = ask(kinopio, f"/space/{row['id']}/removedCards")
        cards = space["cards"] + (json.loads(removed.body) if removed.status == 200 else [])
        expected = {card["id"] for card in cards}
        assert expected == {c["id"] for c in truth["cards"] if c["space_id"] == row["id"]}


def test_users_are_oneself_and_all_who_were_seen(kinopio: Kinopio) -> None:
    """Friends, strangers behind favourites; oneself with preferences but nothing private."""
    users = table(kinopio, "users")
    me = users[(got(kinopio, "/user")["id"],)]
    assert me["should_use_sticky_cards"] is True
    assert not {"email", "api_key", "weather_location", "updated_at"} & set(me)
    assert {key[0] for key in users} == {me["id"], *kinopio.user_ids()}


def test_the_same_seed_gives_the_same_account_and_changes() -> None:
    """Two made alike are alike, also after the same rounds; another seed differs."""
    one, two, other = Kinopio(seed=5), Kinopio(seed=5), Kinopio(seed=6)
    assert one.truth() == two.truth() != other.truth()
    assert [one.change(n) for n in range(5)] == [two.change(n) for n in range(5)]
    assert one.truth() == two.truth()


def test_many_rounds_of_changes_never_fail_and_always_tell(kinopio: Kinopio) -> None:
    """Each round tells what it did; keys stay unique and every address answers."""
    for seed in range(40):
        assert all(isinstance(sentence, str) for sentence in kinopio.change(seed))
    for name, rows in kinopio.truth().items():
        assert len(table(kinopio, name)) == len(rows), name
    assert kinopio.unlisted() == {}
    assert got(kinopio, "/user/favorite-spaces") is not None


def test_a_test_can_change_things_between_two_answers(kinopio: Kinopio) -> None:
    """`after_answer` is called with the request and its number."""
    space_id = kinopio.space_ids()[0]
    seen: list[int] = []

    def remove_after_the_second(request: Request, number: int) -> None:
        seen.append(number)
        if number == 2:
            kinopio.remove_space(space_id)

    kinopio.after_answer.append(remove_after_the_second)
    listings = [{row["id"] for row in got(kinopio, "/user/spaces")} for _ in range(3)]
    assert [space_id in listing for listing in listings] == [True, True, False]
    assert seen == [1, 2, 3]


def test_the_clock_can_jump_back(kinopio: Kinopio) -> None:
    """Then a later change has an earlier time than the one before."""
    space_id = kinopio.space_ids()[0]
    kinopio.visit_space(space_id)
    first = got(kinopio, f"/space/{space_id}")["updatedAt"]
    kinopio.jump_clock(-3600)
    kinopio.edit_card(space_id, kinopio.card_ids(space_id)[0], "later, with an earlier time")
    assert got(kinopio, f"/space/{space_id}")["updatedAt"] < first


@pytest.mark.parametrize("size", [1, 2, 7, 15])
def test_small_accounts_work_too(size: int) -> None:
    """As many spaces as asked for, and a round of changes runs."""
    kinopio = Kinopio(size=size)
    assert len(kinopio.truth()["spaces"]) == size
    kinopio.change(1)
    assert set(kinopio.truth()) == TABLES


@pytest.mark.slow
def test_a_large_account_tells_the_truth_quickly() -> None:
    """Ten thousand records in under two seconds."""
    kinopio = Kinopio(size=400)
    started = time.perf_counter()
    truth = kinopio.truth()
    assert sum(map(len, truth.values())) > 10_000
    assert time.perf_counter() - started < 2
