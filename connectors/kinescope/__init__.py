"""Kinescope: videos, playlists and live events of one workspace. https://api.kinescope.io

Two limits hold at once (10 a second, 300 a minute). Lists are paged by number; no list filters
by time, and 100 whole rows come in one answer, so the videos are listed in full each time,
oldest first, since `created_at` never changes. What the API page leaves open, and which form is
tolerated, stands in connectors/kinescope/notes.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.core import (
    Connector,
    Cost,
    Costing,
    Credential,
    Family,
    ForEachChanged,
    ForEachParent,
    Reader,
    Record,
    Resource,
    Rows,
    Table,
    constant,
    parent,
    request,
)
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Window
from connectors.kinescope.errors import classify_kinescope
from connectors.kinescope.files import FILES, HOSTS, LARGEST, SIGNATURE
from connectors.kinescope.tables import (
    ADDITIONAL_MATERIALS,
    ANALYTICS,
    ANNOTATIONS,
    BILLING_USAGE,
    CHAPTERS,
    FILE_REQUESTS,
    FOLDERS,
    LIVE_EVENTS,
    LIVE_STREAMS,
    MODERATORS,
    PLAYERS,
    PLAYLIST_ITEMS,
    PLAYLISTS,
    POSTERS,
    PRIVACY_DOMAINS,
    PROJECTS,
    RESTREAMS,
    SUBTITLES,
    TAGS,
    VIDEO_ASSETS,
    VIDEOS,
    WEBHOOKS,
)
from connectors.paging import PageNumbers, get_path

PAGES = PageNumbers(per_page=100)
OLDEST_FIRST = PageNumbers(per_page=100, grows_at_end=True)
OF_PROJECT = {"project_id": parent("id")}
OF_VIDEO = {"video_id": parent("id")}
OF_PLAYLIST = {"playlist_id": request("playlist_id")}
OF_EVENT = {"event_id": parent("id")}
HISTORY_DAYS = 365
"""How far back the first reading of analytics and usage goes."""
WINDOW_DAYS = 30
ONE_DAY = timedelta(days=1)
FRESH_DAYS = 3
"""The last days still change and are read again each time (API page, section 10)."""
METRICS = "view,unique_view,play,pause,seek,replay,player_init,player_load,buffering_count," \
    "buffering_time,watch_time"  # fmt: skip


def listing(name: str, path: str, table: Table, **params: str) -> Resource:
    """A paged list with a documented order, or none."""
    paging = OLDEST_FIRST if params.get("order") == "created_at.asc" else PAGES
    return Resource(name, path, (Rows(table, at="data"),), params=params, paging=paging)


def plain(name: str, path: str, table: Table) -> Family:
    """A family of one list whose answer shape no source shows: paged or whole, both are read."""
    return Family(name, (listing(name, path, table),))


def catalogue(catalog_type: str) -> tuple[Resource, Resource]:
    """The projects of one catalogue and their folders; the default hides live projects."""
    projects = Resource(
        f"projects_{catalog_type}",
        "/v1/projects",
        (
            Rows(
                PROJECTS,
                at="data",
                inherit={"catalog_type": constant(catalog_type)},
                children=(
                    Rows(FOLDERS, at="folders", inherit={"project_id": parent("id")}, proves=False),
                ),
            ),
        ),
        params={"catalog_type": catalog_type},
        paging=PAGES,
    )
    folders = Resource(
        f"folders_{catalog_type}",
        "/v1/projects/{project_id}/folders",
        (Rows(FOLDERS, at="data", inherit={"project_id": request("project_id")}),),
        params={"order": "created_at.asc"},
        paging=OLDEST_FIRST,
        each=ForEachParent(projects.name, {"project_id": "id"}),
    )
    return projects, folders


def of_day(payload: Any, _: Mapping[str, Any]) -> Iterable[Record]:
    """Analytics rows with their calendar day: the label is that day's beginning in UTC."""
    zone_name = get_path(payload, "meta.time.timezone") or "UTC"
    zone = ZoneInfo(zone_name)
    for row in get_path(payload, "data") or []:
        day = datetime.fromisoformat(row["date"]).astimezone(zone).date().isoformat()
        yield {**row, "video_id": row.get("video_id") or "", "day": day, "timezone": zone_name}


