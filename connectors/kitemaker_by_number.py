"""Kitemaker: initiatives and feedback by REST, which has no list of them: number by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.declare import Resource
from connectors.errors import Missing, Skippable
from connectors.kitemaker_links import GeneralLabels
from connectors.kitemaker_means import same_organization
from connectors.kitemaker_numbers import MARGIN, Ask, Holes, Keep, probe
from connectors.kitemaker_routes import (
    FEEDBACK_BY_NUMBER,
    FEEDBACK_BY_PATH,
    INITIATIVE_BY_NUMBER,
)
from connectors.paging import Proof, dig, records_at
from connectors.walk import Page, Walk


def initiatives_by_number(walk: Walk) -> None:
    """Initiatives, their spaces and labels."""
    labels = GeneralLabels(walk, "labels")

    def keep(_: int, page: Page) -> str:
        for record in records_at(page.payload, "") or ():
            labels.keep(record)
        found = records_at(page.payload, "") or [{}]
        walk.keep(INITIATIVE_BY_NUMBER.rows[0], page.payload)
        return str(dig(found[0], "id") or "")

    def ask(numbers: Iterable[int]) -> Iterator[tuple[int, Page | Skippable]]:
        binds = [{"number": number} for number in numbers]
        for bind, page in walk.ask_all(INITIATIVE_BY_NUMBER, binds):
            yield int(bind["number"]), page

    read_by_number(walk, INITIATIVE_BY_NUMBER, ask, keep)
    if "initiatives" not in walk.outcome.failures:
        labels.prove(INITIATIVE_BY_NUMBER, Proof(True, "every number asked for"))


def feedback_by_number(walk: Walk) -> None:
    """By parameter or by path: the documentation shows both, the first hit tells which works."""
    works = walk.known.cursor("feedback address") or ""
    forms = [form for form in (FEEDBACK_BY_NUMBER, FEEDBACK_BY_PATH) if works in ("", form.name)]

    def keep(number: int, page: Page) -> str:
        if (organization := dig(page.payload, "organizationId")) is not None:
            same_organization(walk, organization)
        row_id = str(dig(page.payload, "id") or "")
        for rows in FEEDBACK_BY_NUMBER.rows:
            walk.keep(rows, page.payload, {"number": str(number)})
        return row_id

    def ask(numbers: Iterable[int]) -> Iterator[tuple[int, Page | Skippable]]:
        for number in numbers:
            yield number, _either(walk, forms, number)

    if not read_by_number(walk, FEEDBACK_BY_NUMBER, ask, keep):
        walk.outcome.cursors[("feedback address", "")] = ""


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
) -> bool:
    """All numbers in a full pass, else the known ones, and in both cases some beyond the last.

    A known number that answers 404 has ended, if any other number was found. False where none
    was: the address itself may be gone.
    """
    table = resource.rows[-1].table.name
    known = {n: row_id for row_id, n in walk.known.rows(table, ["id", "number"]) if n is not None}
    top, holes = max(known, default=0), Holes(walk, table)
    numbers = holes.worth_asking(top) if walk.full else [*known, *range(top + 1, top + MARGIN + 1)]
    result = probe(ask, keep, numbers, top)
    if result.failed:
        walk.outcome.fail_rows(resource, result.failed)
        return True
    if known and not result.found:
        walk.outcome.fail_rows(resource, "answered 404 to every number, known ones included")
        return False
    holes.remember(result)
    ids = set(result.found.values())
    for number in sorted(known.keys() & result.missing):
        if known[number] not in ids:
            walk.outcome.end(table, {"id": known[number]}, "404 on its own address")
    for rows in (resource.rows[-1], *resource.rows[-1].children):
        walk.outcome.note(rows.table.name, "every number asked for")
    return True
