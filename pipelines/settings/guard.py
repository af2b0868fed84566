"""The table [guard]: when kollect doubts that rows are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta

from pipelines.settings.convert import SettingsTable


class GuardSettings(SettingsTable, frozen=True):
    """The settings of [guard]."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {
        "mass_delete_share": "mass_delete_share = 0.5  # for a half",
        "confirm_empty_hours": "confirm_empty_hours = 20",
    }
    mass_delete_share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    """A larger share of a table that vanishes at once waits for a second complete pass."""
    confirm_empty_hours: Annotated[float, Meta(ge=0)] = 20.0
    """A list that had rows and is empty now is believed when it is still empty so much later."""
