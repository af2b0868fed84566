"""Kinopio: what is kept of spaces, cards and what connects them.

Field facts: connectors/kinopio/notes.md. Positions are DOUBLE since payloads of 2021 hold
fractions; sizes and frames come as integers although the API page calls them text.
"""

from __future__ import annotations

from connectors.core import Column, Reference, Table, col, inherited

SPACE_ID = inherited("space_id", "text", "the space that holds the record")
OF_SPACE = Reference("space_id", "spaces", owner=True)
STAMPS = (
    col("createdAt", "time", "when the record was created"),
    col("updatedAt", "time", "when the record was changed last, position included"),
)
AUTHOR = col("userId", "text", "the user who made it; NULL for seeded records")
NAME = col("name", "text", "its text or title")
COLOR = col("color", "text", "its colour")


def flags(**meanings: str) -> tuple[Column, ...]:
    """Boolean columns by field name and meaning."""
    return tuple(col(name, "boolean", meaning) for name, meaning in meanings.items())


PREFERENCES = flags(
    emailIsVerified="has a verified e-mail address",
    filterComments="hides comment cards",
    filterShowAbsoluteDates="shows dates as dates",
    filterShowDateUpdated="filters cards by date",
    filterShowUsers="filters cards by user",
    newSpacesAreBlank="starts new spaces blank",
    outsideSpaceBackgroundIsStatic="has a grey area around spaces",
    panSpeedIsFast="pans fast",
    shouldDisableRightClickToPan="uses the right button's menu",
    shouldEmailBulletin="allows bulletins by e-mail",
    shouldEmailNotifications="allows notifications by e-mail",
    shouldEmailWeeklyReview="allows weekly reviews by e-mail",
    shouldIncreaseUIContrast="wants more contrast",
    shouldNotifyUnlockedStickyCards="is to be told of sticky cards",
    shouldPauseConnectionDirections="stops moving arrows",
    shouldShowCurrentSpaceTags="sees only tags of the current space",
    shouldShowItemActions="sees formatting of cards",
    shouldShowMoreAlignOptions="sees more options to align",
    shouldShowMultipleSelectedLineActions="sees formatting of connections",
    shouldUseLastConnectionType="keeps the last type of connection",
    shouldUseStickyCards="has cards that stick to the pointer",
    showItemActions="sees all options",
    showWeather="sees weather in journals",
    studentDiscountIsAvailable="may have the student discount",
    weatherUnitIsCelcius="sees temperatures in Celsius",
)

USERS = Table(
    "users",
    "One person: oneself and every user seen in any answer",
    (
        col("id", "text", "the user's id"),
        col("name", "text", "the unique, url-safe name"),
        COLOR,
        col("description", "text", "how they describe themselves"),
        col("website", "text", "their website as typed"),
        col("createdAt", "time", "when the user was created (oneself only)"),
        col(
            "updatedAt",
            "time",
            "moves with every session (oneself only)",
            unversioned=True,
            parse="epoch_milliseconds",
        ),
        col("cardsCreatedCount", "integer", "cards ever created", unit="cards", unversioned=True),
        col("creditsEarned", "number", "credits earned by referring others", unit="USD"),
        col("creditsUsed", "number", "credits used so far", unit="USD"),
        col("lastSpaceId", "text", "the space edited last", unversioned=True),
        col("lastReadNewStuffId", "text", "the news read last", unversioned=True),
        col(
            "lastUsedImagePickerService", "text", "where images were picked last", unversioned=True
        ),
        col("lastSidebarSection", "text", "the sidebar's section used last", unversioned=True),
        col("showInExploreUpdatedAt", "time", "when Explore was opened last", unversioned=True),
        col("dialogSpaceFilters", "text", "filter of the space list: `journals`, `spaces`"),
        col("defaultCardBackgroundColor", "text", "colour of new cards"),
        col("defaultConnectionControlPoint", "text", "curve of new connections"),
        col("defaultSpaceBackground", "text", "address of the background of new spaces"),
        col("defaultSpaceBackgroundGradient", "json", "gradient of new spaces"),
        col("defaultSpaceBackgroundTint", "text", "tint of new spaces"),
        *PREFERENCES,
        *flags(
            isUpgraded="has a paid subscription",
            isModerator="moderates the community",
            isDonor="has donated",
            isAmbassador="is in the ambassador program",
            isGuideMaker="makes guides",
        ),
    ),
    sparse=True,
    newest="created_at",
)

