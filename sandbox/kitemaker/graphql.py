"""The GraphQL interface: queries are parsed, checked and run by the real library."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from sandbox.core import Refused, by_cursor
from sandbox.kitemaker.records import CodeReview, Feedback, Initiative, Space, WorkItem
from sandbox.kitemaker.view import (
    COMMENT_NOT_FOUND,
    FEEDBACK_NOT_FOUND,
    FORBIDDEN,
    INITIATIVE_NOT_FOUND,
    ISSUE_NOT_FOUND,
    RECENT_MOST,
    REVIEW_NOT_FOUND,
    View,
    bad_request,
    refused,
)

SCHEMA = build_schema(Path(__file__).with_name("schema.graphql").read_text("utf-8"))
Numbered = TypeVar("Numbered", WorkItem, Initiative, Feedback)


def answer(view: View, body: Any) -> dict[str, Any]:
    """The answer to one POST body: `data`, `errors` or both, as the GraphQL standard says."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return {"errors": [{"message": "The body is to hold a query"}]}
    document, errors = _checked(body["query"])
    if document is None:
        return {"errors": [error.formatted for error in errors]}
    result = execute_sync(
        SCHEMA,
        document,
        context_value=view,
        variable_values=body.get("variables") or {},
        operation_name=body.get("operationName"),
        field_resolver=_field,
        type_resolver=lambda value, info, kind: type(value).__name__,
    )
    answered: dict[str, Any] = dict(result.formatted)
    if result.errors:
        answered["errors"] = [_formatted(view, error) for error in result.errors]
    return answered


def _formatted(view: View, error: GraphQLError) -> dict[str, Any]:
    """One error; it has the code that REST gives where the switch says so."""
    formatted: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    code = cause.details.get("code") if isinstance(cause, Refused) else None
    if code and (view.switches.graphql_error_codes or code == FORBIDDEN[0]):
        formatted["extensions"] = {"code": code}
    return formatted


