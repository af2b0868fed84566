"""What reading a family has shown, table by table: the ground on which the loader may delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.core.resources import ForEachParent, Resource, names_in
from connectors.core.state import StateKey


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
    no_ends: str = ""
    """Why nothing may end in this load, whatever did not come."""

    def fail(self, table: str, resource: str, reason: str) -> None:
        """The table cannot be called complete; deletes in its failed scopes are off."""
        text = f"{resource}: {reason}"
        if text not in self.failures.setdefault(table, []):
            self.failures[table].append(text)

    def fail_rows(self, resource: Resource, reason: str) -> None:
        """The same for every table that a resource feeds."""
        for rows in resource.rows:
            for name in names_in(rows):
                self.fail(name, resource.name, reason)

    def lack(self, table: str, resource: str, reason: str) -> None:
        """The table cannot be called complete, and reading all of it again would not help."""
        text = f"{resource}: {reason}"
        if text not in self.lacks.setdefault(table, []):
            self.lacks[table].append(text)

    def note(self, table: str, by: str) -> None:
        """Something that speaks for completeness without proving any end."""
        if by and by not in self.proofs.setdefault(table, []):
            self.proofs[table].append(by)

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
