"""Variables of a GraphQL query keep their types."""

from __future__ import annotations

from pathlib import Path

from connectors import connector
from connectors.core.fetch import Fetcher
from connectors.core.journal import Journal
from connectors.core.resources import Resource
from connectors.http.client import Client
from connectors.http.rate_limit import RateLimiter


def test_numbers_truth_values_and_lists_stay_what_they_are(tmp_path: Path) -> None:
    """A service refuses the text "50" where an Int belongs; paths and parameters need texts."""
    page = connector("kitemaker")
    query = {"query": "query Q($count: Int) { q }", "variables": {"count": 50}}
    posted = Resource("posted", "/graphql", post=query)
    shown = Resource("shown", "/things/{number}", params={"done": "{done}"})
    bind = {"number": 7, "done": True, "ids": ["a", "b"]}
    journal = Journal(tmp_path / "pages.journal")
    limiter = RateLimiter(())
    with Client(page.http, "https://x.example", {}, account="a", rate_limiter=limiter) as client:
        fetcher = Fetcher(page, "family", client, journal, 1)
        body = fetcher.request(posted, posted.get, bind, {"cursor": "c"}).request.body
        asked = fetcher.request(shown, shown.get, bind, {}).request
    journal.close()
    assert body["variables"] == {"count": 50, "cursor": "c", **bind}
    assert (asked.path, asked.params) == ("/things/7", (("done", "True"),))
