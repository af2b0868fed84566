"""Kippt: clips (bookmarks and notes) in lists. https://kippt.com/api

Collections are paged by offset. Only clip routes filter by time (`since`), so lists and
favourites are read in full each time, and what does not touch a clip's `updated` (comments,
likes, saves, deletes) shows in full passes. What the API page leaves open, and which form is
tolerated, stands in connectors/kippt/notes.md.
"""

from __future__ import annotations

from connectors.core import Connector, Credential, Family
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Retry, Window
from connectors.kippt.analysis import ANALYSIS
from connectors.kippt.endpoints import (
    ACCOUNT,
    CLIP_ENDPOINTS,
    FOLLOWERS,
    FOLLOWING,
    LISTS_FOLLOWED,
    NOTIFICATION_LIST,
)
from connectors.kippt.errors import classify_kippt
from connectors.kippt.estimate import cost_of_clips, cost_of_follows
from connectors.kippt.export import EXPORTS
from connectors.kippt.files import FILES, HOSTS, LARGEST
from connectors.kippt.plots import PLOTS
from connectors.kippt.sync import copy_clips, copy_follows
from connectors.kippt.write import WRITERS

VERSION = "application/vnd.kippt.20131007+json"
"""The API as of its last documented change; asked for in Content-Type, also by a GET."""

KIPPT = checked(
    Connector(
        name="kippt",
        title="Kippt",
        base_url="https://kippt.com/api",
        base_url_env="KIPPT_BASE_URL",
        credential=Credential(
            {"username": "KIPPT_USERNAME", "token": "KIPPT_API_TOKEN"}, (("username", "token"),)
        ),
        http=HttpConfig(
            headers={
                "X-Kippt-Username": "{username}",
                "X-Kippt-API-Token": "{token}",
                "X-Kippt-Client": "kollect,,",
                "Content-Type": VERSION,
            },
            windows=(Window(2, 1.0),),
            classify=classify_kippt,
            # A 503 means "slow down" as often as maintenance, and nobody says for how long.
            retry=Retry(attempts=8, first_seconds=5.0, max_seconds=300.0),
            max_in_flight=1,
        ),
        families=(
            Family("clips", CLIP_ENDPOINTS, plan=copy_clips, cost=cost_of_clips),
            Family(
                "follows",
                (ACCOUNT, FOLLOWERS, FOLLOWING),
                plan=copy_follows,
                cost=cost_of_follows,
                full_only=True,
            ),
            Family("followed_lists", (LISTS_FOLLOWED,), full_only=True),
            Family("notifications", (NOTIFICATION_LIST,), full_only=True),
        ),
        writers=WRITERS,
        plots=PLOTS,
        notes="connectors/kippt/notes.md",
        analysis=ANALYSIS,
        check=ACCOUNT,
        identity=lambda user, _: f"user {user['id']}" if user.get("id") else "",
        identity_asks=(ACCOUNT,),
        describe=lambda user: f"the account of {user.get('username') or user.get('id')}",
        # A private list's feed address ends in a token; the public form says nothing new.
        secret_fields=("rss_url", "api_token"),
        exports=EXPORTS,
        files=FILES,
        file_hosts=HOSTS,
        max_file_bytes=LARGEST,
    )
)
