"""What the API page leaves open, each in every form that a client can meet."""

from __future__ import annotations

from sandbox.service import Switch

SWITCHES = (
    Switch(
        "auth_errors",
        "probed",
        ("probed", "seed"),
        "no header: 400 with 100101 as probed live, or the plain 401 of the guidelines",
    ),
    Switch(
        "validation_errors",
        "seed",
        ("seed", "openapi"),
        "422 with 400400 and invalid_params, or 400 with 402402",
    ),
    Switch(
        "per_page_over_maximum",
        "clamp",
        ("clamp", "error"),
        "a page larger than the maximum is cut down or refused",
    ),
    Switch("largest_page", 100, (100, 50, 25, 10), "the maximum of per_page"),
    Switch(
        "default_video_order",
        "title.asc",
        ("title.asc", "created_at.desc"),
        "of videos asked without order",
    ),
    Switch(
        "null_updated_at",
        "largest",
        ("largest", "smallest"),
        "largest: first when descending, last when ascending; smallest: the reverse",
    ),
    Switch(
        "ties",
        "stable",
        ("stable", "reversed on even pages"),
        "whether records equal in the order asked for keep their places from page to page",
    ),
    Switch(
        "order_where_undocumented",
        "reject",
        ("reject", "ignore"),
        "what an order other than name does to projects, file requests and access tokens",
    ),
    Switch(
        "paging_where_undocumented",
        "honoured",
        ("honoured", "ignored"),
        "file requests and access tokens: ignored gives the first ten, whatever is asked",
    ),
    Switch(
        "unshown_lists",
        "plain",
        ("plain", "paged"),
        "lists that no source shows come whole or with meta and paging",
    ),
    Switch(
        "subtitle_list",
        "list",
        ("list", "object", "null"),
        "object: one subtitle comes as an object; null: none come as null",
    ),
    Switch(
        "no_materials",
        "null in lists",
        ("null in lists", "null", "list"),
        "additional_materials of a video without any",
    ),
    Switch(
        "annotation_type_in_list",
        "empty",
        ("empty", "filled"),
        "the list shows an empty annotation_type, a single annotation its type",
    ),
    Switch(
        "restreams_in_event_list",
        "full",
        ("full", "empty"),
        "whether the list of events shows restreams or only the single event does",
    ),
    Switch(
        "folder_levels",
        "all",
        ("all", "top"),
        "levels in the folder list; projects embed folders of all levels in both forms",
    ),
    Switch(
        "project_form",
        "wide",
        ("wide", "narrow"),
        "narrow leaves out what only a recorded project has, folder parents included",
    ),
    Switch(
        "child_edits_bump_updated_at",
        False,
        (False, True),
        "whether an edit of a chapter, subtitle, annotation, poster or material moves "
        "updated_at of its video",
    ),
    Switch("audio_tracks", False, (False, True), "videos hold audio_tracks, as one client saw"),
    Switch(
        "range_end",
        "exclusive",
        ("exclusive", "inclusive"),
        "whether the day of `to` belongs to a range of analytics or billing",
    ),
    Switch(
        "range_cuts_buckets",
        False,
        (False, True),
        "whether the first and last bucket hold only what lies within from and to in UTC",
    ),
    Switch(
        "analytics_paging",
        "none",
        ("none", "paged"),
        "analytics come whole or in pages with meta.pagination",
    ),
    Switch(
        "timezone",
        "Europe/Moscow",
        ("Europe/Moscow", "America/New_York", "Pacific/Auckland", "UTC"),
        "the zone of the workspace, in which days are cut",
    ),
)
