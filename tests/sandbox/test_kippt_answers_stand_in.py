"""The answers of the Kippt stand-in: pages, filters, embedding, forms and refusals."""

from __future__ import annotations

import json
from typing import Any

from sandbox.kippt import Kippt
from sandbox.service import Request, Response

TABLES = {
    *("users", "lists", "list_collaborators", "clips", "comments"),
    *("clip_likes", "clip_saves", "favorites", "follows", "notifications"),
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


def test_a_path_without_slash_is_redirected_or_answered() -> None:
    """302 to the same path and query with a slash; by switch the answer itself."""
    service = Kippt()
    answer = ask(service, "/clips?limit=2")
    assert answer.status == 302
    assert answer.headers["Location"] == "/api/clips/?limit=2"
    service.switch("missing_slash", "answer")
    assert len(read(service, "/clips?limit=2")["objects"]) == 2


def test_pages_have_documented_sizes() -> None:
    """20 by default, 200 at most, and 0 for the most; more is refused by switch."""
    service = Kippt(size=230)
    for limit, length in (("", 20), ("?limit=7", 7), ("?limit=0", 200), ("?limit=999", 200)):
        assert len(read(service, f"/clips/{limit}")["objects"]) == length
    service.switch("limit_above_200", "refuse")
    assert ask(service, "/clips/?limit=201").status == 400
    assert ask(service, "/clips/?limit=x").status == 400
    page = read(service, "/clips/?limit=20&offset=20")["meta"]
    assert page["next"] == "/api/clips/?limit=20&offset=40"
    assert page["previous"] == "/api/clips/?limit=20&offset=0"
    assert read(service, "/clips/?limit=200&offset=200")["meta"]["next"] is None
    assert "total_count" not in page
    service.switch("total_count", True)
    assert read(service, "/clips/")["meta"]["total_count"] == 230
    assert "total_count" not in read(service, "/clips/feed/")["meta"]


def test_next_keeps_filters_but_not_what_is_embedded() -> None:
    """By switch it keeps everything or nothing; the feed's next is elsewhere."""
    service = Kippt()
    target = "/clips/?limit=1&since=5&include_data=media"
    assert read(service, target)["meta"]["next"] == "/api/clips/?limit=1&offset=1&since=5"
    service.switch("next_keeps", "all")
    assert "include_data=media" in read(service, target)["meta"]["next"]
    service.switch("next_keeps", "nothing")
    assert read(service, target)["meta"]["next"] == "/api/clips/?limit=1&offset=1"
    found = read(service, "/clips/feed/?limit=1")
    assert found["meta"]["next"] == "/api/clips/?limit=1&offset=1"
    assert read(service, "/users/search/?q=mira")["meta"]["query"] == "mira"
    assert ask(service, "/clips/search/").status == 400
    assert read(service, "/search/clips/?q=page")["objects"]


def test_writes_between_pages_make_pages_drift() -> None:
    """Newest update first: an edit during the reading repeats one row and may hide another."""
    service = Kippt(size=60)
    last = read(service, "/clips/?limit=20&offset=40")["objects"][-1]["id"]

    def meddle(request: Request, count: int) -> None:
        service.edit_clip(last, title="moved to the front")

    service.after_answer.append(meddle)
    read_ids = [
        row["id"]
        for offset in (0, 20, 40)
        for row in read(service, f"/clips/?limit=20&offset={offset}")["objects"]
    ]
    assert len(set(read_ids)) == 59
    assert last not in read_ids
    service.after_answer.clear()
    service.switch("order", "insertion")
    ids = [row["id"] for row in everything(service, "/clips/")]
    assert ids == sorted(ids)


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
    service.edit_clip(newest["id"], notes="new")
    service.switch("since_boundary", "exclusive")
    assert len(read(service, target)["objects"]) == 1
    assert read(service, "/notifications/?since=9999999999")["objects"] == []


def test_an_empty_list_is_404_or_an_empty_envelope() -> None:
    """As reported by clients, and as expected, by switch."""
    service = Kippt()
    empty = rows(service, "lists", title="Nothing yet")[0]["id"]
    assert message_of(ask(service, f"/lists/{empty}/clips/")) == (404, "Not found.")
    service.switch("empty_list", "envelope")
    assert read(service, f"/lists/{empty}/clips/")["objects"] == []


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
    assert len(everything(service, f"/clips/{clip}/comments/")) == 5
    assert len(rows(service, "comments", clip_id=clip)) == 5
    assert len(rows(service, "clip_saves", clip_id=clip)) == 3
    service.switch("embedded_cap", 10)
    assert len(rows(service, "clip_saves", clip_id=clip)) == 5
    all_likes = [row["likes"] for row in everything(service, "/clips/")]
    assert any("data" not in likes and likes["count"] for likes in all_likes)


def test_what_is_embedded_follows_include_data() -> None:
    """Addresses by default; list, original and media when asked for, or media always."""
    service = Kippt()
    originals = {row["id"] for row in service.truth()["clips"]}
    clip = next(row for row in rows(service, "clips") if row["via_id"] in originals)
    plain = read(service, f"/clips/{clip['id']}/")
    assert plain["list"] == f"/api/lists/{clip['list_id']}/"
    assert plain["via"] == f"/api/clips/{clip['via_id']}/"
    assert "media" not in plain
    whole = read(service, f"/clips/{clip['id']}/?include_data=list,via,media")
    assert whole["list"]["id"] == clip["list_id"]
    assert whole["via"]["id"] == clip["via_id"]
    assert "media" in whole
    service.switch("media_always", True)
    assert "media" in read(service, f"/clips/{clip['id']}/")
    notes = everything(service, "/notifications/?include_data=clip,list")
    assert any(isinstance(note.get("clip"), dict) for note in notes)
    service.switch("notification_user_key", "item")
    assert "username" in read(service, "/notifications/")["objects"][0]["item"]


def test_the_form_of_2012_has_times_as_text_and_short_records() -> None:
    """By switch for all, or for old versions in the Content-Type header alone."""
    service = Kippt()
    headers = {
        "x-kippt-username": "mira",
        "x-kippt-api-token": service.credentials()["KIPPT_API_TOKEN"],
        "content-type": "application/vnd.kippt.20120429+json",
    }
    assert isinstance(read(service, "/clips/", headers)["objects"][0]["updated"], int)
    service.switch("versions_change_payload", True)
    old = read(service, "/clips/", headers)["objects"][0]
    assert isinstance(old["updated"], str)
    assert "is_starred" in old
    assert "user" not in old
    assert isinstance(read(service, "/clips/")["objects"][0]["updated"], int)
    service.switch("era", "2012")
    assert isinstance(read(service, "/lists/")["objects"][0]["created"], str)
    assert set(service.truth()) < TABLES
    assert "user_id" not in service.truth()["clips"][0]


def test_throttling_and_maintenance_are_503() -> None:
    """With and without Retry-After, in JSON, or as a page."""
    service = Kippt()
    service.throttle_next(2, retry_after=4)
    answers = [ask(service, "/clips/") for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "4"
    assert "Retry-After" not in service.throttled(None).headers
    assert service.refused(500).headers["Content-Type"].startswith("text/plain")
    assert message_of(service.refused(404))[0] == 404
    service.switch("maintenance", True)
    assert ask(service, "/clips/").body.startswith(b"<html>")


def test_writes_are_405_and_callbacks_wrap() -> None:
    """The stand-in is for reading; a callback gives a script."""
    service = Kippt()
    token = service.credentials()["KIPPT_API_TOKEN"]
    headers = {"x-kippt-username": "mira", "x-kippt-api-token": token}
    assert service.answer(Request("POST", "/api/clips/", headers, b"{}")).status == 405
    assert ask(service, "/account/?callback=f").body.startswith(b"f({")
