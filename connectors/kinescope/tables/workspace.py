"""Kinescope: what a workspace has beside its videos: tags, players, people, addresses."""

from __future__ import annotations

from connectors.core import Table, col
from connectors.kinescope.tables.shared import STAMPS, WORKSPACE

TAGS = Table(
    "tags",
    "A tag that videos can bear",
    (
        col("id", "text", "the tag's id"),
        col("tag", "text", "the tag", aliases=("name",)),
        col("archived", "boolean", "is no longer offered"),
        *STAMPS,
    ),
)

PLAYERS = Table(
    "players",
    "A player: how videos are shown",
    (
        col("id", "text", "the player's id"),
        col("name", "text", "its name"),
        col("settings", "json", "its settings"),
        col("ads", "json", "its advertisements"),
        *STAMPS,
    ),
)

PRIVACY_DOMAINS = Table(
    "privacy_domains",
    "A host that may embed videos",
    (
        col("id", "text", "the domain's id"),
        col("domain", "text", "the host name"),
        col("archived", "boolean", "is no longer offered"),
        *STAMPS,
    ),
)

FILE_REQUESTS = Table(
    "file_requests",
    "A page on which others may upload videos",
    (
        col("id", "text", "the request's id"),
        WORKSPACE,
        col("name", "text", "its name", aliases=("title",)),
        col("description", "text", "its description"),
        col("uploading_location_id", "text", "the folder or project for the uploads"),
        col("expired_at", "time", "when it ends"),
        col("created_by", "text", "who made it"),
        *STAMPS,
        col("archived_at", "time", "when it was archived"),
        col("user_count", "integer", "people who used it", unit="people", unversioned=True),
        col("media_count", "integer", "uploads so far", unit="videos", unversioned=True),
    ),
    newest="created_at",
)

MODERATORS = Table(
    "moderators",
    "A person who may moderate chats; the e-mail is kept, passwords never are",
    (
        col("user_id", "text", "the person"),
        WORKSPACE,
        col("username", "text", "their name"),
        col("email", "text", "their e-mail address"),
        *STAMPS,
    ),
    key=("user_id",),
)

WEBHOOKS = Table(
    "webhooks",
    "An address that the service informs; its login and password are not kept",
    (
        col("id", "text", "the webhook's id"),
        col("name", "text", "its name"),
        col("endpoint", "text", "the address", aliases=("url", "endpoint_url")),
        col("events", "json", "what it is told of"),
        *STAMPS,
    ),
)
