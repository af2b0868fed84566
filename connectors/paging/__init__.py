"""How listings are paged: pure state machines that decide what to ask next and what is proved."""

from connectors.paging.base import (
    Completeness,
    OnePage,
    Paginator,
    Paging,
    SeenPage,
    records_at,
)
from connectors.paging.cursor import CursorPages
from connectors.paging.facts import Facts, facts_of, get_path
from connectors.paging.offset import LinkedOffsets
from connectors.paging.page_index import PageIndexes
from connectors.paging.page_number import PageNumbers
from connectors.paging.tail import TailPages

__all__ = [
    "Completeness",
    "CursorPages",
    "Facts",
    "LinkedOffsets",
    "OnePage",
    "PageIndexes",
    "PageNumbers",
    "Paginator",
    "Paging",
    "SeenPage",
    "TailPages",
    "facts_of",
    "get_path",
    "records_at",
]
