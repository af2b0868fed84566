"""What the report draws of Kippt."""

from __future__ import annotations

from connectors.core.plots import Plot, PlotKind

PLOTS = (
    Plot(
        "Clips by host",
        PlotKind.BY_NAME,
        "SELECT url_domain, count(*) AS clips FROM kippt.clips WHERE _account = $account "
        "AND url_domain <> '' GROUP BY url_domain ORDER BY clips DESC LIMIT 10",
    ),
    Plot(
        "Clips kept by month",
        PlotKind.OVER_TIME,
        "SELECT strftime(created, '%Y-%m') AS month, count(*) FROM kippt.clips "
        "WHERE _account = $account AND created IS NOT NULL GROUP BY month ORDER BY month",
    ),
)
