"""Answers about videos and what hangs on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sandbox.kinescope import view
from sandbox.kinescope.catalogue import Record
from sandbox.kinescope.errors import no_video, not_found
from sandbox.kinescope.library import Library
from sandbox.kinescope.lists import (
    Asked,
    Order,
    asked_order,
    asked_page,
    echo,
    sort_rows,
    ties_reversed,
    unshown,
)
from sandbox.kinescope.routing import get
from sandbox.kinescope.state import State

VIDEO_ORDER = ("title", "description", "created_at", "updated_at", "duration")
FILTERS = ("status[]", "folder_id", "project_id", "video_ids[]", "q", "without_folder")


@get("/v1/videos")
def videos(state: State, asked: Asked) -> Any:
    orders = asked_order(asked, VIDEO_ORDER, state.settings["default_video_order"])
    page = asked_page(state, asked)
    numbers = ordered(state, asked, orders, reverse_ties=ties_reversed(state, page))
    links = state.links()
    shown = [view.video(state, number, links, in_list=True) for number in page.of(numbers)]
    meta = {"pagination": page.meta(len(numbers)), "order": echo(orders)}
    return {"meta": meta, "data": shown}


@get("/v1/videos/{video_id}")
def one_video(state: State, asked: Asked) -> Any:
    number = video_number(state, asked)
    return {"data": view.video(state, number, state.links(), in_list=False)}


@get("/v1/videos/{video_id}/posters")
def video_posters(state: State, asked: Asked) -> Any:
    found = view.posters(state, video_number(state, asked), state.links())
    return unshown(state, asked, found)


@get("/v1/videos/{video_id}/posters/{poster_id}")
def one_poster(state: State, asked: Asked) -> Any:
    found = view.posters(state, video_number(state, asked), state.links())
    return {"data": one_of(found, asked.ids["poster_id"])}


@get("/v1/videos/{video_id}/subtitles")
def video_subtitles(state: State, asked: Asked) -> Any:
    links = state.links()
    found = state.library.record(video_number(state, asked))["subtitles"]
    shown = [view.show_subtitle(subtitle, links) for subtitle in found]
    form = state.settings["subtitle_list"]
    if form == "object" and len(shown) == 1:
        return {"data": shown[0]}
    if form == "null" and not shown:
        return {"data": None}
    return {"data": shown}


@get("/v1/videos/{video_id}/subtitles/{subtitle_id}")
def one_subtitle(state: State, asked: Asked) -> Any:
    found = state.library.record(video_number(state, asked))["subtitles"]
    subtitle = one_of(found, asked.ids["subtitle_id"])
    return {"data": view.show_subtitle(subtitle, state.links())}


@get("/v1/videos/{video_id}/annotations")
def video_annotations(state: State, asked: Asked) -> Any:
    links = state.links()
    found = state.library.annotations(video_number(state, asked))
    return {"data": [view.annotation(state, one, links, in_list=True) for one in found]}


@get("/v1/videos/{video_id}/annotations/{annotation_id}")
def one_annotation(state: State, asked: Asked) -> Any:
    found = state.library.annotations(video_number(state, asked))
    annotation = one_of(found, asked.ids["annotation_id"])
    return {"data": view.annotation(state, annotation, state.links(), in_list=False)}


@get("/v1/additional-materials/{material_id}/link")
def material_link(state: State, asked: Asked) -> Any:
    material = find_material(state, asked.ids["material_id"])
    path = f"/files/materials/{material['id']}/{material['size']}"
    return {"data": {"link": state.links().stored(path)}}


def find_material(state: State, material_id: str) -> Record:
    """The additional material of this id in any existing video; else refuses with 404404."""
    number = state.added_materials.get(material_id)
    if number is None:
        place = state.ids.number("material", material_id)
        number = None if place is None else place // 2
    if number is None or number not in state.library:
        raise not_found()
    return one_of(state.library.record(number)["additional_materials"], material_id)


def video_number(state: State, asked: Asked) -> int:
    """The number of the video in the path; refuses where there is none."""
    number = state.library.find(asked.ids["video_id"])
    if number is None:
        raise no_video()
    return number


def one_of(rows: list[Record], record_id: str) -> Record:
    for row in rows:
        if row["id"] == record_id:
            return row
    raise not_found()


def ordered(
    state: State, asked: Asked, orders: list[Order], *, reverse_ties: bool = False
) -> Sequence[int]:
    """The numbers of all videos that the filters leave, in the order asked for."""
    library = state.library
    filters = tuple((key, value) for key, value in asked.pairs if key in FILTERS and value)
    if not filters and orders == [Order("created_at", False)] and not reverse_ties:
        return library.order
    nulls: str = state.settings["null_updated_at"]
    name = (filters, tuple(orders), reverse_ties, nulls)

    def choose(existing: Iterator[int]) -> list[int]:
        numbers = _filtered(library, Asked({}, dict(filters), list(filters)), existing)
        if reverse_ties:
            numbers.reverse()
        fields = {order.field for order in orders}
        if fields == {"created_at"} and not filters and orders[0].descending:
            return numbers[::-1]
        if fields == {"created_at"}:
            return sorted(numbers, key=library.created_at, reverse=orders[0].descending)
        sort_rows(
            numbers, orders, lambda row, field: getattr(library.facts(row), field), nulls=nulls
        )
        return numbers

    return library.select(name, choose)


def _filtered(library: Library, asked: Asked, existing: Iterator[int]) -> list[int]:
    if not asked.pairs:
        return list(existing)
    numbers = existing
    wanted_ids = asked.values("video_ids[]")
    if wanted_ids:
        found = (library.find(video_id) for video_id in wanted_ids)
        wanted = {number for number in found if number is not None}
        numbers = iter(sorted(wanted, key=lambda number: (library.created_at(number), number)))
    statuses = set(asked.values("status[]"))
    project_id = asked.query.get("project_id")
    folder_id = asked.query.get("folder_id")
    text = asked.query.get("q", "").lower()
    loose = asked.query.get("without_folder") == "true"
    left = []
    for number in numbers:
        facts = library.facts(number)
        if (
            (not statuses or facts.status in statuses)
            and (project_id is None or facts.project_id == project_id)
            and (folder_id is None or facts.folder_id == folder_id)
            and not (loose and facts.folder_id)
            and (text in facts.title.lower() or text in facts.description.lower())
        ):
            left.append(number)
    return left
