"""What reading has shown: which tables are complete, and which records are gone.

This module alone decides both. A list is whole when its paging says so, nothing in its answers
contradicts that, and every record could be read. A record is gone by a 404 on its own address, by
the service's own word for it, or by absence from a list that was whole. A list that had rows and
is empty now is believed only when a later run finds it empty again. Readers and plans report what
they saw; they hold no rules of evidence of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from connectors.core.errors import Forbidden, Missing, Skippable
from connectors.core.known import KnownRows
from connectors.core.listing import Bind, Page
from connectors.core.resources import ForEachChanged, ForEachParent, Resource
from connectors.core.state import StateKey, StateKind
from connectors.paging import Completeness, Facts

CHECKED_SINGLY = 50
"""Of the records that a list lacks, so many are asked for by their own addresses."""
WAIT_THEIR_TURN = "wait to be asked for"
"""Stands in the reason of a table that is read in turns; see `only_waits`."""
ROWS_SEEN = StateKey(StateKind.ROWS_SEEN)


@dataclass
class Guard:
    """When an empty list is believed; one for all families of a run."""

    started_at: datetime
    """When the run began; the same after a resume."""
    confirm_empty_hours: float = 20.0
    """A list that had rows must be empty for so long, and in a later run; 0 believes it at once."""
    accept_deletes: bool = False
    """A person said that whatever is missing may end."""
    with_rows: set[tuple[str, str]] = field(default_factory=set)
    """(resource, scope) of the lists that had rows in this run."""

    def others_had_rows(self, name: str, scope: str) -> bool:
        """Whether any other list of the whole account had rows in this run.

        Lists of a single parent do not count: they may come inside that parent's own answer, which
        says nothing of how well the service answers its lists.
        """
        return any(not of_parent for listed, of_parent in self.with_rows - {(name, scope)})


@dataclass
class Evidence:
    """Proofs and failures of one family in one run."""

    resources: Sequence[Resource]
    """Of the family."""
    failures: dict[str, list[str]] = field(default_factory=dict)
    """Table -> why it is not complete."""
    proofs: dict[str, list[str]] = field(default_factory=dict)
    """Table -> what proves it complete."""
    scopes: dict[str, dict[tuple[tuple[str, Any], ...], set[str]]] = field(default_factory=dict)
    """Table -> scope (inherited columns and values) -> resources whose listings were complete."""
    cursors: dict[tuple[str, str], str] = field(default_factory=dict)
    """(resource, scope) -> cursor to store together with the rows."""
    state: dict[StateKey, str] = field(default_factory=dict)
    """What later runs must know, stored together with the rows; empty text for no longer."""
    visits: dict[tuple[str, str], str] = field(default_factory=dict)
    """(resource, scope) -> content of the parent for which it was asked."""
    ended: dict[str, list[tuple[Mapping[str, Any], str]]] = field(default_factory=dict)
    """Table -> (key columns and values, evidence) of records that were proved to be gone."""
    present: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    """Table -> keys of records that still exist although no row of them was read."""
    messages: list[str] = field(default_factory=list)
    """For the person who watches."""
    lacks: dict[str, list[str]] = field(default_factory=dict)
    """Table -> what it lacks although all was read that can be read."""
    left_out: set[str] = field(default_factory=set)
    """Tables that this way of reading does not serve at all; their rows stay as they are."""
    confirmed: set[str] = field(default_factory=set)
    """Tables of which an earlier run already said that nothing is left."""
    unfinished: bool = False
    """Another part of the family is to be read later, or an earlier one was not complete."""
    no_ends: str = ""
    """Why nothing may end in this load, whatever did not come. A table that lacks known rows is
    then not complete: the load tells how many."""

    def fail(self, table: str, resource: str, reason: str) -> None:
        """The table cannot be called complete; deletes in its failed scopes are off."""
        _add(self.failures, table, f"{resource}: {reason}")

    def fail_rows(self, resource: Resource, reason: str) -> None:
        """The same for every table that a resource feeds."""
        for name in resource.table_names:
            self.fail(name, resource.name, reason)

    def lack(self, table: str, resource: str, reason: str) -> None:
        """The table cannot be called complete, and reading all of it again would not help."""
        _add(self.lacks, table, f"{resource}: {reason}")

    def lack_rows(self, resource: Resource, reason: str) -> None:
        """The same for every table that a resource feeds."""
        for name in resource.table_names:
            self.lack(name, resource.name, reason)

    def wait(self, resource: Resource, each: ForEachChanged, count: int) -> None:
        """The tables of a resource lack only what later syncs read: that of so many parents."""
        setting = f" (setting {each.setting})" if each.setting else ""
        text = f"{count:,} {each.table} {WAIT_THEIR_TURN}: one sync asks for {each.per_run:,}"
        self.lack_rows(resource, text + setting)

    def sees_a_part(self, why: str, *, whole: Collection[str] = ()) -> None:
        """Lists may leave out rows that this caller may not see, so no absence ends a row.

        What the family's lists feed is not complete. The resources named in `whole` show every
        row to everyone who gets them: theirs are complete while no known row is missing.
        """
        self.no_ends = why
        for resource in self.resources:
            if resource.name not in whole:
                self.lack_rows(resource, why)

    def note(self, table: str, by: str) -> None:
        """Something that speaks for completeness without proving any end."""
        if by:
            _add(self.proofs, table, by)

    def prove(self, table: str, resource: str, scope: Mapping[str, Any], by: str) -> None:
        """A listing showed every row of the table within `scope`."""
        self.note(table, by)
        self.scopes.setdefault(table, {}).setdefault(tuple(scope.items()), set()).add(resource)

    def visited(self, resource: str, scope: str, content: str) -> None:
        """A due parent was asked for; it is due again when its content differs."""
        self.visits[(resource, scope)] = content

    def end(self, table: str, key: Mapping[str, Any], evidence: str) -> None:
        """This record is proved to be gone (its own tombstone, or a 404 on its own address)."""
        self.ended.setdefault(table, []).append((dict(key), evidence))

    def spare(self, table: str, key: Mapping[str, Any]) -> None:
        """This record does not end by absence, although no row of it was read."""
        self.present.setdefault(table, []).append(dict(key))

    def complete(self, table: str) -> bool:
        """Whether nothing speaks against the table's completeness."""
        return not self.reasons(table)

    def reasons(self, table: str) -> list[str]:
        """What speaks against the table's completeness."""
        return [*self.failures.get(table, []), *self.lacks.get(table, [])]

    def proved_scopes(self, table: str) -> list[dict[str, Any]]:
        """Scopes in which absence is evidence: every listing that feeds them was complete."""
        feeders = {
            resource.name
            for resource in self.resources
            if resource.listing and not isinstance(resource.each, ForEachParent)
            for rows in resource.rows
            if rows.table.name == table and not rows.inherit and rows.proves
        }
        return [
            dict(scope)
            for scope, proved in self.scopes.get(table, {}).items()
            if scope or feeders <= proved
        ]


