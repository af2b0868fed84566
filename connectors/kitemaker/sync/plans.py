"""Kitemaker: the order in which each family is asked for, by either transport."""

from __future__ import annotations

from collections.abc import Callable

from connectors.core import Page, Reader, Record, Resource, Skippable
from connectors.kitemaker.endpoints import (
    COMPANIES,
    FEEDBACK,
    FEEDBACK_BY_ID,
    INITIATIVE,
    INITIATIVES,
    PEOPLE,
    ROADMAPS,
)
from connectors.kitemaker.sync.by_number import (
    copy_numbers,
    feedback_by_number,
    initiatives_by_number,
)
from connectors.kitemaker.sync.changes import copy_changes
from connectors.kitemaker.sync.links import GeneralLabels, ids_of, keep_hidden
from connectors.kitemaker.sync.spaces import read_spaces
from connectors.kitemaker.sync.work_items import Work, copy_all
from connectors.kitemaker.tables import (
    INITIATIVE_LABELS,
    INITIATIVE_SPACES,
    INITIATIVE_WORK_ITEMS,
    INSIGHT_ENTITIES,
)
from connectors.kitemaker.transport import (
    Means,
    end_missing,
    leave_out,
    organization_of,
    read_list,
    read_pages,
    same_organization,
)
from connectors.paging import Completeness, get_path


def copy_work(reader: Reader, means: Means) -> None:
    """The organization, its spaces and their work items with comments.

    GraphQL has no filter by time: alone, it reads everything each time.
    """
    work = Work(reader, means, read_spaces(reader, means))
    if means.graphql and (reader.full or not means.rest):
        copy_all(work)
    elif reader.full:
        copy_numbers(work)
    else:
        copy_changes(work)


def copy_initiatives(reader: Reader, means: Means) -> None:
    """Initiatives with their comments, and roadmaps in full passes or when a column is new."""
    if not means.graphql:
        leave_out(
            reader,
            ("roadmaps", "roadmap_columns", "initiative_members", "initiative_watchers",
             "initiative_work_items", "initiative_roadmap_columns"),
        )  # fmt: skip
        initiatives_by_number(reader)
        return
    if reader.full:
        read_list(reader, ROADMAPS)
    labels = GeneralLabels(reader, "labels")
    columns: set[str] = set()

    def look(records: list[Record], page: Page) -> None:
        same_organization(reader, organization_of(page))
        for record in records:
            labels.keep(record)
            columns.update(str(c.get("id")) for c in record.get("roadmapColumns") or ())

    read_organization_wide(reader, INITIATIVES, INITIATIVE, look, labels)
    keep_hidden(reader, INITIATIVE_LABELS, INITIATIVE_SPACES, INITIATIVE_WORK_ITEMS)
    if not reader.full and columns - ids_of(reader, "roadmap_columns"):
        read_list(reader, ROADMAPS)


def read_organization_wide(
    reader: Reader,
    listing: Resource,
    single: Resource,
    look: Callable[[list[Record], Page], None],
    labels: GeneralLabels,
) -> None:
    """All pages of a list; what a complete one lacks has ended, labels included."""
    seen: set[str] = set()

    def note(records: list[Record], page: Page) -> None:
        seen.update(str(record.get("id")) for record in records)
        look(records, page)

    try:
        proof = read_pages(reader, listing, look=note)
    except Skippable as error:
        proof = Completeness(False, reason=str(error))
    if not proof.complete:
        reader.evidence.fail_rows(listing, proof.reason)
        return
    end_missing(reader, listing, single, seen, proof)
    if listing.rows[0].table.name not in reader.evidence.failures:
        labels.prove(listing, proof)
    for rows in (listing.rows[0], *listing.rows[0].children):
        reader.evidence.note(rows.table.name, proof.by)


def copy_feedback(reader: Reader, means: Means) -> None:
    """Feedback with its insights, and people in full passes or when someone is new."""
    if not means.graphql:
        leave_out(reader, ("people", "companies", "feedback_owners", "feedback_tags"))
        feedback_by_number(reader)
        return
    if reader.full:
        read_list(reader, PEOPLE)
        read_list(reader, COMPANIES)
    labels = GeneralLabels(reader, "tags")
    people: set[str] = set()
    companies: set[str] = set()

    def look(records: list[Record], page: Page) -> None:
        same_organization(reader, organization_of(page))
        for record in records:
            labels.keep(record)
            people.add(get_path(record, "person.id"))
            companies.add(get_path(record, "company.id"))

    read_organization_wide(reader, FEEDBACK, FEEDBACK_BY_ID, look, labels)
    keep_hidden(reader, INSIGHT_ENTITIES)
    if not reader.full:
        if people - ids_of(reader, "people") - {None}:
            read_list(reader, PEOPLE)
        if companies - ids_of(reader, "companies") - {None}:
            read_list(reader, COMPANIES)
