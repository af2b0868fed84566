"""What lies in a Kinopio space: cards, connections, boxes, tags, lists, lines, strokes.

Records are made with every field of every era; `sandbox.kinopio.shapes` leaves out what a
given era did not send.
"""

from __future__ import annotations

from typing import Any

from sandbox.kinopio.words import COLORS, Writer

SPARSE_CARD = (
    "id", "x", "y", "z", "name", "frameId", "userId", "urlPreviewIsVisible", "width", "height",
    "isLocked", "backgroundColor", "spaceId", "nameUpdatedAt", "nameUpdatedByUserId",
)  # fmt: skip
"""All that some imported spaces have of a card: no dates of its own, no isRemoved."""


def make_card(
    writer: Writer, space_id: str, number: int, user_id: str | None, at: str, name: str
) -> dict[str, Any]:
    """One card with all fields; the `number` decides which of them are out of the ordinary."""
    chance = writer.random
    x, y = chance.randint(-40, 3000), chance.randint(40, 5000)
    card: dict[str, Any] = {
        "id": writer.new_id(),
        "x": x + 0.5 if number % 5 == 1 else x,
        "y": y + 0.123456789 if number % 14 == 1 else y,
        "z": number,
        "name": name,
        "frameId": (0, None, 3)[number % 3],
        "isRemoved": False,
        "nameUpdatedAt": at,
        "nameUpdatedByUserId": user_id,
        "linkToSpaceId": None,
        "linkToCardId": None,
        "linkToSpaceCollaboratorKey": None,
        "urlPreviewIsVisible": True,
        "shouldShowOtherSpacePreviewImage": False,
        "shouldHideUrlPreviewInfo": False,
        "shouldHideUrlPreviewImage": False,
        "shouldUpdateUrlPreview": False,
        "isLocked": number % 9 == 4,
        "isComment": number % 13 == 6,
        "urlPreviewUrl": None,
        "urlPreviewImage": None,
        "urlPreviewFavicon": None,
        "urlPreviewTitle": None,
        "urlPreviewDescription": None,
        "urlPreviewErrorUrl": None,
        "urlPreviewEmbedHtml": None,
        "backgroundColor": (None, "#fbf5c7", "rgb(123, 238, 159)")[number % 7 % 3],
        "resizeWidth": (None, 0, 260)[number % 3],
        "isCreatedThroughPublicApi": number % 19 == 2,
        "counterIsVisible": number % 8 == 5,
        "counterValue": number % 8,
        "codeBlockLanguage": "python" if number % 29 == 9 else None,
        "tilt": (0, -5, 12)[number % 11 % 3],
        "width": chance.randint(40, 260),
        "height": 33,
        "createdAt": at,
        "updatedAt": at,
        "spaceId": space_id,
        "userId": user_id,
        "distanceFromOrigin": x,
        "prevWidth": 92,
        "prevHeight": 60,
        # newer
        "listId": None,
        "listPositionIndex": None,
        "isTodo": name.startswith("[]"),
        "urlIsVisible": True,
        "maxWidth": None,
        "headerFontId": 0,
        "headerFontSize": "s",
        "videoIsPaused": False,
        "urlPreviewIframeUrl": None,
        "atUserMentions": [],
        "atDateMentions": [],
    }
    if number % 23 == 11:
        card.update(
            urlPreviewUrl=name,
            urlPreviewImage=f"https://cdn.kinopio.club/url-preview-images/{card['id']}.png",
            urlPreviewFavicon="https://example.org/favicon.ico",
            urlPreviewTitle=f'A "preview" & more {number}',
            urlPreviewDescription="",
        )
    return card


