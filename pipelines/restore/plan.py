"""What is to be done: every kept record against what the account has now."""

from __future__ import annotations

import enum
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from connectors.core.connector import Connector
from connectors.core.write import Row, Writer
from pipelines.restore.ids import IdMap, Key, open_references, references, with_ids_of_now
from pipelines.restore.source import KeptRow


class Action(enum.StrEnum):
    """What becomes of one kept record."""

    EQUAL = "equal"
    DIFFERS = "differs"
    CREATE = "create"
    INSIDE = "inside"
    """It is written in the same request as the record that holds it."""
    UNDELETE = "undelete"
    REFUSED = "cannot"
    SKIPPED = "skipped"
    """It was removed already when it was kept, or nobody asked for it."""


TO_WRITE = (Action.CREATE, Action.INSIDE, Action.UNDELETE)


@dataclass
class Item:
    """One kept record and what becomes of it."""

    writer: Writer
    old: Key
    kept: KeptRow
    action: Action
    now: Key | None = None
    """Its key in the account."""
    reason: str = ""
    differs: tuple[str, ...] = ()
    """Columns that the account has otherwise."""
    holder: tuple[str, Key] | None = None
    """Table and old key of the record in whose request it is written."""
    is_unfinished: bool = False
    """Whether a restore made it and did not come to finish it: then it does so unasked."""

    @property
    def table(self) -> str:
        return self.writer.table.name

    @property
    def place(self) -> tuple[str, Key]:
        return self.table, self.old


@dataclass
class Plan:
    """All kept records, table by table in the order of writing; and the ids of now."""

    items: dict[str, dict[Key, Item]]
    ids: IdMap
    unwritten: dict[str, int] = field(default_factory=dict)
    """Tables that no writer puts back, with the number of kept records."""

    def all(self) -> Iterator[Item]:
        for items in self.items.values():
            yield from items.values()

    def inside(self, item: Item) -> list[Item]:
        """The records that are written in the same request."""
        return [
            child
            for table in item.writer.carries
            for child in self.items.get(table, {}).values()
            if child.action is Action.INSIDE and child.holder == item.place
        ]

    def to_do(self, overwrite: bool) -> list[Item]:
        """What would be written."""
        return [
            item
            for item in self.all()
            if item.action in TO_WRITE
            or (item.action is Action.DIFFERS and item.is_unfinished)
            or (item.action is Action.DIFFERS and overwrite and item.writer.update)
        ]

    def counts(self) -> dict[str, dict[str, int]]:
        """Table -> action -> number of records."""
        return {
            table: dict(Counter(str(item.action) for item in items.values()))
            for table, items in self.items.items()
        }


@dataclass(frozen=True)
class Situation:
    """What a plan is made from."""

    connector: Connector
    kept: Mapping[str, Mapping[Key, KeptRow]]
    present: Mapping[str, Mapping[Key, KeptRow]]
    owner: str
    """Whose credential it is, such as `user 17`."""
    is_own: bool
    """Whether the records were this owner's before: then their ids mean the same."""
    written: Mapping[str, Mapping[Key, Key]] = field(default_factory=dict)
    """Table -> old key -> key that an earlier write gave it."""
    unfinished: Set[tuple[str, Key]] = frozenset()
    """Records that a restore made and did not come to finish."""
    given_up: Mapping[tuple[str, Key], str] = field(default_factory=dict)
    """Writes that the service refused, with the reason."""
    wants: Callable[[str, Key], bool] = lambda table, key: True
    has_file: Callable[[str, Key], bool] = lambda table, key: True
    """Whether the file is there that a record of a table is written with."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Tables that the account could not be read whole for, with the reason."""


def make_plan(situation: Situation) -> Plan:
    """Compare everything and decide; asks nothing of the service."""
    connector = situation.connector
    plan = Plan({}, IdMap(connector.tables))
    for writer in connector.writers:
        plan.items[writer.table.name] = _Comparison(situation, plan, writer).items()
    _leave_out(plan, situation.wants)
    known = set(plan.items)
    plan.unwritten = {
        table: len(rows) for table, rows in situation.kept.items() if rows and table not in known
    }
    return plan


