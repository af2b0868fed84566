"""Prefetch: while one family is loaded, the first requests of the next families are under way.

Otherwise every family would wait for a slow service anew, however many requests its rate allows.
Prefetched answers are staged like any others. A refused request raises its error in the family
that would have made it, when its turn has come.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from connectors.core.connector import Connector, Family
from connectors.core.evidence import Evidence
from connectors.core.fetch import Fetcher
from connectors.core.journal import Journal
from connectors.core.known import KnownRows
from connectors.core.resources import Resource
from connectors.core.task import Variants
from connectors.http.client import Client
from connectors.paging import OnePage


class Prefetch:
    """Prefetches for the families of one run; to be closed before the journal and the client."""

    def __init__(
        self,
        connector: Connector,
        client: Client,
        journal: Journal,
        in_flight: int,
        known: KnownRows,
        full: bool,
    ) -> None:
        """With one request in flight, nothing is prefetched."""
        self._variants = Variants(known, Evidence(()), full)
        self._connector = connector
        self._client = client
        self._journal = journal
        self._in_flight = max(1, in_flight)
        self._pool = ThreadPoolExecutor(self._in_flight, thread_name_prefix="ahead")
        self._begun: dict[str, Fetcher] = {}

    def close(self) -> None:
        """Drop requests that were not sent yet; those under way end when the client closes."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(self, families: Iterable[Family], tables: frozenset[str]) -> None:
        """Send the first requests of the next families.

        Behind a family that has a plan, or depends on other answers, only listings of a single
        answer are prefetched. Such a family may take long, and pages of one listing that were read
        far apart look as if rows had moved between them.
        """
        soon = True
        for family in families if self._in_flight > 1 else ():
            opening = _opening(family)
            far = not soon and not all(isinstance(each.paging, OnePage) for each in opening)
            soon = soon and bool(opening) and family.plan is None
            if far or not opening or family.name in self._begun:
                continue
            self._begun[family.name] = answers = self._new(family)
            for resource in opening:
                if tables.intersection(resource.table_names) and not resource.fallback_path:
                    answers.begin(self._pool, self._variants.of(resource)[0])

    def answers(self, family: Family) -> Fetcher:
        """The answers of a family whose turn has come."""
        return self._begun.pop(family.name, None) or self._new(family)

    def _new(self, family: Family) -> Fetcher:
        return Fetcher(self._connector, family.name, self._client, self._journal, self._in_flight)


def _opening(family: Family) -> list[Resource]:
    """The resources that are read whatever else was read."""
    if family.plan is not None:
        return list(family.opening)
    return [resource for resource in family.resources if resource.each is None]
