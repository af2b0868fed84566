"""Kitemaker: the addresses of both transports, and the rows in their answers.

REST answers without an envelope and shows the fewer fields, so its rows are sparse: what they
lack keeps its value. No resource proves anything by itself; the plans decide that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.core import RecordSource, Resource, Rows, member, parent, request
from connectors.kitemaker import normalize, queries
from connectors.kitemaker import tables as t
from connectors.paging import CursorPages, OnePage, Paging

MOST = 50
"""Rows of a page and of a recent list, by both documentations."""
GRAPHQL = {"Authorization": "Bearer {token}"}
REST = {"X-API-KEY": "{token}"}
OF_ITEM = {"work_item_id": parent("id")}
OF_INITIATIVE = {"initiative_id": parent("id")}
OF_SPACE = {"space_id": parent("id")}
ASKED_SPACE = {"space_id": request("space_id")}
OF_ENTITY = {"entity_id": parent("id")}
TALK = (
    # REST alone tells whether a comment is a reply.
    Rows(t.COMMENTS, at="comments", inherit=OF_ENTITY, normalize=normalize.acted, sparse=True),
    Rows(t.ACTIVITIES, at="activities", inherit=OF_ENTITY, normalize=normalize.acted),
)


def graphql(name: str, query: str, *rows: Rows, paging: Paging | None = None) -> Resource:
    """A query; pages hold as many rows as they may."""
    variables = {"count": MOST} if paging else {}
    return Resource(
        name,
        "/graphql",
        rows,
        post={"query": query, "variables": variables},
        headers=GRAPHQL,
        # The schema types these lists as whole; only its page types have more.
        paging=paging or OnePage(page_param=""),
        listing=False,
    )


def pages(place: str) -> CursorPages:
    return CursorPages("cursor", cursor=f"{place}.cursor", more=f"{place}.hasMore", size=MOST)


def rest(name: str, path: str, *rows: Rows, **params: str) -> Resource:
    return Resource(name, f"/rest/v1{path}", rows, params=params, headers=REST, listing=False)


# -- the organization and its spaces -------------------------------------------------------

SPACES = Rows(
    t.SPACES,
    at="data.organization.spaces",
    children=(
        Rows(t.STATUSES, at="statuses", inherit=OF_SPACE),
        Rows(t.LABELS, at="labels", inherit=OF_SPACE),
        Rows(t.SPACE_MEMBERS, at="members", inherit=OF_SPACE),
    ),
)
ORGANIZATION = graphql(
    "organization",
    queries.ORGANIZATION_QUERY,
    Rows(t.ORGANIZATIONS, at="data.organization", normalize=normalize.scalars),
    SPACES,
    Rows(t.USERS, at="data.organization.users"),
    Rows(t.APPLICATIONS, at="data.organization.applications"),
    Rows(t.INTEGRATIONS, at="data.organization.integrations"),
    Rows(t.INTEGRATION_USERS, at="data.organization.integrationUsers"),
)
REST_ORGANIZATION = rest("rest_organization", "/organization", Rows(t.ORGANIZATIONS, sparse=True))
REST_SPACES = rest(
    "rest_spaces",
    "/metadata/spaces",
    Rows(t.SPACES, normalize=normalize.labelled, sparse=True),
)
REST_STATUSES = rest(
    "rest_statuses",
    "/metadata/statuses",
    Rows(t.STATUSES, normalize=normalize.labelled, inherit=ASKED_SPACE, sparse=True),
    spaceId="{space_id}",
)
REST_LABELS = rest(
    "rest_labels",
    "/metadata/labels",
    Rows(t.LABELS, normalize=normalize.labelled, inherit=ASKED_SPACE, sparse=True),
    spaceId="{space_id}",
)
SPACE_PIECE = Rows(t.SPACES, sparse=True)
"""A space's key, which REST shows in comments alone."""

# -- work items and their comments ---------------------------------------------------------

