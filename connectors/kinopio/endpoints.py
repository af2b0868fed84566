"""Kinopio: every address that is asked, and the rows in its answers (API page, section 5)."""

from __future__ import annotations

from connectors.core import RecordSource, Resource, Rows, parent, request
from connectors.kinopio.normalize import ai_image, embedded_user, favorite_color, space_metadata
from connectors.kinopio.tables import (
    AI_IMAGES,
    BOXES,
    CARDS,
    CONNECTION_TYPES,
    CONNECTIONS,
    FAVORITE_COLORS,
    FAVORITE_SPACES,
    FAVORITE_USERS,
    GROUPS,
    LINES,
    LISTS,
    NOTIFICATIONS,
    SPACE_COLLABORATORS,
    SPACES,
    TAGS,
    USERS,
)
from connectors.paging import OnePage

BATCH = 60
"""Ids in one request; longer lists may be cut silently (API page, section 4)."""
MOST_NOTIFICATIONS = 50
"""The service shows the last 50 and no more (API page, section 5)."""
MOST_IMAGES = 1000
"""Asked for; what the service allows at most is unknown."""
NOT_YOURS = (401, 403)
"""Said of a space to which access was lost."""
INSIDE = {"space_id": parent("id")}

PEOPLE_INSIDE = (
    Rows(USERS, at="users", sparse=True, keep=True, proves=False),
    Rows(USERS, at="collaborators", sparse=True, keep=True, proves=False),
)
SPACE_PARTS = (
    *PEOPLE_INSIDE,
    Rows(SPACE_COLLABORATORS, at="collaborators", inherit=INSIDE, keep=True),
    Rows(CARDS, at="cards", inherit=INSIDE),
    Rows(CONNECTIONS, at="connections", inherit=INSIDE),
    Rows(CONNECTION_TYPES, at="connectionTypes", inherit=INSIDE),
    Rows(BOXES, at="boxes", inherit=INSIDE),
    Rows(TAGS, at="tags", inherit=INSIDE),
    Rows(LISTS, at="lists", inherit=INSIDE),
    Rows(LINES, at="lines", inherit=INSIDE),
)
# The own client of the service guards against null among spaces, so null occurs.
WHOLE_SPACES = Rows(SPACES, children=SPACE_PARTS, nulls=True)
LISTED_SPACES = Rows(SPACES, normalize=space_metadata, sparse=True, nulls=True)

ACCOUNT = Resource(
    "account", "/user", (Rows(USERS, sparse=True, source=RecordSource.OWN),), listing=False
)
SPACE_LIST = Resource("space_list", "/user/spaces", (LISTED_SPACES,))
REMOVED_SPACES = Resource("removed_spaces", "/user/removed-spaces", (LISTED_SPACES,))
SPECIAL_SPACES = tuple(
    Resource(f"{kind}_spaces", f"/user/{kind}-spaces", (LISTED_SPACES,), gone_is_empty=True)
    for kind in ("group", "hidden", "template")
)
"""Known from newer documents only: where they are not served, they answer 404."""
SPACE_BATCH = Resource(
    "space_batch",
    "/space/multiple",
    (WHOLE_SPACES,),
    params={"spaceIds": "{space_ids}"},
    listing=False,
)
ONE_SPACE = Resource(
    "one_space", "/space/{space_id}", (WHOLE_SPACES,), forbidden_statuses=NOT_YOURS, listing=False
)
REMOVED_CARDS = Resource(
    "removed_cards",
    "/space/{space_id}/removedCards",
    (Rows(CARDS, inherit={"space_id": request("space_id")}, part={"is_removed": "true"}),),
    fallback_path="/space/{space_id}/removed-cards",
    forbidden_statuses=NOT_YOURS,
    listing=False,
)
SPACE_ENDPOINTS = (
    SPACE_LIST,
    REMOVED_SPACES,
    *SPECIAL_SPACES,
    SPACE_BATCH,
    ONE_SPACE,
    REMOVED_CARDS,
)

AUTHORS = Resource(
    "authors",
    "/user/public/multiple",
    (Rows(USERS, sparse=True),),
    params={"userIds": "{user_ids}"},
    listing=False,
)
GROUP_LIST = Resource("groups", "/user/groups", (Rows(GROUPS),), gone_is_empty=True)
FAVORITES = (
    Resource(
        "favorite_spaces",
        "/user/favorite-spaces",
        (Rows(FAVORITE_SPACES, children=PEOPLE_INSIDE),),
    ),
    Resource(
        "favorite_users",
        "/user/favorite-users",
        (Rows(FAVORITE_USERS), Rows(USERS, sparse=True)),
    ),
    Resource(
        "favorite_colors",
        "/user/favorite-colors",
        (Rows(FAVORITE_COLORS, normalize=favorite_color),),
    ),
)
ACTOR = Rows(USERS, rows=embedded_user, sparse=True, proves=False, source=RecordSource.EMBEDDED)
NOTIFICATION_LIST = Resource(
    "notifications",
    "/notifications",
    (Rows(NOTIFICATIONS, children=(ACTOR,)),),
    fallback_path="/notification",
    paging=OnePage(most=MOST_NOTIFICATIONS),
)
IMAGE_LIST = Resource(
    "ai_images",
    "/user/ai-images",
    (Rows(AI_IMAGES, normalize=ai_image),),
    params={"limit": str(MOST_IMAGES)},
    paging=OnePage(most=MOST_IMAGES),
    gone_is_empty=True,  # dropped from the documentation in 2025
)