def make_connection(
    writer: Writer, space_id: str, start_id: str, end_id: str, type_id: str, user_id: str | None,
    at: str, number: int,
) -> dict[str, Any]:  # fmt: skip
    """A line from one item to another; every fifty-ninth has no path."""
    connection: dict[str, Any] = {
        "id": writer.new_id(),
        "startItemId": start_id,
        "endItemId": end_id,
        "path": f"m{number},189 q90,40 {number + 49},123",
        "labelIsVisible": number % 2 == 1,
        "labelRelativePositionX": (0.5, 0.25, 1.0)[number % 3],
        "labelRelativePositionY": 0.5,
        "directionIsVisible": number % 3 == 0,
        "controlPoint": (None, "q00,00")[number % 2],
        "createdAt": at,
        "updatedAt": at,
        "spaceId": space_id,
        "userId": None if number % 6 == 5 else user_id,
        "connectionTypeId": type_id,
        "distanceFromOrigin": number,
        # newer
        "name": f"leads to {number}",
        "color": COLORS[number % len(COLORS)],
        "nameUpdatedByUserId": None,
    }
    if number % 59 == 7:
        del connection["path"]
    return connection


def make_connection_type(
    writer: Writer, space_id: str, user_id: str | None, at: str, number: int
) -> dict[str, Any]:
    return {
        "id": writer.new_id(),
        "name": f"Connection Type {number}",
        "color": writer.color(),
        "createdAt": at,
        "updatedAt": at,
        "spaceId": space_id,
        "userId": None if number % 2 else user_id,
    }


def make_box(
    writer: Writer, space_id: str, user_id: str | None, at: str, number: int
) -> dict[str, Any]:
    box: dict[str, Any] = {
        "id": writer.new_id(),
        "name": f"Box {number}" if number % 4 else "",
        "x": writer.random.randint(0, 2000),
        "y": writer.random.randint(0, 2000),
        "resizeWidth": 494,
        "resizeHeight": 368,
        "color": writer.color(),
        "fill": ("filled", "empty")[number % 2],
        "isLocked": number % 5 == 4,
        "createdAt": at,
        "updatedAt": at,
        "spaceId": space_id,
        "userId": user_id,
        # newer
        "z": number,
        "background": None,
        "backgroundIsStretch": False,
        "isTodo": False,
        "headerFontId": 0,
        "headerFontSize": "s",
    }
    if number % 2:
        box.update(infoWidth=165, infoHeight=30)
    return box


def make_tag(
    writer: Writer, space_id: str, card_id: str, name: str, color: str, user_id: str | None, at: str
) -> dict[str, Any]:
    return {
        "id": writer.new_id(),
        "name": name,
        "color": color,
        "cardId": card_id,
        "spaceId": space_id,
        "createdAt": at,
        "updatedAt": at,
        "userId": user_id,  # newer
    }


def make_list(
    writer: Writer, space_id: str, user_id: str | None, at: str, name: str
) -> dict[str, Any]:
    return {
        "id": writer.new_id(),
        "name": name,
        "color": writer.color(),
        "x": writer.random.randint(0, 2000),
        "y": writer.random.randint(0, 2000),
        "z": 28,
        "resizeWidth": 206,
        "height": 206,
        "frameId": 0,
        "isCollapsed": False,
        "shouldUpdateList": False,
        "spaceId": space_id,
        "userId": user_id,
        "createdAt": at,
        "updatedAt": at,
    }


def make_line(
    writer: Writer, space_id: str, user_id: str | None, at: str, name: str
) -> dict[str, Any]:
    return {
        "id": writer.new_id(),
        "name": name,
        "y": writer.random.randint(0, 5000),
        "color": writer.color(),
        "createdAt": at,
        "updatedAt": at,
        "spaceId": space_id,
        "userId": user_id,
    }


def make_stroke(writer: Writer, user_id: str | None) -> list[dict[str, Any]]:
    """One drawn stroke: its points have ids, the stroke itself has none."""
    return [
        {
            "id": writer.new_id(),
            "x": 390 + step,
            "y": 650 + 2 * step,
            "color": "#a0f7f0",
            "diameter": 20,
            "userId": user_id,
        }
        for step in range(3)
    ]