def only_waits(reason: str) -> bool:
    """Whether a table is incomplete only because later syncs are to read the rest of it.

    That is on schedule: nothing failed, and nobody has to act. `reason` is what the ledger holds,
    with `; ` between several reasons.
    """
    return bool(reason) and all(WAIT_THEIR_TURN in part for part in reason.split("; "))


def _add(texts: dict[str, list[str]], table: str, text: str) -> None:
    if text not in texts.setdefault(table, []):
        texts[table].append(text)


# -- whole -----------------------------------------------------------------------------------


def held_to_facts(proof: Completeness, facts: Facts, rows: int, answers: int) -> Completeness:
    """A list that its paging calls complete, checked against what its last answer says.

    `rows` came in so many `answers`. Of several answers the paging itself has judged the links.
    """
    if not proof.complete or not proof.whole:
        return proof
    judged = facts if answers == 1 else replace(facts, more=None, count=None)
    reason = judged.contradiction(rows)
    return Completeness(False, reason=reason, stale=proof.stale) if reason else proof


def gap_test(
    proof: Completeness, ids: Iterable[Hashable], known: Iterable[Hashable]
) -> Completeness:
    """A list as long as it can be is complete if it overlaps with the rows that are known."""
    if not proof.capped:
        return proof
    here = {str(row) for row in known}
    if any(str(row) in here for row in ids):
        return replace(proof, by=f"{proof.by}, which overlap with the known ones")
    reason = f"{proof.by} are all new, and the service shows no more: others may be missing"
    return Completeness(False, reason=reason, lacking=True)


def recent_gap(
    shown: Sequence[tuple[str, datetime]],
    most: int,
    cursor: datetime | None,
    stored: Mapping[str, datetime | None],
) -> str:
    """Why rows may be missing between a list of recent changes and what was read before; empty
    text where none can be.

    `shown` are (id, time of the change) of its rows, in any order; the service shows `most` at
    most. A row that is stored as it came, from the time of the cursor or before, is an overlap:
    many rows may share the cursor's moment.
    """
    if len(shown) < most:
        return ""
    if cursor is None:
        return f"{len(shown)} rows came, there may be more, and all of them were never read"
    if min(time for _, time in shown) < cursor:
        return ""
    if any(time <= cursor and stored.get(row_id) == time for row_id, time in shown):
        return ""
    return f"all {len(shown)} rows are newer than what was read last, there may be more"


# -- empty -----------------------------------------------------------------------------------


