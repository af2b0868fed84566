"""What the report draws of Kinescope."""

from __future__ import annotations

from connectors.core.plots import Plot, PlotKind

PLOTS = (
    Plot(
        "Storage by project",
        PlotKind.BY_NAME,
        "SELECT name, round(size / 1e9, 2) AS gigabytes FROM kinescope.projects "
        "WHERE _account = $account AND size > 0 ORDER BY gigabytes DESC LIMIT 10",
        unit="GB",
    ),
    Plot(
        "Views by day",
        PlotKind.OVER_TIME,
        "SELECT day, sum(view) FROM kinescope.analytics WHERE _account = $account "
        "GROUP BY day ORDER BY day",
    ),
)
