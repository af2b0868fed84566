"""The GraphQL side of the Kitemaker stand-in: schema, cursors, filters and errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, is_enum_type, is_union_type

from sandbox.core import Request, Response
from sandbox.kitemaker import Kitemaker
from sandbox.kitemaker.graphql import SCHEMA

SHARED_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "kitemaker"
VENDOR_SCHEMA = SHARED_DATA / "graphql" / "schema-2024-05.graphql"
PAGE = """query ($space: ID, $cursor: String, $count: Int, $filter: StatusFilter) {
  workItems(spaceId: $space, cursor: $cursor, count: $count, statusFilter: $filter) {
    cursor hasMore workItems { id number title status { type } updatedAt }
  }
}"""


def post(service: Kitemaker, query: str, kind: str = "personal", **variables: Any) -> Response:
    headers = {"authorization": f"Bearer {service.secrets()[kind == 'application']}"}
    body = json.dumps({"query": query, "variables": variables}).encode()
    return service.answer(Request("POST", "/developers/graphql", headers, body))


def query(service: Kitemaker, text: str, kind: str = "personal", **variables: Any) -> Any:
    return json.loads(post(service, text, kind, **variables).body)


def pages(service: Kitemaker, **variables: Any) -> list[list[dict[str, Any]]]:
    """All pages of work items, by cursor."""
    found, cursor = [], None
    while True:
        page = query(service, PAGE, cursor=cursor, **variables)["data"]["workItems"]
        found.append(page["workItems"])
        assert page["cursor"] is not None
        if not page["hasMore"]:
            return found
        cursor = page["cursor"]


def space(service: Kitemaker, key: str) -> str:
    return str(next(row["id"] for row in service.truth()["spaces"] if row["key"] == key))


EVERYTHING = """{
  organization {
    id users { id } applications { id } integrations { id } integrationUsers { id }
    spaces { id members { id } labels { id } statuses { id } }
  }
  roadmaps { roadmaps { id columns { id } } }
  feedbackPersons { id } feedbackCompanies { id }
  workItems { workItems { id watchers { id } members { id } labels { id } comments { id } } }
  initiatives { initiatives {
    id members { id } watchers { id } labels { id } spaces { id } comments { id }
    workItems { id } roadmapColumns { id }
  } }
  feedback { feedback {
    id owners { id } tags { id }
    insights { id entities { ... on WorkItem { id } ... on Initiative { id } } }
  } }
}"""
LINKS = {
    "space_members": ("spaces", "members", "space_id", "user_id"),
    "work_item_labels": ("workItems", "labels", "work_item_id", "label_id"),
    "work_item_members": ("workItems", "members", "work_item_id", "user_id"),
    "work_item_watchers": ("workItems", "watchers", "work_item_id", "user_id"),
    "initiative_labels": ("initiatives", "labels", "initiative_id", "label_id"),
    "initiative_members": ("initiatives", "members", "initiative_id", "user_id"),
    "initiative_roadmap_columns": (
        *("initiatives", "roadmapColumns", "initiative_id", "roadmap_column_id"),
    ),
    "initiative_spaces": ("initiatives", "spaces", "initiative_id", "space_id"),
    "initiative_watchers": ("initiatives", "watchers", "initiative_id", "user_id"),
    "initiative_work_items": ("initiatives", "workItems", "initiative_id", "work_item_id"),
    "feedback_owners": ("feedback", "owners", "feedback_id", "user_id"),
    "feedback_tags": ("feedback", "tags", "feedback_id", "label_id"),
    "insight_entities": ("insights", "entities", "insight_id", "entity_id"),
}
"""Table -> list, its inner list, and the columns of the pairs."""
OF_ACTIVITIES = {"activities", "code_reviews", "code_review_work_items"}


def test_truth_of_every_table_equals_what_graphql_serves() -> None:
    """Records by their ids, relations by pairs of ids, after a round of changes."""
    service = Kitemaker()
    service.change(1)
    truth, served = service.truth(), query(service, EVERYTHING)["data"]
    organization = served["organization"]
    found: dict[str, list[dict[str, Any]]] = {
        "organizations": [organization],
        "people": served["feedbackPersons"],
        "companies": served["feedbackCompanies"],
        "integration_users": organization["integrationUsers"],
        **{
            name: organization[name] for name in ("users", "applications", "integrations", "spaces")
        },
        **{
            name: served[name][name]
            for name in ("workItems", "initiatives", "feedback", "roadmaps")
        },
    }
    found["work_items"] = found["workItems"]
    for table, parents, name in (
        ("statuses", found["spaces"], "statuses"),
        ("roadmap_columns", found["roadmaps"], "columns"),
        ("insights", found["feedback"], "insights"),
        ("comments", [*found["workItems"], *found["initiatives"]], "comments"),
        ("labels", [*found["spaces"], *found["initiatives"]], "labels"),
    ):
        found[table] = [row for parent in parents for row in parent[name]]
    found["labels"] += [tag for row in found["feedback"] for tag in row["tags"]]
    assert truth.keys() == (found.keys() - {"workItems"}) | LINKS.keys() | OF_ACTIVITIES
    for table, rows in truth.items():
        if table in OF_ACTIVITIES:
            continue
        if table in LINKS:
            listed, name, one, other = LINKS[table]
            shown = {(row["id"], part["id"]) for row in found[listed] for part in row[name] or ()}
            assert {(row[one], row[other]) for row in rows} == shown, table
        else:
            assert {row["id"] for row in rows} == {row["id"] for row in found[table]}, table
        assert rows


def test_tokens_of_graphql_are_bearers() -> None:
    """REST's header does not do here; a hidden space is an error of its own."""
    service = Kitemaker()
    headers = {"x-api-key": service.secrets()[0]}
    asked = Request("POST", "/developers/graphql", headers, b"{}")
    assert service.answer(asked).status == 401
    assert json.loads(service.answer(asked).body)["errors"][0]["code"] == "UNAUTHORIZED"
    service.switch("graphql_unauthorized_status", 200)
    assert service.answer(asked).status == 200
    text = '{ spaceByKey(key: "SEC") { id } }'
    assert "errors" in query(service, text, "application")
    assert "errors" not in query(service, text)


