"""Plots that a service declares for the report: what its users like to see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PlotKind(StrEnum):
    """How a plot is drawn."""

    OVER_TIME = "over time"
    """A line: the labels are in order."""
    BY_NAME = "by name"
    """A bar for each label."""


@dataclass(frozen=True)
class Plot:
    """A plot of the service's tables."""

    title: str
    kind: PlotKind
    sql: str
    """SELECT a label and a number, in the order of the plot; `$account` is the account's name."""
    unit: str = ""