class _Comparison:
    """The kept records of one table against those of now."""

    def __init__(self, situation: Situation, plan: Plan, writer: Writer) -> None:
        self.situation = situation
        self.plan = plan
        self.writer = writer
        self.table = writer.table.name
        self.kept = situation.kept.get(self.table, {})
        self.present = situation.present.get(self.table, {})
        self.written = situation.written.get(self.table, {})
        self.taken: set[Key] = set()
        self.first_of: dict[str, Key] = {}

    def items(self) -> dict[Key, Item]:
        found = {old: self._by_key(old, kept) for old, kept in self._in_order()}
        self.taken = {key for key in found.values() if key is not None}
        for old, key in found.items():
            if key is not None:
                self.plan.ids.set(self.table, old, key)
        self._match_twins(found)
        items = {}
        for old, key in found.items():
            item = items[old] = self._item(old, self.kept[old], key)
            if key is None and item.action in (Action.CREATE, Action.INSIDE):
                self.plan.ids.expect(self.table, old)
        return items

    def _in_order(self) -> list[tuple[Key, KeptRow]]:
        columns = self.writer.order or self.writer.table.key
        return sorted(
            self.kept.items(),
            key=lambda pair: [
                (value is not None, str(value) if not isinstance(value, int | float) else value)
                for value in (pair[1].columns[name] for name in columns)
            ],
        )

    def _by_key(self, old: Key, kept: KeptRow) -> Key | None:
        """The key of now, by the ids alone."""
        situation, writer, ids = self.situation, self.writer, self.plan.ids
        guesses = [self.written.get(old)]
        moved = with_ids_of_now(writer, kept.columns, ids)
        if not open_references(writer, kept.columns, ids):
            key = tuple(moved[name] for name in writer.table.key)
            made_of_references = all(name in references(writer) for name in writer.table.key)
            is_plain = writer.new_key is None and writer.choose_id is None
            if situation.is_own or made_of_references or is_plain:
                guesses.append(key)
            if writer.choose_id is not None:
                chosen = writer.choose_id(kept.columns, situation.owner, situation.is_own)
                guesses.append((*key[:-1], chosen))
        return next((guess for guess in guesses if guess in self.present), None)

    def _match_twins(self, found: dict[Key, Key | None]) -> None:
        """What has another id now: records that are alike, one for one."""
        twin, ids = self.writer.twin, self.plan.ids
        if twin is None:
            return
        free: dict[Any, list[Key]] = {}
        for key, present in self.present.items():
            if self.writer.unique or key not in self.taken:
                free.setdefault(_hashable(twin(present.columns)), []).append(key)
        for _ in range(_depth(self.writer)):
            for old, known in found.items():
                row = self.kept[old].columns
                waits = [
                    place
                    for _, table, place in self._parents(row)
                    if table == self.table and found.get(place) is None
                ]
                if known is not None or waits or open_references(self.writer, row, ids):
                    continue
                alike = free.get(_hashable(twin(with_ids_of_now(self.writer, row, ids))))
                if alike:
                    found[old] = alike[0] if self.writer.unique else alike.pop(0)
                    ids.set(self.table, old, found[old] or ())

    def _parents(self, row: Row) -> Iterator[tuple[str, str, Key]]:
        for column, tables in references(self.writer).items():
            for table in tables:
                if row[column] is not None:
                    place = self.plan.ids.find(table, row[column], row)
                    if place in self.situation.kept.get(table, {}):
                        yield column, table, place

    def _item(self, old: Key, kept: KeptRow, key: Key | None) -> Item:
        item = Item(self.writer, old, kept, Action.EQUAL, now=key)
        unfinished = item.place in self.situation.unfinished
        item.is_unfinished = unfinished and self.writer.finish is not None
        row, was_removed = (
            kept.columns,
            bool(self.writer.removed and self.writer.removed(kept.columns)),
        )
        if key is not None:
            present = self.present[key].columns
            item.differs = tuple(self._differing(row, present))
            if self.writer.removed and self.writer.removed(present) and not was_removed:
                item.action = Action.UNDELETE
            elif item.differs:
                item.action = Action.DIFFERS
            if item.action is Action.UNDELETE and item.place in self.situation.given_up:
                item.action, item.reason = Action.REFUSED, self.situation.given_up[item.place]
            return item
        if was_removed:
            item.action, item.reason = Action.SKIPPED, "it was removed already when it was kept"
            return item
        item.reason = self._why_not(item)
        if item.reason:
            item.action = Action.REFUSED
            return item
        item.holder = self._holder(row)
        item.action = Action.CREATE if item.holder is None else Action.INSIDE
        if item.holder is None and self.writer.create is None:
            item.action = Action.REFUSED
            item.reason = "the service takes it only together with what holds it"
        return item

    def _why_not(self, item: Item) -> str:
        """Why a record cannot be written; empty where it can."""
        row, situation = item.kept.columns, self.situation
        if item.place in situation.given_up:
            return situation.given_up[item.place]
        if self.table in situation.unread:
            return f"what the account has is not known: {situation.unread[self.table]}"
        if self.writer.refuses and (reason := self.writer.refuses(row, situation.owner)):
            return reason
        if self.writer.unique and self.writer.twin and self._is_second(item.old, row):
            return "the same as another one, of which the service keeps one"
        parents = list(self._parents(row))
        if set(self.writer.needs) - {column for column, _, _ in parents}:
            tables = {name for column in self.writer.needs for name in self.writer.refers[column]}
            return f"the service takes it only on {', '.join(sorted(tables))}"
        for column, table, place in parents:
            parent = self.plan.items.get(table, {}).get(place)
            if (
                parent
                and column in self._needed()
                and parent.action in (Action.REFUSED, Action.SKIPPED)
            ):
                return f"its {table.removesuffix('s')} is not restored: {parent.reason}"
        upload = self.writer.create.upload if self.writer.create else None
        if upload and not situation.has_file(self.table, item.old):
            return "its file was not kept: it needs files = true"
        return ""

    def _needed(self) -> set[str]:
        """The references without which a record is nothing: to what it lies in, or in its key."""
        return {
            name
            for reference in self.writer.table.parents
            for name in reference.names
            if reference.owner or name in self.writer.table.key
        }

    def _is_second(self, old: Key, row: Row) -> bool:
        """Whether an equal one is written already by this plan."""
        assert self.writer.twin is not None
        twin = _hashable(self.writer.twin(row))
        return self.first_of.setdefault(twin, old) != old

    def _holder(self, row: Row) -> tuple[str, Key] | None:
        """The record in whose request this one is written, if that is to be written."""
        for _, table, place in self._parents(row):
            holder = self.plan.items.get(table, {}).get(place)
            carries = holder is not None and self.table in holder.writer.carries
            if holder is not None and carries and holder.action is Action.CREATE:
                return table, place
        return None

    def _differing(self, row: Row, present: Row) -> Iterator[str]:
        moved = with_ids_of_now(self.writer, row, self.plan.ids)
        made_up = self.writer.made_up(row) if self.writer.made_up else frozenset()
        for name in self.writer.restores:
            is_json = self.writer.table.column(name).type == "json"
            part = self.writer.compared.get(name, lambda value: value)
            if name not in made_up and not _same(part(moved[name]), part(present[name]), is_json):
                yield name


