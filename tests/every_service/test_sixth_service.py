"""A sixth service is added by declarations alone: the example of docs/adding-a-connector.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from examples.library import LIBRARY
from pipelines.settings import Account, Settings
from pipelines.sync.account import sync_account
from pipelines.sync.result import AccountResult
from sandbox import StandIn
from sandbox.core import Tables, differences
from sandbox.example import TOKEN, Library

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-connector.md").read_text(encoding="utf-8")


class Synced:
    """The example's connector on the example's stand-in, with a warehouse of its own."""

    def __init__(self, stand_in: StandIn, folder: Path) -> None:
        self.stand_in = stand_in
        self.world = stand_in.service
        self.file = folder / "library_data.duckdb"
        self.account = Account("mine", LIBRARY, stand_in.url, {"token": TOKEN}, {"token": "T"})
        self.settings = Settings(None, self.file, folder, {}, {"mine": self.account})

    def sync(self, *, full: bool = False) -> AccountResult:
        return sync_account(self.settings, self.account, full=full)

    def differences(self, truth: Tables) -> list[str]:
        with duckdb.connect(str(self.file), read_only=True) as reader:
            found = []
            for name, table in LIBRARY.tables.items():
                relation = reader.sql(f"SELECT * FROM library.{name}")
                rows = [
                    dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()
                ]
                kept = {tuple(row[part] for part in table.key): row for row in rows}
                found += differences(name, table.key, truth[name], kept)
        return found


@pytest.fixture(params=["told", "absent"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Synced]:
    service = Library(size=120, switches={"total": request.param})
    with StandIn(service, limits=False) as stand_in:
        yield Synced(stand_in, tmp_path)


def test_the_example_is_synced_with_history_increments_and_ends(library: Synced) -> None:
    """First, incremental and full passes show what the service shows, in either form of lists."""
    assert library.sync().status == "complete"
    before = library.world.truth()
    assert library.differences(before) == []
    library.world.change(1)
    assert library.sync().status == "complete"
    assert library.stand_in.count("/v1/shelves/0/books") > 1
    assert any("updated_since=" in entry.target for entry in library.stand_in.requests)
    assert library.differences(library.world.expected(before)) == []
    last = library.sync(full=True)
    assert last.status == "complete"
    assert last.tables["books"]["deleted"] == 1
    assert library.differences(library.world.truth()) == []


def test_the_page_shows_the_example_as_it_is() -> None:
    """Every block that names a file of the example is that file, word for word."""
    shown = re.findall(r"```python\n# (examples/\S+)\n(.*?)```", PAGE, re.DOTALL)
    assert len(shown) == 4
    for name, text in shown:
        assert text.strip() == (ROOT / name).read_text(encoding="utf-8").strip(), name
