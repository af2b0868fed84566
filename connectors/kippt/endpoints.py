"""Kippt: every address that is asked, and the rows in its answers (API page, section 6)."""

from __future__ import annotations

from dataclasses import replace

from connectors.core import RecordSource, Resource, Rows, constant, parent, request
from connectors.kippt.normalize import ids_only, people
from connectors.kippt.tables import (
    CLIP_LIKES,
    CLIP_SAVES,
    CLIPS,
    COMMENTS,
    FAVORITES,
    FOLLOWED_LISTS,
    FOLLOWS,
    LIST_COLLABORATORS,
    LISTS,
    NOTIFICATIONS,
    USERS,
)
from connectors.paging import LinkedOffsets

PAGES = LinkedOffsets(limit=200, overlap=5)
"""At most 200 rows a page (API page, section 4)."""
NOT_YOURS = (401, 403)
"""Said of single records that this account may not read."""
OF_CLIP = {"clip_id": parent("id")}
ASKED_CLIP = {"clip_id": request("clip_id")}

PEOPLE = Rows(USERS, rows=people, sparse=True, proves=False, source=RecordSource.EMBEDDED)
CLIP_PARTS = (
    PEOPLE,
    Rows(COMMENTS, at="comments.data", inherit=OF_CLIP, count="comments.count"),
    Rows(CLIP_LIKES, at="likes.data", inherit=OF_CLIP, count="likes.count"),
    Rows(CLIP_SAVES, at="saves.data", inherit=OF_CLIP, count="saves.count"),
)
SOME_CLIPS = Rows(CLIPS, at="objects", children=CLIP_PARTS, proves=False)
SOME_USERS = Rows(USERS, at="objects", sparse=True, proves=False)
EMBEDDED_COLLABORATORS = Rows(
    LIST_COLLABORATORS,
    at="collaborators.data",
    inherit={"list_id": parent("id")},
    count="collaborators.count",
)

ACCOUNT = Resource(
    "account", "/account/", (Rows(USERS, sparse=True, source=RecordSource.OWN),), listing=False
)
LIST_LIST = Resource(
    "lists",
    "/lists/",
    (Rows(LISTS, at="objects", children=(PEOPLE, EMBEDDED_COLLABORATORS), proves=False),),
    paging=PAGES,
)
OWN_CLIPS = Resource("own_clips", "/clips/", (SOME_CLIPS,), paging=PAGES)
LIST_CLIPS = Resource(
    "list_clips",
    "/lists/{list_id}/clips/",
    (SOME_CLIPS,),
    paging=PAGES,
    gone_is_empty=True,  # also the answer for a list without clips
)
FAVORITE_CLIPS = Resource(
    "favorites",
    "/clips/favorites/",
    (Rows(FAVORITES, rows=ids_only, proves=False), SOME_CLIPS),
    paging=PAGES,
)
LIKED_CLIPS = Resource("liked", "/users/{user_id}/clips/likes/", (SOME_CLIPS,), paging=PAGES)
ONE_CLIP = Resource(
    "one_clip",
    "/clips/{clip_id}/",
    (Rows(CLIPS, children=CLIP_PARTS),),
    forbidden_statuses=NOT_YOURS,
    listing=False,
)
CLIP_COMMENTS = Resource(
    "comments",
    "/clips/{clip_id}/comments/",
    (Rows(COMMENTS, at="objects", inherit=ASKED_CLIP, children=(PEOPLE,)),),
    paging=PAGES,
    gone_is_empty=True,
    forbidden_statuses=NOT_YOURS,
)
LIKES_OF_CLIP = Resource(
    "likes",
    "/clips/{clip_id}/likes/",
    (Rows(CLIP_LIKES, rows=ids_only, inherit=ASKED_CLIP), SOME_USERS),
    paging=PAGES,
    gone_is_empty=True,
    forbidden_statuses=NOT_YOURS,
)
COLLABORATORS = Resource(
    "collaborators",
    "/lists/{list_id}/collaborators/",
    (
        Rows(LIST_COLLABORATORS, rows=ids_only, inherit={"list_id": request("list_id")}),
        SOME_USERS,
    ),
    paging=PAGES,
    gone_is_empty=True,  # named by the documentation as unsupported
    forbidden_statuses=NOT_YOURS,
)
CLIP_ENDPOINTS = (
    ACCOUNT,
    LIST_LIST,
    OWN_CLIPS,
    LIST_CLIPS,
    FAVORITE_CLIPS,
    LIKED_CLIPS,
    ONE_CLIP,
    CLIP_COMMENTS,
    LIKES_OF_CLIP,
    COLLABORATORS,
)


def follow_edges(name: str, direction: str) -> Resource:
    """The users at one end of following: each is a row of `follows` and of `users`."""
    edges = Rows(FOLLOWS, rows=ids_only, inherit={"direction": constant(direction)}, proves=False)
    return Resource(name, f"/users/{{user_id}}/{name}/", (edges, SOME_USERS), paging=PAGES)


FOLLOWERS = follow_edges("followers", "follower")
FOLLOWING = follow_edges("following", "following")
LISTS_FOLLOWED = Resource(
    "followed_lists",
    "/lists/following/",
    (Rows(FOLLOWED_LISTS, at="objects", children=(PEOPLE,)),),
    paging=PAGES,
    gone_is_empty=True,  # linked in the documentation's index, but its page is missing
)
NOTIFICATION_LIST = Resource(
    "notifications",
    "/notifications/",
    (Rows(NOTIFICATIONS, at="objects", children=(PEOPLE,)),),
    paging=PAGES,
    gone_is_empty=True,
)


def with_media(resource: Resource) -> Resource:
    """The same clips with what the service found at each: images, and heavy texts."""
    return replace(resource, params={**resource.params, "include_data": "media"})


def changed_since(resource: Resource) -> Resource:
    """The same clips from a moment on, in Unix seconds (bound as `since`)."""
    return replace(resource, params={**resource.params, "since": "{since}"})
