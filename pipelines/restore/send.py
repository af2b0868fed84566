"""From a record that is to be written to the request that writes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from connectors.core.connector import Connector
from connectors.core.errors import Missing, Refused
from connectors.core.write import Restored, Upload, Write
from connectors.http.client import Client
from connectors.http.config import Request
from connectors.http.response import Answer
from connectors.http.upload import FileBody, form_body
from pipelines.restore.ids import Key, open_references, with_ids_of_now
from pipelines.restore.plan import Action, Item, Plan

FindFile = Callable[[str, Key], tuple[Path, str] | None]
"""Table and old key of a record -> the kept file that it is written with, and its name."""


@dataclass(frozen=True)
class Sender:
    """Makes the requests of a restore and sends them under the account's rate."""

    client: Client
    connector: Connector
    owner: str
    is_own: bool
    file_of: FindFile

    def record(self, plan: Plan, item: Item, key: Key | None = None) -> Restored:
        """The record as its writer gets it. `key` is its key of now, where there is one."""
        row = with_ids_of_now(item.writer, item.kept.columns, plan.ids)
        if key is not None:
            row |= dict(zip(item.writer.table.key, key, strict=True))
        elif item.writer.choose_id is not None:
            last = item.writer.table.key[-1]
            row[last] = item.writer.choose_id(item.kept.columns, self.owner, self.is_own)
        children = {
            table: tuple(
                self.record(plan, child)
                for child in self.ready_inside(plan, item)
                if child.table == table
            )
            for table in item.writer.carries
        }
        if item.writer.together:
            column = item.writer.together
            children[item.table] = tuple(
                Restored(
                    with_ids_of_now(item.writer, other.kept.columns, plan.ids),
                    other.kept.columns,
                    other.kept.raw,
                    {},
                    partial(self._now, plan, other),
                )
                for other in plan.items[item.table].values()
                if other.kept.columns[column] == item.kept.columns[column]
                and other.action is not Action.SKIPPED
            )
        new_id = partial(self._now, plan, item)
        return Restored(row, item.kept.columns, item.kept.raw, children, new_id)

    def ready_inside(self, plan: Plan, item: Item) -> list[Item]:
        """What is written in the same request: all whose references lead to what is there, or to
        what is in the request as well."""
        inside = plan.inside(item)
        places = {item.place, *(child.place for child in inside)}
        return [
            child
            for child in inside
            if all(
                (table, key) in places
                for _, table, key in open_references(child.writer, child.kept.columns, plan.ids)
            )
        ]

    def _now(self, plan: Plan, item: Item, table: str, old: Any) -> Any:
        return plan.ids.now(table, old, item.kept.columns) if table in plan.items else old

    def key_of(self, item: Item, record: Restored, answer: Answer | None) -> Key | None:
        """The key that a written record has now; None where only the account itself tells.

        Raises Refused where the answer lacks it.
        """
        if item.writer.new_key is None:
            return tuple(record.row[name] for name in item.writer.table.key)
        if answer is None:
            return None
        try:
            return item.writer.new_key(answer.payload, record)
        except (KeyError, TypeError, IndexError):
            return None

    def send(self, write: Write, record: Restored, item: Item) -> Answer:
        """Send one write; raises a KollectError."""
        try:
            return self._send(write, write.path, record, item)
        except Missing:
            if not write.fallback_path:
                raise
            return self._send(write, write.fallback_path, record, item)

    def _send(self, write: Write, path: str, record: Restored, item: Item) -> Answer:
        for name, value in record.row.items():
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        headers = write.headers(record) if write.headers else {}
        body = write.body(record) if write.body else None
        if write.open_parts:
            parts = {name: self.client.part(name) for name in write.open_parts}
            body = {**(body or {}), **{n: int(v) if v.isdecimal() else v for n, v in parts.items()}}
        file = self._file(write.upload, item, body) if write.upload else None
        is_elsewhere = write.host and self.client.base_url == self.connector.base_url
        return self.client.ask(
            Request(
                write.method,
                path,
                body=None if file else body,
                headers=(
                    *((name, _literal(value)) for name, value in headers.items()),
                    *write.authorization.items(),
                ),
                repeatable=write.repeatable,
                file=file,
                base_url=write.host if is_elsewhere else "",
            )
        )

    def _file(self, upload: Upload, item: Item, body: Mapping[str, Any] | None) -> FileBody:
        found = self.file_of(item.table, item.old)
        if found is None:
            raise Refused("the file that belongs to it was not kept")
        path, name = found
        if upload.part:
            fields = {key: _text(value) for key, value in (body or {}).items()}
            return form_body(path, upload.part, name, fields)
        return FileBody(path, "application/octet-stream")


def _literal(value: str) -> str:
    """A header that holds no part of the credential, whatever braces are in it."""
    return value.replace("{", "{{").replace("}", "}}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
