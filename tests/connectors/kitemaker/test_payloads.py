"""Kitemaker: payloads in the documented shapes load without loss."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import Request
from tests.kit.kitemaker import all_shown, switch
from tests.kit.payloads import DATA, recorded

SAMPLES = Path(__file__).parents[2] / "samples" / "kitemaker"
VENDOR = DATA / "kitemaker" / "rest-examples"
FOLDERS = [
    pytest.param(SAMPLES, id="samples"),
    pytest.param(
        VENDOR,
        id="vendor",
        marks=pytest.mark.skipif(not VENDOR.is_dir(), reason="no payloads of the vendor here"),
    ),
]
CREDENTIALS = {"KITEMAKER_API_KEY": "a-token-of-tests"}


class Samples:
    """The sample payloads of a folder, and a service that answers with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # The vendor's samples are of two organizations, which no token is.
        self.feedback = self("GET_feedback__200")
        self.feedback["organizationId"] = self("GET_organization__200")["id"]

    def __call__(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}.json").read_text("utf-8"))

    def _only(self, parameter: str, value: object, name: str) -> Callable[[Request], Any]:
        """A sample for one value of a parameter, else an error of the documentation."""

        def answer(request: Request) -> Any:
            found = request.query.get(parameter) == str(value)
            return self(name if found else "ERROR_shape__error_404_ISSUE_NOT_FOUND")

        return answer

    def _of_first_space(self, name: str) -> Callable[[Request], Any]:
        first = self("GET_metadata_spaces__200")[0]["id"]
        return lambda request: self(name) if request.query["spaceId"] == first else []

    def answers(self) -> dict[str, Any]:
        """Both spaces of the samples; the first one has what the other samples show."""
        recent = self._of_first_space("GET_recent_workitems__200")
        number = self("GET_workitem__200")["number"]
        pages: dict[str, Any] = {
            "/organization": self("GET_organization__200"),
            "/metadata/spaces": self("GET_metadata_spaces__200"),
            "/metadata/statuses": self._of_first_space("GET_metadata_statuses__200"),
            "/metadata/labels": self._of_first_space("GET_metadata_labels__200"),
            "/metadata/workitems": lambda request: [
                {"id": row["id"], "label": row["title"]} for row in recent(request)
            ],
            "/recent/workitems": recent,
            "/recent/comments": self._of_first_space("GET_recent_comments__200"),
            "/workitem": self._only("workItemNumber", number, "GET_workitem__200"),
            "/initiative": self._only("number", 1, "GET_initiative__200"),
            "/feedback/1": self.feedback,
        }
        return {f"/rest/v1{path}": page for path, page in pages.items()}


def less(record: Any, *names: str, **more: Any) -> Any:
    return {k: v for k, v in record.items() if k not in names} | more


@pytest.mark.parametrize("folder", FOLDERS)
def test_samples_load_without_a_reject_and_come_back_whole(tmp_path: Path, folder: Path) -> None:
    """Nothing is rejected or appears as an unknown field, `_raw` gives back what came less what
    became rows, and columns hold it."""
    sample = Samples(folder)
    with recorded(tmp_path, "kitemaker", sample.answers(), CREDENTIALS, "/developers") as bench:
        switch(bench, "rest")
        result = bench.sync()
        assert all_shown(result), result.tables
        assert bench.query("SELECT * FROM _kollect.rejects") == []
        assert bench.query("SELECT * FROM _kollect.schema_changes") == []

        def raw(table: str) -> list[Any]:
            rows = bench.query(f"SELECT _raw FROM kitemaker.{table} ORDER BY ALL")
            return [json.loads(text) for (text,) in rows]

        item, (comment,) = sample("GET_workitem__200"), sample("GET_recent_comments__200")
        (initiative,), feedback = sample("GET_initiative__200"), sample.feedback
        (insight,) = feedback["insights"]
        # A null person is what every example shows; the number is the one that was asked for.
        gone = ("insights", "person", "company")
        came_back = {
            "organizations": [sample("GET_organization__200")],
            "work_items": [less(item, "labels")],
            "work_item_labels": item["labels"],
            "comments": [comment],
            "initiatives": [less(initiative, "spaces", "labels")],
            "initiative_spaces": initiative["spaces"],
            "initiative_labels": initiative["labels"],
            "feedback": [less(feedback, *gone, number=1)],
            "insights": [less(insight, "entityIds")],
            "insight_entities": [{"id": insight["entityIds"][0]}],
        }
        for table, records in came_back.items():
            assert raw(table) == records, table
        for table in ("spaces", "statuses", "labels"):
            found = {row["id"]: row["name"] for row in raw(table)}
            listed = sample(f"GET_metadata_{table}__200")
            assert {row["id"]: row["label"] for row in listed}.items() <= found.items()
        columns = (
            "SELECT number, actor_name, actor_type, status_name, space_id, effort "
            "FROM kitemaker.work_items"
        )
        assert bench.query(columns) == [
            (item["number"], item["actor"]["name"], item["actor"]["type"],
             item["status"]["name"], item["space"]["id"], item["effort"])
        ]  # fmt: skip
        # The example of a comment has its work item's id in `spaceId`: a slip, not believed.
        assert bench.query("SELECT entity_id, thread_id, reply FROM kitemaker.comments") == [
            (item["id"], comment["threadId"], False)
        ]
        keyed = "SELECT key FROM kitemaker.spaces WHERE key IS NOT NULL"
        assert bench.query(keyed) == [(comment["entity"]["space"],)]
