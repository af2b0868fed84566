"""What the report draws of Kitemaker."""

from __future__ import annotations

from connectors.core.plots import Plot, PlotKind

PLOTS = (
    Plot(
        "Work items closed by month",
        PlotKind.OVER_TIME,
        "SELECT strftime(closed_at, '%Y-%m') AS month, count(*) FROM kitemaker.work_items "
        "WHERE _account = $account AND closed_at IS NOT NULL GROUP BY month ORDER BY month",
    ),
    Plot(
        "Work items by status",
        PlotKind.BY_NAME,
        "SELECT status_name, count(*) AS items FROM kitemaker.work_items "
        "WHERE _account = $account AND archived_at IS NULL GROUP BY status_name "
        "ORDER BY items DESC LIMIT 10",
    ),
)