def test_numbers_are_integers_in_rest_and_text_in_graphql() -> None:
    """The text is plain, or has its prefix by switch; both ways of asking work."""
    service = Kitemaker()
    item = service.truth()["work_items"][0]
    text = '{ workItemByNumber(number: "KM-%d") { number } initiatives { initiatives { number } } }'
    found = query(service, text % item["number"])["data"]
    assert found["workItemByNumber"]["number"] == str(item["number"])
    service.switch("graphql_number", "prefixed")
    found = query(service, text % item["number"])["data"]
    assert found["workItemByNumber"]["number"] == f"KM-{item['number']}"
    assert found["initiatives"]["initiatives"][0]["number"].startswith("I-")


def test_cursors_page_without_drift() -> None:
    """Rows added or removed between two pages neither shift nor repeat the others."""
    for direction in ("oldest_first", "newest_first"):
        for key in ("number", "id"):
            switches = {"cursor_direction": direction, "cursor_key": key}
            service = Kitemaker(size=90, switches=switches)
            before = {row["id"] for row in service.truth()["work_items"]}
            gone = pages(service, count=10)[0][0]["id"]

            def meddle(request: Request, n: int, service: Kitemaker = service) -> None:
                service.add_work_item()

            service.after_answer.append(meddle)
            service.delete_work_item(gone)
            read_ids = [row["id"] for page in pages(service, count=10) for row in page]
            assert len(read_ids) == len(set(read_ids))
            assert before - {gone} <= set(read_ids)


