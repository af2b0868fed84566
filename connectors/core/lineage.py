"""From which answers a table's rows come: for comments, the data dictionary and documentation."""

from __future__ import annotations

from connectors.core.connector import Connector
from connectors.core.resources import Rows


def endpoints(connector: Connector) -> dict[str, list[str]]:
    """Table -> `GET /path, cards[]` for each place in an answer that feeds it."""
    found: dict[str, list[str]] = {}

    def visit(rows: Rows, asked: str, above: str) -> None:
        place = f"{above}{rows.at}[]" if rows.at else above
        text = f"{asked}, {place}" if place else asked
        listed = found.setdefault(rows.table.name, [])
        if text not in listed:
            listed.append(text)
        for child in rows.children:
            visit(child, asked, f"{place}." if place else "")

    for family in connector.families:
        for resource in family.resources:
            asked = f"{'GET' if resource.post is None else 'POST'} {resource.get}"
            for rows in resource.rows:
                visit(rows, asked, "")
    return found
