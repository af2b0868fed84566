"""Kitemaker: feedback with its insights, and the people and companies who give it."""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited
from connectors.kitemaker.tables.parts import ACTOR, ID, STAMPS, link

FEEDBACK = Table(
    "feedback",
    "One piece of feedback from a customer",
    (
        ID,
        col("number", "integer", "counts in the organization"),
        col("organizationId", "text", "its organization"),
        col("title", "text", "its title"),
        col("contents", "text", "its text as Markdown"),
        *ACTOR,
        col("person.id", "text", "who gave it (GraphQL only)", backfilled=True),
        col("company.id", "text", "the company of who gave it (GraphQL only)", backfilled=True),
        col("personName", "text", "who gave it, where only a name is shown", unversioned=True),
        col("companyName", "text", "the company, where only a name is shown", unversioned=True),
        col("processed", "boolean", "was dealt with"),
        col("processedAt", "time", "when it was dealt with"),
        *STAMPS,
    ),
    parents=(
        Reference("person_id", "people", orphans=1.0),
        Reference("company_id", "companies", orphans=1.0),
    ),
    newest="updated_at",
)
FEEDBACK_OWNERS = link(
    "feedback_owners",
    "One user who looks after one piece of feedback (GraphQL only)",
    ("feedback_id", "feedback"),
    ("user_id", "users"),
)
FEEDBACK_TAGS = link(
    "feedback_tags",
    "One label on one piece of feedback (GraphQL only)",
    ("feedback_id", "feedback"),
    ("label_id", "labels"),
)
INSIGHTS = Table(
    "insights",
    "One part of a piece of feedback, linked to what it is about",
    (
        ID,
        inherited("feedback_id", "text", "the feedback that it is part of"),
        col("contents", "text", "its text as Markdown"),
        *ACTOR,
        *STAMPS,
    ),
    parents=(Reference("feedback_id", "feedback", owner=True),),
    newest="updated_at",
    ignored=("feedbackId",),
)
INSIGHT_ENTITIES = link(
    "insight_entities",
    "One work item or initiative that an insight is about",
    ("insight_id", "insights"),
    ("entity_id", "work_items"),
    col("type", "text", "`work_item` or `initiative`", name="entity_type", backfilled=True),
)
PEOPLE = Table(
    "people",
    "One person outside of the organization who gives feedback (GraphQL only)",
    (
        ID,
        col("name", "text", "the person's name"),
        col("email", "text", "the person's address"),
        col("company.id", "text", "the person's company"),
        col("externalId", "text", "the person's id in another product"),
        *STAMPS,
    ),
    parents=(Reference("company_id", "companies", orphans=1.0),),
    newest="created_at",
)
COMPANIES = Table(
    "companies",
    "One company whose people give feedback (GraphQL only)",
    (ID, col("name", "text", "its name"), col("domain", "text", "its domain name"), *STAMPS),
    newest="created_at",
)