def confirm_empty(
    evidence: Evidence,
    known: KnownRows,
    guard: Guard,
    name: str,
    scope: str,
    another_has_rows: Callable[[], bool] = lambda: False,
) -> str:
    """Why a list that is empty, and had rows, is not believed yet; empty text if it is.

    It is believed in a later run, `confirm_empty_hours` later, if it is empty still while another
    list of the account had rows: in that run, or in an earlier one after so many hours. Where no
    other list was read yet, `another_has_rows` asks for one.
    """
    key = StateKey(StateKind.EMPTY_SINCE, name, scope)
    stored = known.state(key)
    hours = guard.confirm_empty_hours
    if guard.accept_deletes or not hours:
        believed = True
    else:
        since = datetime.fromisoformat(stored) if stored else guard.started_at
        due = since + timedelta(hours=hours)
        seen = known.state(ROWS_SEEN)
        believed = (
            bool(stored)
            and guard.started_at >= due
            and (
                guard.others_had_rows(name, scope)
                or bool(seen and datetime.fromisoformat(seen) >= due)
                or another_has_rows()
            )
        )
        evidence.state[key] = since.isoformat()
    if believed:
        evidence.state[key] = ""
        return ""
    return f"the list {why_kept(guard)}"


def why_kept(guard: Guard) -> str:
    """What to say of empty lists that are not believed."""
    return (
        f"came empty where rows were: they are kept until a sync {guard.confirm_empty_hours:g} "
        "hours later finds the same (--accept-deletes ends them now)"
    )


def note_rows(evidence: Evidence, known: KnownRows, guard: Guard, name: str, scope: str) -> None:
    """A list had rows: it is not suspiciously empty, and others may be believed to be."""
    guard.with_rows.add((name, scope))
    if not scope:
        evidence.state[ROWS_SEEN] = guard.started_at.isoformat()
    if known.states(StateKind.EMPTY_SINCE, name).get(scope):
        evidence.state[StateKey(StateKind.EMPTY_SINCE, name, scope)] = ""


# -- gone ------------------------------------------------------------------------------------


@dataclass
class Missed:
    """What became of records that a list lacks."""

    gone: list[Any] = field(default_factory=list)
    there: list[Any] = field(default_factory=list)
    """They exist: the list was not whole."""
    unreadable: list[Any] = field(default_factory=list)
    """Kept: access was lost, or the service did not say that they are gone."""
    unasked: list[Any] = field(default_factory=list)


class Asks(Protocol):
    """What `confirm_missing` needs of a reader."""

    evidence: Evidence

    def ask_all(
        self, resource: Resource, binds: Iterable[Bind]
    ) -> Iterator[tuple[Bind, Page | Skippable]]: ...


def confirm_missing(
    reader: Asks,
    table: str,
    ids: Sequence[Any],
    single: Resource,
    bind: Callable[[Any], Bind],
    *,
    is_there: Callable[[Any, Page], bool | None],
    keep: Callable[[Any, Page], object] = lambda row_id, page: None,
    listed: str = "",
    list_was_whole: bool = False,
    most: int = 0,
    always: Iterable[Any] = (),
) -> Missed:
    """Ask for records that a list lacks at their own addresses, and end those that are gone.

    Gone is a 404, or the service's own word for it. Whatever else comes keeps the row and is
    said, unless `is_there` answers None: the record exists and need not be listed, so that its
    absence from a whole list decides. `keep` gets the answers of those that are there.

    With `most`, only so many are asked for, evenly chosen, those in `always` first; the others
    are `unasked`, and stay unless absence from a whole list ends them. `listed` says for the
    evidence where the record was not found. Where `list_was_whole`, an answer that says neither
    that the record exists nor that it may not be seen leaves the decision to that list.
    """
    found = Missed()
    chosen = _chosen(ids, most, always)
    asked = set(chosen)
    found.unasked = [row_id for row_id in ids if row_id not in asked]
    pages = reader.ask_all(single, [bind(row_id) for row_id in chosen])
    for row_id, (_, page) in zip(chosen, pages, strict=True):
        there = is_there(row_id, page) if isinstance(page, Page) else False
        if isinstance(page, Missing):
            by = f"{listed}, and 404 on its own address" if listed else OWN_404
        elif list_was_whole and there is False and not isinstance(page, Forbidden):
            by = f"{listed}, and not found by its id"
        else:
            by = ""
        if by:
            found.gone.append(row_id)
            reader.evidence.end(table, {"id": row_id}, by)
            continue
        if there is None:
            continue
        reader.evidence.spare(table, {"id": row_id})
        if isinstance(page, Page) and there:
            found.there.append(row_id)
            keep(row_id, page)
        else:
            found.unreadable.append(row_id)
    if found.unreadable:
        names = ", ".join(map(str, found.unreadable[:3]))
        more = len(found.unreadable) - 3
        names += f" and {more} more" if more > 0 else ""
        text = f"{table}: {names} can no longer be read, and nothing says deleted: kept"
        reader.evidence.messages.append(text)
    return found


OWN_404 = "404 on its own address"


def _chosen(ids: Sequence[Any], most: int, always: Iterable[Any]) -> list[Any]:
    if not most or len(ids) <= most:
        return list(ids)
    first = [row_id for row_id in always if row_id in set(ids)][:most]
    rest = [row_id for row_id in ids if row_id not in set(first)]
    step = -(-len(rest) // max(1, most - len(first)))
    return [*first, *(rest[::step] if len(first) < most else ())]
