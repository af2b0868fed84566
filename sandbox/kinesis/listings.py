"""The kinds of records that can be read, and how they are asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Listing:
    """One readable resource; `asks_for` are the query parameters that lists need, and
    `key` the further one that names a single record."""

    rows: str
    single: str
    key: str
    noun: str
    roles: tuple[str, ...] = ()
    asks_for: tuple[str, ...] = ()


LISTINGS = {
    "user": Listing("users", "user", "target_uid", "Account", ("ROOT",)),
    "config": Listing("configs", "value", "key", "Config", ("ROOT",)),
    "constraint": Listing("constraints", "constraint", "component_name", "Constraint"),
    "project": Listing("projects", "project", "project_id", "Project"),
    "collection": Listing(
        "collections", "collection", "collection_id", "Collection", (), ("project_id",)
    ),
    "data": Listing("pairs", "pair", "data_id", "Data", (), ("project_id", "collection_id")),
    "media": Listing("medias", "media", "media_id", "Media"),
    "event": Listing("events", "event", "event_id", "Event", ("ROOT", "ADMIN")),
    "routing": Listing("routes", "route", "route_id", "Route", (), ("project_id",)),
}
ROW_NAMES = tuple(listing.rows for listing in LISTINGS.values())
