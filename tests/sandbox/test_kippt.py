"""Kippt: the traps of its API page, and that the truth follows them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from sandbox.core import Lagging, Request, Response
from sandbox.kippt import Kippt


def ask(service: Kippt, target: str, headers: dict[str, str] | None = None) -> Response:
    """GET with both token headers, or with the given headers alone."""
    if headers is None:
        name, token = service.credentials().values()
        headers = {"x-kippt-username": name, "x-kippt-api-token": token}
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


def test_all_traps_are_in_the_data() -> None:
    """Null types, notes, lost originals, private and shared lists, feed tokens, odd profiles,
    and strangers whom nothing shows yet."""
    service = Kippt()
    truth = service.truth()
    clips, lists, me = truth["clips"], truth["lists"], service.world.me.id
    assert {None, "note", "link"} <= {row["type"] for row in clips}
    assert any(row["via_id"] and row["via_id"] > 90_000_000 for row in clips)
    assert {"", None} <= {row["description"] for row in lists}
    assert {"", None} <= {row["full_name"] for row in truth["users"]}
    assert len({row["title"] for row in lists}) < len(lists)
    assert any(row["user_id"] != me and row["is_private"] for row in lists)
    assert {row["list_id"] for row in clips} - {row["id"] for row in lists}
    assert any(row["user_id"] != me for row in clips if row["is_favorite"])
    served = json.dumps(everything(service, "/lists/"))
    assert any(secret in served for secret in service.secrets())
    stranger = next(iter(service.world.users.keys() - {row["id"] for row in truth["users"]}))
    service.be_followed(stranger)
    assert rows(service, "users", id=stranger)


def test_both_token_headers_or_a_password_let_in() -> None:
    """One header alone is 401; a new password makes the old token a wrong one."""
    service = Kippt()
    name, token = service.credentials().values()
    for headers in ({"x-kippt-username": name}, {"x-kippt-api-token": token}):
        assert ask(service, "/clips/", headers).status == 401
    password = next(secret for secret in service.secrets() if "password" in secret)
    for user in (name, f"{name}@example.com"):
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers = {"authorization": f"Basic {basic}"}
        assert read(service, "/account/?include_data=api_token", headers)["api_token"] == token
    assert "api_token" not in read(service, "/account/")
    service.reset_token()
    old = {"x-kippt-username": name, "x-kippt-api-token": token}
    assert (ask(service, "/clips/", old).status, ask(service, "/clips/").status) == (401, 200)
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
    missing = ask(service, "/clips/1/", {})
    assert (missing.status, json.loads(missing.body)) == (404, {"message": "Not found."})


def test_pages_have_documented_sizes_and_addresses() -> None:
    """20 by default, 200 at most, and 0 for the most; more is refused by switch."""
    service = Kippt(size=230)
    for limit, length in (("", 20), ("?limit=7", 7), ("?limit=0", 200), ("?limit=999", 200)):
        assert len(read(service, f"/clips/{limit}")["objects"]) == length
    page = read(service, "/clips/?limit=20&offset=20")["meta"]
    assert page["next"] == "/api/clips/?limit=20&offset=40"
    assert page["previous"] == "/api/clips/?limit=20&offset=0"
    assert "total_count" not in page
    service.switch("total_count", True)
    assert read(service, "/clips/?limit=200&offset=200")["meta"]["total_count"] == 230
    service.switch("limit_above_200", "refuse")
    assert ask(service, "/clips/?limit=201").status == 400
    moved = ask(service, "/clips?limit=2")
    assert (moved.status, moved.headers["Location"]) == (302, "/api/clips/?limit=2")
    service.switch("missing_slash", "answer")
    assert len(read(service, "/clips?limit=2")["objects"]) == 2


def test_writes_between_pages_make_pages_drift() -> None:
    """Newest update first: an edit during the reading repeats one row and may hide another."""
    service = Kippt(size=60)
    last = read(service, "/clips/?limit=20&offset=40")["objects"][-1]["id"]
    service.after_answer.append(lambda *_: service.edit_clip(last, title="moved to the front"))
    pages = [read(service, f"/clips/?limit=20&offset={n}")["objects"] for n in (0, 20, 40)]
    read_ids = [row["id"] for page in pages for row in page]
    assert len(set(read_ids)) == 59
    assert last not in read_ids


def test_since_excludes_its_own_second_unless_switched() -> None:
    """Only `updated` counts; comments, likes and favourites do not touch it."""
    service = Kippt()
    newest = read(service, "/clips/?limit=1")["objects"][0]
    target = f"/clips/?since={newest['updated']}"
    service.add_comment(newest["id"])
    service.like_clip(newest["id"], service.truth()["follows"][0]["user_id"])
    service.favorite_clip(newest["id"])
    assert read(service, target)["objects"] == []
    service.switch("since_boundary", "inclusive")
    assert [row["id"] for row in read(service, target)["objects"]] == [newest["id"]]
    service.switch("since_boundary", "exclusive")
    service.edit_clip(newest["id"], notes="new")
    assert len(read(service, target)["objects"]) == 1


def test_embedded_parts_are_cut_and_counted() -> None:
    """The newest three with the true count; likes sometimes lack their data."""
    service = Kippt()
    clip = service.add_clip()
    for n in range(5):
        service.add_comment(clip, f"comment {n}")
        service.save_clip(clip, service.truth()["follows"][n]["user_id"])
    shown = read(service, f"/clips/{clip}/")
    assert shown["comments"]["count"] == shown["saves"]["count"] == 5
    assert [row["body"] for row in shown["comments"]["data"]] == [f"comment {n}" for n in (4, 3, 2)]
    assert len(rows(service, "comments", clip_id=clip)) == 5
    assert len(rows(service, "clip_saves", clip_id=clip)) == 3
    service.switch("embedded_cap", 10)
    assert len(rows(service, "clip_saves", clip_id=clip)) == 5
    all_likes = [row["likes"] for row in everything(service, "/clips/")]
    assert any("data" not in likes and likes["count"] for likes in all_likes)


def test_an_incremental_pass_must_show_what_moved_updated_and_nothing_else() -> None:
    """An edited clip is as it is now with its comments; a comment alone may be missing, a deleted
    clip may remain; lists and favourites are read whole."""
    service = Kippt()
    edited, talked_about, deleted, favorite = service.world.my_clips()[:4]
    before = service.truth()
    comments = [service.add_comment(clip.id) for clip in (edited, talked_about)]
    service.edit_clip(edited.id, title="edited")
    service.delete_clip(deleted.id)
    service.favorite_clip(favorite.id, on=favorite not in service.world.me.favorites)
    expected, now = service.expected(before), service.truth()
    clips = {row["id"]: row for row in expected["clips"]}
    assert clips[edited.id]["title"] == "edited"
    assert not isinstance(clips[edited.id], Lagging)
    gone = clips[deleted.id]
    assert isinstance(gone, Lagging)
    assert gone.allowed[-1] is None
    must = {row["id"] for row in expected["comments"] if not isinstance(row, Lagging)}
    assert (comments[0] in must, comments[1] in must) == (True, False)
    assert (expected["lists"], expected["favorites"]) == (now["lists"], now["favorites"])
