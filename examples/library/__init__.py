"""Library: shelves and the books on them. The example of docs/adding-a-connector.md."""

from __future__ import annotations

from connectors.core import Connector, Credential, Family
from connectors.core.validate import checked
from connectors.http.config import HttpConfig, Window
from examples.library.endpoints import BOOKS_OF_SHELF, SHELF_LIST, STATUS
from examples.library.errors import classify_library

LIBRARY = checked(
    Connector(
        name="library",
        title="Library",
        base_url="https://library.example/v1",
        base_url_env="LIBRARY_BASE_URL",
        credential=Credential({"token": "LIBRARY_TOKEN"}, (("token",),)),
        http=HttpConfig(
            headers={"Authorization": "Bearer {token}"},
            windows=(Window(3, 1.0),),  # 3 requests a second (API page, "Limits")
            penalty_seconds=10.0,  # silence after a 429 (the same place)
            classify=classify_library,
        ),
        families=(Family("shelves", (SHELF_LIST, BOOKS_OF_SHELF)),),
        notes="examples/library/notes.md",
        check=STATUS,
        describe=lambda answer: "a library",
        secret_fields=("lender_key",),
    )
)
