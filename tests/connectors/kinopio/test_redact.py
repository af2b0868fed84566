"""Of people, only what the service publishes is kept, wherever they stand in an answer."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.kinopio.redact import redact

PUBLIC = {"id": "u1", "name": "ada", "color": "#fff", "isUpgraded": True, "defaultSpaceTint": "x",
          "shouldUseStickyCards": False, "showInExploreUpdatedAt": "2025-01-01T00:00:00Z"}  # fmt: skip
PRIVATE = {
    "apiKey": "canary-1",
    "isolationKey": "canary-2",
    "isSecretly": "canary-3",
    "showcaseToken": "canary-4",
    "showToken": "canary-5",
    "defaultApiKey": "canary-6",
    "filterState": {"deep": "canary-7"},
    "unheardOf": "canary-8",
}


@pytest.mark.parametrize(
    ("path", "around"),
    [
        ("/user", lambda user: user),
        ("/user/favorite-users", lambda user: [user]),
        ("/user/public/multiple", lambda user: [user]),
        ("/space/multiple", lambda user: [{"users": [user], "spectators": [user]}]),
        ("/notifications", lambda user: [{"user": user, "space": {"users": [user]}}]),
        ("/notifications", lambda user: [{"card": {"createdByUser": user}}]),
        ("/space/1", lambda user: {"group": {"users": [user], "x": [{"collaborators": [user]}]}}),
    ],
)
def test_the_allow_list_holds_at_every_depth(path: str, around: Any) -> None:
    """A whole signed-in user loses what is not public; the rest of the answer stays."""
    answer = redact({"path": path, "bind": {}}, around({**PUBLIC, **PRIVATE}))
    assert answer == around(PUBLIC)


def test_the_key_inside_a_preview_goes_and_the_card_stays() -> None:
    """The embedding service's key is Kinopio's own; what people wrote is theirs."""
    html = '<iframe src="https://embed.example/api?url=1&key={}&v=1"></iframe>'
    name = "https://docs.google.com/x?key=0Ak&hl=en"
    card = {"name": name, "urlPreviewEmbedHtml": html.format("canary")}
    answer = redact({"path": "/space/1", "bind": {}}, {"cards": [card]})
    assert answer == {"cards": [{"name": name, "urlPreviewEmbedHtml": html.replace("&key={}", "")}]}
