"""Kitemaker: the order in which each family is asked for, by either transport."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from connectors.declare import Record, Resource, Table
from connectors.errors import Missing, Skippable
from connectors.kitemaker_incremental import copy_changes
from connectors.kitemaker_means import (
    Means,
    end_missing,
    leave_out,
    organization_of,
    read_list,
    read_pages,
    same_organization,
    token_mark,
)
from connectors.kitemaker_numbers import MARGIN, Ask, Holes, Keep, probe
from connectors.kitemaker_rest_pass import copy_numbers
from connectors.kitemaker_routes import (
    COMPANIES,
    FEEDBACK,
    FEEDBACK_BY_ID,
    FEEDBACK_BY_NUMBER,
    FEEDBACK_BY_PATH,
    GENERAL_LABELS,
    INITIATIVE,
    INITIATIVE_BY_NUMBER,
    INITIATIVES,
    PEOPLE,
    ROADMAPS,
)
from connectors.kitemaker_spaces import read_spaces
from connectors.kitemaker_tables import (
    INITIATIVE_LABELS,
    INITIATIVE_SPACES,
    INITIATIVE_WORK_ITEMS,
    INSIGHT_ENTITIES,
)
from connectors.kitemaker_work import Work, copy_all
from connectors.paging import Proof, dig, records_at
from connectors.walk import Page, Walk


def copy_work(walk: Walk, means: Means) -> None:
    """The organization, its spaces and their work items with comments.

    GraphQL has no filter by time: alone, it reads everything each time.
    """
    work = Work(walk, means, read_spaces(walk, means))
    if means.graphql and (walk.full or not means.rest):
        copy_all(work)
    elif walk.full:
        copy_numbers(work)
    else:
        copy_changes(work)


# -- initiatives ---------------------------------------------------------------------------


def copy_initiatives(walk: Walk, means: Means) -> None:
    """Initiatives with their comments, and roadmaps in full passes or when a column is new."""
    if not means.graphql:
        leave_out(
            walk,
            ("roadmaps", "roadmap_columns", "initiative_members", "initiative_watchers",
             "initiative_work_items", "initiative_roadmap_columns"),
        )  # fmt: skip
        _initiatives_by_number(walk)
        return
    if walk.full:
        read_list(walk, ROADMAPS)
    labels = GeneralLabels(walk, "labels")
    columns: set[str] = set()

    def look(records: list[Record], page: Page) -> None:
        same_organization(walk, organization_of(page))
        for record in records:
            labels.keep(record)
            columns.update(str(c.get("id")) for c in record.get("roadmapColumns") or ())

    read_organization_wide(walk, INITIATIVES, INITIATIVE, look, labels)
    keep_hidden(walk, INITIATIVE_LABELS, INITIATIVE_SPACES, INITIATIVE_WORK_ITEMS)
    if not walk.full and columns - ids_of(walk, "roadmap_columns"):
        read_list(walk, ROADMAPS)


def read_organization_wide(
    walk: Walk,
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
        proof = read_pages(walk, listing, look=note)
    except Skippable as error:
        proof = Proof(False, reason=str(error))
    if not proof.complete:
        walk.outcome.fail_rows(listing, proof.reason)
        return
    end_missing(walk, listing, single, seen, proof)
    labels.prove(listing, proof)
    for rows in (listing.rows[0], *listing.rows[0].children):
        walk.outcome.note(rows.table.name, proof.by)


class GeneralLabels:
    """Labels of the organization: no space lists them, only what carries them shows them."""

    def __init__(self, walk: Walk, part: str) -> None:
        self._walk = walk
        self._part = part
        self._of_spaces = {
            label_id for label_id, space in walk.known.rows("labels", ["id", "space_id"]) if space
        }

    def keep(self, record: Record) -> None:
        """The labels of a record that are no space's."""
        found = [dict(label) for label in record.get(self._part) or () if isinstance(label, dict)]
        general = [label for label in found if label.get("id") not in self._of_spaces]
        self._walk.keep(GENERAL_LABELS, general, {"space_id": None})

    def prove(self, listing: Resource, proof: Proof) -> None:
        """A label that no list carries any more has ended."""
        elsewhere = {"labels": "feedback_tags", "tags": "initiative_labels"}[self._part]
        others = self._walk.known.rows(elsewhere, ["label_id"])
        spared: list[dict[str, Any]] = [{"id": label_id} for (label_id,) in others]
        self._walk.outcome.present.setdefault("labels", []).extend(spared)
        self._walk.outcome.prove("labels", listing.name, {"space_id": None}, proof.by)


def keep_hidden(walk: Walk, *links: Table) -> None:
    """Links to what is in a space that only another token saw: their absence says nothing."""
    mark, seen_by = token_mark(walk), walk.known.cursors("space seen by")
    spaces = {i for i in ids_of(walk, "spaces") if seen_by.get(i) != mark}
    if not spaces:
        return
    hidden = set(spaces)
    for name in ("labels", "work_items"):
        rows = walk.known.rows(name, ["id", "space_id"])
        hidden.update(row_id for row_id, space_id in rows if space_id in spaces)
    for table in links:
        owner, to = table.key
        for owner_id, linked in walk.known.rows(table.name, [owner, to]):
            if linked in hidden:
                walk.sink.without(table, {owner: owner_id})


