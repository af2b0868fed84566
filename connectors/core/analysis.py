"""What a service's rows mean to people: which of them have text, and which addresses name them.

The warehouse makes the schema `analysis` of these declarations (`docs/tables.md`). Every value is
an SQL expression over the columns of the table, whose alias is `t`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict


class Stamps(TypedDict):
    """When a document was made and changed, for `Document(**STAMPS)`."""

    created: str
    updated: str


class Parent(TypedDict):
    """What holds a document, for `Document(**PARENT)`."""

    parent_kind: str
    parent: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """The rows of a table that people read: one document for each row."""

    table: str
    kind: str
    """What people call it, in the singular: `card`, `clip`."""
    title: str = "NULL"
    text: str = "NULL"
    url: str = "NULL"
    """The address that shows it."""
    author: str = "NULL"
    """The name of who wrote it, else their id."""
    created: str = "NULL"
    updated: str = "NULL"
    parent_kind: str = "NULL"
    """The kind of the document that holds it, such as `'space'`."""
    parent: str = "NULL"
    """The id of that document: its key, the parts joined by `/`."""
    handle: str = "NULL"
    """How addresses name it, where that is not its id (see RecordAddress)."""
    addresses: tuple[str, ...] = ()
    """Fields that hold an address, beside those in title and text."""
    where: str = "true"


@dataclass(frozen=True)
class RecordAddress:
    """Addresses that lead to a document: a regular expression (RE2) whose group is its handle.

    With two groups, the handle is both joined by `/`.
    """

    kind: str
    pattern: str


@dataclass(frozen=True)
class Analysis:
    """The documents of a service; an earlier address pattern wins over a later one."""

    documents: tuple[Document, ...] = ()
    addresses: tuple[RecordAddress, ...] = ()
