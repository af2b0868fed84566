"""Kinescope: answers that nobody would expect cost a record or a table, never the sync."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.payloads import recorded

CREDENTIALS = {"KINESCOPE_API_TOKEN": "e51e55a1-0000-0000-0000-0000000000aa"}
TODAY = "2026-03-02T21:00:00Z"
GOOD = {"date": TODAY, "video_id": "a", "view": 3, "views": 3, "product": "cdn", "usage": 3}
FIGURES = {
    "analytics": "/v1/analytics",
    "analytics_overview": "/v1/analytics/overview",
    "billing_usage": "/v1/billing/usage",
}


def figures(zone: Any, *rows: Any) -> dict[str, Any]:
    """The answers of the three routes with figures."""
    meta = {"time": {"timezone": zone}}
    plain = {"meta": meta, "data": list(rows)}
    return {
        "/v1/analytics": plain,
        "/v1/analytics/overview": {"meta": meta, "data": {"timeline": list(rows)}},
        "/v1/billing/usage": plain,
        "/v1/tags": {"data": [{"id": "1", "tag": "kept"}]},
    }


ODD = (
    {**GOOD, "date": None},
    {key: value for key, value in GOOD.items() if key != "date"},
    {**GOOD, "date": "soon"},
    {**GOOD, "date": {"day": 1}},
    "text",
)


def test_a_row_without_a_day_is_a_reject_and_is_read_once_it_is_mended(tmp_path: Path) -> None:
    """The other rows are kept, the table is not complete, and the next sync begins there again."""
    answers = figures("Europe/Moscow", GOOD, *ODD)
    with recorded(tmp_path, "kinescope", answers, CREDENTIALS) as kinescope:
        kinescope.configure(history_days=400)
        result = kinescope.sync(*FIGURES, "tags")
        assert result.error is None
        assert result.tables["tags"]["complete"]
        for table in FIGURES:
            assert not result.tables[table]["complete"]
            assert result.tables[table]["rejected"] >= len(ODD)
            assert len(kinescope.rows(table)) == 1
        rejects = kinescope.query("SELECT DISTINCT table_name, reason FROM _kollect.rejects")
        assert {name for name, _ in rejects} == set(FIGURES)
        assert all("cannot be read" in text for _, text in rejects)
        answers |= figures("Europe/Moscow", GOOD)
        assert kinescope.sync(*FIGURES).status == "complete"


@pytest.mark.parametrize("zone", ["../etc/passwd", ["UTC"]])
def test_days_of_an_unknown_time_zone_are_rejects(tmp_path: Path, zone: Any) -> None:
    """Which day a row belongs to cannot be told; usage, whose days are those of UTC, is kept."""
    with recorded(tmp_path, "kinescope", figures(zone, GOOD), CREDENTIALS) as kinescope:
        kinescope.configure(history_days=400)
        result = kinescope.sync(*FIGURES)
        assert result.error is None
        complete = {name for name, row in result.tables.items() if row["complete"]}
        assert complete == {"billing_usage"}
        assert kinescope.rows("analytics") == kinescope.rows("analytics_overview") == {}
        ((reasons,),) = kinescope.query("SELECT count(DISTINCT reason) FROM _kollect.rejects")
        assert reasons == 1


def test_an_answer_without_a_list_is_no_empty_list(tmp_path: Path) -> None:
    """Whatever came before stays."""
    answers = figures("UTC", GOOD)
    with recorded(tmp_path, "kinescope", answers, CREDENTIALS) as kinescope:
        assert kinescope.sync("tags").status == "complete"
        for body in (None, {"message": "soon"}, {"data": None}, {"data": "none"}):
            answers["/v1/tags"] = body
            result = kinescope.sync("tags")
            assert not result.tables["tags"]["complete"], body
            assert len(kinescope.rows("tags")) == 1
