"""Kinesis API: projects of collections that people build. https://api.kinesis.world (not Amazon's)

Every list is read whole each time: nothing carries a time of its last change, and the events
leave out too much to follow them. `offset` counts pages, `amount` is the number of rows, errors
come inside HTTP 200, and who is not ROOT gets shorter lists. What the API page leaves open, and
which form is tolerated, stands in connectors/kinesis/notes.md.
"""

from __future__ import annotations

from connectors.core import Connector, Credential, Family, Option
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Login, Parts, Request, Window
from connectors.kinesis.analysis import ANALYSIS
from connectors.kinesis.endpoints import (
    CHECK,
    COLLECTION_LIST,
    CONFIG_LIST,
    CONSTRAINT_LIST,
    EVENT_LIST,
    MEDIA_LIST,
    PROJECT_LIST,
    RECORD_LIST,
    ROUTE_LIST,
    USER_LIST,
)
from connectors.kinesis.errors import classify_kinesis
from connectors.kinesis.estimate import cost_of_events, cost_of_projects
from connectors.kinesis.files import FILES, HOSTS, LARGEST
from connectors.kinesis.normalize import session_of, visible_projects
from connectors.kinesis.options import EXAMPLE, are_lists, with_lists
from connectors.kinesis.plots import PLOTS
from connectors.kinesis.redact import without_secrets
from connectors.kinesis.sync import read_events, read_list, read_projects, read_users
from connectors.kinesis.views import VIEWS
from connectors.kinesis.write import WRITERS

SESSION_SECONDS = 900.0
"""How long a session holds where nobody changed it (API page, section 2); the answer does not
say. Renewing early does no harm, and a session that ended earlier is noticed."""


def log_in(parts: Parts) -> Request:
    """A user name and a password become a session."""
    body = {"auth_data": parts["username"], "password": parts["password"]}
    return Request("POST", "/user/login", body=body)


def renew(parts: Parts) -> Request:
    """A session that still holds is followed by another; the caller's id goes as it came."""
    uid = parts["uid"]
    return Request("POST", "/user/login/jwt", body={"uid": int(uid) if uid.isdecimal() else uid})


KINESIS = checked(
    Connector(
        name="kinesis",
        title="Kinesis API",
        base_url=None,
        base_url_env="KINESIS_BASE_URL",
        credential=Credential(
            {
                "token": "KINESIS_API_TOKEN",
                "uid": "KINESIS_UID",
                "username": "KINESIS_USERNAME",
                "password": "KINESIS_PASSWORD",
            },
            (("token", "uid"), ("username", "password")),
        ),
        http=HttpConfig(
            headers={"Authorization": "Bearer {token}", "Content-Type": "application/json"},
            params={"uid": "{uid}"},
            # No limit is documented: our own choice. The server of 2023 reads its files anew for
            # each request, so few are under way.
            windows=(Window(10, 1.0),),
            max_in_flight=4,
            classify=classify_kinesis,
            login=Login(log_in, session_of, renew, life=lambda _: SESSION_SECONDS),
        ),
        families=(
            Family("users", (USER_LIST,), plan=read_users),
            Family("configs", (CONFIG_LIST,), plan=read_list),
            Family("constraints", (CONSTRAINT_LIST,), plan=read_list),
            Family("media", (MEDIA_LIST,), plan=read_list),
            Family("events", (EVENT_LIST,), plan=read_events, cost=cost_of_events(EVENT_LIST)),
            Family(
                "projects",
                (PROJECT_LIST, ROUTE_LIST, COLLECTION_LIST, RECORD_LIST),
                plan=read_projects,
                cost=cost_of_projects(PROJECT_LIST, COLLECTION_LIST, RECORD_LIST),
            ),
        ),
        plots=PLOTS,
        writers=WRITERS,
        notes="connectors/kinesis/notes.md",
        analysis=ANALYSIS,
        check=CHECK,
        identity=lambda _, parts: f"user {parts['uid']}" if parts.get("uid") else "",
        describe=visible_projects,
        secret_fields=("password", "reset_token", "access_token", "jwt"),
        # Links that open a private file (API page, section 10), with the instance's own address
        # as its settings give it, or without any.
        signed_hosts={"*/media/stream": ("access_token",)},
        redact=without_secrets,
        options=(Option("lists", default={}, is_valid=are_lists, example=EXAMPLE),),
        configure=with_lists,
        views=VIEWS,
        files=FILES,
        file_hosts=HOSTS,
        max_file_bytes=LARGEST,
    )
)
