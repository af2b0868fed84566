"""What the API page leaves open, each in every form that a client can meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.core import Switches, any_value, one_of


@dataclass
class KinescopeSwitches(Switches):
    auth_errors: str = one_of(
        "probed",
        "seed",
        about="no header: 400 with 100101 as probed live, or the plain 401 of the guidelines",
    )
    validation_errors: str = one_of(
        "seed", "openapi", about="422 with 400400 and invalid_params, or 400 with 402402"
    )
    per_page_over_maximum: str = one_of(
        "clamp", "error", about="a page larger than the maximum is cut down or refused"
    )
    largest_page: int = one_of(100, 50, 25, 10, about="the maximum of per_page")
    bare_lists: str = one_of(
        "paged",
        "whole",
        "pages without meta",
        about="lists that no source shows, or shows without meta (annotations, playlist entities, "
        "billing usage, tags ...): by the general rules with meta.pagination; in one answer; or "
        "in pages of 10 rows, or per_page, without a word of further ones",
    )
    file_request_paging: str = one_of(
        "honoured", "ignored", about="ignored: the first ten come, whatever page is asked for"
    )
    analytics_paging: str = one_of(
        "none", "paged", about="analytics come whole or in pages with meta.pagination"
    )
    refused_order_fields: Sequence[str] = any_value(
        (),
        about="fields that no list (`created_at`) or one list (`playlists.created_at`) can be "
        "ordered by, though the page names them: 400216",
    )
    order_where_undocumented: str = one_of(
        "reject", "ignore", about="what an order other than name does to projects, file requests"
    )
    default_video_order: str = one_of(
        "title.asc", "created_at.desc", about="of videos asked for without order"
    )
    null_updated_at: str = one_of(
        "largest",
        "smallest",
        about="largest: first when descending, last when ascending; smallest: the reverse",
    )
    ties: str = one_of(
        "stable",
        "reversed on even pages",
        about="whether records equal in the order asked for keep their places from page to page",
    )
    no_materials: str = one_of(
        "null in lists", "null", "list", about="additional_materials of a video without any"
    )
    audio_tracks: bool = one_of(False, True, about="videos hold audio_tracks, as one client saw")
    annotation_type_in_list: str = one_of(
        "empty", "filled", about="whether the list of annotations shows their types"
    )
    restreams_in_event_list: str = one_of(
        "full", "empty", about="the list of events shows restreams, or only the single event does"
    )
    folder_levels: str = one_of(
        "all", "top", about="levels in the list of folders; projects embed folders of all levels"
    )
    project_form: str = one_of(
        "wide",
        "narrow",
        about="narrow leaves out what only a recorded project has, folder parents included",
    )
    child_edits_bump_updated_at: bool = one_of(
        False, True, about="whether an edit of what hangs on a video moves the video's updated_at"
    )
    range_end: str = one_of(
        "exclusive", "inclusive", about="whether the day of `to` belongs to a range of figures"
    )
    range_cuts_buckets: bool = one_of(
        False, True, about="the outer buckets hold only what lies within from and to in UTC"
    )
    timezone: str = one_of(
        "Europe/Moscow",
        "America/New_York",
        "Pacific/Auckland",
        "UTC",
        about="the zone of the workspace, in which days are cut",
    )
    created_status: int = one_of(
        200, 201, about="of what a write made: 200 by the guidelines, 201 by a newer page"
    )
    uploaded_videos: str = one_of(
        "done", "processing", about="an uploaded video is processed at once, or some time later"
    )
    balance: str = one_of("enough", "empty", about="whether encoding of an upload can be paid")
