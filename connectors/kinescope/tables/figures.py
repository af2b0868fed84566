"""Kinescope: figures by day: what was watched, and what was used."""

from __future__ import annotations

from connectors.core import Reference, Table, col, inherited
from connectors.kinescope.tables.shared import WORKSPACE

ANALYTICS = Table(
    "analytics",
    "What happened to one video on one day of the workspace's time zone",
    (
        col("day", "text", "the calendar day, YYYY-MM-DD, in the workspace's zone"),
        col("video_id", "text", "the video; empty text where the service names none"),
        WORKSPACE,
        col("date", "time", "the day's beginning as the service labels it (UTC)"),
        col("timezone", "text", "the zone in which days are cut"),
        *(
            col(name, "number" if unit == "seconds" else "integer", meaning, unit=unit)
            for name, unit, meaning in (
                ("view", "views", "views"),
                ("unique_view", "views", "views by different people"),
                ("play", "times", "playback started"),
                ("pause", "times", "playback paused"),
                ("seek", "times", "jumps"),
                ("replay", "times", "played again"),
                ("player_init", "times", "player prepared"),
                ("player_load", "times", "player loaded"),
                ("buffering_count", "times", "interruptions"),
                ("buffering_time", "seconds", "time of interruptions"),
                ("watch_time", "seconds", "time watched"),
            )
        ),
    ),
    key=("day", "video_id"),
    parents=(Reference("video_id", "videos", orphans=0.5),),
    newest="date",
    append_only=True,
)

ANALYTICS_OVERVIEW = Table(
    "analytics_overview",
    "What happened in the whole workspace on one day of its time zone",
    (
        col("day", "text", "the calendar day, YYYY-MM-DD, in the workspace's zone"),
        col("date", "time", "the day's beginning as the service labels it (UTC)"),
        col("timezone", "text", "the zone in which days are cut"),
        col("views", "integer", "views", unit="views"),
        col("unique_views", "integer", "views by different people, where shown", unit="views"),
        col("duration", "number", "length of what was viewed", unit="seconds"),
        col("watch_time", "number", "time watched", unit="seconds"),
        col("player_loads", "integer", "player loaded", unit="times"),
    ),
    key=("day",),
    newest="date",
    append_only=True,
)

BILLING_USAGE = Table(
    "billing_usage",
    "What was used of one product by one project on one day",
    (
        col("day", "text", "the calendar day, YYYY-MM-DD"),
        col("product", "text", "`encoding` (minutes), `storage` or `cdn` (bytes)"),
        col("project_id", "text", "the project; empty text where the service names none"),
        col("date", "time", "the day's beginning (UTC)"),
        col("usage", "number", "minutes or bytes, see product"),
    ),
    key=("day", "product", "project_id"),
    newest="date",
    append_only=True,
)

INVOICES = Table(
    "invoices",
    "An invoice that the setting `invoices` names. No source shows one: each field that comes "
    "becomes a column",
    (inherited("id", "text", "its number, as the setting names it"),),
    append_only=True,
    ignored=("id",),
)
