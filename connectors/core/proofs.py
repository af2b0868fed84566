"""Applies the rules of `connectors.core.evidence` to what a family's listings have shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.core.evidence import (
    Evidence,
    Guard,
    confirm_empty,
    gap_test,
    held_to_facts,
    note_rows,
    why_kept,
)
from connectors.core.known import KnownRows
from connectors.core.listing import Bind, Listing
from connectors.core.resources import Resource, Rows, inside, names_in, scope_of
from connectors.core.sink import Sink
from connectors.core.state import StateKey, StateKind
from connectors.core.task import ReadingTask
from connectors.paging import Completeness

MOST_DOUBTS = 10_000
"""So many empty lists of one table are remembered; a service in trouble may show any number."""


class Proofs:
    """What the listings of one family prove, put into its evidence."""

    def __init__(
        self,
        family: str,
        resources: tuple[Resource, ...],
        evidence: Evidence,
        known: KnownRows,
        guard: Guard,
        sink: Sink,
        another_has_rows: Callable[[str], bool],
    ) -> None:
        """`another_has_rows` asks whether a list of another resource than this has rows."""
        self._family = family
        self._resources = resources
        self._evidence = evidence
        self._known = known
        self._guard = guard
        self._sink = sink
        self._another_has_rows = another_has_rows
        self._unreadable: Counter[int] = Counter()
        """Rejected records, by the identity of their `Rows`."""
        self._doubted: Counter[str] = Counter()
        """Empty lists inside records that are not believed, by table."""

    @property
    def unproved(self) -> int:
        """Records that could not be read, and empty lists inside records that are not believed."""
        return self._unreadable.total() + self._doubted.total()

    def rejected(self, rows: Rows) -> int:
        """How many records of these rows were rejected so far."""
        return self._unreadable[id(rows)]

    def saw_rows(self, name: str, scope: Mapping[str, Any]) -> None:
        """A list had rows: it speaks for others that are empty."""
        self._guard.with_rows.add((name, scope_text(scope)))

    def tell_doubts(self) -> None:
        """At the end of the family: empty lists inside records that are not believed."""
        for name, count in self._doubted.items():
            lists = "the list of 1 parent" if count == 1 else f"the lists of {count} parents"
            self._evidence.lack(name, self._family, f"{lists} {why_kept(self._guard)}")

    def finished(self, task: ReadingTask) -> Listing:
        """What a listing that was read to its end proves, put into the evidence."""
        resource = task.resource
        if task.gone:
            for rows in resource.rows:
                self._evidence.note(rows.table.name, f"{resource.get} is no longer served")
            return Listing(Completeness(False, reason="gone"), task.records, gone=True)
        proof = self._completeness(task)
        if proof.stale:
            self._forget(task, proof)
        for rows in resource.rows:
            self._record(resource, rows, task, proof)
        if resource.since is not None and proof.complete:
            self._move_cursor(task)
        return Listing(proof, task.records, task.refused, task.count, task.date)

    def _move_cursor(self, task: ReadingTask) -> None:
        """To the newest record that came. A time that has not yet come (a clock of the service
        that jumped) would hide what follows."""
        scope = scope_text(task.bind)
        stored = self._known.cursor(task.resource.name, scope)
        times = [datetime.fromisoformat(stored)] if stored else []
        times += [min(task.newest, self._guard.started_at)] if task.newest else []
        if times:
            cursor = (task.resource.name, scope)
            self._evidence.cursors[cursor] = max(times).isoformat()

    def _completeness(self, task: ReadingTask) -> Completeness:
        resource = task.resource
        if task.failed:
            return Completeness(False, reason=task.failed)
        proof = held_to_facts(task.paging.completeness(), task.facts, task.count, task.answers)
        if task.begin_at is not None and proof.complete and proof.whole:
            day = f"{task.begin_at:%Y-%m-%d %H:%M}"
            proof = replace(proof, by=f"changes since {day}: {proof.by}", whole=False)
        if not resource.rows:
            return proof
        rows = resource.rows[0]
        if proof.capped:
            own = [name for name in rows.table.key if name not in rows.inherit]
            known = (row[0] for row in self._known.rows(rows.table.name, own[:1]))
            proof = gap_test(proof, task.seen_ids, known)
        if proof.complete and task.unreadable:
            records = "1 record" if task.unreadable == 1 else f"{task.unreadable} records"
            reason = f"{records} could not be read (see _kollect.rejects)"
            proof = Completeness(False, reason=reason, stale=proof.stale, lacking=True)
        if proves_ends(resource, rows) and proof.complete and proof.whole:
            why = self.why_doubted(resource, rows, task.bind, task.count)
            proof = Completeness(False, reason=why, lacking=True) if why else proof
        return proof

    def _record(
        self, resource: Resource, rows: Rows, task: ReadingTask, proof: Completeness
    ) -> None:
        evidence, table = self._evidence, rows.table
        if task.refused and resource.forbidden_statuses:
            evidence.note(table.name, "what may be seen was read")
        elif not proof.complete:
            for name in names_in(rows):
                tell = evidence.lack if proof.lacking else evidence.fail
                tell(name, resource.name, proof.reason)
        elif proof.whole and proves_ends(resource, rows):
            evidence.prove(table.name, resource.name, scope_of(rows, task.bind), proof.by)
        else:
            evidence.note(table.name, proof.by)
        if proof.complete:
            for child in inside(rows):
                whole = "whole " if child.proves else ""
                evidence.note(child.table.name, f"read {whole}inside {table.name}")

    def why_doubted(self, resource: Resource, rows: Rows, bind: Bind, count: int) -> str:
        """Why a list that was read whole is not believed; it is believed if it has rows."""
        name, scope = resource.name, scope_text(scope_of(rows, bind))
        had_rows = not count and self.had_rows(resource, rows, bind)
        if self._shares_its_table(resource, rows):
            key = StateKey(StateKind.LIST_HAD_ROWS, name, scope)
            self._evidence.state[key] = "yes" if count or had_rows else "no"
        if count:
            note_rows(self._evidence, self._known, self._guard, name, scope)
        if not had_rows:
            return ""
        why = confirm_empty(
            self._evidence,
            self._known,
            self._guard,
            name,
            scope,
            lambda: self._another_has_rows(name),
        )
        if not why and not scope:
            self._evidence.confirmed.add(rows.table.name)
        return why

    def had_rows(self, resource: Resource, rows: Rows, bind: Bind) -> bool:
        """Whether the list of a resource had rows when it was read last."""
        scope = scope_of(rows, bind)
        if self._shares_its_table(resource, rows):
            key = StateKey(StateKind.LIST_HAD_ROWS, resource.name, scope_text(scope))
            if (stored := self._known.state(key)) is not None:
                return stored == "yes"
        return self._known.has(rows.table.name, {**scope, **rows.part})

    def _shares_its_table(self, resource: Resource, rows: Rows) -> bool:
        """Whether another list of the family shows rows of the same part of the table."""
        return any(
            other.table is rows.table and other.inherit == rows.inherit and other.part == rows.part
            for sibling in self._resources
            if sibling.name != resource.name and sibling.listing
            for other in sibling.rows[:1]
        )

    def _forget(self, task: ReadingTask, proof: Completeness) -> None:
        """Take back the records that only an overtaken pass through the listing has shown."""
        rows = task.resource.rows[0]
        scope = scope_of(rows, task.bind)
        own = [name for name in rows.table.key if name not in rows.inherit]
        keys = [
            {
                **scope,
                **dict(zip(own, found if isinstance(found, tuple) else (found,), strict=True)),
            }
            for found in proof.stale
        ]
        self._sink.forget(rows.table, keys)
        task.drop(proof.stale)

    # -- what the mapping tells ------------------------------------------------------------

    def unreadable(self, rows: Rows, reason: str) -> None:
        """A record was rejected: its table is not complete."""
        self._unreadable[id(rows)] += 1
        self._evidence.lack(rows.table.name, self._family, f"a record {reason}")

    def may_doubt(self, rows: Rows) -> bool:
        """Whether any list of these rows may be doubted when it is empty."""
        plain = not (rows.table.append_only or rows.sparse)
        return plain and self._known.has(rows.table.name, {})

    def doubts_empty(self, rows: Rows, inherited: Mapping[str, Any]) -> bool:
        """Whether a list inside a record, which is there and empty, ends nothing."""
        name = rows.table.name
        if not self._known.has(name, {**inherited, **rows.part}):
            return False
        if self._doubted[name] < MOST_DOUBTS:
            scope = scope_text(inherited)
            if not confirm_empty(self._evidence, self._known, self._guard, name, scope):
                return False
        self._doubted[name] += 1
        return True


def proves_ends(resource: Resource, rows: Rows) -> bool:
    """Whether absence from a whole listing of a resource ends a row of its table."""
    return resource.listing and rows.proves and not rows.table.append_only and not rows.sparse


def scope_text(scope: Mapping[str, Any]) -> str:
    """A part of a table as one text, for state keys."""
    return "/".join(str(value) for value in scope.values())
