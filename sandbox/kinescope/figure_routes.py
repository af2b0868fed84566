"""Answers about analytics and billing (page, section 10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.kinescope.catalogue import Record
from sandbox.kinescope.errors import Refusal, bad_order, invalid, not_found
from sandbox.kinescope.figures import FIELDS, Hour
from sandbox.kinescope.lists import Asked, asked_order, asked_page, echo, sort_rows
from sandbox.kinescope.routing import get
from sandbox.kinescope.state import State

GROUPS = ("hour", "day", "week", "month")
ENTITIES = (
    "video_id",
    "device",
    "watch_time",
    "city",
    "country_code",
    "folder_name",
    "folder_id",
    "project_name",
    "project_id",
)
MADE_ENTITIES = {"device": "desktop", "city": "Казань", "country_code": "RU"}
ECHOED = {"video_id", "workspace_id", "external_id", *ENTITIES} - {"watch_time"}
"""Values of `fields` that name no figure."""
OVERVIEW = {"views": "view", "duration": "play", "watch_time": "watch_time"} | {
    "player_loads": "player_load"
}


@dataclass(frozen=True)
class Range:
    """From one instant to another, and how the answer repeats them."""

    start: datetime
    end: datetime
    meta: dict[str, str]


@get("/v1/analytics", csv=True)
def analytics(state: State, asked: Asked) -> Any:
    wanted = _range(state, asked)
    group = _choice(state, asked, "group", GROUPS, "day")
    entities = _names(state, asked, "group_entities", ENTITIES)
    fields = _names(state, asked, "fields", (*FIELDS, *sorted(ECHOED)))
    fields = [field for field in fields if field not in ECHOED] or ["view", "play"]
    rows: dict[tuple[Any, ...], Record] = {}
    for hour in _hours(state, wanted, group):
        start = bucket(state, hour.start, group)
        named = {entity: _entity(state, entity, hour) for entity in entities}
        key = (start, *named.values())
        if key not in rows:
            known = {"workspace_id": state.catalogue.workspace_id, **named, "date": _text(start)}
            rows[key] = {**known, **dict.fromkeys(fields, 0)}
        for field in fields:
            rows[key][field] += hour.figures[field]
    data = [rows[key] for key in sorted(rows, key=str)]
    meta: Record = {"time": wanted.meta}
    if asked.query.get("order"):
        orders = asked_order(asked, [field for field in FIELDS if field != "watch_time"], "")
        if missing := [order.field for order in orders if order.field not in fields]:
            raise bad_order(missing[0])
        sort_rows(data, orders, lambda row, field: row[field], nulls="largest")
        meta["order"] = echo(orders)
    if state.settings["analytics_paging"] == "paged":
        page = asked_page(state, asked)
        meta["pagination"] = page.meta(len(data))
        data = list(page.of(data))
    return {"meta": meta, "data": data}


@get("/v1/analytics/overview")
def overview(state: State, asked: Asked) -> Any:
    wanted = _range(state, asked)
    group = _choice(state, asked, "group_time", GROUPS, "day")
    video_id = asked.query.get("video_id")
    buckets: dict[datetime, Record] = {}
    day = wanted.start.astimezone(state.zone).date()
    last = min((wanted.end - timedelta(seconds=1)).astimezone(state.zone).date(), state.today)
    while day <= last:  # days without views are shown, days to come are not
        start = bucket(state, datetime.combine(day, time(0), state.zone), group)
        buckets.setdefault(start, dict.fromkeys(OVERVIEW, 0))
        day += timedelta(days=1)
    total = dict.fromkeys(OVERVIEW, 0)
    for hour in _hours(state, wanted, group):
        if video_id and hour.video_id != video_id:
            continue
        row = buckets.setdefault(bucket(state, hour.start, group), dict.fromkeys(OVERVIEW, 0))
        for name, figure in OVERVIEW.items():
            row[name] += hour.figures[figure]
            total[name] += hour.figures[figure]
    seen = {"views": total["views"], "player_loads": total["player_loads"]}
    top = {
        "oses": [{"name": "Mac OS X", **seen}],
        "devices": [{"name": "desktop", **seen}, {"name": "tv", "views": 0, "player_loads": 0}],
        "browsers": [{"name": "Chrome", **seen}],
        "countries": [{"name": "Russian Federation", "code": "RU", **seen}],
    }
    timeline = [{**buckets[start], "date": _text(start)} for start in sorted(buckets)]
    meta = {"time": wanted.meta}
    return {"meta": meta, "data": {"total": total, "timeline": timeline, "top": top}}


@get("/v1/billing/usage", csv=True)
def billing_usage(state: State, asked: Asked) -> Any:
    wanted = _range(state, asked)
    first = wanted.start.date()  # billing days are UTC days: as written, without the zone
    last = (wanted.end - timedelta(seconds=1)).date()
    by_project = asked.query.get("group_by") == "project_id"
    project_id = asked.query.get("project_id")
    rows: dict[tuple[Any, ...], Record] = {}
    for row in state.figures.usage():
        if not first <= row.day <= last or (project_id and row.project_id != project_id):
            continue
        shown: Record = {"date": f"{row.day}T00:00:00Z", "usage": 0, "product": row.product}
        if by_project and row.project_id is not None:
            shown["project_id"] = row.project_id
        key = (row.day, row.product, shown.get("project_id"))
        rows.setdefault(key, shown)["usage"] += row.usage
    return {"data": list(rows.values())}


@get("/v1/billing/invoices/{invoice_id}", csv=True)
def invoice(state: State, asked: Asked) -> Any:
    """Only the seed knows invoices, and no list of them: any whole number is one here."""
    if not asked.ids["invoice_id"].isdecimal():
        raise not_found()
    return {"data": {"id": asked.ids["invoice_id"], "amount": 1200, "currency": "RUB"}}


def bucket(state: State, instant: datetime, group: str) -> datetime:
    """The start in UTC of the workspace's hour, day, week or month around an instant."""
    local = instant.astimezone(state.zone)
    if group == "hour":
        return local.replace(minute=0, second=0).astimezone(UTC)
    day = local.date()
    if group == "week":
        day -= timedelta(days=day.weekday())
    elif group == "month":
        day = day.replace(day=1)
    return datetime.combine(day, time(0), state.zone).astimezone(UTC)


