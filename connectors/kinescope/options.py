"""Kinescope: the settings that only its accounts have.

[accounts.kinescope]
parts_per_sync = 200        # of so many videos and events, what only their own addresses show
history_days = 365          # how far back figures are read
invoices = ["123", "124"]   # no list of invoices is known: those to keep are named
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.core import Connector, Family, ForEachChanged, Option, Resource
from connectors.kinescope.endpoints import MOST_PARENTS, ONE_BY_ONE
from connectors.kinescope.sync import HISTORY_DAYS


def is_count(value: Any) -> bool:
    """Whether a setting is a whole number, 0 included."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def are_numbers(value: Any) -> bool:
    """Whether a setting is a list of numbers (or ids) of invoices."""
    return isinstance(value, (list, tuple)) and all(
        isinstance(number, (int, str)) and not isinstance(number, bool) and str(number)
        for number in value
    )


OPTIONS = (
    Option(
        ONE_BY_ONE,
        default=MOST_PARENTS,
        is_valid=is_count,
        example=f"{ONE_BY_ONE} = {MOST_PARENTS}  # videos (and live events) whose annotations, "
        "posters and recordings one sync reads; 0: all at once",
    ),
    Option(
        "history_days",
        default=HISTORY_DAYS,
        is_valid=lambda value: is_count(value) and 1 <= value <= 36_500,
        example=f"history_days = {HISTORY_DAYS}  # how far back analytics and usage are read",
    ),
    Option(
        "invoices",
        default=(),
        is_valid=are_numbers,
        example='invoices = ["123"]  # the invoices to keep: the service lists none',
    ),
)


def configured(connector: Connector, options: Mapping[str, Any]) -> Connector:
    """The connector with as many parents in one sync as an account's settings say."""
    most = options[ONE_BY_ONE]
    if most == MOST_PARENTS:
        return connector

    def changed(resource: Resource) -> Resource:
        if not isinstance(resource.each, ForEachChanged):
            return resource
        return replace(resource, each=replace(resource.each, per_run=most))

    def adapted(family: Family) -> Family:
        return replace(family, resources=tuple(map(changed, family.resources)))

    return replace(connector, families=tuple(map(adapted, connector.families)))