@lru_cache(maxsize=64)
def _checked(query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    """The parsed query, or None with what is wrong; clients send the same few again."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    errors = validate(SCHEMA, document)
    return (None, errors) if errors else (document, [])


def _field(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    """One field: by its own function where it has one, else the attribute of that name."""
    own = FIELDS.get((info.parent_type.name, info.field_name))
    if own is None:
        return getattr(source, _snake(info.field_name))
    return own(info.context, source, **arguments)


@lru_cache(maxsize=256)
def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def _work_items(
    view: View,
    source: None,
    spaceId: str | None = None,
    cursor: str | None = None,
    count: int | None = None,
    statusFilter: dict[str, Any] | None = None,
) -> dict[str, Any]:
    items: Iterable[WorkItem]
    if spaceId is not None:
        items = view.space(spaceId).items.values()
    elif view.switches.work_items_without_space == "refuse":
        raise bad_request("spaceId is missing")
    else:
        items = view.work_items() if view.switches.work_items_without_space == "all" else []
    if statusFilter is not None:
        wanted = statusFilter["type"] == "INCLUDE"
        kinds = statusFilter["filter"]
        items = (item for item in items if (item.status.type in kinds) is wanted)
    elif view.switches.archived_unless_asked == "left_out":
        items = (item for item in items if item.status.type != "ARCHIVED")
    return _page(view, "work_items", items, cursor, count)


def _page(
    view: View,
    name: str,
    rows: Iterable[Numbered],
    cursor: str | None,
    count: int | None,
) -> dict[str, Any]:
    """One page behind the key that the cursor holds; rows never shift under the reader."""
    if count is None:
        count = view.switches.graphql_default_count
    if count < 1 or (count > RECENT_MOST and view.switches.count_above_50 == "refuse"):
        raise bad_request(f"count is to be from 1 to {RECENT_MOST}")
    by_number = view.switches.cursor_key == "number"
    page = by_cursor(
        rows,
        lambda row: (row.number if by_number else 0, row.id),
        cursor=cursor,
        size=min(count, RECENT_MOST),
        descending=view.switches.cursor_direction == "newest_first",
    )
    return _Result({name: page.rows, "cursor": page.cursor, "has_more": page.has_more})


class _Result(dict[str, Any]):
    """A page as an object, so that its fields are attributes like everybody's."""

    __getattr__ = dict.__getitem__


def _number(prefix: Callable[[Any], str]) -> Callable[..., str]:
    """A number as text, with its prefix where the switch says so."""

    def resolve(view: View, source: Any) -> str:
        plain = str(source.number)
        return plain if view.switches.graphql_number == "plain" else prefix(source) + plain

    return resolve


def _by_id(rows: Iterable[Any], row_id: str, missing: tuple[str, str]) -> Any:
    for row in rows:
        if row.id == row_id:
            return row
    raise refused(404, *missing)


def _by_number(rows: dict[int, Any], number: str | None, missing: tuple[str, str]) -> Any:
    """A row by `12` or by `I-12`."""
    digits = (number or "").rpartition("-")[2]
    if not digits.isdecimal() or int(digits) not in rows:
        raise refused(404, *missing)
    return rows[int(digits)]


def _work_item_by_number(view: View, source: None, number: str) -> WorkItem:
    key, _, digits = number.rpartition("-")
    return view.work_item_by_number(key, int(digits) if digits.isdecimal() else -1)


def _code_review(view: View, source: None, url: str) -> CodeReview:
    if url not in view.world.code_reviews:
        raise refused(404, *REVIEW_NOT_FOUND)
    return view.world.code_reviews[url]


def _seen(name: str) -> Callable[[View, Any], list[Any]]:
    """The work items and initiatives of a list that the token may see."""
    return lambda view, source: [row for row in getattr(source, name) if view.sees(row)]


def _space_key(item: WorkItem) -> str:
    space: Space = item.space
    return f"{space.key}-"


FIELDS: dict[tuple[str, str], Callable[..., Any]] = {
    ("Query", "organization"): lambda view, _: view.world.organization,
    ("Query", "spaceByKey"): lambda view, _, key: view.space_by_key(key),
    ("Query", "workItems"): _work_items,
    ("Query", "workItem"): lambda view, _, id: _by_id(view.work_items(), id, ISSUE_NOT_FOUND),
    ("Query", "workItemByNumber"): _work_item_by_number,
    ("Query", "comment"): lambda view, _, id: _by_id(
        view.comments(),
        id,
        COMMENT_NOT_FOUND,
    ),
    ("Query", "initiatives"): lambda view, _, cursor=None, count=None: _page(
        view, "initiatives", view.world.initiatives.values(), cursor, count
    ),
    ("Query", "initiative"): lambda view, _, id: _by_id(
        view.world.initiatives.values(), id, INITIATIVE_NOT_FOUND
    ),
    ("Query", "initiativeByNumber"): lambda view, _, number=None: _by_number(
        view.world.initiatives, number, INITIATIVE_NOT_FOUND
    ),
    ("Query", "roadmaps"): lambda view, _: view.world,
    ("Query", "feedback"): lambda view, _, cursor=None, count=None: _page(
        view, "feedback", view.world.feedback.values(), cursor, count
    ),
    ("Query", "feedbackById"): lambda view, _, id: _by_id(
        view.world.feedback.values(), id, FEEDBACK_NOT_FOUND
    ),
    ("Query", "feedbackByNumber"): lambda view, _, number=None: _by_number(
        view.world.feedback, number, FEEDBACK_NOT_FOUND
    ),
    ("Query", "feedbackPersons"): lambda view, _: view.world.people,
    ("Query", "feedbackCompanies"): lambda view, _: view.world.companies,
    ("Query", "codeReviewRequest"): _code_review,
    ("Organization", "spaces"): lambda view, _: view.spaces(),
    ("Organization", "users"): lambda view, _: view.world.users,
    ("Organization", "integrations"): lambda view, _: view.world.integrations,
    ("Organization", "integrationUsers"): lambda view, _: view.world.integration_users,
    ("Organization", "applications"): lambda view, _: view.world.applications,
    ("WorkItem", "number"): _number(_space_key),
    ("Initiative", "number"): _number(lambda row: "I-"),
    ("Feedback", "number"): _number(lambda row: "F-"),
    ("WorkItem", "initiatives"): _seen("initiatives"),
    ("Initiative", "workItems"): _seen("work_items"),
    ("Initiative", "spaces"): lambda view, source: view.initiative_spaces(source),
    ("Initiative", "labels"): lambda view, source: view.initiative_labels(source),
    ("RoadmapColumn", "initiatives"): _seen("initiatives"),
    ("CodeReviewRequest", "workItems"): _seen("work_items"),
    ("CodeReviewRequestDetails", "number"): lambda _, source: source["number"],
    ("CodeReviewRequestDetails", "title"): lambda _, source: source["title"],
    ("CodeReviewRequestDetails", "url"): lambda _, source: source["url"],
    ("CodeReviewRequestLink", "name"): lambda _, source: source["name"],
    ("CodeReviewRequestLink", "url"): lambda _, source: source["url"],
    ("Feedback", "content"): lambda view, source: source.contents,
    ("Insight", "content"): lambda view, source: source.contents,
    ("Insight", "entities"): _seen("linked"),
}