def _depth(writer: Writer) -> int:
    """How often a table is gone through: trees are found level by level."""
    return 20 if any(writer.table.name in tables for tables in writer.refers.values()) else 1


def _same(kept: Any, present: Any, is_json: bool) -> bool:
    return bool(_value(kept, is_json) == _value(present, is_json))


def _value(value: Any, is_json: bool) -> Any:
    return json.loads(value) if is_json and isinstance(value, str) else value


def _hashable(twin: Any) -> str:
    return json.dumps(twin, default=str, ensure_ascii=False)


def _leave_out(plan: Plan, wants: Callable[[str, Key], bool]) -> None:
    """Skip what nobody asked for, unless something that was asked for needs it."""
    needed: set[tuple[str, Key]] = set()
    left = [item for item in plan.all() if wants(*item.place)]
    asked = {item.place for item in left}
    left += [child for item in left if item.action is Action.CREATE for child in plan.inside(item)]
    while left:
        item = left.pop()
        if item.place in needed:
            continue
        needed.add(item.place)
        row = item.kept.columns
        parents = [(table, key) for _, table, key in open_references(item.writer, row, plan.ids)]
        parents += [item.holder] if item.holder else []
        for table, key in parents:
            if key in plan.items.get(table, {}):
                left.append(plan.items[table][key])
    for item in plan.all():
        if item.place in needed and (item.place in asked or item.action in TO_WRITE):
            continue
        if item.action in (*TO_WRITE, Action.DIFFERS, Action.REFUSED):
            item.action, item.reason = Action.SKIPPED, "it was not asked for"
