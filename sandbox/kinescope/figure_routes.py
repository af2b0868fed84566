"""The routes of analytics and billing (page, section 10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.core import Refused, Route
from sandbox.kinescope.changes import Changes
from sandbox.kinescope.figures import FIELDS, Hour
from sandbox.kinescope.routes import KinescopeCall, Payload, asked_order, bare, in_order, paged
from sandbox.kinescope.video_parts import Record

OVERVIEW = {
    "views": "view",
    "duration": "play",
    "watch_time": "watch_time",
    "player_loads": "player_load",
}


@dataclass(frozen=True)
class Range:
    """From one time to another, and how the answer repeats them."""

    start: datetime
    end: datetime
    meta: dict[str, str]

    @property
    def last(self) -> datetime:
        return self.end - timedelta(seconds=1)


def analytics(call: KinescopeCall) -> Payload:
    """By day or month, and by video where that is asked for; no other grouping is made here."""
    wanted = asked_range(call)
    by_month = names_of(call, "group", ("day", "month")) == ["month"]
    by_video = names_of(call, "group_entities", ("video_id",))
    asked = names_of(call, "fields", (*FIELDS, "workspace_id")) or ["view", "play"]
    fields = [field for field in asked if field in FIELDS]
    rows: dict[tuple[Any, ...], Record] = {}
    for hour in hours(call.service, wanted):
        start = day_of(call.service, hour.start)
        start = start_of_month(call.service, start) if by_month else start
        told = {"video_id": hour.video_id} if by_video else {}
        row = rows.setdefault((start, *told.values()), dict.fromkeys(fields, 0) | told)
        row |= {"workspace_id": call.service.account.workspace_id, "date": text_of(start)}
        for field in fields:
            row[field] += hour.figures[field]
    data = [rows[key] for key in sorted(rows)]
    meta: Payload = {"time": wanted.meta}
    if call.query.get("order"):  # by what is counted, but for watch_time
        orders = asked_order(call, [field for field in fields if field != "watch_time"], "")
        data = in_order(call, data, orders, lambda row, field: row[field])
        meta["order"] = {order.field: "desc" if order.descending else "asc" for order in orders}
    if call.service.switches.analytics_paging == "paged":
        return paged(call, data, dict, meta=meta)
    return {"meta": meta, "data": data}


def overview(call: KinescopeCall) -> Payload:
    """Days without views are shown, days to come are not."""
    service, wanted = call.service, asked_range(call)
    names_of(call, "group_time", ("day",))
    days: dict[datetime, dict[str, int]] = {}
    day = wanted.start.astimezone(service.zone).date()
    while day <= min(wanted.last.astimezone(service.zone).date(), service.today):
        start = datetime.combine(day, time(0), service.zone).astimezone(UTC)
        days[start] = dict.fromkeys(OVERVIEW, 0)
        day += timedelta(days=1)
    for hour in hours(service, wanted):
        row = days.setdefault(day_of(service, hour.start), dict.fromkeys(OVERVIEW, 0))
        for name, figure in OVERVIEW.items():
            row[name] += hour.figures[figure]
    total = {name: sum(row[name] for row in days.values()) for name in OVERVIEW}
    seen = {"views": total["views"], "player_loads": total["player_loads"]}
    top = {
        "oses": [{"name": "Mac OS X", **seen}],
        "devices": [{"name": "desktop", **seen}, {"name": "tv", "views": 0, "player_loads": 0}],
        "browsers": [{"name": "Chrome", **seen}],
        "countries": [{"name": "Russian Federation", "code": "RU", **seen}],
    }
    timeline = [{**days[start], "date": text_of(start)} for start in sorted(days)]
    data = {"total": total, "timeline": timeline, "top": top}
    return {"meta": {"time": wanted.meta}, "data": data}


def billing_usage(call: KinescopeCall) -> Payload:
    """Days of billing are days in UTC, as written; a row without usage names no project."""
    wanted = asked_range(call)
    project_id = call.query.get("project_id")
    rows: dict[tuple[Any, ...], Record] = {}
    for row in call.service.account.figures.usage():
        inside = wanted.start.date() <= row.day <= wanted.last.date()
        if not inside or project_id not in (None, row.project_id):
            continue
        shown: Record = {"date": f"{row.day}T00:00:00Z", "usage": 0, "product": row.product}
        if call.query.get("group_by") == "project_id" and row.project_id is not None:
            shown["project_id"] = row.project_id
        key = (row.day, row.product, shown.get("project_id"))
        rows.setdefault(key, shown)["usage"] += row.usage
    return bare(call, list(rows.values()))


def invoice(call: KinescopeCall, invoice_id: str) -> Payload:
    return {"data": call.service.account.records["invoices"].find(invoice_id)}


FIGURE_ROUTES = (
    Route("GET", "/v1/analytics", analytics),
    Route("GET", "/v1/analytics/overview", overview),
    Route("GET", "/v1/billing/usage", billing_usage),
    Route("GET", "/v1/billing/invoices/{invoice_id}", invoice),
)


def day_of(service: Changes, instant: datetime, days_later: int = 0) -> datetime:
    """The start in UTC of the workspace's day around an instant, or of one after it."""
    day = instant.astimezone(service.zone).date() + timedelta(days=days_later)
    return datetime.combine(day, time(0), service.zone).astimezone(UTC)


def start_of_month(service: Changes, day: datetime) -> datetime:
    """The start in UTC of the workspace's month that a day belongs to."""
    first = day.astimezone(service.zone).date().replace(day=1)
    return datetime.combine(first, time(0), service.zone).astimezone(UTC)


def hours(service: Changes, wanted: Range) -> Iterator[Hour]:
    """All figures of the days that the range touches, or only those within the range."""
    start, end = wanted.start, wanted.end
    if not service.switches.range_cuts_buckets:
        start = day_of(service, start)
        end = day_of(service, wanted.last, days_later=1)
    figures = service.account.figures
    for day in figures.days():
        yield from (h for h in figures.hours(day, service.zone) if start <= h.start < end)


def asked_range(call: KinescopeCall) -> Range:
    """What `from` and `to` mean; refuses where one is missing or is no date."""
    switches, zone = call.service.switches, call.service.zone
    ends: list[datetime] = []
    shown: dict[str, str] = {}
    for name in ("from", "to"):
        text = call.query.get(name, "")
        if not text:
            raise Refused(400, f"{name} is required", parameter=name, reason="required")
        later = timedelta(days=name == "to" and switches.range_end == "inclusive")
        try:
            if len(text) == 10:
                in_zone = UTC if switches.range_cuts_buckets else zone
                ends.append(datetime.combine(date.fromisoformat(text) + later, time(0), in_zone))
                shown[name] = f"{text}T00:00:00Z"
            else:
                ends.append(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC))
                shown[name] = text_of(ends[-1])
        except ValueError:
            form = "must be YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ"
            raise Refused(400, form, parameter=name, reason="format") from None
    return Range(ends[0], ends[1], {**shown, "timezone": zone.key})


def names_of(call: KinescopeCall, name: str, choices: Sequence[str]) -> list[str]:
    """The names that a parameter lists; refuses with 422 others than these."""
    values = [value for value in call.query.get(name, "").split(",") if value]
    for value in values:
        if value not in choices:
            raise Refused(400, f"Must be among: {choices}", parameter=name, reason="oneof")
    return values


def text_of(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
