"""Kitemaker's write routes do what the API page says, and refuse what it forbids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.core import Request
from sandbox.kitemaker import Kitemaker


class Writer:
    """Sends writes to one stand-in with the account's token."""

    def __init__(self, **switches: Any) -> None:
        self.service = Kitemaker(size=8, switches=switches)
        self.headers = {"x-api-key": self.service.credentials()["KITEMAKER_API_KEY"]}
        self.space = next(iter(self.service.world.spaces.values()))
        self.status = self.space.statuses[2]

    def send(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        sent = json.dumps(body).encode()
        path = f"/developers/rest/v1{path}"
        answer = self.service.answer(Request(method, path, self.headers, sent))
        return answer.status, json.loads(answer.body)


def test_a_work_item_gets_an_id_a_number_and_the_space_of_its_status() -> None:
    writer = Writer()
    number, label = writer.space.last_number, writer.space.labels[1].id
    status, item = writer.send(
        "POST",
        "/workitem",
        title="New",
        statusId=writer.status.id,
        effort="large",
        labelIds=[label],
    )
    assert (status, item["number"], item["effort"]) == (201, number + 1, "Large")
    assert (item["space"]["id"], item["labels"][0]["id"]) == (writer.space.id, label)
    assert item["actor"]["id"] == writer.service.world.users[0].id
    status, edited = writer.send("PUT", "/workitem", id=item["id"], description="More")
    assert (status, edited["title"], edited["description"]) == (200, "New", "More")
    status, comment = writer.send("POST", "/comment", workItemId=item["id"], body="Hi")
    assert (status, comment["reply"], comment["entity"]["id"]) == (201, False, item["id"])


@pytest.mark.parametrize(("rule", "count"), [("replace", 1), ("add", 2)])
def test_labels_of_an_edit_replace_the_others_or_join_them(rule: str, count: int) -> None:
    """The page can be read either way."""
    writer = Writer(put_labels=rule)
    one, other = (label.id for label in writer.space.labels[:2])
    made = writer.send("POST", "/workitem", title="x", statusId=writer.status.id, labelIds=[one])
    edited = writer.send("PUT", "/workitem", id=made[1]["id"], labelIds=[other])[1]
    assert len(edited["labels"]) == count


def test_labels_initiatives_and_feedback_are_made_in_what_is_there() -> None:
    writer = Writer()
    status, label = writer.send("POST", "/label", spaceId=writer.space.id, labelName="bug")
    assert status == 201 and len(label["color"]) == 6 and label["spaceId"] == writer.space.id
    column = writer.service.world.roadmaps[0].columns[0]
    fields = {"spaceIds": [writer.space.id], "labelIds": [label["id"]], "color": "teal"}
    status, plan = writer.send(
        "POST", "/initiative", title="Plan", roadmapColumnIds=[column.id], **fields
    )
    assert status == 201 and plan["labels"][0]["id"] == label["id"] and plan["number"]
    assert plan["id"] in [initiative.id for initiative in column.initiatives]
    status, wish = writer.send(
        "POST", "/feedback", title="Wish", contents="Please", linkInsightToEntityIds=[plan["id"]]
    )
    assert (status, wish["insights"][0]["entityIds"]) == (201, [plan["id"]])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/workitem", {"title": "x", "statusId": "0"}, 404, "NOT_FOUND"),
        ("POST", "/workitem", {"title": "x"}, 400, "BAD_REQUEST"),
        ("PUT", "/workitem", {"id": "0"}, 404, "ISSUE_NOT_FOUND"),
        ("POST", "/comment", {"workItemId": "0", "body": "x"}, 404, "ISSUE_NOT_FOUND"),
        ("POST", "/label", {"spaceId": "0", "labelName": "x"}, 404, "SPACE_NOT_FOUND"),
        ("POST", "/initiative", {"title": "x", "labelIds": ["0"]}, 404, "NOT_FOUND"),
        ("POST", "/feedback", {}, 400, "BAD_REQUEST"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    method: str, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    writer = Writer()
    before = writer.service.truth()
    answer = writer.send(method, path, **body)
    assert (answer[0], answer[1]["errors"][0]["code"]) == (status, code)
    assert writer.service.truth() == before
