"""Kitemaker: the order in which each family is asked for, by either transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.core import Reader, Record, Resource, confirm_missing
from connectors.core.evidence import CHECKED_SINGLY
from connectors.kitemaker.endpoints import (
    COMPANIES,
    FEEDBACK,
    FEEDBACK_BY_ID,
    INITIATIVE,
    INITIATIVES,
    PEOPLE,
    ROADMAPS,
)
from connectors.kitemaker.normalize import objects
from connectors.kitemaker.sync.by_number import (
    feedback_by_number,
    initiatives_by_number,
    read_all_numbers,
)
from connectors.kitemaker.sync.changes import read_changes
from connectors.kitemaker.sync.links import GeneralLabels, ids_of, keep_hidden
from connectors.kitemaker.sync.spaces import read_spaces
from connectors.kitemaker.sync.work_items import Work, read_all
from connectors.kitemaker.tables import (
    INITIATIVE_LABELS,
    INITIATIVE_SPACES,
    INITIATIVE_WORK_ITEMS,
    INSIGHT_ENTITIES,
)
from connectors.kitemaker.transport import Transport, leave_out, with_activities
from connectors.paging import Completeness, get_path


def copy_work(reader: Reader, transport: Transport) -> None:
    """The organization, its spaces and their work items with comments.

    GraphQL has no filter by time: alone, it reads everything each time.
    """
    work = Work(reader, transport, read_spaces(reader, transport))
    if transport.graphql and (reader.full or not transport.rest):
        read_all(work)
    elif reader.full:
        read_all_numbers(work)
    else:
        read_changes(work)
    if not transport.graphql:
        reason = "REST shows none of the comments on initiatives"
        reader.evidence.lack("comments", reader.family, reason)


def copy_initiatives(reader: Reader, transport: Transport) -> None:
    """Initiatives with their comments, and roadmaps in full passes or when a column is new."""
    if not transport.graphql:
        leave_out(
            reader,
            ("roadmaps", "roadmap_columns", "initiative_members", "initiative_watchers",
             "initiative_work_items", "initiative_roadmap_columns", "activities"),
        )  # fmt: skip
        initiatives_by_number(reader)
        keep_hidden(reader, INITIATIVE_LABELS, INITIATIVE_SPACES)
        return
    if reader.full:
        read_list(reader, ROADMAPS)
    columns: set[str] = set()

    def see(record: Record) -> None:
        columns.update(str(column.get("id")) for column in objects(record.get("roadmapColumns")))

    labels = GeneralLabels(reader, "labels")
    variables = with_activities(reader)
    read_organization_wide(reader, INITIATIVES, INITIATIVE, labels, see, variables)
    keep_hidden(reader, INITIATIVE_LABELS, INITIATIVE_SPACES, INITIATIVE_WORK_ITEMS)
    if not reader.full and columns - ids_of(reader, "roadmap_columns"):
        read_list(reader, ROADMAPS)


def copy_feedback(reader: Reader, transport: Transport) -> None:
    """Feedback with its insights, and people in full passes or when someone is new."""
    if not transport.graphql:
        leave_out(reader, ("people", "companies", "feedback_owners", "feedback_tags"))
        feedback_by_number(reader)
        keep_hidden(reader, INSIGHT_ENTITIES)
        reason = "REST shows none of the labels that only feedback carries"
        reader.evidence.lack("labels", reader.family, reason)
        return
    if reader.full:
        read_list(reader, PEOPLE)
        read_list(reader, COMPANIES)
    givers: dict[str, set[str]] = {"person": set(), "company": set()}

    def see(record: Record) -> None:
        for part, ids in givers.items():
            if (row_id := get_path(record, f"{part}.id")) is not None:
                ids.add(str(row_id))

    read_organization_wide(reader, FEEDBACK, FEEDBACK_BY_ID, GeneralLabels(reader, "tags"), see, {})
    keep_hidden(reader, INSIGHT_ENTITIES)
    if not reader.full:
        if givers["person"] - ids_of(reader, "people"):
            read_list(reader, PEOPLE)
        if givers["company"] - ids_of(reader, "companies"):
            read_list(reader, COMPANIES)


def read_organization_wide(
    reader: Reader,
    listing: Resource,
    single: Resource,
    labels: GeneralLabels,
    see: Callable[[Record], None],
    variables: Mapping[str, Any],
) -> None:
    """All pages of a list; what a complete one lacks has ended, labels included.

    `see` gets each record before it is kept.
    """
    seen: set[str] = set()

    def collect(record: Record) -> Record:
        seen.add(str(record.get("id")))
        labels.keep(record)
        see(record)
        return {}

    proof = reader.read(listing, variables, collect=collect).completeness
    if not proof.complete:
        return
    end_missing(reader, listing, single, seen, proof, variables)
    if listing.rows[0].table.name not in reader.evidence.failures:
        labels.prove(listing, proof)


def end_missing(
    reader: Reader,
    listing: Resource,
    single: Resource,
    seen: set[str],
    proof: Completeness,
    variables: Mapping[str, Any],
) -> None:
    """What a complete GraphQL listing lacks has ended, if its own address says so."""
    table = listing.rows[0].table.name
    known = ids_of(reader, table)
    found = confirm_missing(
        reader,
        table,
        sorted(known - seen),
        single,
        lambda row_id: {**variables, "id": row_id},
        is_there=lambda row_id, page: get_path(page.payload, f"{single.rows[0].at}.id") == row_id,
        listed=f"{proof.by} without it",
        list_was_whole=True,
        most=CHECKED_SINGLY,
    )
    if found.there:
        reader.evidence.fail_rows(listing, f"lacked {len(found.there)} records that exist")
    elif found.unasked and not found.unreadable:
        reader.evidence.prove(table, listing.name, {}, proof.by)


def read_list(reader: Reader, resource: Resource) -> None:
    """A whole GraphQL list in one answer; absence from it is evidence."""
    listing = reader.confirm_empty(resource, {}, reader.read(resource))
    if listing.completeness.complete:
        table = resource.rows[0].table.name
        reader.evidence.prove(table, resource.name, {}, listing.completeness.by)
