"""What the report draws of Kinesis API."""

from __future__ import annotations

from connectors.core.plots import Plot, PlotKind

PLOTS = (
    Plot(
        "Records by collection",
        PlotKind.BY_NAME,
        "SELECT collection_id, count(*) AS records FROM kinesis.records "
        "WHERE _account = $account GROUP BY collection_id ORDER BY records DESC LIMIT 10",
    ),
    Plot(
        "Events by month",
        PlotKind.OVER_TIME,
        "SELECT strftime(timestamp, '%Y-%m') AS month, count(*) FROM kinesis.events "
        "WHERE _account = $account AND timestamp IS NOT NULL GROUP BY month ORDER BY month",
    ),
)
