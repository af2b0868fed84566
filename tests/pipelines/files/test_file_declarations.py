"""A wrong declaration of files fails on import and says how to mend it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors import SERVICES, connector
from connectors.core.files import FileSource, Fresh, links_of
from connectors.core.resources import Resource
from connectors.core.schema import DeclarationError, Table, col
from connectors.core.validate import checked

KINOPIO = connector("kinopio")
CARDS = KINOPIO.tables["cards"]
ELSEWHERE = Table("cards", "Another table of that name", (col("id", "text", "its id"),))
ASK = Fresh(Resource("ask", "/card/{card_id}"), {"id": "id"}, lambda answer, row, base: None)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"table": ELSEWHERE}, "belong to no table"),
    ({"meaning": ""}, "have no meaning"),
    ({"address": ""}, "have no address"),
    ({"address": "picture"}, "read 'picture'"),
    ({"address": "x"}, "read 'x', which is number"),
    ({"size": "name"}, "read 'name', which is text"),
    ({"address": "", "fresh": ASK}, "have no mark"),
    ({"address": "", "marks": ("name",), "fresh": ASK}, "bind 'id'"),
    ({"only": {"nowhere": "x"}}, "read 'nowhere'"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_work_is_named(change: dict[str, Any], said: str) -> None:
    """The connector, the table and field, and the cure."""
    good = FileSource(CARDS, "url_preview_url", "a page", address="url_preview_url")
    checked(replace(KINOPIO, files=(good,)))
    with pytest.raises(DeclarationError, match=said) as error:
        checked(replace(KINOPIO, files=(replace(good, **change),)))
    assert "kinopio" in str(error.value)


def test_hosts_and_doubles_are_checked_too() -> None:
    """An allow-list that cannot be read, and one field declared twice."""
    with pytest.raises(DeclarationError, match="file_hosts"):
        checked(replace(KINOPIO, file_hosts=("https://a b",)))
    with pytest.raises(DeclarationError, match="declared twice"):
        checked(replace(KINOPIO, files=(*KINOPIO.files, KINOPIO.files[0])))


def test_a_record_without_a_file_names_none() -> None:
    """Whatever its columns hold: NULL everywhere gives no link and no error."""
    for service in SERVICES:
        for source in connector(service).files:
            row = dict.fromkeys(source.columns)
            assert links_of(source, row, "https://api.example.org") == []


def test_documents_that_differ_in_a_parameter_alone_have_two_marks() -> None:
    """`?key=` of a document is no secret; only the fragment says nothing of the content. What is
    shown of a link holds no address."""
    source = next(s for s in KINOPIO.files if s.field == "url")
    address = "https://docs.example.org/a.pdf?key=CANARY{}&hl=en#top"
    links = [
        link
        for number in (1, 2)
        for link in links_of(source, {"url": address.format(number)}, "https://api.kinopio.club")
    ]
    assert [link.mark for link in links] == [
        f"at https://docs.example.org/a.pdf?key=CANARY{number}&hl=en" for number in (1, 2)
    ]
    assert "CANARY" not in repr(links)