def _hours(state: State, wanted: Range, group: str) -> Iterator[Hour]:
    """All figures of the buckets that the range touches, or only those within the range."""
    cut = state.settings["range_cuts_buckets"]
    start = wanted.start if cut else bucket(state, wanted.start, group)
    last = wanted.end - timedelta(seconds=1)
    last_bucket = bucket(state, last, group)
    for day in state.figures.days():
        for hour in state.figures.hours(day, state.zone):
            if hour.start < start:
                continue
            if hour.start < wanted.end or (
                not cut and bucket(state, hour.start, group) <= last_bucket
            ):
                yield hour


def _range(state: State, asked: Asked) -> Range:
    """What `from` and `to` mean; refuses where one is missing or is no date."""
    ends: list[datetime] = []
    shown: dict[str, str] = {}
    for name in ("from", "to"):
        text = asked.query.get(name, "")
        if not text:
            raise _wrong(state, name, "required", f"{name} is required")
        inclusive = name == "to" and state.settings["range_end"] == "inclusive"
        try:
            if len(text) == 10:
                day = date.fromisoformat(text) + timedelta(days=int(inclusive))
                zone = UTC if state.settings["range_cuts_buckets"] else state.zone
                ends.append(datetime.combine(day, time(0), zone))
                shown[name] = f"{text}T00:00:00Z"
            else:
                when = datetime.fromisoformat(text)
                if when.tzinfo is None:
                    raise ValueError(text)
                ends.append(when)
                shown[name] = _text(when)
        except ValueError as problem:
            must = "must be YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ"
            raise _wrong(state, name, "format", must) from problem
    return Range(ends[0], ends[1], {**shown, "timezone": state.zone.key})


def _entity(state: State, entity: str, hour: Hour) -> Any:
    if entity == "video_id":
        return hour.video_id
    if entity in MADE_ENTITIES:
        return MADE_ENTITIES[entity]
    number = state.library.find(hour.video_id)
    if number is None or entity == "watch_time":
        return "" if entity != "watch_time" else hour.figures["watch_time"]
    facts = state.library.facts(number)
    if entity.endswith("_id"):
        return getattr(facts, entity) or ""
    table, record_id = (
        ("folders", facts.folder_id) if entity == "folder_name" else ("projects", facts.project_id)
    )
    return state.tables[table].get(record_id or "", {}).get("name", "")


def _choice(state: State, asked: Asked, name: str, choices: tuple[str, ...], default: str) -> str:
    value = asked.query.get(name) or default
    if value not in choices:
        raise _wrong(state, name, "oneof", f"Must be one of: {', '.join(choices)}")
    return value


def _names(state: State, asked: Asked, name: str, choices: tuple[str, ...]) -> list[str]:
    values = [value for value in asked.query.get(name, "").split(",") if value]
    for value in values:
        if value not in choices:
            raise _wrong(state, name, "oneof", f"Unknown: {value}")
    return values


def _wrong(state: State, name: str, reason: str, message: str) -> Refusal:
    return invalid(state.settings["validation_errors"], name, reason, message)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
