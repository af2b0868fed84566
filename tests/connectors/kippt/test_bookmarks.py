"""Kippt clips as a bookmarks file: what a browser reads in it is what the warehouse holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.kippt.export import EXPORTS, tags
from pipelines.export.service_files import AccountRows, write_service_export
from tests.kit.account import Bench

SCHEMA = """
CREATE SCHEMA kippt;
CREATE TABLE kippt.lists (_account TEXT, id BIGINT, title TEXT, slug TEXT, description TEXT,
    is_private BOOLEAN, created TIMESTAMPTZ, updated TIMESTAMPTZ);
CREATE TABLE kippt.clips (_account TEXT, id BIGINT, url TEXT, app_url TEXT, title TEXT, notes TEXT,
    list_id BIGINT, created TIMESTAMPTZ, updated TIMESTAMPTZ);
CREATE TABLE kippt.favorites (_account TEXT, clip_id BIGINT);
"""


def write_bookmarks(connection: duckdb.DuckDBPyConnection, account: str, folder: Path) -> int:
    """Export an account; returns how many bookmarks the file has."""
    (catalog,) = connection.execute("SELECT current_database()").fetchall()[0]
    rows = AccountRows(connection, catalog, "kippt", account)
    ((file, count),) = write_service_export(EXPORTS[0], rows, folder)
    assert file == folder / f"{account}.html"
    return count


class Bookmarks(HTMLParser):
    """Reads a bookmarks file as browsers do: folders with what stands below them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.folders: list[dict[str, Any]] = []
        self.bookmarks: list[dict[str, Any]] = []
        self.unknown: set[str] = set()
        self._open: list[dict[str, Any]] = []
        self._item: dict[str, Any] = {}
        self._into = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "dl":
            self._open.append(self._item)
        elif tag in ("h3", "a"):
            folder = self._open[-1].get("title") if len(self._open) > 1 else None
            self._item = {"folder": folder, "title": "", "dd": "", **dict(attrs)}
            (self.folders if tag == "h3" else self.bookmarks).append(self._item)
        elif tag not in ("dt", "dd", "p", "meta", "title", "h1"):
            self.unknown.add(tag)
        self._into = {"h3": "title", "a": "title", "dd": "dd"}.get(tag, "")

    def handle_endtag(self, tag: str) -> None:
        self._into = ""
        if tag == "dl":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._into:
            self._item[self._into] += data


def one_line(text: str | None) -> str:
    return " ".join((text or "").split())


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Two lists of one account, with clips added by each test."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(SCHEMA)
        connection.execute(
            "INSERT INTO kippt.lists VALUES "
            "('me', 1, 'Z & <b>last</b>', 'z', 'what \"we\"\ncook', false, to_timestamp(100), "
            "to_timestamp(200)), "
            "('me', 2, 'Inbox', 'inbox', NULL, true, to_timestamp(50), NULL), "
            "('you', 3, 'Not mine', 'x', '', false, NULL, NULL)"
        )
        yield connection, tmp_path / "deep"


def add(connection: duckdb.DuckDBPyConnection, clip_id: int, **fields: Any) -> None:
    row = {"_account": "me", "url": f"http://x.example/{clip_id}", "list_id": 1, **fields}
    names = ", ".join(("id", *row))
    marks = ", ".join("?" for _ in range(len(row) + 1))
    connection.execute(
        f"INSERT INTO kippt.clips ({names}) VALUES ({marks})", [clip_id, *row.values()]
    )


def read(file: Path) -> Bookmarks:
    return Bookmarks(file.read_bytes().decode())


def test_what_a_browser_reads_is_what_the_warehouse_holds(
    synced: Callable[..., Bench], tmp_path: Path
) -> None:
    """A synced account: each clip once, in the folder of its list, with title, dates, notes."""
    kippt = synced("kippt", size=40)
    with duckdb.connect(str(kippt.warehouse), read_only=True) as connection:
        count = write_bookmarks(connection, "kippt", tmp_path)
    truth = kippt.world.truth()
    lists = {row["id"]: row for row in truth["lists"]}
    favorites = {row["clip_id"] for row in truth["favorites"]}
    found = read(tmp_path / "kippt.html")
    assert count == len(found.bookmarks) == len(truth["clips"])
    assert not found.unknown
    titles = sorted(row["title"] for row in lists.values())
    assert sorted(f["title"] for f in found.folders) == sorted([*titles, "Favorites", "Likes"])
    assert found.folders[0]["title"] == "Inbox"
    by_address: dict[str, list[dict[str, Any]]] = {}
    for bookmark in found.bookmarks:
        by_address.setdefault(bookmark["href"], []).append(bookmark)
    for clip in truth["clips"]:
        place = lists.get(clip["list_id"])
        other = "Favorites" if clip["id"] in favorites else "Likes"
        (bookmark,) = [
            b
            for b in by_address[clip["url"]]
            if b["title"] == (one_line(clip["title"]) or b["href"])
        ]
        assert bookmark["folder"] == (place["title"] if place else other)
        assert bookmark.get("private") == (str(int(place["is_private"])) if place else None)
        assert bookmark["dd"].strip() == (clip["notes"] or "").replace("\r\n", "\n").strip()
        assert bookmark["add_date"].isdecimal()
        assert int(bookmark["last_modified"]) >= int(bookmark["add_date"])
        assert bookmark.get("tags") == (
            "soon,cooking" if "#soon" in (clip["notes"] or "") else None
        )


