"""The Kippt stand-in does what the service's pages say, and its truth follows."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.kippt import Kippt
from sandbox.service import Request, Response

TABLES = {
    *("users", "lists", "list_collaborators", "clips", "comments"),
    *("clip_likes", "clip_saves", "favorites", "follows", "notifications"),
}
KEYS = {
    "list_collaborators": ("list_id", "user_id"),
    "clip_likes": ("clip_id", "user_id"),
    "clip_saves": ("clip_id", "user_id"),
    "favorites": ("clip_id",),
    "follows": ("direction", "user_id"),
}


def ask(service: Kippt, target: str, headers: dict[str, str] | None = None) -> Response:
    """GET with both token headers, or with the given headers alone."""
    if headers is None:
        known = service.credentials()
        headers = {
            "x-kippt-username": known["KIPPT_USERNAME"],
            "x-kippt-api-token": known["KIPPT_API_TOKEN"],
        }
    return service.answer(Request("GET", f"/api{target}", headers))


def read(service: Kippt, target: str, headers: dict[str, str] | None = None) -> Any:
    response = ask(service, target, headers)
    assert response.status == 200, response.body
    return json.loads(response.body)


def everything(service: Kippt, target: str) -> list[dict[str, Any]]:
    """All objects of a collection, by offset."""
    found: list[dict[str, Any]] = []
    mark = "&" if "?" in target else "?"
    while True:
        page = read(service, f"{target}{mark}limit=200&offset={len(found)}")
        found += page["objects"]
        if page["meta"]["next"] is None:
            return found


def message_of(response: Response) -> tuple[int, str]:
    return response.status, json.loads(response.body)["message"]


def rows(service: Kippt, table: str, **wanted: Any) -> list[dict[str, Any]]:
    found = service.truth()[table]
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def users_in(value: Any) -> Iterator[int]:
    """The ids of all users anywhere inside a payload."""
    if isinstance(value, dict):
        if "username" in value:
            yield value["id"]
        for part in value.values():
            yield from users_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from users_in(part)


def test_alike_made_are_alike_and_follow_the_same_changes() -> None:
    """Seed and size decide everything, changes included."""
    one, two, other = Kippt(seed=5), Kippt(seed=5), Kippt(seed=6)
    assert one.truth() == two.truth() != other.truth()
    assert one.change(1) == two.change(1)
    assert one.truth() == two.truth()


def test_every_table_has_rows_with_unique_keys() -> None:
    """The truth has every table of the contract; keys never repeat, and ids are numbers."""
    service = Kippt()
    for seed in range(8):
        truth = service.truth()
        assert set(truth) == TABLES
        for name, table in truth.items():
            assert table, name
            key = KEYS.get(name, ("id",))
            assert len({tuple(row[part] for part in key) for row in table}) == len(table)
            assert all(isinstance(row[key[-1]], int) for row in table)
        service.change(seed)


def test_truth_equals_what_a_full_reading_finds() -> None:
    """Every clip, user, comment and relation in the needed routes is in the truth, no other."""
    service = Kippt(size=130)
    service.change(3)
    truth = service.truth()
    me = read(service, "/account/")
    lists = everything(service, "/lists/")
    favorites = everything(service, "/clips/favorites/")
    clips = {row["id"]: row for row in everything(service, "/clips/") + favorites}
    clips |= {row["id"]: row for row in everything(service, f"/users/{me['id']}/clips/likes/")}
    for row in lists:
        if row["collaborators"]["count"] or row["user"]["id"] != me["id"]:
            inside = everything(service, f"/lists/{row['id']}/clips/")
            clips |= {clip["id"]: clip for clip in inside}
    comments = {i: everything(service, f"/clips/{i}/comments/") for i in clips}
    likes = {i: everything(service, f"/clips/{i}/likes/") for i in clips}
    neighbours = [
        everything(service, f"/users/{me['id']}/{kind}/") for kind in ("followers", "following")
    ]
    notes = everything(service, "/notifications/")
    children = [*comments.values(), *likes.values()]
    seen = users_in([me, lists, list(clips.values()), children, neighbours, notes])

    assert {row["id"] for row in truth["lists"]} == {row["id"] for row in lists}
    assert {row["id"] for row in truth["clips"]} == set(clips)
    assert {row["clip_id"] for row in truth["favorites"]} == {row["id"] for row in favorites}
    assert {(row["id"], row["clip_id"]) for row in truth["comments"]} == {
        (row["id"], clip_id) for clip_id, found in comments.items() for row in found
    }
    assert {row["id"] for row in truth["users"]} == set(seen)
    assert len(truth["clip_likes"]) == sum(len(users) for users in likes.values())
    assert len(truth["clip_saves"]) == sum(len(c["saves"]["data"]) for c in clips.values())
    assert len(truth["follows"]) == sum(len(users) for users in neighbours)
    assert len(truth["notifications"]) == len(notes)
    for row in truth["clips"]:
        shown = clips[row["id"]]
        assert row["list_id"] == int(shown["list"].split("/")[-2])
        assert row["is_favorite"] == shown["is_favorite"]
        assert row["comments_count"] == shown["comments"]["count"]
        for name in ("url", "url_domain", "title", "notes", "type", "favicon_url"):
            assert row[name] == shown[name]


def test_users_who_show_nowhere_are_not_in_the_truth() -> None:
    """There are strangers, and each one appears when something shows them."""
    service = Kippt()
    known = {row["id"] for row in service.truth()["users"]}
    stranger = next(user for user in service.world.users if user not in known)
    service.be_followed(stranger)
    assert rows(service, "users", id=stranger)


def test_both_token_headers_or_a_password_let_in() -> None:
    """One header alone is 401; nothing at all reads what is public."""
    service = Kippt()
    known = service.credentials()
    name, token = known["KIPPT_USERNAME"], known["KIPPT_API_TOKEN"]
    for headers in (
        {},
        {"x-kippt-username": name},
        {"x-kippt-api-token": token},
        {"x-kippt-username": name, "x-kippt-api-token": "wrong"},
        {"authorization": "Basic bm86bm8="},
    ):
        assert ask(service, "/clips/", headers).status == 401
        assert "message" in json.loads(ask(service, "/clips/", headers).body)
    password = next(secret for secret in service.secrets() if "password" in secret)
    for user in (name, f"{name}@example.com"):
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        found = read(
            service, "/account/?include_data=api_token", {"authorization": f"Basic {basic}"}
        )
        assert found["api_token"] == token
    assert "api_token" not in read(service, "/account/")
    service.reset_token()
    old = {"x-kippt-username": name, "x-kippt-api-token": token}
    assert ask(service, "/clips/", old).status == 401
    assert ask(service, "/clips/").status == 200
    assert token in service.secrets()


def test_public_things_are_readable_without_an_account() -> None:
    """Then without is_favorite; private ones are 401, missing ones 404."""
    service = Kippt()
    private = {row["id"]: row["is_private"] for row in service.truth()["lists"]}
    mine = [row for row in service.truth()["clips"] if row["list_id"] in private]
    public = next(row["id"] for row in mine if not private[row["list_id"]])
    secret = next(row["id"] for row in mine if private[row["list_id"]])
    assert "is_favorite" not in read(service, f"/clips/{public}/", {})
    assert "is_favorite" in read(service, f"/clips/{public}/")
    assert ask(service, f"/clips/{secret}/", {}).status == 401
    assert message_of(ask(service, "/clips/1/", {})) == (404, "Not found.")
    assert read(service, "/users/mira/", {})["username"] == "mira"
    assert read(service, "/users/mira/lists/recipes/", {})["slug"] == "recipes"
    assert ask(service, "/users/self/", {}).status == 401


def test_all_traps_are_in_the_data() -> None:
    """Null types, notes, lost originals, private and shared lists, feed tokens, odd profiles."""
    service = Kippt()
    truth = service.truth()
    clips, lists = truth["clips"], truth["lists"]
    assert {None, "note", "link"} <= {row["type"] for row in clips}
    assert any(row["via_id"] and row["via_id"] > 90_000_000 for row in clips)
    assert {"", None} <= {row["description"] for row in lists}
    assert {"", None} <= {row["full_name"] for row in truth["users"]}
    assert len({row["title"] for row in lists}) < len(lists)
    me = read(service, "/account/")["id"]
    assert any(row["user_id"] != me and row["is_private"] for row in lists)
    assert {row["list_id"] for row in clips} - {row["id"] for row in lists}
    served = json.dumps(everything(service, "/lists/"))
    assert any(secret in served for secret in service.secrets())
    assert not any(secret in json.dumps(truth) for secret in service.secrets())
    assert any(row["user_id"] != me for row in clips if row["is_favorite"])


@pytest.mark.parametrize("form", ["cascades", "to_inbox"])
def test_a_deleted_list_takes_its_clips_or_leaves_them(form: str) -> None:
    """Own clips vanish or move to the Inbox, by switch; the Inbox cannot go."""
    service = Kippt(switches={"delete_list": form})
    row = service.add_list("Short-lived")
    clip = service.add_clip(row)
    inbox = rows(service, "lists", slug="inbox")[0]["id"]
    service.delete_list(row)
    assert not rows(service, "lists", id=row)
    assert [c["list_id"] for c in rows(service, "clips", id=clip)] == [inbox] * (form == "to_inbox")
    with pytest.raises(ValueError, match="Inbox"):
        service.delete_list(inbox)


def test_collaborators_clips_and_optional_routes_are_switches() -> None:
    """Clips of others in own lists join the stream or not; two routes may be missing."""
    service = Kippt()
    shared = next(
        row
        for row in rows(service, "lists", collaborators_count=2)
        if row["app_url"].startswith("/mira/")
    )
    assert len(everything(service, "/clips/")) == 40
    service.switch("stream_holds_collaborators_clips", True)
    assert len(everything(service, "/clips/")) > 40
    for name, path in (
        ("list_collaborators_route", f"/lists/{shared['id']}/collaborators/"),
        ("lists_following", "/lists/following/"),
    ):
        assert ask(service, path).status == 404
        service.switch(name, True)
        assert everything(service, path)


def test_truth_follows_single_changes() -> None:
    """Deleting, returning, moving, favouring, leaving and the rest show at once."""
    service = Kippt()
    clip = service.add_clip(title="new")
    updated = rows(service, "clips", id=clip)[0]["updated"]
    service.move_clip(clip, service.add_list("Elsewhere"))
    assert rows(service, "clips", id=clip)[0]["updated"] > updated
    service.delete_clip(clip)
    assert not rows(service, "clips", id=clip)
    assert ask(service, f"/clips/{clip}/").status == 404
    service.return_clip(clip)
    service.favorite_clip(clip)
    assert rows(service, "favorites", clip_id=clip)
    service.favorite_clip(clip, on=False)
    assert not rows(service, "favorites", clip_id=clip)
    comment = service.add_comment(clip)
    assert rows(service, "comments", id=comment)[0]["clip_id"] == clip
    service.delete_comment(comment)
    assert not rows(service, "comments", id=comment)
    plans = rows(service, "lists", title="Our secret plans")[0]["id"]
    others = rows(service, "clips", list_id=plans)
    service.add_collaborator(plans, on=False)
    assert not rows(service, "lists", id=plans)
    assert len(rows(service, "clips", list_id=plans)) < len(others)
    assert ask(service, f"/lists/{plans}/").status == 401
    user = service.truth()["follows"][0]["user_id"]
    service.be_followed(user, on=False)
    assert not rows(service, "follows", direction="follower", user_id=user)
    service.edit_user(user, bio="changed")
    note = service.add_notification("new kind", user)
    assert rows(service, "notifications", id=note)[0]["is_seen"] is False
    service.mark_notifications_seen()
    assert rows(service, "notifications", id=note)[0]["is_seen"] is True
    assert (
        len({row["updated"] for i in service.edit_many(4) for row in rows(service, "clips", id=i)})
        == 1
    )
