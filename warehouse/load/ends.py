"""Which rows end in a load: by their own evidence, by absence from what was read whole, and with
the record that they live in. Nothing ends without evidence (connectors.core.evidence)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectors.core.connector import Connector, Family
from connectors.core.evidence import Evidence
from connectors.core.resources import Rows
from connectors.core.schema import Table
from connectors.core.state import StateKey, StateKind
from warehouse.load.ledger import Ledger
from warehouse.load.merge import Merge
from warehouse.load.staging import Staging
from warehouse.schema.types import literal, quoted

MASS_ROWS = 20
"""Fewer rows than this may vanish at once without a second look."""


class Ends:
    """Ends rows of one family's tables, after all of its rows were merged."""

    def __init__(
        self,
        connector: Connector,
        family: Family,
        evidence: Evidence,
        staging: Staging,
        merges: dict[str, Merge],
        ledger: Ledger,
        *,
        mass_delete_share: float,
        accept_deletes: bool,
        other: Callable[[Table], Merge],
    ) -> None:
        """`other` makes the merge of a table that the family does not feed."""
        self._connector = connector
        self._family = family
        self._evidence = evidence
        self._staging = staging
        self._merges = merges
        self._ledger = ledger
        self._share = mass_delete_share
        self._accept_deletes = accept_deletes
        self._other = other

    def end(self) -> None:
        """End what the evidence shows to be gone; rows inside it end with it."""
        if self._evidence.no_ends:
            self._tell_kept()
            return
        for name, merge in list(self._merges.items()):
            if not merge.first:
                self._end_by_key(merge, self._evidence.ended.get(name, []))
                if not (merge.table.append_only or merge.table.sparse):
                    self._end_absent(merge)
        self._cascade()

    def _end_by_key(self, merge: Merge, ended: Sequence[tuple[Mapping[str, Any], str]]) -> None:
        by_evidence: dict[str, list[list[Any]]] = {}
        for key, evidence in ended:
            by_evidence.setdefault(evidence, []).append([key[name] for name in merge.table.key])
        for evidence, keys in by_evidence.items():
            merge.make_temporary("ended_keys", merge.table.key, keys)
            merge.delete(
                f"SELECT t.rowid AS t FROM {merge.current} t JOIN temp.ended_keys e "
                f"ON t._account = {literal(merge.account)} AND {merge.same_key('e', 't')}",
                evidence,
            )

    # -- absence ---------------------------------------------------------------------------

    def _end_absent(self, merge: Merge) -> None:
        listed, nested = self._absent(merge)
        if listed:
            self._end_unless_mass(merge, listed)
        for rows, evidence in nested:
            merge.delete(rows, evidence)

    def _absent(self, merge: Merge) -> tuple[list[tuple[str, str]], Iterator[tuple[str, str]]]:
        """SQL and evidence for rows that whole lists lack, and for those that parents lack."""
        name, evidence = merge.table.name, self._evidence
        present = [[key[k] for k in merge.table.key] for key in evidence.present.get(name, [])]
        merge.make_temporary("known_present", merge.table.key, present)
        proof = ", ".join(evidence.proofs.get(name, []))
        scopes: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for scope in evidence.proved_scopes(name):
            scopes.setdefault(tuple(scope), []).append(tuple(scope.values()))
        listed = []
        for names, values in scopes.items():
            where = f"its {', '.join(names)}" if names else "the account"
            reason = f"absent from a complete listing of {where} ({proof})"
            listed.append((self._absent_from(merge, names, values), reason))
        nested = (
            (
                self._absent_inside(merge, parent, owners),
                f"absent from its {parent.name} row, read whole",
            )
            for parent, owners in self._enclosing(name)
        )
        return listed, nested

    def _tell_kept(self) -> None:
        """Nothing ends in this load: a table with rows that came no more is not complete, nor is
        one whose rows live in them."""
        kept: set[str] = set()
        for name, merge in self._merges.items():
            if merge.first or merge.table.append_only or merge.table.sparse:
                continue
            count = 0
            for absent in self._absent(merge):
                for rows, _ in absent:
                    count += int(merge.run(f"SELECT count(*) FROM ({rows})")[0][0])
            if count:
                kept.add(name)
                rows_came = "1 row came" if count == 1 else f"{count} rows came"
                reason = f"{rows_came} no more and none may end: {self._evidence.no_ends}"
                self._evidence.lack(name, "deletes", reason)
        for name, merge in self._merges.items():
            owners = {reference.table for reference in merge.table.parents if reference.owner}
            for owner in sorted(owners & kept):
                self._evidence.lack(name, "deletes", f"rows of {owner} came no more and are kept")

    def _absent_from(
        self, merge: Merge, names: Sequence[str], scopes: Sequence[tuple[Any, ...]]
    ) -> str:
        """SQL for the rows within any of the scopes that did not come.

        A scope is the values of the columns `names`; without a name it is the whole account.
        """
        inside = ""
        if names:
            table = f"within_{'_'.join(names)}"
            merge.make_temporary(table, names, scopes)
            same = " AND ".join(
                f"c.{quoted(name)} IS NOT DISTINCT FROM t.{quoted(name)}" for name in names
            )
            inside = f" AND EXISTS (SELECT 1 FROM temp.{table} c WHERE {same})"
        return f"{_not_come(merge)}{inside}"

    def _absent_inside(self, merge: Merge, parent: Table, owners: Sequence[str]) -> str:
        """SQL for the rows that their freshly read parents no longer hold.

        Parents count when they were read whole (not in pieces, `_s` below 0) and their answer had
        the list, or when they were read in part, but with the whole list.
        """
        for table, marks in (("without", self._staging.absent), ("held", self._staging.held)):
            keys = [[dict(mark).get(owner) for owner in owners] for mark in marks[merge.table.name]]
            merge.make_temporary(table, owners, keys)
        named = ", ".join(
            f"o.{quoted(key)} AS {quoted(name)}"
            for key, name in zip(parent.key, owners, strict=True)
        )
        # One small list of owners, so that the whole table is gone through once.
        merge.run(
            f"CREATE OR REPLACE TEMP TABLE whole AS (SELECT {named} "
            f"FROM {self._staging.qualified_name(parent)} o "
            "WHERE o._s >= 0 UNION FROM temp.held) EXCEPT FROM temp.without"
        )
        listed = ", ".join(quoted(name) for name in owners)
        owned = ", ".join(f"t.{quoted(name)}" for name in owners)
        return f"{_not_come(merge)} AND ({owned}) IN (SELECT ({listed}) FROM temp.whole)"

    def _enclosing(self, name: str) -> Iterator[tuple[Table, tuple[str, ...]]]:
        """The parents whose freshly read rows hold all of a child table's rows, and its columns
        with their key."""
        found: set[tuple[str, tuple[str, ...]]] = set()
        for parent, child in _nested(rows for r in self._family.resources for rows in r.rows):
            owner = next(
                (r for r in child.table.parents if r.table == parent.table.name and r.owner), None
            )
            if child.table.name != name or not child.proves or owner is None:
                continue
            place = (parent.table.name, owner.names)
            if place not in found and parent.table.name in self._staging.tables:
                found.add(place)
                yield parent.table, owner.names

    # -- suspiciously many -----------------------------------------------------------------

    def _end_unless_mass(self, merge: Merge, absent: Sequence[tuple[str, str]]) -> None:
        """End absent rows (SQL and evidence), unless they are suspiciously many in all."""
        name = merge.table.name
        held = StateKey(StateKind.HELD_DELETES, scope=name)
        gone = sum(int(merge.run(f"SELECT count(*) FROM ({rows})")[0][0]) for rows, _ in absent)
        before = merge.count_current()
        mass = gone > MASS_ROWS and gone / before > self._share
        mass = mass and name not in self._evidence.confirmed
        if mass and not (self._accept_deletes or self._seen_before(held)):
            self._evidence.fail(
                name,
                "deletes",
                f"{gone} of {before} rows vanished at once; they are kept until a second complete "
                "pass or --accept-deletes",
            )
            self._evidence.state[held] = self._ledger.run_id
            self._ask_again(name)
            return
        for rows, evidence in absent:
            merge.delete(rows, evidence)
        self._ledger.forget(held)

    def _seen_before(self, held: StateKey) -> bool:
        """Whether an earlier run already saw this mass of rows vanish."""
        run_id = self._ledger.remembered(held)
        return run_id is not None and run_id != self._ledger.run_id

    def _ask_again(self, name: str) -> None:
        """Forget that parents were asked for this table, or no second pass could confirm it."""
        feeders = {
            resource.name
            for resource in self._family.resources
            if any(rows.table.name == name for rows in resource.rows)
        }
        visits = self._evidence.visits
        for visit in [visit for visit in visits if visit[0] in feeders]:
            del visits[visit]

    # -- with the parent -------------------------------------------------------------------

    def _cascade(self) -> None:
        """Rows that live inside an ended parent end with it, whichever family reads them."""
        ended = {name for name, merge in self._merges.items() if merge.counts.deleted}
        for table in self._connector.tables.values():
            for reference in table.parents:
                if not (reference.owner and reference.table in ended):
                    continue
                merge = self._merges.get(table.name) or self._other(table)
                orphans = _orphans(merge, self._merges[reference.table], reference.names)
                if merge.delete(orphans, f"its {reference.table} row ended"):
                    ended.add(table.name)
                    self._evidence.note(table.name, f"ended with {reference.table}")
                    self._merges.setdefault(table.name, merge)