def test_default_count_filters_and_missing_space_are_as_switched() -> None:
    """What the documents leave open has both forms."""
    service = Kitemaker(size=80)
    assert len(pages(service)[0]) == 50
    service.switch("graphql_default_count", 20)
    assert len(pages(service)[0]) == 20
    archived = {"type": "INCLUDE", "filter": ["ARCHIVED"]}
    some = [row for page in pages(service, filter=archived) for row in page]
    assert some
    assert {row["status"]["type"] for row in some} == {"ARCHIVED"}
    service.switch("archived_unless_asked", "left_out")
    rest = [row for page in pages(service) for row in page]
    assert len(rest) + len(some) == 80
    service.switch("work_items_without_space", "none")
    assert query(service, PAGE)["data"]["workItems"] == {
        "cursor": "",
        "hasMore": False,
        "workItems": [],
    }
    service.switch("work_items_without_space", "refuse")
    assert "errors" in query(service, PAGE)
    assert len(pages(service, space=space(service, "KM"), count=999)[0]) == 41
    service.switch("count_above_50", "refuse")
    assert "errors" in query(service, PAGE, space=space(service, "KM"), count=51)
    assert "errors" not in query(service, PAGE, space=space(service, "KM"))


def test_graphql_errors_come_with_status_200() -> None:
    """Unknown records, wrong queries and made failures; partial data on demand."""
    service = Kitemaker()
    for text in ('{ workItem(id: "no") { id } }', "{ nonsense }", "{ broken"):
        answer = post(service, text)
        assert answer.status == 200
        assert json.loads(answer.body)["errors"][0]["message"]
    service.switch("graphql_error_status", 400)
    assert post(service, "{ nonsense }").status == 400
    service.fail_graphql(1, partly=True)
    half = query(service, PAGE, count=10)
    assert half["errors"]
    assert len(half["data"]["workItems"]["workItems"]) == 5
    assert "errors" not in query(service, PAGE)
    assert "errors" not in query(service, "{ __schema { queryType { name } } }")


def test_code_reviews_are_found_by_the_addresses_that_activities_tell() -> None:
    """No list has them: the activity of a work item holds the address."""
    service = Kitemaker()
    text = "{ workItems { workItems { id activities { id type details } } } }"
    items = query(service, text)["data"]["workItems"]["workItems"]
    found = {
        activity["details"]["url"]: item["id"]
        for item in items
        for activity in item["activities"]
        if activity["type"] == "CODE_REVIEW_REQUEST_ADDED"
    }
    truth = service.truth()
    assert found.keys() == {row["details_url"] for row in truth["code_reviews"]} != set()
    assert set(found.values()) == {r["work_item_id"] for r in truth["code_review_work_items"]}
    shown = {row["id"] for item in items for row in item["activities"]}
    assert shown < {row["id"] for row in truth["activities"]}
    for url, item in found.items():
        text = "query ($url: String!) { codeReviewRequest(url: $url)"
        text += " { state details { number title url } links { name url } workItems { id } } }"
        review = query(service, text, url=url)["data"]["codeReviewRequest"]
        assert (review["details"]["url"], review["workItems"]) == (url, [{"id": item}])
    assert "errors" in query(service, '{ codeReviewRequest(url: "https://no.example") { id } }')


@pytest.mark.skipif(not VENDOR_SCHEMA.exists(), reason="the vendor's schema is not here")
def test_every_served_type_and_field_exists_in_the_vendors_schema() -> None:
    """Same names, same types, same arguments, and no enum value or union member of our own."""
    ours, theirs = SCHEMA, build_schema(VENDOR_SCHEMA.read_text())
    for name, kind in ours.type_map.items():
        if name.startswith("__"):
            continue
        assert name in theirs.type_map, name
        if is_enum_type(kind):
            assert set(kind.values) <= set(theirs.type_map[name].values)  # type: ignore[attr-defined]
        elif is_union_type(kind):
            assert {str(t) for t in kind.types} == {str(t) for t in theirs.type_map[name].types}  # type: ignore[attr-defined]
        else:
            compare_fields(name, ours, theirs)


def compare_fields(name: str, ours: GraphQLSchema, theirs: GraphQLSchema) -> None:
    """Every field of one of our types is in theirs, with the same type and arguments."""
    their_fields = getattr(theirs.type_map[name], "fields", {})
    for field_name, field in getattr(ours.type_map[name], "fields", {}).items():
        other = their_fields[field_name]
        assert str(field.type) == str(other.type), f"{name}.{field_name}"
        for argument, wanted in getattr(field, "args", {}).items():
            assert str(wanted.type) == str(other.args[argument].type), f"{name}.{field_name}"
