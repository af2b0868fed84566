"""The writes of one pass, parents first; what goes wrong with one record stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from connectors.core.errors import (
    Fatal,
    KollectError,
    LongSilence,
    Retriable,
    Throttled,
)
from connectors.core.write import Restored, Write
from connectors.http.response import Answer
from pipelines.restore.ids import Key, open_references, waits_for_neighbours
from pipelines.restore.plan import Action, Item, Plan
from pipelines.restore.record import WriteRecord
from pipelines.restore.send import Sender
from warehouse.progress import counted

UNKNOWN = "nobody knows whether it was written before, and nothing tells it from others"
MOST_THROTTLED = 8
"""So often one write is sent again that the service refused as one too many."""


@dataclass
class Pass:
    """Writes what a plan says; what came of it is in the record and in the counts."""

    plan: Plan
    sender: Sender
    record: WriteRecord
    overwrite: bool
    tell: Callable[[str], None]
    refused: dict[tuple[str, Key], str] = field(default_factory=dict)
    """Records that the service did not take, with the reason."""
    written: int = 0
    in_doubt: int = 0

    def run(self) -> None:
        """Raises Fatal and LongSilence; all other errors are kept with their records."""
        doubtful, to_do = self.record.in_doubt(), self.plan.to_do(self.overwrite)
        for table in self.plan.items:
            before = self.written
            left = [i for i in to_do if i.table == table and self._is_due(i, doubtful)]
            while left:
                ready = [item for item in left if not self._waits(item)]
                done = self._write_all(ready)
                left = [item for item in left if item not in ready] if done else []
            if self.written > before:
                self.tell(f"{table}: wrote {counted(self.written - before, 'record')}")

    def _is_due(self, item: Item, doubtful: set[tuple[str, Key]]) -> bool:
        if item.action is Action.INSIDE:
            return False
        write = item.writer.create
        if (
            item.action is Action.CREATE
            and item.place in doubtful
            and item.writer.twin is None
            and item.writer.new_key is not None
            and not (write and write.repeatable)
        ):
            self.refused[item.place] = UNKNOWN
            return False
        return True

    def _waits(self, item: Item) -> bool:
        row, ids = item.kept.columns, self.plan.ids
        return bool(open_references(item.writer, row, ids)) or waits_for_neighbours(
            item.writer, row, ids
        )

    def _write_all(self, items: Iterable[Item]) -> bool:
        """Whether anything was tried."""
        groups: set[object] = set()
        tried = False
        for item in items:
            column = item.writer.together
            if column and item.action is Action.CREATE:
                group = item.kept.columns[column]
                if group in groups:
                    continue
                groups.add(group)
            tried = True
            self._write(item)
        return tried

    def _write(self, item: Item) -> None:
        if item.action is Action.UNDELETE and item.writer.undelete:
            self._send(item, item.writer.undelete, "undelete")
        elif item.action is Action.DIFFERS:
            if item.is_unfinished and item.writer.finish:
                self._send(item, item.writer.finish, "finish")
            elif item.writer.update:
                self._send(item, item.writer.update, "update")
        elif item.writer.create is not None:
            self._create(item, item.writer.create)

    def _create(self, item: Item, create: Write) -> None:
        record = self.sender.record(self.plan, item)
        inside = self.sender.ready_inside(self.plan, item)
        answer = self._attempt(item, create, record, "create", inside)
        if answer is None:
            self._undelete_unseen(item)
            return
        key = self.sender.key_of(item, record, answer)
        keys: dict[Key, Key | None] = {item.old: key}
        if item.writer.together:
            keys |= {
                other.old: tuple(child.row[name] for name in item.writer.table.key)
                for other in self.plan.items[item.table].values()
                for child in record.children[item.table]
                if child.old is other.kept.columns
            }
        for old, new in keys.items():
            if new is not None:
                self.plan.ids.set(item.table, old, new)
        self.record.answered(item.table, keys, "done")
        self._note_inside(inside)
        if key is not None and item.writer.finish is not None:
            item.now = key
            self._send(item, item.writer.finish, "finish")

    def _undelete_unseen(self, item: Item) -> None:
        """What the service refuses to make under its old id may be there, removed by somebody else
        and so shown in no list: then it is brought back."""
        if item.place not in self.refused or item.writer.undelete is None:
            return
        reason = self.refused.pop(item.place)
        self._send(item, item.writer.undelete, "undelete")
        if item.place in self.refused:
            self.refused[item.place] = reason

    def _note_inside(self, inside: list[Item]) -> None:
        """The keys of what was written along, as far as they are known without the account."""
        for child in inside:
            if (
                child.writer.new_key is None and child.writer.twin is None
            ) or child.writer.choose_id:
                record = self.sender.record(self.plan, child)
                key = self.sender.key_of(child, record, None)
                if key is not None:
                    self.plan.ids.set(child.table, child.old, key)
                    self.record.sent(child.table, [child.old], "inside")
                    self.record.answered(child.table, {child.old: key}, "done")

    def _send(self, item: Item, write: Write, action: str) -> None:
        """A write to a record that is there."""
        record = self.sender.record(self.plan, item, item.now)
        if self._attempt(item, write, record, action, []) is not None:
            self.record.answered(item.table, {item.old: item.now}, "done")

    def _attempt(
        self, item: Item, write: Write, record: Restored, action: str, inside: list[Item]
    ) -> Answer | None:
        """Send a write that is recorded before; None where it failed or nobody knows."""
        self.record.sent(item.table, [item.old], action)
        for attempt in range(1, MOST_THROTTLED + 1):
            try:
                answer = self.sender.send(write, record, item)
            except LongSilence:
                self._forget(item, "refused", "the service wants silence")
                raise
            except Throttled as error:
                if attempt < MOST_THROTTLED:
                    continue  # it was not done; the rate limiter has waited
                self._forget(item, "refused", error.what)
                raise
            except Fatal as error:
                self._forget(item, "refused", error.what)
                raise
            except Retriable as error:
                self._forget(item, "unknown", error.what)
                self.in_doubt += 1
                return None
            except KollectError as error:
                self._forget(item, "refused", error.what)
                self.refused[item.place] = error.what
                return None
            self.written += 1 + len(inside)
            return answer
        return None

    def _forget(self, item: Item, status: str, reason: str) -> None:
        self.record.answered(item.table, {item.old: None}, status, reason)
