"""Kinopio: what is kept beside spaces: groups, notifications, favourites, images made by prompts.

Field facts: connectors/kinopio/notes.md.
"""

from __future__ import annotations

from connectors.core import Reference, Table, col
from connectors.kinopio.tables.spaces import SPACES, STAMPS, USERS, flags

NOTIFICATIONS = Table(
    "notifications",
    "One notification; the service only shows the last 50, older ones are kept",
    (
        col("id", "text", "the notification's id"),
        col("type", "text", "what happened, such as `addCard`"),
        col("cardId", "text", "the card it is about"),
        col("card.name", "text", "the card's text then"),
        col("spaceId", "text", "the space it is about"),
        col("space.name", "text", "the space's name then"),
        col("space.privacy", "text", "the space's privacy then"),
        col("space.background", "text", "the space's background then"),
        col("userId", "text", "who did it"),
        col("user.name", "text", "their name then"),
        col("user.color", "text", "their colour then"),
        col("recipientUserId", "text", "who was notified"),
        *STAMPS,
        *flags(isRead="was read", isEmailed="was sent by e-mail"),
    ),
    newest="created_at",
    append_only=True,
)

FAVORITE_SPACES = Table(
    "favorite_spaces",
    "A space marked as favourite, as the favourites list shows it",
    (
        *SPACES.columns,
        col("isEdited", "boolean", "has changes not yet seen", unversioned=True),
    ),
    newest="created_at",
    unversioned=SPACES.unversioned,
    ignored=SPACES.ignored,
)

FAVORITE_USERS = Table(
    "favorite_users",
    "A user marked as favourite",
    USERS.columns,
    parents=(Reference("id", "users"),),
    ignored=USERS.ignored,
)

FAVORITE_COLORS = Table(
    "favorite_colors",
    "A colour marked as favourite",
    (col("color", "text", "the colour"), col("id", "text", "its id, where the service gives one")),
    key=("color",),
    ignored=("createdAt", "updatedAt", "userId"),
)

AI_IMAGES = Table(
    "ai_images",
    "An image made by a prompt, while the service still lists them",
    (
        col("url", "text", "address of the image", aliases=("imageUrl", "image")),
        col("prompt", "text", "the prompt it was made from"),
        col("createdAt", "time", "when it was made"),
    ),
    key=("url",),
    append_only=True,
    ignored=("id", "userId", "updatedAt"),
)

GROUPS = Table(
    "groups",
    "One group of people that one belongs to; spaces name theirs in `group_id`",
    (
        col("id", "text", "the group's id"),
        col("name", "text", "its name"),
        col("color", "text", "its colour"),
        *STAMPS,
    ),
)
