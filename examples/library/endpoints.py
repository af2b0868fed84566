"""Library: every address that is asked, and the rows in its answers."""

from __future__ import annotations

from connectors.core import ForEachParent, Resource, Rows, Since, request
from connectors.paging import PageNumbers
from examples.library.tables import BOOKS, SHELVES

PAGES = PageNumbers(per_page=50, total_path="meta.total", echoed_size="meta.per_page")
"""50 rows a page at most; totals are told in `meta.total` (API page, "Lists")."""

STATUS = Resource("status", "/status", listing=False)
SHELF_LIST = Resource("shelves", "/shelves", (Rows(SHELVES, at="data"),), paging=PAGES)
BOOKS_OF_SHELF = Resource(
    "books",
    "/shelves/{shelf_id}/books",
    (Rows(BOOKS, at="data", inherit={"shelf_id": request("shelf_id")}),),
    paging=PAGES,
    each=ForEachParent("shelves", {"shelf_id": "id"}),
    since=Since("updated_at", param="updated_since"),
)
