"""Kinescope: every address that is asked, and the rows in its answers (API page, section 6).

Lists follow the general rules (`page`, `per_page` up to 100, `meta.pagination`), also those that no
source shows with them. An `order` is asked for where one is documented, since defaults differ: a
list that grows at its end is proved with fewer requests than one in which rows come anywhere.
"""

from __future__ import annotations

from connectors.core import (
    ForEachChanged,
    ForEachParent,
    Order,
    RecordSource,
    Resource,
    Rows,
    Table,
    constant,
    parent,
    request,
)
from connectors.kinescope.normalize import (
    figures_of_day,
    figures_of_video,
    in_window,
    only_its_id,
    usage_of_day,
    without_empty_restreams,
)
from connectors.kinescope.tables import (
    ADDITIONAL_MATERIALS,
    ANALYTICS,
    ANALYTICS_OVERVIEW,
    ANNOTATIONS,
    BILLING_USAGE,
    CHAPTERS,
    FILE_REQUESTS,
    FOLDERS,
    INVOICES,
    LIVE_EVENT_VIDEOS,
    LIVE_EVENTS,
    LIVE_STREAMS,
    PLAYLIST_ITEMS,
    PLAYLISTS,
    POSTERS,
    PROJECTS,
    RESTREAMS,
    SUBTITLES,
    VIDEO_ASSETS,
    VIDEOS,
)
from connectors.paging import OnePage, PageNumbers

PAGES = PageNumbers(per_page=100)
BY_CREATION = Order({"order": "created_at.asc"}, PageNumbers(per_page=100, grows_at_end=True))
BY_NAME = Order({"order": "name.asc"}, PAGES)
BY_TITLE = Order({"order": "title.asc"}, PAGES)
ONE_BY_ONE = "parts_per_sync"
"""The setting that says of how many videos, and of how many events, a sync reads what only their
own addresses show."""
MOST_PARENTS = 200
OF_VIDEO = {"video_id": parent("id")}
ASKED_VIDEO = {"video_id": request("video_id")}
ASKED_EVENT = {"event_id": request("event_id")}


def listing(name: str, path: str, table: Table, *orders: Order, **params: str) -> Resource:
    """A list of one table."""
    rows = (Rows(table, at="data"),)
    return Resource(name, path, rows, params=params, paging=PAGES, orders=orders)


def of_each_video(name: str, rows: Rows) -> Resource:
    """A list of which each video has one, at an address of its own."""
    return Resource(
        name,
        f"/v1/videos/{{video_id}}/{name}",
        (rows,),
        paging=PAGES,
        each=ForEachChanged("videos", {"video_id": "id"}, per_run=MOST_PARENTS, setting=ONE_BY_ONE),
    )


# -- projects and playlists ------------------------------------------------------------------


def catalogue(catalog_type: str) -> tuple[Resource, Resource]:
    """The projects of one catalogue and their folders; the default hides live projects."""
    embedded = Rows(FOLDERS, at="folders", inherit={"project_id": parent("id")}, proves=False)
    of_type = {"catalog_type": constant(catalog_type)}
    projects = Resource(
        f"projects_{catalog_type}",
        "/v1/projects",
        (Rows(PROJECTS, at="data", inherit=of_type, children=(embedded,)),),
        params={"catalog_type": catalog_type},
        paging=PAGES,
    )
    folders = Resource(
        f"folders_{catalog_type}",
        "/v1/projects/{project_id}/folders",
        (Rows(FOLDERS, at="data", inherit={"project_id": request("project_id")}),),
        paging=PAGES,
        orders=(BY_CREATION, BY_NAME),
        each=ForEachParent(projects.name, {"project_id": "id"}),
    )
    return projects, folders


CATALOGUE = (*catalogue("vod"), *catalogue("live"))
# The text of the documents names `created_at` and `title`, their example `name`.
PLAYLIST_LIST = listing("playlists", "/v1/playlists", PLAYLISTS, BY_CREATION, BY_NAME, BY_TITLE)
ITEMS_OF_PLAYLIST = Resource(
    "playlist_items",
    "/v1/playlists/{playlist_id}/entities",
    (Rows(PLAYLIST_ITEMS, at="data", inherit={"playlist_id": request("playlist_id")}),),
    paging=PAGES,
    each=ForEachParent("playlists", {"playlist_id": "id"}),
)

# -- videos ----------------------------------------------------------------------------------