def usage_of_day(payload: Any, _: Mapping[str, Any]) -> Iterable[Record]:
    """Usage rows with their day; zero rows come without a project."""
    for row in get_path(payload, "data") or []:
        day = str(row.get("date"))[:10]
        yield {**row, "project_id": row.get("project_id") or "", "day": day}


def within(record: Record, around: Mapping[str, Any]) -> bool:
    """Whether a row's day belongs to its window, and not to the margin asked for around it."""
    return bool(around["first"] <= record["day"] <= around["last"])


WHOLE_EVENT = Rows(
    LIVE_EVENTS,
    at="data",
    children=(
        Rows(LIVE_STREAMS, at="stream", inherit=OF_EVENT),
        Rows(RESTREAMS, at="restreams", inherit=OF_EVENT),
    ),
)
ANALYTICS_WINDOW = Resource(
    "analytics",
    "/v1/analytics",
    (Rows(ANALYTICS, rows=of_day, only=within),),
    params={
        "from": "{from}",
        "to": "{to}",
        "group": "day",
        "group_entities": "video_id",
        "fields": METRICS,
    },
    paging=PageNumbers(per_page=1000),
    listing=False,
)
USAGE_WINDOW = Resource(
    "billing_usage",
    "/v1/billing/usage",
    (Rows(BILLING_USAGE, rows=usage_of_day, only=within),),
    params={"from": "{from}", "to": "{to}", "group_by": "project_id"},
    paging=PAGES,
    listing=False,
)


def copy_windows(reader: Reader) -> None:
    """Read days that may have changed: a year at first, then from the last day read.

    Each window asks for a day more on either side, whose rows are left out: whether `to` is
    part of it, and whether the outer days come whole, is undocumented.
    """
    (resource,) = reader.resources
    today = reader.started_at.date() + ONE_DAY
    stored = None if reader.full else reader.known.cursor(resource.name)
    first = today - timedelta(days=HISTORY_DAYS)
    if stored:
        first = max(first, date.fromisoformat(stored) - timedelta(days=FRESH_DAYS))
    binds = []
    while first <= today:
        last = min(first + timedelta(days=WINDOW_DAYS - 1), today)
        binds.append(
            {
                "first": first.isoformat(),
                "last": last.isoformat(),
                "from": (first - ONE_DAY).isoformat(),
                "to": (last + 2 * ONE_DAY).isoformat(),
            }
        )
        first = last + ONE_DAY
    if all(listing.completeness.complete for listing in reader.read_each(resource, binds)):
        reader.evidence.cursors[(resource.name, "")] = reader.started_at.date().isoformat()


