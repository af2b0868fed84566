"""What the tests of Kinesis API share: the request plan of its page."""

from __future__ import annotations

import math
from collections.abc import Callable

from connectors.kinesis.endpoints import COLLECTION_LIST
from tests.kit.account import Bench

PAGES = COLLECTION_LIST.paging


def pages(rows: int) -> int:
    """Section 9 of the page, with its good value of 100 rows a page."""
    return max(1, math.ceil(rows / 100))


def plan(kinesis: Bench, requests: Callable[[int], int] = PAGES.requests) -> int:
    """Section 9 of the page: six lists, two for each project, one for each collection."""
    store = kinesis.world.store
    lists = [store.users, store.configs, range(29), store.medias, store.events, store.projects]
    lists += [part for project in store.projects for part in (project.collections, project.routes)]
    lists += [collection.records for _, collection in kinesis.world.collections()]
    return sum(requests(len(rows)) for rows in lists)
