"""Each service's notes name every read endpoint of its documents: kept where, or why not.

The table below the heading "Read endpoints" has three columns: the endpoint (`GET /path`, or the
name of a GraphQL query), the tables that keep it, and the reason where nothing is kept.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors import SERVICES, connector

ROOT = Path(__file__).parents[2]


def endpoints(service: str) -> dict[str, tuple[list[str], str]]:
    """Endpoint, its parameters unnamed -> the tables that keep it, and the reason if none does."""
    notes = (ROOT / "connectors" / service / "notes.md").read_text(encoding="utf-8")
    section = re.search(r"^## Read endpoints\n(.*?)(?=^## |\Z)", notes, re.DOTALL | re.MULTILINE)
    assert section, f"connectors/{service}/notes.md has no heading `## Read endpoints`"
    found = {}
    for line in section[1].splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 3 or not (named := re.findall(r"`([^`]+)`", cells[0])):
            continue
        for name in named:
            found[unnamed(name)] = (re.findall(r"`(\w+)`", cells[1]), cells[2])
    return found


def unnamed(endpoint: str) -> str:
    """`GET /lists/{list_id}/clips/?limit=` -> `/lists/{}/clips`; other text stays as it is."""
    path = endpoint.split(" ", 1)[1] if " /" in endpoint else endpoint
    return re.sub(r"\{\w*\}|(?<=/):\w+", "{}", path.split("?")[0]).rstrip("/")


@pytest.mark.parametrize("service", SERVICES)
def test_every_endpoint_is_kept_somewhere_or_has_a_reason(service: str) -> None:
    """No endpoint of the documents is left out in silence, and no table is made up."""
    tables = connector(service).tables
    for endpoint, (kept, reason) in endpoints(service).items():
        assert kept or reason, f"{endpoint}: neither a table nor a reason"
        assert set(kept) <= tables.keys(), f"{endpoint}: {set(kept) - tables.keys()}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_declared_path_is_in_the_notes(service: str) -> None:
    """What kollect asks for stands in the table, with at least one of the tables that it feeds."""
    noted = endpoints(service)
    for family in connector(service).families:
        for resource in family.resources:
            if resource.post is not None:
                continue  # GraphQL has one path; its queries are listed by name
            assert unnamed(resource.get) in noted, f"{resource.name}: {resource.get}"
            kept, _ = noted[unnamed(resource.get)]
            fed = {rows.table.name for rows in resource.rows}
            assert not fed or fed & set(kept), f"{resource.get} feeds {fed}, the notes say {kept}"