ITEM_LABELS = Rows(t.WORK_ITEM_LABELS, at="labels", inherit=OF_ITEM)
ITEM_PARTS = (
    ITEM_LABELS,
    Rows(t.WORK_ITEM_MEMBERS, at="members", inherit=OF_ITEM),
    Rows(t.WORK_ITEM_WATCHERS, at="watchers", inherit=OF_ITEM),
    *TALK,
)
WORK_ITEMS = graphql(
    "work_items",
    queries.WORK_ITEMS_QUERY,
    Rows(
        t.WORK_ITEMS,
        at="data.workItems.workItems",
        normalize=normalize.entity,
        children=ITEM_PARTS,
    ),
    paging=pages("data.workItems"),
)
WORK_ITEMS_BY_ID = graphql(
    "work_items_by_id",
    queries.WORK_ITEM_QUERIES[1],
    Rows(t.WORK_ITEMS, rows=normalize.by_alias, normalize=normalize.entity, children=ITEM_PARTS),
)
ITEM_PIECE = Rows(
    t.WORK_ITEMS,
    normalize=normalize.numbered,
    children=(ITEM_LABELS,),
    sparse=True,
)
NAME_PIECE = Rows(t.WORK_ITEMS, sparse=True)
"""The names of an item's status and space, where these were renamed."""
COMMENT_PIECE = Rows(
    t.COMMENTS,
    normalize=normalize.about,
    inherit={"entity_id": member("entityId")},
    sparse=True,
)
RECENT_WORK_ITEMS = rest(
    "recent_work_items", "/recent/workitems", ITEM_PIECE, spaceId="{space_id}", count="{count}"
)
RECENT_COMMENTS = rest(
    "recent_comments", "/recent/comments", COMMENT_PIECE, spaceId="{space_id}", count="{count}"
)
LISTED_WORK_ITEMS = rest("listed_work_items", "/metadata/workitems", spaceId="{space_id}")
WORK_ITEM_BY_NUMBER = rest(
    "work_item_by_number",
    "/workitem",
    ITEM_PIECE,
    spaceKey="{space_key}",
    workItemNumber="{number}",
)


# -- code reviews --------------------------------------------------------------------------

CODE_REVIEWS = graphql(
    "code_reviews",
    queries.CODE_REVIEW_QUERIES[1],
    Rows(
        t.CODE_REVIEWS,
        rows=normalize.by_alias,
        children=(
            Rows(
                t.CODE_REVIEW_WORK_ITEMS,
                at="workItems",
                inherit={"code_review_id": parent("id")},
            ),
        ),
    ),
)


@dataclass(frozen=True)
class Several:
    """Up to MOST_AT_ONCE records in one query, each asked for by its id or address."""

    resource: Resource
    queries: Mapping[int, str]
    """By how many they ask for."""
    named_by: str = ""
    """The field that holds what a record was asked for by, where it comes back as it is."""

    def asked(self, values: Sequence[str]) -> tuple[Resource, dict[str, Any]]:
        """The query for these, and its variables."""
        post = {"query": self.queries[len(values)], "variables": {}}
        names = {f"w{place}": value for place, value in enumerate(values)}
        return replace(self.resource, post=post), names


SEVERAL_WORK_ITEMS = Several(WORK_ITEMS_BY_ID, queries.WORK_ITEM_QUERIES, "id")
SEVERAL_CODE_REVIEWS = Several(CODE_REVIEWS, queries.CODE_REVIEW_QUERIES)

# -- initiatives and roadmaps --------------------------------------------------------------

GENERAL_LABELS = Rows(t.LABELS, inherit=ASKED_SPACE, sparse=True)
"""Labels that no space lists; asked with no space."""
INITIATIVE_LABELS = Rows(t.INITIATIVE_LABELS, at="labels", inherit=OF_INITIATIVE)
INITIATIVE_SPACES = Rows(t.INITIATIVE_SPACES, at="spaces", inherit=OF_INITIATIVE)
INITIATIVE_PARTS = (
    INITIATIVE_LABELS,
    INITIATIVE_SPACES,
    Rows(t.INITIATIVE_MEMBERS, at="members", inherit=OF_INITIATIVE),
    Rows(t.INITIATIVE_WATCHERS, at="watchers", inherit=OF_INITIATIVE),
    Rows(t.INITIATIVE_WORK_ITEMS, at="workItems", inherit=OF_INITIATIVE),
    Rows(t.INITIATIVE_ROADMAP_COLUMNS, at="roadmapColumns", inherit=OF_INITIATIVE),
    *TALK,
)


