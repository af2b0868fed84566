"""Kinescope: from payloads to records, pure functions. One that raises rejects its record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from connectors.core import Record
from connectors.paging import get_path


def figures_of_day(record: Record, around: Mapping[str, Any]) -> Record:
    """A row of analytics with its calendar day in the workspace's zone, and that zone.

    The label is the day's beginning in UTC (API page, section 10).
    """
    zone_name = get_path(around["payload"], "meta.time.timezone") or "UTC"
    return {**record, "day": calendar_day(record["date"], zone(zone_name)), "timezone": zone_name}


def figures_of_video(record: Record, around: Mapping[str, Any]) -> Record:
    """The same of one video; some rows name none."""
    return {**figures_of_day(record, around), "video_id": record.get("video_id") or ""}


def usage_of_day(record: Record, _: Mapping[str, Any]) -> Record:
    """A row of usage with its day, which is one in UTC; rows of nothing come without a project."""
    day = calendar_day(record["date"], UTC)
    return {**record, "day": day, "project_id": record.get("project_id") or ""}


def zone(name: str) -> tzinfo:
    """The time zone of that name; ValueError where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, TypeError) as error:
        raise ValueError(f"{name!r} is no time zone that this machine knows") from error


def calendar_day(label: str, zone: tzinfo) -> str:
    """The day (YYYY-MM-DD) of a zone that begins at a moment, or a day that is written as such."""
    if len(label) == len("2026-01-31"):
        return date.fromisoformat(label).isoformat()
    moment = datetime.fromisoformat(label)
    return (
        (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        .astimezone(zone)
        .date()
        .isoformat()
    )


def in_window(record: Record, around: Mapping[str, Any]) -> bool:
    """Whether a row's day belongs to its window, and not to the margin asked for around it."""
    return bool(around["first"] <= record["day"] <= around["last"])


def without_empty_restreams(record: Any, _: Mapping[str, Any]) -> Any:
    """An event of the list. That it shows no restreams may mean that lists show none at all, so
    that only the event's own answer tells."""
    if isinstance(record, dict) and not record.get("restreams"):
        return {name: value for name, value in record.items() if name != "restreams"}
    return record


def only_its_id(record: Record, _: Mapping[str, Any]) -> Record:
    """A video that is named as a recording; its own row stands among the videos."""
    return {"id": record["id"]}


def workspace_of(answer: Any, _: Mapping[str, str]) -> str:
    """The workspace of the first record in an answer, if there is one."""
    found = get_path(answer, "data")
    first = found[0] if isinstance(found, list) and found else None
    workspace = first.get("workspace_id") if isinstance(first, dict) else None
    return f"workspace {workspace}" if workspace else ""


def number_of_videos(answer: Any) -> str:
    """Whose data a token shows, for people."""
    return f"a workspace with {get_path(answer, 'meta.pagination.total')} videos"
