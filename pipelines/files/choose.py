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
from warehouse.files.blobs import BlobStore
from warehouse.files.ledger import GONE, SKIPPED, STORED, FileStatus, LedgerRow
from warehouse.files.survey import FileRecord

NO_LINK = "the service gives no link to it"
REPLACED = "its record names another file now; this one is kept"


@dataclass(frozen=True)
class FileTask:
    """One file to fetch."""

    source: FileSource
    record: FileRecord
    link: FileLink
    known: FileStatus | None

    @property
    def name(self) -> str:
        """Its name while it is received, without any address: shared content has one name."""
        own = "" if self.link.shared else f"{self.source.table.name}\n{self.record.record_key}\n"
        text = f"{own}{self.source.field if own else ''}\n{self.link.mark}"
        return hashlib.sha256(text.encode()).hexdigest()[:40]

    @property
    def title(self) -> str:
        """Where it belongs, for people."""
        return f"{self.source.table.name} {self.record.record_key} {self.source.field}"

    def ledger_row(self, known: FileStatus | None) -> LedgerRow:
        """The ledger's row for it."""
        source = self.source
        record_key = self.record.record_key
        return LedgerRow(source.table.name, source.field, record_key, self.link.mark, known)

    def status_after(self, found: FileStatus) -> FileStatus:
        """The status to record; the hash of a file that came once is never forgotten."""
        if found.sha256 is None and self.known is not None and self.known.sha256 is not None:
            was = self.known
            return replace(was, status=found.status, reason=found.reason)
        return found


@dataclass
class Choice:
    """What is to be done for some records."""

    tasks: list[FileTask] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)
    """Rows of the ledger that change without a request."""
    here: int = 0
    skipped: int = 0
    gone: int = 0


class FileChooser:
    """Decides for one account."""

    def __init__(self, account: Account, store: BlobStore, *, full: bool) -> None:
        """`full`: files that could not be had before are requested again."""
        self._settings: FileSettings = account.files
        self._base_url = account.base_url
        self._store = store
        self._full = full
        # Names are only resolved when a file is fetched.
        allowed = read_hosts(account.files.hosts, account.base_url)
        self._hosts = HostAllowlist(allowed, resolve=lambda host: ())

    def choose(self, source: FileSource, records: Sequence[FileRecord]) -> Choice:
        """What is to be done for these records."""
        choice = Choice()
        for record in records:
            links = links_of(source, record.row, self._base_url)
            for link in links:
                self._choose_one(
                    FileTask(source, record, link, record.known.get(link.mark)), choice
                )
            for mark in record.known.keys() - {link.mark for link in links}:
                self._no_longer_named(source, record, record.known[mark], choice)
        return choice

    def _choose_one(self, task: FileTask, choice: Choice) -> None:
        known, link = task.known, task.link
        if known is not None and known.sha256 and self._store.holds(known.sha256, known.bytes):
            choice.here += 1
            if known.status != STORED:
                choice.rows.append(task.ledger_row(replace(known, status=STORED, reason=None)))
            return
        if why := self._unwanted(link, known):
            choice.skipped += 1
            skipped = task.status_after(FileStatus(link.mark, SKIPPED, bytes=_size(link, known),
                                         file_name=link.name or None, reason=why))  # fmt: skip
            if skipped != known:
                choice.rows.append(task.ledger_row(skipped))
            return
        if known is not None and not self._full:
            if known.status == GONE:
                choice.gone += 1
                return
            if known.status == SKIPPED and known.reason == NO_LINK:
                choice.skipped += 1
                return
        choice.tasks.append(task)

    def _unwanted(self, link: FileLink, known: FileStatus | None) -> str:
        """Why a file is left out as things are set; needs no request."""
        if link.address and (refusal := self._hosts.refusal(link.address)):
            return refusal
        size, largest = _size(link, known), self._settings.largest
        if size is not None and largest and size > largest:
            return f"its {size:,} bytes are more than max_file_bytes ({largest:,})"
        return ""

    def _no_longer_named(
        self, source: FileSource, record: FileRecord, known: FileStatus, choice: Choice
    ) -> None:
        kept = None
        if known.sha256 is not None:
            choice.gone += 1
            if known.status == GONE:
                return
            kept = replace(known, status=GONE, reason=REPLACED)
        choice.rows.append(
            LedgerRow(source.table.name, source.field, record.record_key, known.mark, kept)
        )


def _size(link: FileLink, known: FileStatus | None) -> int | None:
    if link.bytes is not None or known is None or known.status != SKIPPED:
        return link.bytes
    return known.bytes


def sources_of(connector: Connector, tables: Sequence[str]) -> list[FileSource]:
    """The sources among these tables."""
    return [source for source in connector.files if source.table.name in tables]
