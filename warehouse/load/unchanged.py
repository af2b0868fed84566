"""Answers that equal those of the last load of a family: nothing to type, to merge or to end.

Loading the same lines with the same evidence into the same tables changes nothing, so such a load
is left out and only recorded. What was loaded is remembered as a hash, together with the rows; it
is forgotten as soon as any load touches a table that the family's rows depend on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from connectors.core.connector import Connector, Family, family_tables
from connectors.core.evidence import Evidence
from connectors.core.schema import Table
from connectors.core.state import StateKey, StateKind
from warehouse.load.known import AccountState
from warehouse.load.merge import Counts, Merge
from warehouse.schema.evolve import fingerprint
from warehouse.store.identity import kollect_version


class LoadedTable(msgspec.Struct, frozen=True):
    """What a load left behind in one table."""

    came: int
    """Rows that came."""
    rows: int
    content: str

    def counts(self) -> Counts:
        """The counts of the same load once more."""
        return Counts(unchanged=self.came, rows=self.rows)


class LastLoad(msgspec.Struct, frozen=True):
    """What the last load of a family was made from, and what it left behind."""

    digest: str
    tables: dict[str, LoadedTable]

    def as_json(self) -> str:
        return msgspec.json.encode(self).decode()


def key_of_last(family: Family, full: bool) -> StateKey:
    """Under which it is remembered: full passes and increments ask for different answers."""
    return StateKey(StateKind.LAST_LOAD, "full" if full else "incremental", family.name)


def last_load(known: AccountState, key: StateKey) -> LastLoad | None:
    """What is remembered; None where the next load has to be looked at."""
    stored = known.state(key)
    return msgspec.json.decode(stored, type=LastLoad) if stored else None


def digest_of(staged: str, evidence: Evidence, connector: Connector, tables: Iterable[str]) -> str:
    """A hash of everything that a load depends on beside the tables themselves.

    `staged` tells the lines apart (`Staging.digest`). Empty where the load has to be looked at.
    """
    if not staged or evidence.failures or evidence.unfinished:
        return ""
    shaped = repr(
        (
            kollect_version(),
            fingerprint(connector),
            sorted(tables),
            staged,
            _sorted(evidence.ended),
            _sorted(evidence.present),
            _sorted({table: evidence.proved_scopes(table) for table in evidence.scopes}),
            _sorted(evidence.lacks),
            evidence.no_ends,
            sorted(evidence.left_out),
        )
    )
    return hashlib.blake2b(shaped.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def to_remember(digest: str, merges: Mapping[str, Merge], contents: Mapping[str, str]) -> str:
    """What the next load may be compared with; empty where that must be looked at again."""
    if not digest or any(merge.counts.rejected for merge in merges.values()):
        return ""
    tables = {
        name: LoadedTable(
            merge.counts.inserted + merge.counts.updated + merge.counts.unchanged,
            merge.counts.rows,
            contents[name],
        )
        for name, merge in merges.items()
    }
    return LastLoad(digest, tables).as_json()


def touched_families(connector: Connector, touched: set[str]) -> list[Family]:
    """The families whose loads may have other results since rows of these tables changed."""
    return [family for family in connector.families if touched & depends_on(connector, family)]


def depends_on(connector: Connector, family: Family) -> set[str]:
    """The tables that a family feeds, those that live in them, and those that they live in."""
    found = {table.name for table in family_tables(family)}
    while True:
        near = {name for name, table in connector.tables.items() if found & _owners(table)}
        near |= {owner for name in found for owner in _owners(connector.tables[name])}
        if near <= found:
            return found
        found |= near


def _owners(table: Table) -> set[str]:
    return {reference.table for reference in table.parents if reference.owner}


def _sorted(found: Mapping[str, Iterable[object]]) -> list[tuple[str, list[str]]]:
    return sorted((name, sorted(map(repr, values))) for name, values in found.items())
