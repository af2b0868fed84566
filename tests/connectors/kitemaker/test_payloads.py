"""Kitemaker: the payloads of the documentation load without loss."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import Request
from tests.kit.kitemaker import switch
from tests.kit.payloads import DATA, payload, recorded

pytestmark = pytest.mark.skipif(
    not (DATA / "kitemaker").is_dir(), reason="no sample payloads beside the repository"
)
CREDENTIALS = {"KITEMAKER_API_KEY": "a-token-of-tests"}


def sample(name: str) -> Any:
    return payload("kitemaker", f"rest-examples/{name}.json")


def only(parameter: str, value: str, name: str) -> Callable[[Request], Any]:
    """A sample for one value of a parameter, else an error of the documentation."""

    def answer(request: Request) -> Any:
        if request.query.get(parameter) == value:
            return sample(name)
        return sample("ERROR_shape__error_404_ISSUE_NOT_FOUND")

    return answer


def of_first_space(name: str) -> Callable[[Request], Any]:
    first = sample("GET_metadata_spaces__200")[0]["id"]
    return lambda request: sample(name) if request.query["spaceId"] == first else []


def feedback_of_the_organization() -> Any:
    """The samples are of two organizations, which no token is."""
    organization = sample("GET_organization__200")["id"]
    return sample("GET_feedback__200") | {"organizationId": organization}


def answers() -> dict[str, Any]:
    """Both spaces of the samples; the first one has what the other samples show."""
    work = sample("GET_recent_workitems__200")
    return {
        "/organization": sample("GET_organization__200"),
        "/metadata/spaces": sample("GET_metadata_spaces__200"),
        "/metadata/statuses": of_first_space("GET_metadata_statuses__200"),
        "/metadata/labels": of_first_space("GET_metadata_labels__200"),
        "/metadata/workitems": lambda request: [
            {"id": row["id"], "label": row["title"]}
            for row in of_first_space("GET_recent_workitems__200")(request)
        ],
        "/recent/workitems": of_first_space("GET_recent_workitems__200"),
        "/recent/comments": of_first_space("GET_recent_comments__200"),
        "/workitem": only("workItemNumber", str(work[0]["number"]), "GET_workitem__200"),
        "/initiative": only("number", "1", "GET_initiative__200"),
        "/feedback/1": feedback_of_the_organization(),
    }


def test_samples_load_without_a_reject_and_come_back_whole(tmp_path: Path) -> None:
    """Nothing is rejected or appears as an unknown field, `_raw` gives back what came less what
    became rows, and columns hold it."""
    pages = {f"/rest/v1{path}": page for path, page in answers().items()}
    with recorded(tmp_path, "kitemaker", pages, CREDENTIALS, "/developers") as bench:
        switch(bench, "rest")
        result = bench.sync()
        assert result.status == "complete", result.tables
        assert bench.query("SELECT * FROM _kollect.rejects") == []
        assert bench.query("SELECT * FROM _kollect.schema_changes") == []
        assert {name: row["rows"] for name, row in result.tables.items() if row["rows"]} == {
            "organizations": 1, "spaces": 2, "statuses": 2, "labels": 3, "work_items": 1,
            "work_item_labels": 1, "comments": 1, "initiatives": 1, "initiative_labels": 1,
            "initiative_spaces": 1, "feedback": 1, "insights": 1, "insight_entities": 1,
        }  # fmt: skip

        def raw(table: str) -> list[Any]:
            rows = bench.query(f"SELECT _raw FROM kitemaker.{table} ORDER BY ALL")
            return [json.loads(text) for (text,) in rows]

        def less(record: Any, *names: str, **more: Any) -> Any:
            return {k: v for k, v in record.items() if k not in names} | more

        assert raw("organizations") == [sample("GET_organization__200")]
        assert raw("work_items") == [less(sample("GET_workitem__200"), "labels")]
        assert raw("work_item_labels") == sample("GET_workitem__200")["labels"]
        comment = sample("GET_recent_comments__200")[0]
        assert raw("comments") == [comment]
        (initiative,) = sample("GET_initiative__200")
        assert raw("initiatives") == [less(initiative, "spaces", "labels")]
        assert raw("initiative_spaces") == initiative["spaces"]
        feedback = feedback_of_the_organization()
        # A null person is what every example shows; the number is the one that was asked for.
        lists = ("insights", "person", "company")
        assert raw("feedback") == [less(feedback, *lists, number=1)]
        assert raw("insights") == [less(feedback["insights"][0], "entityIds")]
        assert raw("insight_entities") == [{"id": feedback["insights"][0]["entityIds"][0]}]
        for table, name in (("statuses", "statuses"), ("labels", "labels")):
            found = {row["id"]: row["name"] for row in raw(table)}
            rows = sample(f"GET_metadata_{name}__200")
            assert {row["id"]: row["label"] for row in rows}.items() <= found.items()
        columns = (
            "SELECT number, actor_name, actor_type, status_name, space_id, effort, "
            "epoch_ms(updated_at) FROM kitemaker.work_items"
        )
        assert bench.query(columns) == [
            (123, "Zapier integration", "application", "Done", "1335a4d05e286400", "Large",
             1637851578756)
        ]  # fmt: skip
        # The example of a comment has its work item's id in `spaceId`: a slip, not believed.
        assert bench.query("SELECT entity_id, thread_id, reply FROM kitemaker.comments") == [
            ("136975ca1bb5d800", "1369791039b5d800", False)
        ]
        keyed = "SELECT key FROM kitemaker.spaces WHERE key IS NOT NULL"
        assert bench.query(keyed) == [(comment["entity"]["space"],)]


@pytest.mark.parametrize("name", ["POST_workitem__201", "PUT_workitem__200"])
def test_answers_to_writes_have_the_form_of_the_read_ones(name: str) -> None:
    """What a restore would get back is what a copy reads."""
    assert sample(name) == sample("GET_workitem__200")
    assert sample("POST_initiative__201") == sample("GET_initiative__200")[0]
    assert sample("POST_feedback__201") == sample("GET_feedback__200")
    assert sample("POST_comment__201") == sample("GET_recent_comments__200")[0]