def _not_come(merge: Merge) -> str:
    """SQL for the account's rows that did not come and are not known to be present."""
    return (
        f"SELECT t.rowid AS t FROM {merge.current} t WHERE t._account = {literal(merge.account)} "
        f"AND NOT EXISTS (SELECT 1 FROM {merge.incoming} i WHERE {merge.same_key('i', 't')}) "
        f"AND NOT EXISTS (SELECT 1 FROM temp.known_present s WHERE {merge.same_key('s', 't')})"
    )


def _orphans(merge: Merge, parent: Merge, owners: Sequence[str]) -> str:
    """SQL for the rows that did not come and whose owner has ended."""
    same = [
        f".{quoted(key)} = t.{quoted(name)}"
        for key, name in zip(parent.table.key, owners, strict=True)
    ]
    current, history = (" AND ".join(alias + part for part in same) for alias in ("o", "p"))
    return (
        f"SELECT t.rowid AS t FROM {merge.current} t WHERE t._account = {literal(merge.account)} "
        f"AND NOT EXISTS (SELECT 1 FROM {parent.current} o WHERE o._account = t._account "
        f"AND {current}) AND EXISTS (SELECT 1 FROM {parent.history} p WHERE "
        f"p._account = t._account AND p._ended_by = 'deleted' AND {history}) "
        f"AND NOT EXISTS (SELECT 1 FROM {merge.incoming} i WHERE {merge.same_key('i', 't')})"
    )


def _nested(rows: Iterable[Rows]) -> Iterator[tuple[Rows, Rows]]:
    """Every pair of rows of which the second stand inside the first."""
    for parent in rows:
        for child in parent.children:
            yield parent, child
        yield from _nested(parent.children)
