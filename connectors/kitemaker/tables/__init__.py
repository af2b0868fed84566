"""Kitemaker: what is kept of spaces, work items, comments, initiatives and feedback.

Both transports feed the same tables. What only GraphQL shows is `backfilled` (its first value
makes no version), so that a row is the same whichever way it came; who made a record never
changes, and what the maker is called belongs to `users`, so it makes no version either.
"""

from __future__ import annotations

from connectors.kitemaker.tables.feedback import (
    COMPANIES,
    FEEDBACK,
    FEEDBACK_OWNERS,
    FEEDBACK_TAGS,
    INSIGHT_ENTITIES,
    INSIGHTS,
    PEOPLE,
)
from connectors.kitemaker.tables.initiatives import (
    INITIATIVE_LABELS,
    INITIATIVE_MEMBERS,
    INITIATIVE_ROADMAP_COLUMNS,
    INITIATIVE_SPACES,
    INITIATIVE_WATCHERS,
    INITIATIVE_WORK_ITEMS,
    INITIATIVES,
    ROADMAP_COLUMNS,
    ROADMAPS,
)
from connectors.kitemaker.tables.organization import (
    APPLICATIONS,
    INTEGRATION_USERS,
    INTEGRATIONS,
    LABELS,
    ORGANIZATIONS,
    SPACE_MEMBERS,
    SPACES,
    STATUSES,
    USERS,
)
from connectors.kitemaker.tables.work_items import (
    ACTIVITIES,
    CODE_REVIEW_WORK_ITEMS,
    CODE_REVIEWS,
    COMMENTS,
    WORK_ITEM_LABELS,
    WORK_ITEM_MEMBERS,
    WORK_ITEM_WATCHERS,
    WORK_ITEMS,
)

__all__ = [
    "ACTIVITIES",
    "APPLICATIONS",
    "CODE_REVIEWS",
    "CODE_REVIEW_WORK_ITEMS",
    "COMMENTS",
    "COMPANIES",
    "FEEDBACK",
    "FEEDBACK_OWNERS",
    "FEEDBACK_TAGS",
    "INITIATIVES",
    "INITIATIVE_LABELS",
    "INITIATIVE_MEMBERS",
    "INITIATIVE_ROADMAP_COLUMNS",
    "INITIATIVE_SPACES",
    "INITIATIVE_WATCHERS",
    "INITIATIVE_WORK_ITEMS",
    "INSIGHTS",
    "INSIGHT_ENTITIES",
    "INTEGRATIONS",
    "INTEGRATION_USERS",
    "LABELS",
    "ORGANIZATIONS",
    "PEOPLE",
    "ROADMAPS",
    "ROADMAP_COLUMNS",
    "SPACES",
    "SPACE_MEMBERS",
    "STATUSES",
    "USERS",
    "WORK_ITEMS",
    "WORK_ITEM_LABELS",
    "WORK_ITEM_MEMBERS",
    "WORK_ITEM_WATCHERS",
]