SPACES = Table(
    "spaces",
    "One space, own, shared with oneself, or removed by oneself",
    (
        col("id", "text", "the space's id"),
        NAME,
        col("privacy", "text", "`open`, `closed` (public, read only) or `private`"),
        col("url", "text", "slug and id, below https://kinopio.club/"),
        col("userId", "text", "the owner", aliases=("ownerUserId",)),
        col("ownerUserId", "text", "the owner, by the documented name", aliases=("userId",)),
        *STAMPS[:1],
        col("updatedAt", "time", "moves with any change and with visits", unversioned=True),
        col("editedAt", "time", "when card content changed last", unversioned=True),
        col("editedByUserId", "text", "who edited a card last", unversioned=True),
        col("updateHash", "text", "changes with updates", unversioned=True),
        col("removedByUserId", "text", "who removed the space"),
        col("visits", "integer", "how often people loaded it", unit="visits", unversioned=True),
        col("moonPhase", "text", "moon phase of a journal space, empty text otherwise"),
        col("originSpaceId", "text", "the space it was duplicated from; may be someone else's"),
        col("background", "text", "address of the background image"),
        col("backgroundTint", "text", "tint of the background"),
        col("backgroundGradient", "json", "layers of the gradient background"),
        col("defaultCardMaxWidth", "number", "widest card without own width", unit="px"),
        col("previewImage", "text", "address of the preview, made by the server", unversioned=True),
        col("previewThumbnailImage", "text", "address of the small preview", unversioned=True),
        col("showInExploreUpdatedAt", "time", "when it was put into Explore"),
        col("note", "text", "private note (payloads since 2026)"),
        col("groupId", "text", "the group it belongs to (payloads since 2026)"),
        col("addedToGroupByUserId", "text", "who put it into the group"),
        col("drawingImage", "text", "address of the drawing (payloads since 2026)"),
        col("drawingStrokes", "json", "strokes of the drawing (payloads since 2026)"),
        *flags(
            isRemoved="was removed, can be restored",
            isHidden="is hidden from the own list",
            isTemplate="is a personal template",
            isFromTweet="was made from a tweet",
            isRestrictedByModerator="is restricted by a moderator",
            showInExplore="is shown in Explore",
            proposedShowInExplore="was proposed for Explore",
            backgroundIsGradient="uses the gradient background",
            isFavorite="is a favourite (payloads since 2026)",
        ),
    ),
    newest="created_at",
    unversioned=("users", "collaborators", "spectators", "cacheDate", "previewImagePrivate",
              "previewThumbnailImagePrivate", "isEdited"),
    ignored=("removedCards", "group"),
)  # fmt: skip

SPACE_COLLABORATORS = Table(
    "space_collaborators",
    "One user who may edit one space",
    (
        SPACE_ID,
        col("id", "text", "the user", name="user_id"),
        *USERS.columns[1:],
    ),
    key=("space_id", "user_id"),
    parents=(OF_SPACE, Reference("user_id", "users")),
    ignored=USERS.ignored,
)

CARDS = Table(
    "cards",
    "One card of a space, removed cards that can be restored included",
    (
        SPACE_ID,
        col("id", "text", "the card's id, unique within its space"),
        col("name", "text", "the card's text: markdown, links, [[tags]], checkboxes"),
        AUTHOR,
        col("x", "number", "horizontal position", unit="px"),
        col("y", "number", "vertical position", unit="px"),
        col("z", "number", "stacking order"),
        col("width", "number", "reference width", unit="px"),
        col("height", "number", "reference height", unit="px"),
        col("resizeWidth", "number", "width set by hand; 0 or NULL is none", unit="px"),
        col("tilt", "number", "rotation", unit="degrees"),
        col("frameId", "integer", "kind of frame, 0 is none"),
        col("backgroundColor", "text", "colour of the card"),
        *STAMPS,
        col("nameUpdatedAt", "time", "when the text was changed last"),
        col("nameUpdatedByUserId", "text", "who changed the text last"),
        col("counterValue", "integer", "votes", unit="votes"),
        col("codeBlockLanguage", "text", "language of a code block"),
        col("linkToSpaceId", "text", "space linked in the text; may be someone else's"),
        col("linkToCardId", "text", "card linked in the text; may be someone else's"),
        col("urlPreviewUrl", "text", "address that the preview shows"),
        col("urlPreviewTitle", "text", "title of the preview"),
        col("urlPreviewDescription", "text", "description in the preview"),
        col("urlPreviewImage", "text", "address of the preview's image"),
        col("urlPreviewFavicon", "text", "address of the preview's icon"),
        col("urlPreviewErrorUrl", "text", "the last address without a preview"),
        col("urlPreviewEmbedHtml", "text", "embed code of a third party: never render it"),
        col("listId", "text", "the list it lies in (payloads since 2026)"),
        col("listPositionIndex", "text", "its place in the list, a fractional index"),
        col("atUserMentions", "json", "users named in the text (payloads since 2026)"),
        col("atDateMentions", "json", "dates named in the text (payloads since 2026)"),
        *flags(
            isRemoved="was removed, can be restored",
            isLocked="cannot be selected or edited",
            isComment="is a comment",
            isCreatedThroughPublicApi="was made by a program",
            counterIsVisible="shows its votes",
            shouldHideUrlPreviewImage="hides the preview's image",
            shouldHideUrlPreviewInfo="hides the preview's texts",
            shouldUpdateUrlPreview="gets a new preview at the next visit",
            urlPreviewIsVisible="shows a preview",
            shouldShowOtherSpacePreviewImage="shows the linked space's image",
            isTodo="is a task (payloads since 2026)",
        ),
    ),
    key=("space_id", "id"),
    parents=(OF_SPACE,),
    newest="created_at",
    ignored=("spaceId", "distanceFromOrigin", "type", "frameName", "prevWidth", "prevHeight"),
)

