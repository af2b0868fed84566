"""What lies in a space: cards, connections, boxes, tags, lists, lines, strokes.

Records are made with every field of every era; `shapes` leaves out what an era did not send.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.kinopio.records import Row
from sandbox.kinopio.words import COLORS, Writer

SPARSE_CARD = (
    "id", "x", "y", "z", "name", "frameId", "userId", "urlPreviewIsVisible", "width", "height",
    "isLocked", "backgroundColor", "spaceId", "nameUpdatedAt", "nameUpdatedByUserId",
)  # fmt: skip
"""All that some imported spaces have of a card: no dates of its own, no isRemoved."""
USUAL_CARD: Row = {
    **dict.fromkeys((
        "linkToSpaceId", "linkToCardId", "linkToSpaceCollaboratorKey", "urlPreviewUrl",
        "urlPreviewImage", "urlPreviewFavicon", "urlPreviewTitle", "urlPreviewDescription",
        "urlPreviewErrorUrl", "urlPreviewEmbedHtml", "codeBlockLanguage",
    )),
    **dict.fromkeys((
        "isRemoved", "shouldShowOtherSpacePreviewImage", "shouldHideUrlPreviewInfo",
        "shouldHideUrlPreviewImage", "shouldUpdateUrlPreview",
    ), False),
    "urlPreviewIsVisible": True,
    "height": 33,
    "prevWidth": 92,
    "prevHeight": 60,
    # newer
    **dict.fromkeys(("listId", "listPositionIndex", "maxWidth", "urlPreviewIframeUrl")),
    "urlIsVisible": True,
    "headerFontId": 0,
    "headerFontSize": "s",
    "videoIsPaused": False,
}  # fmt: skip


@dataclass(frozen=True)
class Maker:
    """Makes what one user put into one space at one time."""

    writer: Writer
    space_id: str
    user_id: str | None
    at: str

    def born(self) -> Row:
        """What all records have but strokes."""
        return {
            "id": self.writer.new_id(),
            "spaceId": self.space_id,
            "userId": self.user_id,
            "createdAt": self.at,
            "updatedAt": self.at,
        }

    def card(self, number: int, name: str) -> Row:
        """One card; the `number` decides which of its fields are out of the ordinary."""
        chance = self.writer.random
        x, y = chance.randint(-40, 3000), chance.randint(40, 5000)
        card: Row = self.born() | USUAL_CARD
        card |= {
            "x": x + 0.5 if number % 5 == 1 else x,
            "y": y + 0.123456789 if number % 14 == 1 else y,
            "z": number,
            "name": name,
            "nameUpdatedAt": self.at,
            "nameUpdatedByUserId": self.user_id,
            "frameId": (0, None, 3)[number % 3],
            "isLocked": number % 9 == 4,
            "isComment": number % 13 == 6,
            "isTodo": name.startswith("[]"),
            "isCreatedThroughPublicApi": number % 19 == 2,
            "backgroundColor": (None, "#fbf5c7", "rgb(123, 238, 159)")[number % 7 % 3],
            "resizeWidth": (None, 0, 260)[number % 3],
            "counterIsVisible": number % 8 == 5,
            "counterValue": number % 8,
            "tilt": (0, -5, 12)[number % 11 % 3],
            "width": chance.randint(40, 260),
            "distanceFromOrigin": x,
            "atUserMentions": [],
            "atDateMentions": [],
        }
        if number % 29 == 9:
            card["codeBlockLanguage"] = "python"
        if number % 23 == 11:
            card |= {
                "urlPreviewUrl": name,
                "urlPreviewImage": f"https://cdn.kinopio.club/url-preview-images/{card['id']}.png",
                "urlPreviewFavicon": "https://example.org/favicon.ico",
                "urlPreviewTitle": f'A "preview" & more {number}',
                "urlPreviewDescription": "",
            }
        return card

    def connection(self, start_id: str, end_id: str, type_id: str, number: int) -> Row:
        """A line from one item to another; every fifty-ninth has no path."""
        connection: Row = self.born() | {
            "startItemId": start_id,
            "endItemId": end_id,
            "connectionTypeId": type_id,
            "path": f"m{number},189 q90,40 {number + 49},123",
            "labelIsVisible": number % 2 == 1,
            "labelRelativePositionX": (0.5, 0.25, 1.0)[number % 3],
            "labelRelativePositionY": 0.5,
            "directionIsVisible": number % 3 == 0,
            "controlPoint": (None, "q00,00")[number % 2],
            "distanceFromOrigin": number,
            # newer
            "name": f"leads to {number}",
            "color": COLORS[number % len(COLORS)],
            "nameUpdatedByUserId": None,
        }
        if number % 6 == 5:
            connection["userId"] = None
        if number % 59 == 7:
            del connection["path"]
        return connection

    def connection_type(self, number: int) -> Row:
        made = self.born() | {"name": f"Connection Type {number}", "color": self.writer.color()}
        return made | {"userId": None} if number % 2 else made

    def box(self, number: int) -> Row:
        box: Row = self.born() | {
            "name": f"Box {number}" if number % 4 else "",
            "x": self.writer.random.randint(0, 2000),
            "y": self.writer.random.randint(0, 2000),
            "resizeWidth": 494,
            "resizeHeight": 368,
            "color": self.writer.color(),
            "fill": ("filled", "empty")[number % 2],
            "isLocked": number % 5 == 4,
            # newer
            "z": number,
            "background": None,
            "backgroundIsStretch": False,
            "isTodo": False,
            "headerFontId": 0,
            "headerFontSize": "s",
        }
        return box | {"infoWidth": 165, "infoHeight": 30} if number % 2 else box

    def tag(self, card_id: str, name: str, color: str) -> Row:
        return self.born() | {"name": name, "color": color, "cardId": card_id}

    def card_list(self, name: str) -> Row:
        return self.born() | {
            "name": name,
            "color": self.writer.color(),
            "x": self.writer.random.randint(0, 2000),
            "y": self.writer.random.randint(0, 2000),
            "z": 28,
            "resizeWidth": 206,
            "height": 206,
            "frameId": 0,
            "isCollapsed": False,
            "shouldUpdateList": False,
        }

    def line(self, name: str) -> Row:
        y = self.writer.random.randint(0, 5000)
        return self.born() | {"name": name, "y": y, "color": self.writer.color()}

    def stroke(self) -> list[Row]:
        """One drawn stroke: its points have ids, the stroke itself has none."""
        points = ({"x": 390 + step, "y": 650 + 2 * step} for step in range(3))
        more = {"color": "#a0f7f0", "diameter": 20, "userId": self.user_id}
        return [{"id": self.writer.new_id(), **point, **more} for point in points]
