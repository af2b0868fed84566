"""The read routes (page, section 6), but for figures: which records each gives, in which order
and pages (page, sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from sandbox.core import Call, Refused, Route, by_number
from sandbox.kinescope.changes import Changes
from sandbox.kinescope.shapes import plain, shape_of
from sandbox.kinescope.video_parts import Record

T = TypeVar("T")
KinescopeCall = Call[Changes]
Payload = dict[str, Any]

VIDEO_ORDER = ("title", "description", "created_at", "updated_at", "duration")
PLAYLIST_ORDER = ("name", "title", "description", "created_at", "updated_at")
EVENT_ORDER = ("created_at", "name")


class Order(NamedTuple):
    """One part of an order."""

    field: str
    descending: bool


def asked_order(call: KinescopeCall, fields: Sequence[str], default: str) -> list[Order]:
    """The order asked for; 400216 where a field is not allowed."""
    asked, name = call.query.get("order", ""), call.request.path.rpartition("/")[2]
    refused = set(call.service.switches.refused_order_fields if asked else ())
    orders = []
    for part in (asked or default).split(","):
        field, _, direction = part.strip().partition(".")
        is_known = field in fields and not refused & {field, f"{name}.{field}"}
        if not is_known or direction not in ("", "asc", "desc"):
            raise Refused(400, "not allowed order field", code=400216, detail=part)
        orders.append(Order(field, direction == "desc"))
    return orders


def name_order(call: KinescopeCall) -> list[Order]:
    """The order of lists without documented order fields: by name, at most reversed."""
    if call.service.switches.order_where_undocumented == "ignore":
        return [Order("name", False)]
    return asked_order(call, ("name",), "name.asc")


def in_order(
    call: KinescopeCall,
    rows: Iterable[T],
    orders: Sequence[Order],
    value: Callable[[T, str], Any],
) -> list[T]:
    """The rows sorted stably; nulls count as the largest or the smallest value, by switch.

    By another switch, even pages are cut from the order in which equal rows stand reversed.
    """
    null = 1 if call.service.switches.null_updated_at == "largest" else -1
    found = list(rows)
    if ties_reversed(call):
        found.reverse()
    for order in reversed(orders):

        def key(row: T, field: str = order.field) -> tuple[int, Any]:
            found = value(row, field)
            return (null, 0) if found is None else (0, found)

        found.sort(key=key, reverse=order.descending)
    return found


def ties_reversed(call: KinescopeCall) -> bool:
    page = call.query.get("page", "1")
    return call.service.switches.ties != "stable" and page.isdecimal() and int(page) % 2 == 0


def paged(
    call: KinescopeCall,
    rows: Sequence[T],
    render: Callable[[T], Payload],
    orders: Sequence[Order] = (),
    meta: Payload | None = None,
    *,
    ignores_paging: bool = False,
) -> Payload:
    """The envelope of one page: 10 rows if not asked otherwise."""
    switches = call.service.switches
    refuse = switches.per_page_over_maximum == "error"
    query = {} if ignores_paging else call.query
    found = by_number(query, rows, usual=10, most=switches.largest_page, refuse_above=refuse)
    pagination = {"page": found.number, "per_page": found.size, "total": found.total}
    meta = {**(meta or {}), "pagination": pagination}
    if orders:
        meta["order"] = {order.field: "desc" if order.descending else "asc" for order in orders}
    return {"meta": meta, "data": [render(row) for row in found.rows]}


def sorted_page(
    call: KinescopeCall,
    rows: Iterable[Record],
    orders: Sequence[Order],
    render: Callable[[Record], Payload] = plain,
    *,
    ignores_paging: bool = False,
) -> Payload:
    """One page of small records in an order by their own fields."""
    found = in_order(call, rows, orders, lambda row, field: row.get(field))
    return paged(call, found, render, orders, ignores_paging=ignores_paging)


def bare(
    call: KinescopeCall, rows: Sequence[Any], render: Callable[[Any], Payload] = plain
) -> Payload:
    """A list that no source shows with `meta.pagination`, in the form that the switch chooses."""
    if call.service.switches.bare_lists == "whole":
        return {"data": [render(row) for row in rows]}
    page = paged(call, rows, render)
    if call.service.switches.bare_lists == "pages without meta":
        del page["meta"]
    return page


def find_video(call: KinescopeCall, video_id: str) -> int:
    """The number of an existing video; refuses with 404."""
    number = call.service.library.find(video_id)
    if number is None:
        detail = "The requested video does not exist or has been deleted"
        raise Refused(404, "video not found", detail=detail)
    return number


def records(table: str) -> Callable[[KinescopeCall], Payload]:
    """A route with all records of a small table, whose answer no source shows."""
    return lambda call: bare(call, list(call.service.account.records[table].values()))


# Videos


def videos(call: KinescopeCall) -> Payload:
    numbers, orders = video_numbers(call)
    return paged(call, numbers, shape_of(call).video, orders)


def video_numbers(call: KinescopeCall) -> tuple[Sequence[int], list[Order]]:
    """All videos in the order asked for; computed once for all pages."""
    library, switches = call.service.library, call.service.switches
    orders = asked_order(call, VIDEO_ORDER, switches.default_video_order)
    swapped = ties_reversed(call)
    if orders == [Order("created_at", False)] and not swapped:
        return library.order, orders

    def value(number: int, field: str) -> Any:
        if field == "created_at":
            return library.created_at(number)
        return getattr(library.facts(number), field)

    name = (tuple(orders), swapped, switches.null_updated_at)
    return library.select(name, lambda: in_order(call, library.order, orders, value)), orders


def video(call: KinescopeCall, video_id: str) -> Payload:
    return {"data": shape_of(call).video(find_video(call, video_id), in_list=False)}


def video_posters(call: KinescopeCall, video_id: str) -> Payload:
    """The active poster and the inactive ones."""
    found, shape = call.service.library.record(find_video(call, video_id)), shape_of(call)
    active = [] if found["poster"] is None else [found["poster"]]
    return bare(call, active + found["_posters"], lambda row: shape.poster(video_id, row))


def video_annotations(call: KinescopeCall, video_id: str) -> Payload:
    found = call.service.library.record(find_video(call, video_id))["_annotations"]
    return bare(call, found, shape_of(call).annotation)


def material_link(call: KinescopeCall, material_id: str) -> Payload:
    """There is no list of materials: the id alone says whose it is."""
    account = call.service.account
    made = account.ids.number("material", material_id)
    number = account.added_materials.get(material_id, -1 if made is None else made // 2)
    if number in account.library:
        for row in account.library.record(number)["additional_materials"]:
            if row["id"] == material_id:
                path = f"/files/materials/{material_id}/{row['size']}"
                return {"data": {"link": shape_of(call).stored(path)}}
    raise Refused(404)


# Projects and playlists


def projects(call: KinescopeCall) -> Payload:
    """Those of one kind: live projects are hidden unless asked for."""
    kind = call.query.get("catalog_type") or "vod"
    if kind not in ("vod", "live"):
        raise Refused(400, "Must be one of: vod, live", parameter="catalog_type", reason="oneof")
    rows = call.service.account.records["projects"].values()
    found = [row for row in rows if row["_catalog"] == kind]
    return sorted_page(call, found, name_order(call), shape_of(call).project)


def folders(call: KinescopeCall, project_id: str) -> Payload:
    call.service.account.records["projects"].find(project_id)
    rows = call.service.account.folders_of(project_id)
    if call.service.switches.folder_levels == "top":
        rows = [row for row in rows if row["parent_id"] in (None, project_id)]
    orders = asked_order(call, ("name", "created_at"), "name.asc")
    return sorted_page(call, rows, orders, shape_of(call).folder)


def playlists(call: KinescopeCall) -> Payload:
    """In the order of their making where a time is asked for, which no answer shows."""
    orders = asked_order(call, PLAYLIST_ORDER, "name.asc")
    rows = list(call.service.account.records["playlists"].values())
    made = {row["id"]: number for number, row in enumerate(rows)}

    def value(row: Record, field: str) -> Any:
        if field in ("created_at", "updated_at"):
            return made[row["id"]]
        return row["description" if field == "description" else "name"]

    return paged(call, in_order(call, rows, orders, value), plain, orders)


def playlist_items(call: KinescopeCall, playlist_id: str) -> Payload:
    """The videos of a playlist by position; those that exist no more are left out."""
    account = call.service.account
    account.records["playlists"].find(playlist_id)
    items = [i for i in account.playlist_items[playlist_id] if i.number in account.library]
    return bare(call, items, shape_of(call).playlist_item)


def file_requests(call: KinescopeCall) -> Payload:
    archived = call.query.get("archived") == "true"
    rows = call.service.account.records["file_requests"].values()
    found = [row for row in rows if (row["archived_at"] is not None) is archived]
    ignores = call.service.switches.file_request_paging == "ignored"
    return sorted_page(call, found, name_order(call), ignores_paging=ignores)


# Live events


def live_events(call: KinescopeCall) -> Payload:
    rows = call.service.account.records["live_events"].values()
    orders = asked_order(call, EVENT_ORDER, "created_at.desc")
    return sorted_page(call, rows, orders, shape_of(call).live_event)


def live_event(call: KinescopeCall, event_id: str) -> Payload:
    found = call.service.account.records["live_events"].find(event_id)
    return {"data": shape_of(call).live_event(found, in_list=False)}


def event_videos(call: KinescopeCall, event_id: str) -> Payload:
    """The recordings of an event: parameters are documented, the answer is not shown."""
    account = call.service.account
    account.records["live_events"].find(event_id)
    numbers = [n for n in account.event_videos[event_id] if n in account.library]
    orders = asked_order(call, ("created_at",), "created_at.desc")
    found = in_order(call, numbers, orders, lambda n, field: account.library.created_at(n))
    return bare(call, found, shape_of(call).video)


ROUTES = (
    Route("GET", "/v1/videos", videos),
    Route("GET", "/v1/videos/{video_id}", video),
    Route("GET", "/v1/videos/{video_id}/posters", video_posters),
    Route("GET", "/v1/videos/{video_id}/annotations", video_annotations),
    Route("GET", "/v1/additional-materials/{material_id}/link", material_link),
    Route("GET", "/v1/projects", projects),
    Route("GET", "/v1/projects/{project_id}/folders", folders),
    Route("GET", "/v1/playlists", playlists),
    Route("GET", "/v1/playlists/{playlist_id}/entities", playlist_items),
    Route("GET", "/v1/file-requests", file_requests),
    Route("GET", "/v1/tags", records("tags")),
    Route("GET", "/v1/players", records("players")),
    Route("GET", "/v1/privacy-domains", records("privacy_domains")),
    Route("GET", "/v1/moderators", records("moderators")),
    Route("GET", "/v1/webhooks", records("webhooks")),
    Route("GET", "/v2/live/events", live_events),
    Route("GET", "/v2/live/events/{event_id}", live_event),
    Route("GET", "/v2/live/events/{event_id}/videos", event_videos),
)
