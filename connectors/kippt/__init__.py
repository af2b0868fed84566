"""Kippt: clips (bookmarks and notes) in lists. https://kippt.com/api

Collections are paged by offset. Only clip routes filter by time (`since`), so lists and
favourites are read in full each time, and what does not touch a clip's `updated` (comments,
likes, saves, deletes) shows in full passes. What the API page leaves open, and which form is
tolerated, stands in connectors/kippt/notes.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.core import (
    Connector,
    Credential,
    Family,
    Record,
    RecordSource,
    Resource,
    Rows,
    constant,
    parent,
    request,
)
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Retry, Window
from connectors.http.judges import judge_kippt
from connectors.kippt.estimate import cost_of_clips, cost_of_follows
from connectors.kippt.files import FILES, HOSTS, LARGEST
from connectors.kippt.sync import Routes, copy_clips, copy_follows
from connectors.kippt.tables import (
    CLIP_LIKES,
    CLIP_SAVES,
    CLIPS,
    COMMENTS,
    FAVORITES,
    FOLLOWS,
    LIST_COLLABORATORS,
    LISTS,
    NOTIFICATIONS,
    USERS,
)
from connectors.paging import LinkedOffsets, records_at

VERSION = "application/vnd.kippt.20131007+json"
"""The API as of its last documented change; asked for in Content-Type, also by a GET."""
PAGES = LinkedOffsets(limit=200, overlap=5)
OF_CLIP = {"clip_id": parent("id")}
ASKED_CLIP = {"clip_id": request("clip_id")}


def people(record: Record, _: Mapping[str, Any]) -> Iterable[Record]:
    """Every user inside a record; the record keeps their ids alone.

    Profiles are repeated on every clip and change without it. A list or clip that comes as an
    object shrinks to its address, the form in which it comes elsewhere.
    """
    found: list[Record] = []
    _take_users(record, found)
    for name in ("list", "via", "clip"):
        if isinstance(inner := record.get(name), dict):
            record[name] = inner.get("resource_uri") or inner.get("id")
    return found


def _take_users(value: Any, found: list[Record]) -> None:
    places = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for place, inner in places:
        if isinstance(inner, dict) and "username" in inner and "id" in inner:
            found.append(inner)
            value[place] = {"id": inner["id"]}
        elif isinstance(inner, (dict, list)):
            _take_users(inner, found)


def ids_alone(payload: Any, _: Mapping[str, Any]) -> Iterable[Record] | None:
    """The ids of the objects in an answer, where a row says no more than that it is there."""
    found = records_at(payload, "objects")
    if found is None:
        return None
    return [{"id": item["id"]} for item in found if isinstance(item, dict) and "id" in item]


PEOPLE = Rows(USERS, rows=people, sparse=True, proves=False, source=RecordSource.EMBEDDED)
CLIP_PARTS = (
    PEOPLE,
    Rows(COMMENTS, at="comments.data", inherit=OF_CLIP, count="comments.count"),
    Rows(CLIP_LIKES, at="likes.data", inherit=OF_CLIP, count="likes.count"),
    Rows(CLIP_SAVES, at="saves.data", inherit=OF_CLIP, count="saves.count"),
)
SOME_CLIPS = Rows(CLIPS, at="objects", children=CLIP_PARTS, proves=False)
SOME_USERS = Rows(USERS, at="objects", sparse=True, proves=False)
COLLABORATORS = Rows(
    LIST_COLLABORATORS,
    at="collaborators.data",
    inherit={"list_id": parent("id")},
    count="collaborators.count",
)

ACCOUNT = Resource(
    "account", "/account/", (Rows(USERS, sparse=True, source=RecordSource.OWN),), listing=False
)
ROUTES = Routes(
    account=ACCOUNT,
    lists=Resource(
        "lists",
        "/lists/",
        (Rows(LISTS, at="objects", children=(PEOPLE, COLLABORATORS), proves=False),),
        paging=PAGES,
    ),
    own_clips=Resource("own_clips", "/clips/", (SOME_CLIPS,), paging=PAGES),
    list_clips=Resource(
        "list_clips",
        "/lists/{list_id}/clips/",
        (SOME_CLIPS,),
        paging=PAGES,
        gone_is_empty=True,  # also the answer for a list without clips
    ),
    favorites=Resource(
        "favorites",
        "/clips/favorites/",
        (Rows(FAVORITES, rows=ids_alone, proves=False), SOME_CLIPS),
        paging=PAGES,
    ),
    liked=Resource("liked", "/users/{user_id}/clips/likes/", (SOME_CLIPS,), paging=PAGES),
    one_clip=Resource(
        "one_clip", "/clips/{clip_id}/", (Rows(CLIPS, children=CLIP_PARTS),),
        forbidden_statuses=(401, 403), listing=False,
    ),
    comments=Resource(
        "comments",
        "/clips/{clip_id}/comments/",
        (Rows(COMMENTS, at="objects", inherit=ASKED_CLIP, children=(PEOPLE,)),),
        paging=PAGES,
        gone_is_empty=True,
        forbidden_statuses=(401, 403),
    ),
    likes=Resource(
        "likes",
        "/clips/{clip_id}/likes/",
        (Rows(CLIP_LIKES, rows=ids_alone, inherit=ASKED_CLIP), SOME_USERS),
        paging=PAGES,
        gone_is_empty=True,
        forbidden_statuses=(401, 403),
    ),
    collaborators=Resource(
        "collaborators",
        "/lists/{list_id}/collaborators/",
        (
            Rows(LIST_COLLABORATORS, rows=ids_alone, inherit={"list_id": request("list_id")}),
            SOME_USERS,
        ),
        paging=PAGES,
        gone_is_empty=True,  # named by the documentation as unsupported
        forbidden_statuses=(401, 403),
    ),
)  # fmt: skip
FOLLOW_ROUTES = tuple(
    Resource(
        name,
        f"/users/{{user_id}}/{name}/",
        (Rows(FOLLOWS, rows=ids_alone, inherit={"direction": constant(direction)}, proves=False),
         SOME_USERS),
        paging=PAGES,
    )
    for name, direction in (("followers", "follower"), ("following", "following"))
)  # fmt: skip

KIPPT = checked(
    Connector(
        name="kippt",
        title="Kippt",
        base_url="https://kippt.com/api",
        base_url_env="KIPPT_BASE_URL",
        credential=Credential(
            {"username": "KIPPT_USERNAME", "token": "KIPPT_API_TOKEN"}, (("username", "token"),)
        ),
        http=HttpConfig(
            headers={
                "X-Kippt-Username": "{username}",
                "X-Kippt-API-Token": "{token}",
                "X-Kippt-Client": "kollect,,",
                "Content-Type": VERSION,
            },
            windows=(Window(2, 1.0),),
            judge=judge_kippt,
            # A 503 means "slow down" as often as maintenance, and nobody says for how long.
            retry=Retry(attempts=8, first_seconds=5.0, max_seconds=300.0),
            max_in_flight=1,
        ),
        families=(
            Family(
                "clips",
                ROUTES.all,
                plan=lambda reader: copy_clips(reader, ROUTES),
                cost=lambda asker: cost_of_clips(asker, ROUTES),
            ),
            Family(
                "follows",
                (ACCOUNT, *FOLLOW_ROUTES),
                plan=lambda reader: copy_follows(reader, ACCOUNT, FOLLOW_ROUTES),
                cost=lambda asker: cost_of_follows(asker, ACCOUNT, FOLLOW_ROUTES),
                full_only=True,
            ),
            Family(
                "notifications",
                (
                    Resource(
                        "notifications",
                        "/notifications/",
                        (Rows(NOTIFICATIONS, at="objects", children=(PEOPLE,)),),
                        paging=PAGES,
                        gone_is_empty=True,
                    ),
                ),
                full_only=True,
            ),
        ),
        notes="connectors/kippt/notes.md",
        check=ACCOUNT,
        describe=lambda user: f"the account of {user.get('username') or user.get('id')}",
        # A private list's feed address ends in a token; the public form says nothing new.
        secret_fields=("rss_url", "api_token"),
        files=FILES,
        file_hosts=HOSTS,
        max_file_bytes=LARGEST,
    )
)
