"""Kinopio: a person inside a notification may be an old copy; it never changes their record."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from tests.kit.payloads import recorded

LISTED = {"id": "ada", "name": "Ada", "description": "as she is", "color": "#112233"}
OWN = {"id": "me", "name": "Me", "description": "as I am", "color": "#445566"}
ALONE = {"id": "eve", "name": "Eve", "color": "#778899"}


def notification(number: int, person: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"n{number}",
        "type": "addCard",
        "isRead": False,
        "createdAt": f"2025-01-0{number}T00:00:00.000Z",
        "userId": person["id"],
        "recipientUserId": "me",
        "user": person,
        "card": {"id": f"c{number}", "name": "a card"},
        "space": {"id": "s1", "name": "a space"},
    }


def test_an_old_copy_of_a_person_in_a_notification_makes_no_version(tmp_path: Path) -> None:
    """Neither of who has an own answer, nor of who is in a list, nor of who is in notifications
    alone, in a first sync, further ones and a full pass: each person has one version."""
    runs = itertools.count()

    def notifications(_: Any) -> list[dict[str, Any]]:
        old = f"earlier {next(runs)}"
        return [
            notification(1, {**LISTED, "name": old, "description": old}),
            notification(2, {**OWN, "name": old, "description": old}),
            notification(3, {**ALONE, "name": old}),
            notification(4, {**ALONE, "name": f"{old} still"}),
        ]

    answers: dict[str, Any] = {
        "/user": OWN,
        "/user/spaces": [],
        "/user/removed-spaces": [],
        "/user/public/multiple": [],
        "/user/favorite-spaces": [],
        "/user/favorite-users": [LISTED],
        "/user/favorite-colors": [],
        "/notifications": notifications,
        "/user/ai-images": [],
    }
    with recorded(tmp_path, "kinopio", answers, {"KINOPIO_API_KEY": "a-key-of-tests"}) as kinopio:
        for full in (False, False, True, False):
            result = kinopio.sync(full=full)
            assert result.error is None
            assert (
                kinopio.query("SELECT * FROM kinopio.users_history WHERE _valid_to IS NOT NULL")
                == []
            )
        assert next(runs) == 4, "each sync asked for the notifications"
        names = {key[0]: row["name"] for key, row in kinopio.rows("users").items()}
        assert names["ada"] == "Ada" and names["me"] == "Me" and names["eve"]
