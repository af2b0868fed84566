"""Which of the files that records name are to be fetched; one rule for `plan` and `sync`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connectors.core.connector import Connector
from connectors.core.files import FileLink, FileSource, links_of
from connectors.http.host_allowlist import HostAllowlist, read_hosts
from pipelines.settings import Account
from pipelines.settings.files import FileSettings
from warehouse.files.blobs import Store
from warehouse.files.ledger import GONE, SKIPPED, STORED, Entry, FileStatus, Named

NO_LINK = "the service gives no link to it"
REPLACED = "its record names another file now; this one is kept"


@dataclass(frozen=True)
class Todo:
    """One file to fetch."""

    source: FileSource
    named: Named
    link: FileLink
    known: FileStatus | None

    @property
    def name(self) -> str:
        """What it is called on its way, without any address: shared content has one name."""
        own = "" if self.link.shared else f"{self.source.table.name}\n{self.named.record_key}\n"
        text = f"{own}{self.source.field if own else ''}\n{self.link.mark}"
        return hashlib.sha256(text.encode()).hexdigest()[:40]

    @property
    def title(self) -> str:
        """Where it belongs, for people."""
        return f"{self.source.table.name} {self.named.record_key} {self.source.field}"

    def entry(self, known: FileStatus | None) -> Entry:
        """The ledger's row for it."""
        source = self.source
        record_key = self.named.record_key
        return Entry(source.table.name, source.field, record_key, self.link.mark, known)

    def outcome(self, found: FileStatus) -> FileStatus:
        """What is known now; a file that came once stays on record, even if it is lost here."""
        if found.sha256 is None and self.known is not None and self.known.sha256 is not None:
            was = self.known
            return replace(was, status=found.status, reason=found.reason)
        return found


@dataclass
class Choice:
    """What one look at some records gives."""

    todo: list[Todo] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    """Rows that change without a request."""
    here: int = 0
    skipped: int = 0
    gone: int = 0


class Chooser:
    """The rule for one account."""

    def __init__(self, account: Account, store: Store, *, full: bool) -> None:
        """`full`: what was not to be had is asked for again."""
        self._settings: FileSettings = account.files
        self._base_url = account.base_url
        self._store = store
        self._full = full
        # Names are only resolved when a file is fetched.
        allowed = read_hosts(account.files.hosts, account.base_url)
        self._hosts = HostAllowlist(allowed, resolve=lambda host: ())

    def choose(self, source: FileSource, records: Sequence[Named]) -> Choice:
        """What is to be done for these records."""
        found = Choice()
        for named in records:
            links = links_of(source, named.row, self._base_url)
            for link in links:
                self._one(Todo(source, named, link, named.known.get(link.mark)), found)
            for mark in named.known.keys() - {link.mark for link in links}:
                self._no_more_named(source, named, named.known[mark], found)
        return found

    def _one(self, todo: Todo, found: Choice) -> None:
        known, link = todo.known, todo.link
        if known is not None and known.sha256 and self._store.holds(known.sha256, known.bytes):
            found.here += 1
            if known.status != STORED:
                found.entries.append(todo.entry(replace(known, status=STORED, reason=None)))
            return
        if why := self._unwanted(link, known):
            found.skipped += 1
            skipped = todo.outcome(FileStatus(link.mark, SKIPPED, bytes=_size(link, known),
                                         file_name=link.name or None, reason=why))  # fmt: skip
            if skipped != known:
                found.entries.append(todo.entry(skipped))
            return
        if known is not None and not self._full:
            if known.status == GONE:
                found.gone += 1
                return
            if known.status == SKIPPED and known.reason == NO_LINK:
                found.skipped += 1
                return
        found.todo.append(todo)

    def _unwanted(self, link: FileLink, known: FileStatus | None) -> str:
        """Why a file is left out as things are set; needs no request."""
        if link.address and (refusal := self._hosts.refusal(link.address)):
            return refusal
        size, largest = _size(link, known), self._settings.largest
        if size is not None and largest and size > largest:
            return f"its {size:,} bytes are more than max_file_bytes ({largest:,})"
        return ""

    def _no_more_named(
        self, source: FileSource, named: Named, known: FileStatus, found: Choice
    ) -> None:
        kept = None
        if known.sha256 is not None:
            found.gone += 1
            if known.status == GONE:
                return
            kept = replace(known, status=GONE, reason=REPLACED)
        found.entries.append(
            Entry(source.table.name, source.field, named.record_key, known.mark, kept)
        )


def _size(link: FileLink, known: FileStatus | None) -> int | None:
    if link.bytes is not None or known is None or known.status != SKIPPED:
        return link.bytes
    return known.bytes


def sources_of(connector: Connector, tables: Sequence[str]) -> list[FileSource]:
    """The sources among these tables."""
    return [source for source in connector.files if source.table.name in tables]