def cost_of_windows(resource: Resource) -> Callable[[Costing], list[Cost]]:
    """A request for each window of days: a year at first, the last days later."""

    def cost(costing: Costing) -> list[Cost]:
        again = not costing.full and costing.cursors(resource.name)
        days = FRESH_DAYS + 1 if again else HISTORY_DAYS + 1
        return [Cost(resource.name, -(-days // WINDOW_DAYS))]

    return cost


SHOW_THE_WORKSPACE = tuple(
    Resource(f"workspace_by_{name}", path, params={"page": "1", "per_page": "1"})
    for name, path in (
        ("playlists", "/v1/playlists"),
        ("live_events", "/v2/live/events"),
        ("file_requests", "/v1/file-requests"),
        ("moderators", "/v1/moderators"),
    )
)
"""No route tells the workspace of a token; records of these do (API page, section 5)."""


def workspace_of(answer: Any, _: Mapping[str, str]) -> str:
    """The workspace of the first record in an answer, if there is one."""
    found = get_path(answer, "data")
    first = found[0] if isinstance(found, list) and found else None
    workspace = first.get("workspace_id") if isinstance(first, dict) else None
    return f"workspace {workspace}" if workspace else ""


KINESCOPE = checked(
    Connector(
        name="kinescope",
        title="Kinescope",
        base_url="https://api.kinescope.io",
        base_url_env="KINESCOPE_BASE_URL",
        credential=Credential({"token": "KINESCOPE_API_TOKEN"}, (("token",),)),
        http=HttpConfig(
            headers={"Authorization": "Bearer {token}"},
            windows=(Window(10, 1.0), Window(300, 60.0)),
            classify=classify_kinescope,
            max_in_flight=8,
        ),
        families=(
            Family("catalogue", (*catalogue("vod"), *catalogue("live"))),
            Family(
                "videos",
                (
                    Resource(
                        "videos",
                        "/v1/videos",
                        (
                            Rows(
                                VIDEOS,
                                at="data",
                                children=(
                                    Rows(VIDEO_ASSETS, at="assets", inherit=OF_VIDEO),
                                    Rows(
                                        CHAPTERS,
                                        at="chapters.items",
                                        inherit=OF_VIDEO,
                                        position="position",
                                    ),
                                    Rows(SUBTITLES, at="subtitles", inherit=OF_VIDEO),
                                    Rows(
                                        ADDITIONAL_MATERIALS,
                                        at="additional_materials",
                                        inherit=OF_VIDEO,
                                    ),
                                ),
                            ),
                        ),
                        params={"order": "created_at.asc"},
                        paging=OLDEST_FIRST,
                    ),
                ),
            ),
            Family(
                "annotations",
                (
                    Resource(
                        "annotations",
                        "/v1/videos/{video_id}/annotations",
                        (Rows(ANNOTATIONS, at="data", inherit={"media_id": request("video_id")}),),
                        paging=PAGES,
                        each=ForEachChanged("videos", {"video_id": "id"}),
                    ),
                ),
            ),
            Family(
                "posters",
                (
                    Resource(
                        "posters",
                        "/v1/videos/{video_id}/posters",
                        (Rows(POSTERS, at="data", inherit={"video_id": request("video_id")}),),
                        paging=PAGES,
                        each=ForEachChanged("videos", {"video_id": "id"}),
                    ),
                ),
            ),
            Family(
                "playlists",
                (
                    listing("playlists", "/v1/playlists", PLAYLISTS, order="created_at.asc"),
                    Resource(
                        "playlist_items",
                        "/v1/playlists/{playlist_id}/entities",
                        (
                            Rows(
                                PLAYLIST_ITEMS,
                                at="data",
                                inherit={"playlist_id": request("playlist_id")},
                            ),
                        ),
                        paging=PAGES,
                        each=ForEachParent("playlists", {"playlist_id": "id"}),
                    ),
                ),
            ),
            Family(
                "live_events",
                (
                    Resource(
                        "live_events",
                        "/v2/live/events",
                        (WHOLE_EVENT,),
                        params={"order": "created_at.asc"},
                        paging=OLDEST_FIRST,
                    ),
                    Resource(
                        "one_live_event",
                        "/v2/live/events/{event_id}",
                        (WHOLE_EVENT,),
                        each=ForEachParent("live_events", {"event_id": "id"}),
                        listing=False,
                    ),
                ),
            ),
            plain("tags", "/v1/tags", TAGS),
            plain("players", "/v1/players", PLAYERS),
            plain("privacy_domains", "/v1/privacy-domains", PRIVACY_DOMAINS),
            Family(
                "file_requests",
                tuple(
                    listing(
                        f"file_requests_{state}",
                        "/v1/file-requests",
                        FILE_REQUESTS,
                        archived=archived,
                    )
                    for state, archived in (("open", "false"), ("archived", "true"))
                ),
            ),
            plain("moderators", "/v1/moderators", MODERATORS),
            plain("webhooks", "/v1/webhooks", WEBHOOKS),
            Family(
                "analytics",
                (ANALYTICS_WINDOW,),
                plan=copy_windows,
                cost=cost_of_windows(ANALYTICS_WINDOW),
            ),
            Family(
                "billing_usage",
                (USAGE_WINDOW,),
                plan=copy_windows,
                cost=cost_of_windows(USAGE_WINDOW),
            ),
        ),
        notes="connectors/kinescope/notes.md",
        check=Resource("check", "/v1/videos", params={"page": "1", "per_page": "1"}),
        identity=workspace_of,
        identity_asks=SHOW_THE_WORKSPACE,
        describe=lambda answer: (
            f"a workspace with {get_path(answer, 'meta.pagination.total')} videos"
        ),
        secret_fields=(
            "streamkey",
            "rtmp_link",
            "key",
            "password",
            "login",
            "link_hash",
            "privacy_share",
            "access_token",
            "jwt_secret",
            "basic_auth",
            "password_digest",
            "confirmation_token",
            "reset_password_token",
            "poster_url",
            "download_link",
        ),
        secret_paths=("assets[].url", "subtitles[].url"),
        signed_hosts=dict.fromkeys(HOSTS, SIGNATURE),
        files=FILES,
        file_hosts=HOSTS,
        max_file_bytes=LARGEST,
    )
)
