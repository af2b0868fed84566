"""Kinescope: videos, playlists and live events of one workspace. https://api.kinescope.io

Two limits hold at once (10 a second, 300 a minute). Lists are paged by number; no list filters
by time, and 100 whole rows come in one answer, so the videos are listed in full each time,
oldest first, since `created_at` never changes. What only the address of a single video or event
shows is read for some of them in each sync. What the API page leaves open, and which form is
tolerated, stands in connectors/kinescope/notes.md.
"""

from __future__ import annotations

from connectors.core import Connector, Credential, Family
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Window
from connectors.kinescope.analysis import ANALYSIS
from connectors.kinescope.endpoints import (
    ANNOTATIONS_OF_VIDEO,
    CATALOGUE,
    CHECK,
    EVENT_LIST,
    FILE_REQUEST_LISTS,
    ITEMS_OF_PLAYLIST,
    ONE_INVOICE,
    PLAYLIST_LIST,
    POSTERS_OF_VIDEO,
    RESTREAMS_OF_EVENT,
    SHOW_THE_WORKSPACE,
    USAGE,
    VIDEO_FIGURES,
    VIDEO_LIST,
    VIDEOS_OF_EVENT,
    WORKSPACE_FIGURES,
    listing,
)
from connectors.kinescope.errors import classify_kinescope
from connectors.kinescope.estimate import cost_of_invoices, cost_of_windows
from connectors.kinescope.files import FILES, HOSTS, LARGEST
from connectors.kinescope.normalize import number_of_videos, workspace_of
from connectors.kinescope.options import OPTIONS, configured
from connectors.kinescope.plots import PLOTS
from connectors.kinescope.redact import SECRET_FIELDS, SECRET_PATHS, SIGNATURE
from connectors.kinescope.sync import copy_invoices, copy_windows
from connectors.kinescope.tables import (
    MODERATORS,
    PLAYERS,
    PRIVACY_DOMAINS,
    TAGS,
    WEBHOOKS,
)
from connectors.kinescope.write import WRITERS

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
            Family("catalogue", CATALOGUE),
            Family("videos", (VIDEO_LIST,)),
            Family("annotations", (ANNOTATIONS_OF_VIDEO,)),
            Family("posters", (POSTERS_OF_VIDEO,)),
            Family("playlists", (PLAYLIST_LIST, ITEMS_OF_PLAYLIST)),
            Family("live_events", (EVENT_LIST,)),
            Family("restreams", (RESTREAMS_OF_EVENT,)),
            Family("live_event_videos", (VIDEOS_OF_EVENT,)),
            Family("tags", (listing("tags", "/v1/tags", TAGS),)),
            Family("players", (listing("players", "/v1/players", PLAYERS),)),
            Family(
                "privacy_domains",
                (listing("privacy_domains", "/v1/privacy-domains", PRIVACY_DOMAINS),),
            ),
            Family("file_requests", FILE_REQUEST_LISTS),
            Family("moderators", (listing("moderators", "/v1/moderators", MODERATORS),)),
            Family("webhooks", (listing("webhooks", "/v1/webhooks", WEBHOOKS),)),
            *(
                Family(figures.name, (figures,), plan=copy_windows, cost=cost_of_windows(figures))
                for figures in (VIDEO_FIGURES, WORKSPACE_FIGURES, USAGE)
            ),
            Family("invoices", (ONE_INVOICE,), plan=copy_invoices, cost=cost_of_invoices),
        ),
        plots=PLOTS,
        notes="connectors/kinescope/notes.md",
        analysis=ANALYSIS,
        check=CHECK,
        describe=number_of_videos,
        identity=workspace_of,
        identity_asks=SHOW_THE_WORKSPACE,
        secret_fields=SECRET_FIELDS,
        secret_paths=SECRET_PATHS,
        signed_hosts=dict.fromkeys(HOSTS, SIGNATURE),
        options=OPTIONS,
        configure=configured,
        writers=WRITERS,
        files=FILES,
        file_hosts=HOSTS,
        max_file_bytes=LARGEST,
    )
)
