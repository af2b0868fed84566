"""A sixth service is added by declarations alone, in under 60 lines, and is synced in full."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from connectors.core import (
    Connector,
    Credential,
    Family,
    ForEachParent,
    Reference,
    Resource,
    Rows,
    Table,
    col,
    inherited,
    parent,
    request,
)
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Window
from connectors.paging import PageNumbers
from pipelines.settings import Account, Settings
from pipelines.sync.account import sync_account
from sandbox import Request, StandIn
from tests.kit.payloads import Recorded


def bookshelf() -> Connector:
    """An invented service: shelves, the books on each, and the notes inside each book."""
    shelves = Table(
        "shelves",
        "A shelf of books",
        (col("id", "text", "its id"), col("label", "text", "its label")),
    )
    books = Table(
        "books",
        "A book on a shelf",
        (
            inherited("shelf_id", "text", "the shelf it stands on"),
            col("id", "text", "its id"),
            col("title", "text", "its title"),
            col("pages", "integer", "its length", unit="pages"),
            col("boughtAt", "time", "when it was bought"),
        ),
        parents=(Reference("shelf_id", "shelves", owner=True),),
        newest="bought_at",
    )
    notes = Table(
        "notes",
        "A note in a book",
        (
            inherited("book_id", "text", "the book"),
            inherited("position", "integer", "its place, from 0"),
            col("text", "text", "what it says"),
        ),
        key=("book_id", "position"),
        parents=(Reference("book_id", "books", owner=True),),
    )
    inside = Rows(notes, at="notes", inherit={"book_id": parent("id")}, position="position")
    pages = PageNumbers(per_page=2)
    all_shelves = Resource("shelves", "/shelves", (Rows(shelves, at="data"),), paging=pages)
    all_books = Resource(
        "books",
        "/shelves/{shelf_id}/books",
        (Rows(books, at="data", inherit={"shelf_id": request("shelf_id")}, children=(inside,)),),
        paging=pages,
        each=ForEachParent("shelves", {"shelf_id": "id"}),
    )
    return checked(
        Connector(
            name="bookshelf",
            title="Bookshelf",
            base_url=None,
            base_url_env="BOOKSHELF_BASE_URL",
            credential=Credential({"token": "BOOKSHELF_TOKEN"}, (("token",),)),
            http=HttpConfig({"Authorization": "Bearer {token}"}, windows=(Window(100, 1.0),)),
            families=(Family("shelves", (all_shelves, all_books)),),
            notes="tests",
            check=all_shelves,
            describe=lambda answer: "some shelves",
        )
    )


class Shelf:
    """The service's side: a list of shelves, and the books on each."""

    def __init__(self) -> None:
        self.books: dict[str, list[dict[str, Any]]] = {
            f"shelf-{n}": [
                {
                    "id": f"{n}-{m}",
                    "title": f"Book {m}",
                    "pages": 100 + m,
                    "boughtAt": "2025-01-01T00:00:00Z",
                    "notes": [{"text": f"note {k}"} for k in range(m)],
                }
                for m in range(3)
            ]
            for n in range(3)
        }

    def answers(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"/shelves": self.paged(lambda: [{"id": s} for s in self.books])}
        for shelf in self.books:
            shown[f"/shelves/{shelf}/books"] = self.paged(lambda s=shelf: self.books.get(s, []))
        return shown

    @staticmethod
    def paged(rows: Any) -> Any:
        def answer(request: Request) -> Any:
            page, size = int(request.query["page"]), int(request.query["per_page"])
            found = rows()
            numbers = {"page": page, "per_page": size, "total": len(found)}
            return {
                "meta": {"pagination": numbers},
                "data": found[(page - 1) * size : page * size],
            }

        return answer


def test_a_service_declared_in_a_few_lines_syncs_with_history_and_ends(tmp_path: Path) -> None:
    """Tables, paging, children, versions and deletes follow from the page alone."""
    assert len(inspect.getsource(bookshelf).splitlines()) < 60
    declared, shelf = bookshelf(), Shelf()
    with StandIn(Recorded("bookshelf", shelf.answers(), {}), limits=False) as stand_in:
        account = Account("mine", declared, stand_in.url, {"token": "t"}, {"token": "T"})
        settings = Settings(None, tmp_path / "k.duckdb", tmp_path, {}, {"mine": account})
        first = sync_account(settings, account)
        assert first.status == "complete"
        assert {t: r["rows"] for t, r in first.tables.items()} == {
            "shelves": 3, "books": 9, "notes": 9,
        }  # fmt: skip
        shelf.books["shelf-1"][2]["title"] = "Another title"
        shelf.books["shelf-1"][2]["notes"].pop()
        del shelf.books["shelf-0"][1]
        second = sync_account(settings, account)
    changes = {t: (r["inserted"], r["updated"], r["deleted"]) for t, r in second.tables.items()}
    assert changes == {"shelves": (0, 0, 0), "books": (0, 1, 1), "notes": (0, 0, 2)}
