"""Kitemaker: spaces of work items, initiatives and feedback. https://toil.kitemaker.co/developers

Two interfaces to one organization. GraphQL lists everything and filters nothing by time; REST
shows the last 50 changes of a space and single records by number. `transport` chooses: `auto`
reads all by GraphQL and changes by REST, `graphql` and `rest` do without the other. What the API
page leaves open, and which form is tolerated, stands in connectors/kitemaker/notes.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.core import Connector, Credential, Family, Option
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Window
from connectors.kitemaker import endpoints
from connectors.kitemaker.analysis import ANALYSIS
from connectors.kitemaker.errors import classify_kitemaker
from connectors.kitemaker.estimate import (
    cost_of_code_reviews,
    cost_of_feedback,
    cost_of_initiatives,
    cost_of_work,
)
from connectors.kitemaker.plots import PLOTS
from connectors.kitemaker.sync.code_reviews import copy_code_reviews
from connectors.kitemaker.sync.plans import copy_feedback, copy_initiatives, copy_work
from connectors.kitemaker.tables import LABELS
from connectors.kitemaker.transport import with_token_check
from connectors.kitemaker.write import WRITERS


def are_texts(value: Any) -> bool:
    """Whether a setting is a table of texts."""
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


KITEMAKER = checked(
    Connector(
        name="kitemaker",
        title="Kitemaker",
        base_url="https://toil.kitemaker.co/developers",
        base_url_env="KITEMAKER_BASE_URL",
        credential=Credential({"token": "KITEMAKER_API_KEY"}, (("token",),)),
        http=HttpConfig(windows=(Window(2, 1.0),), classify=classify_kitemaker, max_in_flight=1),
        families=(
            Family(
                "work",
                (
                    endpoints.ORGANIZATION,
                    endpoints.REST_ORGANIZATION,
                    endpoints.REST_SPACES,
                    endpoints.REST_STATUSES,
                    endpoints.REST_LABELS,
                    endpoints.WORK_ITEMS,
                    endpoints.WORK_ITEMS_BY_ID,
                    endpoints.RECENT_WORK_ITEMS,
                    endpoints.RECENT_COMMENTS,
                    endpoints.LISTED_WORK_ITEMS,
                    endpoints.WORK_ITEM_BY_NUMBER,
                ),
                plan=with_token_check(copy_work),
                cost=cost_of_work,
            ),
            Family(
                "initiatives",
                (
                    endpoints.ROADMAPS,
                    endpoints.INITIATIVES,
                    endpoints.INITIATIVE,
                    endpoints.INITIATIVE_BY_NUMBER,
                ),
                plan=with_token_check(copy_initiatives),
                cost=cost_of_initiatives,
                tables=(LABELS,),
            ),
            Family(
                "feedback",
                (
                    endpoints.PEOPLE,
                    endpoints.COMPANIES,
                    endpoints.FEEDBACK,
                    endpoints.FEEDBACK_BY_ID,
                    endpoints.FEEDBACK_BY_NUMBER,
                ),
                plan=with_token_check(copy_feedback),
                cost=cost_of_feedback,
                tables=(LABELS,),
            ),
            Family(
                "code_reviews",
                (endpoints.CODE_REVIEWS,),
                plan=with_token_check(copy_code_reviews),
                cost=cost_of_code_reviews,
            ),
        ),
        plots=PLOTS,
        writers=WRITERS,
        notes="connectors/kitemaker/notes.md",
        analysis=ANALYSIS,
        check=endpoints.REST_ORGANIZATION,
        identity=lambda found, _: f"organization {found['id']}" if found.get("id") else "",
        identity_asks=(replace(endpoints.REST_ORGANIZATION, name="owner"),),
        describe=lambda organization: f"the organization {organization.get('name')}",
        secret_fields=("apiKey", "token", "accessToken"),
        options=(
            Option(
                "transport",
                default="auto",
                is_valid=lambda value: value in ("auto", "rest", "graphql"),
                example='transport = "auto"  # or "rest", or "graphql"',
            ),
            Option(
                "space_keys",  # by REST, a space shows its key in comments alone
                default={},
                is_valid=are_texts,
                example='space_keys = { "id of a space" = "KEY" }  # for transport = "rest"',
            ),
            Option(
                "activities",  # heavy pages: when a status changed, before the first sync too
                default=False,
                is_valid=lambda value: isinstance(value, bool),
                example="activities = true  # also keep the log of work items, and code reviews",
                tables=("activities", "code_reviews", "code_review_work_items"),
            ),
        ),
    )
)
