"""Kinopio: spaces of cards, connections and boxes. https://api.kinopio.club

No route is paged and none filters by time: `/user/spaces` names every space with its
`updatedAt`, and only spaces whose `updatedAt` moved are read, 60 in one request. What the API
page leaves open, and which form is tolerated, stands in connectors/kinopio/notes.md.
"""

from __future__ import annotations

from connectors.core import Connector, Credential, Family
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Window
from connectors.kinopio.analysis import ANALYSIS
from connectors.kinopio.endpoints import (
    ACCOUNT,
    AUTHORS,
    FAVORITES,
    GROUP_LIST,
    IMAGE_LIST,
    NOTIFICATION_LIST,
    REMOVED_SPACES,
    SPACE_ENDPOINTS,
    SPACE_LIST,
)
from connectors.kinopio.errors import classify_kinopio
from connectors.kinopio.estimate import cost_of_authors, cost_of_spaces
from connectors.kinopio.export import EXPORTS
from connectors.kinopio.files import FILES, HOSTS, LARGEST
from connectors.kinopio.plots import PLOTS
from connectors.kinopio.redact import SECRET_FIELDS, SIGNED_HOSTS, redact
from connectors.kinopio.sync import copy_spaces, read_authors
from connectors.kinopio.write import WRITERS

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
                SPACE_ENDPOINTS,
                plan=copy_spaces,
                opening=(SPACE_LIST, REMOVED_SPACES),
                cost=cost_of_spaces,
            ),
            Family("authors", (AUTHORS,), plan=read_authors, cost=cost_of_authors),
            Family("groups", (GROUP_LIST,), full_only=True),
            Family("favorites", FAVORITES),
            Family("notifications", (NOTIFICATION_LIST,)),
            Family("ai_images", (IMAGE_LIST,), full_only=True),
        ),
        plots=PLOTS,
        notes="connectors/kinopio/notes.md",
        analysis=ANALYSIS,
        check=ACCOUNT,
        identity=lambda user, _: f"user {user['id']}" if user.get("id") else "",
        identity_asks=(ACCOUNT,),
        describe=lambda user: f"the account of {user.get('name') or user.get('id')}",
        secret_fields=SECRET_FIELDS,
        signed_hosts=SIGNED_HOSTS,
        redact=redact,
        exports=EXPORTS,
        writers=WRITERS,
        files=FILES,
        file_hosts=HOSTS,
        max_file_bytes=LARGEST,
    )
)
