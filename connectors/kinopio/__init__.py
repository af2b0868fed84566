"""Kinopio: spaces of cards, connections and boxes. https://api.kinopio.club

No route is paged and none filters by time: `/user/spaces` names every space with its
`updatedAt`, and only spaces whose `updatedAt` moved are read, 60 in one request. What the API
page leaves open, and which form is tolerated, stands in connectors/kinopio/notes.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.core import Connector, Credential, Family, Record, RecordSource, Resource, Rows
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Window
from connectors.kinopio.account_tables import (
    AI_IMAGES,
    FAVORITE_COLORS,
    FAVORITE_SPACES,
    FAVORITE_USERS,
    NOTIFICATIONS,
)
from connectors.kinopio.errors import classify_kinopio
from connectors.kinopio.export import EXPORTS
from connectors.kinopio.files import FILES, HOSTS, LARGEST
from connectors.kinopio.redact import SECRET_FIELDS, SIGNED_HOSTS, redact
from connectors.kinopio.sync import (
    ACCOUNT,
    ONE_SPACE,
    REMOVED_CARDS,
    REMOVED_SPACES,
    SPACE_BATCH,
    SPACE_LIST,
    SPACE_PARTS,
    copy_spaces,
    cost_of_spaces,
)
from connectors.kinopio.tables import USERS
from connectors.paging import OnePage

MOST_NOTIFICATIONS = 50
"""The service shows the last 50 and no more (API page, section 4)."""
MOST_IMAGES = 1000


def one_color(item: Any, _: Mapping[str, Any]) -> Any:
    """A favourite colour comes as an object or as plain text; the shape is undocumented."""
    return {"color": item} if isinstance(item, str) else item


def one_image(item: Any, _: Mapping[str, Any]) -> Any:
    """An AI image comes as an object or as a plain address; the shape is undocumented."""
    return {"url": item} if isinstance(item, str) else item


def embedded_user(value: Any, _: Mapping[str, Any]) -> Iterable[Record]:
    """The user inside a notification, where there is one."""
    user = value.get("user")
    return [dict(user)] if isinstance(user, dict) else []


KINOPIO = checked(
    Connector(
        name="kinopio",
        title="Kinopio",
        base_url="https://api.kinopio.club",
        base_url_env="KINOPIO_BASE_URL",
        credential=Credential({"token": "KINOPIO_API_KEY"}, (("token",),)),
        http=HttpConfig(
            headers={"Authorization": "{token}"},
            windows=(Window(5, 1.0),),
            penalty_seconds=30.0,
            classify=classify_kinopio,
        ),
        families=(
            Family("account", (ACCOUNT,), full_only=True),
            Family(
                "spaces",
                (SPACE_LIST, REMOVED_SPACES, SPACE_BATCH, ONE_SPACE, REMOVED_CARDS),
                plan=copy_spaces,
                opening=(SPACE_LIST, REMOVED_SPACES),
                cost=cost_of_spaces,
            ),
            Family(
                "favorites",
                (
                    Resource(
                        "favorite_spaces",
                        "/user/favorite-spaces",
                        (Rows(FAVORITE_SPACES, children=SPACE_PARTS[:2]),),
                    ),
                    Resource(
                        "favorite_users",
                        "/user/favorite-users",
                        (Rows(FAVORITE_USERS), Rows(USERS, sparse=True)),
                    ),
                    Resource(
                        "favorite_colors",
                        "/user/favorite-colors",
                        (Rows(FAVORITE_COLORS, normalize=one_color),),
                    ),
                ),
            ),
            Family(
                "notifications",
                (
                    Resource(
                        "notifications",
                        "/notifications",
                        (
                            Rows(
                                NOTIFICATIONS,
                                children=(
                                    Rows(
                                        USERS,
                                        rows=embedded_user,
                                        sparse=True,
                                        proves=False,
                                        source=RecordSource.EMBEDDED,
                                    ),
                                ),
                            ),
                        ),
                        fallback_path="/notification",
                        paging=OnePage(most=MOST_NOTIFICATIONS),
                    ),
                ),
            ),
            Family(
                "ai_images",
                (
                    Resource(
                        "ai_images",
                        "/user/ai-images",
                        (Rows(AI_IMAGES, normalize=one_image),),
                        params={"limit": str(MOST_IMAGES)},
                        paging=OnePage(most=MOST_IMAGES),
                        gone_is_empty=True,
                    ),
                ),
                full_only=True,
            ),
        ),
        notes="connectors/kinopio/notes.md",
        check=ACCOUNT,
        identity=lambda user, _: f"user {user['id']}" if user.get("id") else "",
        identity_asks=(ACCOUNT,),
        describe=lambda user: f"the account of {user.get('name') or user.get('id')}",
        secret_fields=SECRET_FIELDS,
        signed_hosts=SIGNED_HOSTS,
        redact=redact,
        exports=EXPORTS,
        files=FILES,
        file_hosts=HOSTS,
        max_file_bytes=LARGEST,
    )
)