def ids_of(walk: Walk, table: str) -> set[str]:
    return {row[0] for row in walk.known.rows(table, ["id"])}


# -- feedback ------------------------------------------------------------------------------


def copy_feedback(walk: Walk, means: Means) -> None:
    """Feedback with its insights, and people in full passes or when someone is new."""
    if not means.graphql:
        leave_out(walk, ("people", "companies", "feedback_owners", "feedback_tags"))
        _feedback_by_number(walk)
        return
    if walk.full:
        read_list(walk, PEOPLE)
        read_list(walk, COMPANIES)
    labels = GeneralLabels(walk, "tags")
    people: set[str] = set()
    companies: set[str] = set()

    def look(records: list[Record], page: Page) -> None:
        same_organization(walk, organization_of(page))
        for record in records:
            labels.keep(record)
            people.add(dig(record, "person.id"))
            companies.add(dig(record, "company.id"))

    read_organization_wide(walk, FEEDBACK, FEEDBACK_BY_ID, look, labels)
    keep_hidden(walk, INSIGHT_ENTITIES)
    if not walk.full:
        if people - ids_of(walk, "people") - {None}:
            read_list(walk, PEOPLE)
        if companies - ids_of(walk, "companies") - {None}:
            read_list(walk, COMPANIES)


# -- number by number ----------------------------------------------------------------------


def _initiatives_by_number(walk: Walk) -> None:
    labels = GeneralLabels(walk, "labels")

    def keep(_: int, page: Page) -> str:
        for record in records_at(page.payload, "") or ():
            labels.keep(record)
        found = records_at(page.payload, "") or [{}]
        walk.keep(INITIATIVE_BY_NUMBER.rows[0], page.payload)
        return str(dig(found[0], "id"))

    def ask(numbers: Iterable[int]) -> Iterator[tuple[int, Page | Skippable]]:
        binds = [{"number": number} for number in numbers]
        for bind, page in walk.ask_all(INITIATIVE_BY_NUMBER, binds):
            yield int(bind["number"]), page

    read_by_number(walk, INITIATIVE_BY_NUMBER, ask, keep)


def _feedback_by_number(walk: Walk) -> None:
    """By parameter or by path: the documentation shows both, the first hit tells which works."""
    works = walk.known.cursor("feedback address")
    forms = [form for form in (FEEDBACK_BY_NUMBER, FEEDBACK_BY_PATH) if works in (None, form.name)]

    def keep(number: int, page: Page) -> str:
        if (organization := dig(page.payload, "organizationId")) is not None:
            same_organization(walk, organization)
        row_id = str(dig(page.payload, "id"))
        for rows in FEEDBACK_BY_NUMBER.rows:
            walk.keep(rows, page.payload, {"number": str(number)})
        return row_id

    def ask(numbers: Iterable[int]) -> Iterator[tuple[int, Page | Skippable]]:
        for number in numbers:
            yield number, _either(walk, forms, number)

    read_by_number(walk, FEEDBACK_BY_NUMBER, ask, keep)


def _either(walk: Walk, forms: list[Resource], number: int) -> Page | Skippable:
    """The answer of the form that works; until one has, a 404 may mean the form."""
    answer: Page | Skippable = Missing("no form was asked for")
    for form in list(forms):
        try:
            answer = walk.ask(form, {"number": number})
        except Missing as error:
            answer = error
            continue
        except Skippable as error:
            return error
        forms[:] = [form]
        walk.outcome.cursors[("feedback address", "")] = form.name
        break
    return answer


def read_by_number(
    walk: Walk,
    resource: Resource,
    ask: Ask,
    keep: Keep,
) -> None:
    """All numbers in a full pass, else the known ones, and in both cases some beyond the last.

    A known number that answers 404 has ended, if any other number was found: where none is, the
    address itself may be gone.
    """
    table = resource.rows[-1].table.name
    known = {n: row_id for row_id, n in walk.known.rows(table, ["id", "number"]) if n is not None}
    top, holes = max(known, default=0), Holes(walk, table)
    numbers = holes.worth_asking(top) if walk.full else [*known, *range(top + 1, top + MARGIN + 1)]
    result = probe(ask, keep, numbers, top)
    if result.failed:
        walk.outcome.fail_rows(resource, result.failed)
        return
    if known and not result.found:
        walk.outcome.fail_rows(resource, "answered 404 to every number, known ones included")
        return
    holes.remember(result)
    ids = set(result.found.values())
    for number in sorted(known.keys() & result.missing):
        if known[number] not in ids:
            walk.outcome.end(table, {"id": known[number]}, "404 on its own address")
    for rows in (resource.rows[-1], *resource.rows[-1].children):
        walk.outcome.note(rows.table.name, "every number asked for")
