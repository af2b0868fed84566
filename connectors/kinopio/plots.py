"""What the report draws of Kinopio."""

from __future__ import annotations

from connectors.core.plots import Plot, PlotKind

PLOTS = (
    Plot(
        "Cards made by month",
        PlotKind.OVER_TIME,
        "SELECT strftime(created_at, '%Y-%m') AS month, count(*) FROM kinopio.cards "
        "WHERE _account = $account AND created_at IS NOT NULL GROUP BY month ORDER BY month",
    ),
    Plot(
        "Spaces made by month",
        PlotKind.OVER_TIME,
        "SELECT strftime(created_at, '%Y-%m') AS month, count(*) FROM kinopio.spaces "
        "WHERE _account = $account AND created_at IS NOT NULL GROUP BY month ORDER BY month",
    ),
)
