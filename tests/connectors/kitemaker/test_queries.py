"""Kitemaker: every GraphQL query that is sent is one that the vendor's schema knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from connectors.kitemaker.queries import QUERIES
from tests.kit.kitemaker import queries, synced
from tests.kit.payloads import DATA

SCHEMA = DATA / "kitemaker" / "graphql" / "schema-2024-05.graphql"


@pytest.mark.skipif(not SCHEMA.is_file(), reason="no schema of the vendor beside the repository")
def test_every_query_is_valid_by_the_vendor_s_schema() -> None:
    """All named queries, those for one up to 25 ids among them, by the schema of 2024-05."""
    schema = build_schema(SCHEMA.read_text("utf-8"))
    assert len(QUERIES) == len(set(QUERIES)) > 25
    for query in QUERIES:
        assert validate(schema, parse(query)) == [], query
        assert len(parse(query).definitions) <= 2


def test_nothing_else_is_sent_and_no_query_writes(tmp_path: Path) -> None:
    """What reaches the service are these very texts, by ids among them; all are reads."""
    with synced(tmp_path) as kitemaker:
        sent = queries(kitemaker)
        kitemaker.world.change(1)
        kitemaker.world.delete_initiative(next(iter(kitemaker.world.world.initiatives.values())).id)
        kitemaker.sync(full=True)
        texts = {body["query"] for body in sent}
        assert len(texts) == 9
        assert texts <= set(QUERIES)
        assert not any("mutation" in query for query in QUERIES)
        assert all(body["variables"].get("count", 50) == 50 for body in sent)
