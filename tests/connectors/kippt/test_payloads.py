"""Kippt: the sample payloads of the documentation and of old clients load without loss."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.payloads import DATA, payload, recorded

pytestmark = pytest.mark.skipif(
    not (DATA / "kippt").is_dir(), reason="no sample payloads beside the repository"
)
CREDENTIALS = {"KIPPT_USERNAME": "jorilallo", "KIPPT_API_TOKEN": "a-token-of-tests"}
CARRIER = {
    "id": "11270125",
    "url": "https://example.com/",
    "user": {"id": 1, "username": "jorilallo"},
    "comments": {"count": 3},
    "likes": {"count": 9, "data": []},
    "saves": {"count": 0, "data": []},
}
"""A clip that asks for the sample pages of comments and likes; ids also came as text."""


def take(*names: str) -> dict[str, Any]:
    """One whole page of the records of some samples."""
    objects: list[Any] = []
    for name in names:
        found = payload("kippt", f"{name}.json")
        objects += found.get("objects", [found])
    return {"meta": {"limit": 200, "offset": 0, "next": None, "previous": None}, "objects": objects}


def of_2013() -> dict[str, Any]:
    clips = take("docs.clips", "docs.clip", "docs.clip_created", "fixture.clip")
    clips["objects"].append(CARRIER)
    comments = take("docs.clip_comments", "fixture.comments", "docs.comment")
    return {
        "/account/": payload("kippt", "docs.account.json"),
        "/lists/": take(
            "docs.lists", "docs.list", "docs.list_created", "docs.user_lists", "fixture.list"
        ),
        "/clips/": clips,
        "/clips/favorites/": take("docs.clips_feed"),
        "/users/1/clips/likes/": take("docs.clip_media"),
        "/clips/11270125/comments/": comments,
        "/clips/11270125/likes/": take("docs.clip_likes"),
        "/users/1/followers/": take("fixture.users", "docs.users_search", "fixture.user"),
        "/users/1/following/": take("docs.user_following", "docs.user"),
        "/notifications/": take("docs.notifications", "docs.notification"),
    }


def of_2012() -> dict[str, Any]:
    return {
        "/account/": payload("kippt", "fixture.user.json"),
        "/lists/": take("fixture.lists", "fixture.lists_with_multiple_pages"),
        "/clips/": take("fixture.clips"),
        "/lists/10/clips/": take("fixture.clips_with_multiple_pages"),
        "/clips/favorites/": take("fixture.feed"),
        "/users/10/clips/likes/": take(),
        "/users/10/followers/": take("fixture.users_with_multiple_pages"),
        "/users/10/following/": take(),
    }


def left_of(value: Any) -> Any:
    """What the raw record of a payload keeps: less secrets, and less what became rows."""
    if isinstance(value, list):
        return [left_of(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {k: left_of(v) for k, v in value.items() if k not in ("rss_url", "api_token")}
    for name in ("comments", "likes", "saves", "collaborators"):
        if isinstance(kept.get(name), dict):
            kept[name].pop("data", None)
    for name, inner in kept.items():
        if isinstance(inner, dict) and "username" in inner:
            kept[name] = {"id": inner["id"]}
    if isinstance(kept.get("list"), dict):
        kept["list"] = kept["list"]["resource_uri"]
    return kept


def users_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and "username" in value:
        yield {k: v for k, v in value.items() if k != "api_token"}
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from users_in(inner)


COLUMNS_OF_2013 = {
    "SELECT id, list_id, user_id, epoch(updated), is_favorite, comments_count FROM kippt.clips "
    "WHERE id IN (10, 10654195) ORDER BY id": [
        (10, 44525, 33, 1361128164, False, 0),
        (10654195, 13, 1, 1360890944, False, 2),
    ],
    "SELECT id, clip_id, user_id FROM kippt.comments ORDER BY id DESC LIMIT 2": [
        (8099, 11270125, 1),
        (8006, 11270125, 1),
    ],
    "SELECT website_url, full_name, twitter FROM kippt.users WHERE id = 42590": [
        ("Name 42590", "", "user_42590")
    ],
    "SELECT user_id, type, is_seen FROM kippt.notifications": [(50846, "follow", True)],
}
COLUMNS_OF_2012 = {
    "SELECT id, list_id, epoch(created), is_favorite, user_id FROM kippt.clips": [
        (1589450, 44525, 1335090567, False, None)
    ],
    "SELECT count(*), count(is_private), min(epoch(updated)) FROM kippt.lists": [
        (4, 0, 1319434196)
    ],
}


@pytest.mark.parametrize(
    ("answers", "columns"),
    [(of_2013, COLUMNS_OF_2013), (of_2012, COLUMNS_OF_2012)],
    ids=["2013", "2012"],
)
def test_samples_load_without_a_reject_and_come_back_whole(
    answers: Callable[[], dict[str, Any]], columns: dict[str, Any], tmp_path: Path
) -> None:
    """Nothing is rejected or appears as an unknown field, `_raw` gives back what came, and
    columns hold it: seconds as text or number, a list as address or object, the star of 2012."""
    pages = answers()
    with recorded(tmp_path, "kippt", pages, CREDENTIALS, "/api") as kippt:
        result = kippt.sync()
        # The account of 2012 counts 21 whom it follows, and the sample of their list has none.
        reasons = {row["reason"] for row in result.tables.values()}
        assert reasons <= {None, "following: none of 21 came"}
        assert kippt.query("SELECT * FROM _kollect.rejects") == []
        assert kippt.query("SELECT * FROM _kollect.schema_changes") == []
        for sql, expected in columns.items():
            assert kippt.query(sql) == expected
        raw = {
            table: {
                row[0]: json.loads(row[1])
                for row in kippt.query(f"SELECT id, _raw FROM kippt.{table}")
            }
            for table in ("users", "lists", "clips", "comments", "notifications")
        }
    for path, page in pages.items():
        if path.endswith(("/account/", "/followers/", "/following/", "/11270125/likes/")):
            continue
        ends = (
            name for name in ("lists", "notifications", "comments") if path.endswith(f"{name}/")
        )
        table = next(ends, "clips")
        for record in page["objects"]:
            if path == "/clips/" and record["id"] == 11267138:
                continue  # comes twice: the sample of its own page is read last
            assert raw[table][int(record["id"])] == left_of(record), (path, record["id"])
    seen = list(users_in(pages))
    assert raw["users"].keys() == {user["id"] for user in seen}
    for user in seen:
        assert user.keys() <= raw["users"][user["id"]].keys()
    assert all(raw["users"][user["id"]] in seen for user in seen if user["id"] != 1)
