"""Kippt: what is kept of clips, lists and the people around them.

Field facts: connectors/kippt/notes.md. Ids are numbers; times are Unix seconds, as a number
since 2013 and as text before. A record refers to others by address (`/api/lists/13/`).
"""

from __future__ import annotations

from connectors.core import Column, Reference, Table, col, inherited

ADDRESS = col("resource_uri", "text", "its address below https://kippt.com")
CREATED = col("created", "time", "when it was made", parse="epoch_seconds")
UPDATED = col("updated", "time", "when it was changed last", parse="epoch_seconds")
BY_USER = Reference("user_id", "users")
OF_CLIP = Reference("clip_id", "clips", owner=True)
OF_LIST = Reference("list_id", "lists", owner=True)
CLIP_ID = inherited("clip_id", "integer", "the clip")
ONE_USER = col("id", "integer", "the user", name="user_id")
ELSEWHERE = 1.0
"""Clips of others (favourites, likes, originals) may lie where this account cannot look."""


def linked(name: str, meaning: str) -> Column:
    """A reference that comes as the address of a record."""
    return col(name, "integer", meaning, name=f"{name}_id", parse="address")


def count(name: str, meaning: str) -> Column:
    """How many of something there are; moves without an edit of the record."""
    return col(f"{name}.count", "integer", meaning, unit=name, unversioned=True)


USERS = Table(
    "users",
    "One person: oneself and everybody seen in any answer",
    (
        col("id", "integer", "the user's id"),
        col("username", "text", "the user name; can be changed"),
        col("full_name", "text", "the name as typed; empty or NULL where unsaid"),
        col("bio", "text", "how they describe themselves"),
        col("website_url", "text", "as typed: not always an address"),
        col("twitter", "text", "name on Twitter"),
        col("github", "text", "name on GitHub"),
        col("dribbble", "text", "name on Dribbble"),
        col("is_pro", "boolean", "has a paid account"),
        col("avatar_url", "text", "address of the picture"),
        col("app_url", "text", "path of the profile below https://kippt.com"),
        ADDRESS,
        col("counts.follows", "integer", "whom they follow", unit="users", unversioned=True),
        col("counts.followed_by", "integer", "who follows them", unit="users", unversioned=True),
    ),
    sparse=True,
    ignored=("services",),
)

LIST_COLUMNS = (
    col("id", "integer", "the list's id"),
    col("title", "text", "its title"),
    col("slug", "text", "made from the title; changes with it"),
    col("description", "text", "what it is for"),
    col("is_private", "boolean", "only its owner and collaborators see it"),
    col("user.id", "integer", "its owner"),
    CREATED,
    col(
        "updated",
        "time",
        "when its title or settings were changed last; says nothing of its clips",
        parse="epoch_seconds",
    ),
    col("app_url", "text", "path of the page below https://kippt.com"),
    ADDRESS,
    col("collaborators.count", "integer", "who may add clips beside its owner", unit="users"),
)

LISTS = Table(
    "lists",
    "One list of clips, own or shared with oneself",
    LIST_COLUMNS,
    parents=(BY_USER,),
    newest="created",
)

FOLLOWED_LISTS = Table(
    "followed_lists",
    "One list of somebody else that one follows; its clips are not one's own and are not read",
    LIST_COLUMNS,
    parents=(BY_USER,),
    newest="created",
    ignored=("collaborators",),
)

LIST_COLLABORATORS = Table(
    "list_collaborators",
    "One user who may add clips to somebody's list, as far as the list shows them",
    (inherited("list_id", "integer", "the list"), ONE_USER),
    key=("list_id", "user_id"),
    parents=(OF_LIST, BY_USER),
)

CLIPS = Table(
    "clips",
    "One clip: own, in a list that is shared with oneself, a favourite, or liked",
    (
        col("id", "integer", "the clip's id"),
        col("url", "text", "the address that was kept; made up by the service for a note"),
        col("url_domain", "text", "host of the address"),
        col("title", "text", "its title"),
        col("notes", "text", "what was noted: markdown, `#tags` inside the text"),
        linked("list", "the list that it is in"),
        linked("via", "the clip that it was saved from; often somebody else's, or gone"),
        col("user.id", "integer", "who made it"),
        col("type", "text", "`link`, `note`, `image` or `file`; often NULL"),
        CREATED,
        UPDATED,
        col(
            "is_favorite",
            "boolean",
            "a favourite of one's own when the clip was read last (`favorites` is newer)",
            aliases=("is_starred",),
        ),
        col("is_read_later", "boolean", "marked for later (payloads of 2012)"),
        count("comments", "how many comments it has"),
        count("likes", "how many users like it"),
        count("saves", "how many users saved it for themselves"),
        col("favicon_url", "text", "address of an icon for the host"),
        col("app_url", "text", "path of its page; moves with its list", unversioned=True),
        ADDRESS,
        col("media", "json", "what the service found at the address, if sent", unversioned=True),
    ),
    parents=(
        Reference("list_id", "lists", orphans=ELSEWHERE),
        BY_USER,
        Reference("via_id", "clips", orphans=ELSEWHERE),
    ),
    newest="updated",
    ignored=("article",),
)

COMMENTS = Table(
    "comments",
    "One comment on a clip; comments are never edited",
    (
        col("id", "integer", "the comment's id"),
        CLIP_ID,
        col("body", "text", "the text, markdown"),
        CREATED,
        col("user.id", "integer", "who wrote it"),
        ADDRESS,
    ),
    parents=(OF_CLIP, BY_USER),
    newest="created",
)

CLIP_LIKES = Table(
    "clip_likes",
    "One user who likes one clip",
    (CLIP_ID, ONE_USER),
    key=("clip_id", "user_id"),
    parents=(OF_CLIP, BY_USER),
)

CLIP_SAVES = Table(
    "clip_saves",
    "One user who saved one clip for themselves; of many the service shows the latest",
    (CLIP_ID, ONE_USER),
    key=("clip_id", "user_id"),
    parents=(OF_CLIP, BY_USER),
)

FAVORITES = Table(
    "favorites",
    "One clip that is a favourite of one's own",
    (col("id", "integer", "the clip", name="clip_id"),),
    key=("clip_id",),
    parents=(Reference("clip_id", "clips"),),
)

FOLLOWS = Table(
    "follows",
    "One user whom one follows or by whom one is followed",
    (inherited("direction", "text", "`follower` or `following`"), ONE_USER),
    key=("direction", "user_id"),
    parents=(BY_USER,),
)

NOTIFICATIONS = Table(
    "notifications",
    "One notification; the route is unsupported, so what it no longer shows is kept",
    (
        col("id", "integer", "the notification's id"),
        col("type", "text", "what happened, such as `clip_like`; unknown kinds are kept too"),
        CREATED,
        col("is_seen", "boolean", "was seen"),
        col("item_url", "text", "path of what it is about below https://kippt.com"),
        col("user.id", "integer", "who did it", aliases=("item.id",)),
        linked("clip", "the clip it is about"),
        linked("list", "the list it is about"),
        col("comment.id", "integer", "the comment it is about"),
        ADDRESS,
    ),
    parents=(
        BY_USER,
        Reference("clip_id", "clips", orphans=ELSEWHERE),
        Reference("list_id", "lists", orphans=ELSEWHERE),
    ),
    newest="created",
    append_only=True,
    ignored=("like",),
)