def initiatives(name: str, query: str, place: str, paging: Paging | None = None) -> Resource:
    rows = Rows(t.INITIATIVES, at=place, normalize=normalize.entity, children=INITIATIVE_PARTS)
    return graphql(name, query, rows, paging=paging)


INITIATIVES = initiatives(
    "initiatives",
    queries.INITIATIVES_QUERY,
    "data.initiatives.initiatives",
    pages("data.initiatives"),
)
INITIATIVE = initiatives("initiative", queries.INITIATIVE_QUERY, "data.initiative")
ROADMAPS = graphql(
    "roadmaps",
    queries.ROADMAPS_QUERY,
    Rows(
        t.ROADMAPS,
        at="data.roadmaps.roadmaps",
        children=(Rows(t.ROADMAP_COLUMNS, at="columns", inherit={"roadmap_id": parent("id")}),),
    ),
)
INITIATIVE_BY_NUMBER = rest(
    "initiative_by_number",
    "/initiative",
    Rows(
        t.INITIATIVES,
        normalize=normalize.numbered,
        children=(INITIATIVE_LABELS, INITIATIVE_SPACES),
        sparse=True,
    ),
    number="{number}",
)

# -- feedback ------------------------------------------------------------------------------

OF_FEEDBACK = {"feedback_id": parent("id")}
LINKED = Rows(
    t.INSIGHT_ENTITIES,
    at="entities",
    inherit={"insight_id": parent("id")},
    normalize=normalize.linked,
)
INSIGHTS = Rows(
    t.INSIGHTS,
    at="insights",
    inherit=OF_FEEDBACK,
    normalize=normalize.acted,
    children=(LINKED,),
)
# REST shows the ids of what is linked, not whether these are work items.
REST_INSIGHTS = replace(
    INSIGHTS,
    normalize=normalize.rest_insight,
    children=(replace(LINKED, normalize=None, sparse=True),),
)
FEEDBACK_PARTS = (
    INSIGHTS,
    Rows(t.FEEDBACK_OWNERS, at="owners", inherit=OF_FEEDBACK),
    Rows(t.FEEDBACK_TAGS, at="tags", inherit=OF_FEEDBACK),
)


def feedback(name: str, query: str, place: str, paging: Paging | None = None) -> Resource:
    rows = Rows(t.FEEDBACK, at=place, normalize=normalize.feedback, children=FEEDBACK_PARTS)
    return graphql(name, query, rows, paging=paging)


FEEDBACK = feedback(
    "feedback", queries.FEEDBACK_QUERY, "data.feedback.feedback", pages("data.feedback")
)
FEEDBACK_BY_ID = feedback("feedback_by_id", queries.FEEDBACK_BY_ID_QUERY, "data.feedbackById")
PEOPLE = graphql("people", queries.PEOPLE_QUERY, Rows(t.PEOPLE, at="data.feedbackPersons"))
COMPANIES = graphql(
    "companies", queries.COMPANIES_QUERY, Rows(t.COMPANIES, at="data.feedbackCompanies")
)
REST_FEEDBACK = Rows(
    t.FEEDBACK, normalize=normalize.rest_feedback, children=(REST_INSIGHTS,), sparse=True
)
REST_PERSON = Rows(
    t.PEOPLE, rows=normalize.embedded("person"), sparse=True, source=RecordSource.EMBEDDED
)
REST_COMPANY = Rows(
    t.COMPANIES, rows=normalize.embedded("company"), sparse=True, source=RecordSource.EMBEDDED
)
FEEDBACK_BY_NUMBER = replace(
    rest(
        "feedback_by_number",
        "/feedback",
        REST_PERSON,
        REST_COMPANY,
        REST_FEEDBACK,
        number="{number}",
    ),
    fallback_path="/rest/v1/feedback/{number}",  # the documentation shows both
)