CONNECTIONS = Table(
    "connections",
    "One line between two cards (or boxes)",
    (
        SPACE_ID,
        col("id", "text", "the connection's id"),
        col("connectionTypeId", "text", "its type; absent since 2026"),
        col("startItemId", "text", "card or box where it starts", aliases=("startCardId",)),
        col("endItemId", "text", "card or box where it ends", aliases=("endCardId",)),
        col("path", "text", "SVG path"),
        col("controlPoint", "text", "control point of the curve, `q00,00` is straight"),
        col("labelRelativePositionX", "number", "label position, 0 left to 1 right"),
        col("labelRelativePositionY", "number", "label position, 0 top to 1 bottom"),
        NAME,
        COLOR,
        col("nameUpdatedByUserId", "text", "who changed the label last"),
        AUTHOR,
        *STAMPS,
        *flags(directionIsVisible="shows an arrow", labelIsVisible="shows a label"),
    ),
    key=("space_id", "id"),
    parents=(OF_SPACE,),
    newest="created_at",
    ignored=("spaceId",),
)

CONNECTION_TYPES = Table(
    "connection_types",
    "A kind of connection with its name and colour (payloads before 2026)",
    (SPACE_ID, col("id", "text", "the type's id"), NAME, COLOR, AUTHOR, *STAMPS),
    key=("space_id", "id"),
    parents=(OF_SPACE,),
    newest="created_at",
    ignored=("spaceId",),
)

BOXES = Table(
    "boxes",
    "A box that groups cards",
    (
        SPACE_ID,
        col("id", "text", "the box's id"),
        NAME,
        COLOR,
        col("fill", "text", "`filled` or `empty`"),
        AUTHOR,
        col("x", "number", "left edge", unit="px"),
        col("y", "number", "top edge", unit="px"),
        col("z", "number", "stacking order"),
        col("resizeWidth", "number", "width", unit="px"),
        col("resizeHeight", "number", "height", unit="px"),
        col("infoWidth", "number", "width of its title", unit="px"),
        col("infoHeight", "number", "height of its title", unit="px"),
        col("background", "text", "address of the background image (payloads since 2026)"),
        *STAMPS,
        *flags(isLocked="cannot be edited"),
    ),
    key=("space_id", "id"),
    parents=(OF_SPACE,),
    newest="created_at",
    ignored=("spaceId",),
)

TAGS = Table(
    "tags",
    "One tag of one card; the same name stands once for each card",
    (
        SPACE_ID,
        col("id", "text", "the tag's id"),
        col("name", "text", "the tag"),
        COLOR,
        col("cardId", "text", "the card that bears it"),
        AUTHOR,
        *STAMPS,
    ),
    key=("space_id", "id"),
    parents=(OF_SPACE,),
    newest="created_at",
    ignored=("spaceId",),
)

LISTS = Table(
    "lists",
    "A list of cards (payloads since 2026)",
    (
        SPACE_ID,
        col("id", "text", "the list's id"),
        NAME,
        COLOR,
        col("x", "number", "left edge", unit="px"),
        col("y", "number", "top edge", unit="px"),
        col("z", "number", "stacking order"),
        col("resizeWidth", "number", "width", unit="px"),
        col("height", "number", "height", unit="px"),
        col("frameId", "integer", "kind of frame"),
        AUTHOR,
        *STAMPS,
        *flags(isCollapsed="is folded", shouldUpdateList="is to be laid out again"),
    ),
    key=("space_id", "id"),
    parents=(OF_SPACE,),
    newest="created_at",
    ignored=("spaceId",),
)

LINES = Table(
    "lines",
    "A horizontal dividing line (payloads since 2026)",
    (
        SPACE_ID,
        col("id", "text", "the line's id"),
        NAME,
        COLOR,
        col("y", "number", "vertical position", unit="px"),
        AUTHOR,
        *STAMPS,
    ),
    key=("space_id", "id"),
    parents=(OF_SPACE,),
    newest="created_at",
    ignored=("spaceId",),
)
