"""Analytics and billing of the Kinescope stand-in: days, zones, ranges, late corrections."""

from __future__ import annotations

from datetime import date

import pytest

from sandbox.kinescope import Kinescope
from tests.kit.kinescope_client import ask, get


def test_analytics_label_the_workspaces_day_in_utc() -> None:
    """Moscow's day begins at 21:00 of the eve; ten days before today have data, and today."""
    account = Kinescope()
    target = "/v1/analytics?from=2026-01-01&to=2027-01-01&group=day&fields=view&order=view.desc"
    answer = get(account, f"{target}&group_entities=video_id")
    assert answer["meta"]["time"] == {
        "from": "2026-01-01T00:00:00Z",
        "to": "2027-01-01T00:00:00Z",
        "timezone": "Europe/Moscow",
    }
    assert answer["meta"]["order"] == {"view": "desc"}
    views = [row["view"] for row in answer["data"]]
    assert views == sorted(views, reverse=True)
    labels = {row["date"] for row in answer["data"]}
    assert all(label.endswith("T21:00:00Z") for label in labels)
    assert min(labels) >= "2026-11-09T21:00:00Z"
    assert max(labels) == "2026-11-19T21:00:00Z"
    whole = get(account, target)["data"]
    assert sum(row["view"] for row in whole) == sum(views)
    assert {"workspace_id", "date", "view"} == set(whole[0])
    monthly = get(account, f"{target}&group=month")["data"]
    assert [row["date"] for row in monthly] == ["2026-10-31T21:00:00Z"]
    account.switch("timezone", "America/New_York")
    labels = {row["date"] for row in get(account, target)["data"]}
    assert all(label.endswith("T05:00:00Z") for label in labels)


def test_a_range_ends_before_or_after_its_last_day_and_may_cut_buckets() -> None:
    """`to` excludes its day, or includes it by switch; cut buckets hold less at the edges."""
    account = Kinescope()
    one_day = "/v1/analytics?from=2026-11-19&to=2026-11-20&fields=view"
    whole = get(account, one_day)["data"]
    assert [row["date"] for row in whole] == ["2026-11-18T21:00:00Z"]
    account.switch("range_cuts_buckets", True)
    cut = get(account, one_day)["data"]
    assert [row["date"] for row in cut] == ["2026-11-18T21:00:00Z", "2026-11-19T21:00:00Z"]
    assert 0 < cut[0]["view"] < whole[0]["view"]
    account.switch("range_cuts_buckets", False)
    account.switch("range_end", "inclusive")
    assert len(get(account, one_day)["data"]) == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-11-01", 422),
        ("from=2026-11-01&to=soon", 422),
        ("from=2026-11-01&to=2026-11-02&group=year", 422),
        ("from=2026-11-01&to=2026-11-02&fields=likes", 422),
        ("from=2026-11-01&to=2026-11-02&fields=watch_time&order=watch_time.desc", 400),
        ("from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z", 200),
        ("from=2020-01-01&to=2020-02-01", 200),
    ],
)
def test_analytics_refuse_what_is_wrong(query: str, status: int) -> None:
    """Both dates are required; unknown names are refused; nothing found is no error."""
    assert ask(Kinescope(), f"/v1/analytics?{query}").status == status


def test_analytics_may_come_in_pages() -> None:
    """By switch, meta.pagination stands beside the time."""
    account = Kinescope(switches={"analytics_paging": "paged"})
    target = "/v1/analytics?from=2026-11-01&to=2026-12-01&group_entities=video_id&page=2"
    answer = get(account, target)
    assert answer["meta"]["pagination"]["total"] == len(account.truth()["analytics"])
    assert len(answer["data"]) == 10


def test_views_come_late_and_days_pass() -> None:
    """Today's bucket and earlier ones grow; a new day brings rows and keeps the old ones."""
    account = Kinescope()
    video_id = account.library.id(0)
    before = {(row["day"], row["video_id"]): row for row in account.truth()["analytics"]}
    account.add_views(video_id, 7)
    account.add_views(video_id, 7, day="2026-11-18")
    after = {(row["day"], row["video_id"]): row for row in account.truth()["analytics"]}
    for day in ("2026-11-20", "2026-11-18"):
        old = before.get((day, video_id), {"view": 0})["view"]
        assert after[day, video_id]["view"] == old + 7
    assert account.pass_day() == "2026-11-21"
    later = {(row["day"], row["video_id"]): row for row in account.truth()["analytics"]}
    assert {key: row for key, row in later.items() if key[0] < "2026-11-21"} == after
    account.today = date(2030, 1, 5)
    days = {row["day"] for row in account.truth()["analytics"]}
    assert "2029-12-25" <= min(days) <= max(days) <= "2030-01-05"


def test_the_overview_sums_what_analytics_show() -> None:
    """Days without views are in the timeline; totals are those of the single videos."""
    account = Kinescope()
    span = "from=2026-11-01&to=2026-11-21"
    shown = get(account, f"/v1/analytics/overview?{span}")["data"]
    rows = get(account, f"/v1/analytics?{span}&fields=view")["data"]
    assert shown["total"]["views"] == sum(row["view"] for row in rows)
    assert len(shown["timeline"]) == 20
    assert shown["timeline"][0] == {
        "views": 0,
        "duration": 0,
        "watch_time": 0,
        "player_loads": 0,
        "date": "2026-10-31T21:00:00Z",
    }


def test_billing_rows_without_usage_name_no_project() -> None:
    """Forty days by product and project; the key of the truth has empty text then."""
    account = Kinescope()
    target = "/v1/billing/usage?from=2026-01-01&to=2027-01-01"
    rows = get(account, f"{target}&group_by=project_id")["data"]
    assert {row["usage"] for row in rows if "project_id" not in row} == {0}
    assert {row["product"] for row in rows} == {"encoding", "storage", "cdn"}
    assert min(row["date"] for row in rows) == "2026-10-11T00:00:00Z"
    truth = account.truth()["billing_usage"]
    assert "" in {row["project_id"] for row in truth}
    assert sum(row["usage"] for row in rows) == sum(row["usage"] for row in truth)
    assert not any("project_id" in row for row in get(account, target)["data"])
    project_id = next(row["project_id"] for row in truth if row["project_id"])
    account.add_usage(project_id, 9, day="2026-11-01")
    only = get(account, f"{target}&group_by=project_id&project_id={project_id}")["data"]
    assert {row["project_id"] for row in only} == {project_id}
    assert ask(account, "/v1/billing/usage").status == 422