VIDEO_LIST = Resource(
    "videos",
    "/v1/videos",
    (
        Rows(
            VIDEOS,
            at="data",
            children=(
                Rows(VIDEO_ASSETS, at="assets", inherit=OF_VIDEO),
                Rows(CHAPTERS, at="chapters.items", inherit=OF_VIDEO, position="position"),
                Rows(SUBTITLES, at="subtitles", inherit=OF_VIDEO),
                Rows(ADDITIONAL_MATERIALS, at="additional_materials", inherit=OF_VIDEO),
                Rows(
                    POSTERS,
                    at="poster",
                    inherit=OF_VIDEO,
                    keep=True,
                    proves=False,
                    source=RecordSource.EMBEDDED,
                ),
            ),
        ),
    ),
    paging=PAGES,
    orders=(BY_CREATION, BY_TITLE),
)
ANNOTATIONS_OF_VIDEO = of_each_video(
    "annotations", Rows(ANNOTATIONS, at="data", inherit={"media_id": request("video_id")})
)
POSTERS_OF_VIDEO = of_each_video("posters", Rows(POSTERS, at="data", inherit=ASKED_VIDEO))

# -- live events -----------------------------------------------------------------------------

EVENT_LIST = Resource(
    "live_events",
    "/v2/live/events",
    (
        Rows(
            LIVE_EVENTS,
            at="data",
            normalize=without_empty_restreams,
            children=(
                Rows(LIVE_STREAMS, at="stream", inherit={"event_id": parent("id")}),
                Rows(RESTREAMS, at="restreams", inherit={"event_id": parent("id")}),
            ),
        ),
    ),
    paging=PAGES,
    orders=(BY_CREATION, BY_NAME),
)
RESTREAMS_OF_EVENT = Resource(
    "restreams",
    "/v2/live/events/{event_id}",
    (Rows(RESTREAMS, at="data.restreams", inherit=ASKED_EVENT),),
    paging=OnePage(page_param=""),  # the one record of an event
    each=ForEachChanged(
        "live_events", {"event_id": "id"}, per_run=MOST_PARENTS, setting=ONE_BY_ONE
    ),
)
VIDEOS_OF_EVENT = Resource(
    "live_event_videos",
    "/v2/live/events/{event_id}/videos",
    (Rows(LIVE_EVENT_VIDEOS, at="data", inherit=ASKED_EVENT, normalize=only_its_id),),
    paging=PAGES,
    orders=(Order({"order": "created_at.asc"}, PAGES),),
    # A recording does not show in its event's row: each event is asked once a day.
    each=ForEachChanged(
        "live_events",
        {"event_id": "id"},
        again_days=1,
        per_run=MOST_PARENTS,
        setting=ONE_BY_ONE,
    ),
)

# -- the workspace ---------------------------------------------------------------------------

FILE_REQUEST_LISTS = tuple(
    listing(f"file_requests_{state}", "/v1/file-requests", FILE_REQUESTS, archived=archived)
    for state, archived in (("open", "false"), ("archived", "true"))
)

# -- figures ---------------------------------------------------------------------------------

METRICS = (
    "view,unique_view,play,pause,seek,replay,player_init,player_load,buffering_count,"
    "buffering_time,watch_time"
)
RANGE = {"from": "{from}", "to": "{to}"}
VIDEO_FIGURES = Resource(
    "analytics",
    "/v1/analytics",
    (Rows(ANALYTICS, at="data", normalize=figures_of_video, only=in_window),),
    params={**RANGE, "group": "day", "group_entities": "video_id", "fields": METRICS},
    paging=PAGES,
    listing=False,
)
WORKSPACE_FIGURES = Resource(
    "analytics_overview",
    "/v1/analytics/overview",
    (Rows(ANALYTICS_OVERVIEW, at="data.timeline", normalize=figures_of_day, only=in_window),),
    params={**RANGE, "group_time": "day"},
    paging=OnePage(page_param=""),  # one object; its timeline has a row for each day of the range
    listing=False,
)
USAGE = Resource(
    "billing_usage",
    "/v1/billing/usage",
    (Rows(BILLING_USAGE, at="data", normalize=usage_of_day, only=in_window),),
    params={**RANGE, "group_by": "project_id"},
    paging=PAGES,
    listing=False,
)
ONE_INVOICE = Resource(
    "invoices",
    "/v1/billing/invoices/{invoice_id}",
    (Rows(INVOICES, at="data", inherit={"id": request("invoice_id")}),),
    paging=OnePage(page_param=""),
    listing=False,
)

# -- about the token -------------------------------------------------------------------------

CHECK = Resource("check", "/v1/videos", params={"page": "1", "per_page": "1"})
OF_ALL_TIME = {"from": "2015-01-01", "to": "2039-12-31", "group": "month"}
SHOW_THE_WORKSPACE = tuple(
    Resource(f"workspace_by_{name}", path, params={"page": "1", "per_page": "1", **params})
    for name, path, params in (
        ("playlists", "/v1/playlists", {}),
        ("live_events", "/v2/live/events", {}),
        ("file_requests", "/v1/file-requests", {}),
        ("moderators", "/v1/moderators", {}),
        ("views", "/v1/analytics", {**OF_ALL_TIME, "fields": "view,workspace_id"}),
    )
)
"""No route tells the workspace of a token; records of these do (API page, sections 7 and 10)."""
