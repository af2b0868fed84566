"""Accounts of the control database among those of the settings file."""

from __future__ import annotations

from typing import Any

from connectors.core.errors import BadSettings
from pipelines.scale.control import control_of
from pipelines.settings.scale import ScaleSettings
from warehouse.scale.accounts import AccountList


def with_listed(scale: ScaleSettings, declared: Any, file: str) -> Any:
    """The tables of [accounts] with those of the list that are not paused.

    Raises BadSettings where both name an account, and as the database does."""
    listed = {a.name: a for a in AccountList(control_of(scale)).all()}
    if not listed:
        return declared
    own = declared if isinstance(declared, dict) else {}
    for name in own.keys() & listed.keys():
        raise BadSettings(
            f"{file}: [accounts.{name}] is in the list of the control database too",
            guidance=f"take one of them out: the table, or `kollect accounts remove {name}`",
        )
    return {**own, **{a.name: dict(a.settings) for a in listed.values() if not a.paused}}
