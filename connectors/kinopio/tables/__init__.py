"""Kinopio: what is kept of spaces and what lies in them, and of the account around them."""

from connectors.kinopio.tables.account import (
    AI_IMAGES,
    FAVORITE_COLORS,
    FAVORITE_SPACES,
    FAVORITE_USERS,
    GROUPS,
    NOTIFICATIONS,
)
from connectors.kinopio.tables.spaces import (
    BOXES,
    CARDS,
    CONNECTION_TYPES,
    CONNECTIONS,
    LINES,
    LISTS,
    SPACE_COLLABORATORS,
    SPACES,
    TAGS,
    USERS,
)

__all__ = [
    "AI_IMAGES",
    "BOXES",
    "CARDS",
    "CONNECTIONS",
    "CONNECTION_TYPES",
    "FAVORITE_COLORS",
    "FAVORITE_SPACES",
    "FAVORITE_USERS",
    "GROUPS",
    "LINES",
    "LISTS",
    "NOTIFICATIONS",
    "SPACES",
    "SPACE_COLLABORATORS",
    "TAGS",
    "USERS",
]