def test_texts_of_people_cannot_break_out(
    small: tuple[duckdb.DuckDBPyConnection, Path],
) -> None:
    """Markup, quotes and control characters in any text stay text, in attributes as well."""
    connection, folder = small
    nasty = '"><script>alert(1)</script>\n</DL><p>\n<DT><A HREF="x">\x00\x1b'
    plain = nasty.replace("\x00", "").replace("\x1b", "")
    add(connection, 7, url=f"http://x.example/?a=1&b={nasty}", title=nasty, notes=nasty)
    assert write_bookmarks(connection, "me", folder) == 1
    found = read(folder / "me.html")
    assert not found.unknown
    (bookmark,) = found.bookmarks
    assert bookmark["title"] == one_line(plain)
    assert bookmark["href"] == one_line(f"http://x.example/?a=1&b={plain}")
    assert bookmark["dd"].rstrip() == plain.rstrip()
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", (folder / "me.html").read_text("utf-8"))


def test_folders_have_their_attributes_and_only_their_own_clips(
    small: tuple[duckdb.DuckDBPyConnection, Path],
) -> None:
    """The Inbox first, empty lists too; other accounts' rows are left out."""
    connection, folder = small
    add(connection, 1, title="old", created="2013-01-01T00:00:00Z", updated="2013-01-02T00:00:00Z")
    add(connection, 2, title="new", created="2013-06-01T00:00:00Z")
    add(connection, 3, title="theirs", _account="you", list_id=3)
    add(connection, 4, title="liked", list_id=99)
    add(connection, 5, title="loved", list_id=None)
    connection.execute("INSERT INTO kippt.favorites VALUES ('me', 5), ('you', 4)")
    assert write_bookmarks(connection, "me", folder) == 4
    found = read(folder / "me.html")
    assert [f["title"] for f in found.folders] == ["Inbox", "Z & <b>last</b>", "Favorites", "Likes"]
    inbox, last, *_ = found.folders
    assert (inbox["private"], inbox["add_date"], inbox.get("last_modified")) == ("1", "50", None)
    assert (last["private"], last["add_date"], last["last_modified"]) == ("0", "100", "200")
    assert last["dd"].rstrip() == 'what "we"\ncook'
    assert [(b["folder"], b["title"]) for b in found.bookmarks] == [
        ("Z & <b>last</b>", "new"),
        ("Z & <b>last</b>", "old"),
        ("Favorites", "loved"),
        ("Likes", "liked"),
    ]
    assert found.bookmarks[1]["add_date"] == "1356998400"
    assert found.bookmarks[1]["last_modified"] == "1357084800"
    assert "add_date" not in found.bookmarks[2]


def test_clips_without_address_or_title_are_named_by_what_they_have(
    small: tuple[duckdb.DuckDBPyConnection, Path],
) -> None:
    """A note without an address leads to its page at Kippt; without either it is left out."""
    connection, folder = small
    add(connection, 1, url=None, app_url="/me/z/clips/1", title=None)
    add(connection, 2, url="", app_url=None, title="nowhere")
    assert write_bookmarks(connection, "me", folder) == 1
    (bookmark,) = read(folder / "me.html").bookmarks
    assert bookmark["href"] == bookmark["title"] == "https://kippt.com/me/z/clips/1"


def test_file_appears_whole_and_replaces_the_older_one(
    small: tuple[duckdb.DuckDBPyConnection, Path],
) -> None:
    """Nothing but the file is left behind; an account without clips gives a valid, empty one."""
    connection, folder = small
    add(connection, 1, title="one")
    write_bookmarks(connection, "me", folder)
    assert write_bookmarks(connection, "nobody", folder) == 0
    nothing = read(folder / "nobody.html")
    assert nothing.bookmarks == nothing.folders == []
    assert sorted(path.name for path in folder.iterdir()) == ["me.html", "nobody.html"]


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ("Read this #soon #cooking", ["soon", "cooking"]),
        ("#a, #b; (#c) '#d'\n#e", ["a", "b", "c", "d", "e"]),
        ("#Soon and #soon once", ["Soon"]),
        ("#größe #日本 #x_y #x-y #2013", ["größe", "日本", "x_y", "x-y", "2013"]),
        ("# heading\n## another http://x.example/#top a#b C# &#39; #", []),
    ],
)
def test_tags_are_words_after_a_sign_that_stands_alone(notes: str, expected: list[str]) -> None:
    """`#tags` are the only tags that Kippt has, inside the notes."""
    assert tags(notes) == expected
