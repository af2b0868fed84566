"""Downloads the files that an account's records name, after its tables were loaded.

Several at once, each resumable; what came is on record in batches, one transaction each. A sync
that is killed leaves whole files with a receipt and others in part: the next one goes on there.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.core.errors import Fatal, Forbidden, KollectError, Missing
from connectors.core.files import FileSource
from connectors.http.download import Downloader, ReceivedFile
from connectors.http.file_response import ExpectedFile, FileNotWanted
from connectors.http.partial_file import PartialFile
from connectors.http.redact import safe_text
from connectors.http.stopping import Stop
from pipelines.files.estimate import FilePlan, plan_of
from pipelines.files.links import FreshLinks
from pipelines.files.selection import NO_LINK, Chooser, Todo
from warehouse.files.blobs import Store
from warehouse.files.ledger import (
    FAILED,
    GONE,
    SKIPPED,
    STORED,
    Entry,
    FileLedger,
    FileStatus,
    Survey,
)
from warehouse.store.disk import disk_problem

FLUSH_FILES = 200
FLUSH_SECONDS = 10.0
TELL_SECONDS = 5.0
TELL_SELDOM = 30.0
"""Whoever watches for hours need not be told so often."""
REMEMBERED = 100_000
"""Contents of this run that further records may name as well."""
PROBLEMS_TOLD = 10


@dataclass
class FileCounts:
    """What one sync did with the files of an account."""

    fetched: int = 0
    here: int = 0
    """Files that were here already, or came with another record."""
    failed: int = 0
    skipped: int = 0
    gone: int = 0
    bytes: int = 0
    """Received in this run."""
    requests: int = 0
    """To file hosts; those for links count with the account's."""
    retries: int = 0
    problems: list[str] = field(default_factory=list)
    """Of the first files that failed: which, and why."""

    def as_json(self) -> dict[str, Any]:
        names = ("fetched", "here", "failed", "skipped", "gone", "bytes", "requests", "retries")
        shown: dict[str, Any] = {name: getattr(self, name) for name in names}
        return {**shown, **({"problems": self.problems} if self.problems else {})}

    @property
    def sentence(self) -> str:
        """For people; empty where nothing is to be said."""
        parts = [
            f"{count:,} {word}"
            for count, word in (
                (self.fetched, "fetched"), (self.here, "here already"), (self.failed, "failed"),
                (self.skipped, "skipped"), (self.gone, "gone at the service"),
            )
            if count
        ]  # fmt: skip
        return f"files: {', '.join(parts)}" if parts else "files: none"


@dataclass(frozen=True)
class FileMeans:
    """What a download of an account's files works with."""

    account: str
    sources: list[FileSource]
    all_sources: bool
    """Whether these are all that the account has; else what others have on their way stays."""
    chooser: Chooser
    ledger: FileLedger
    store: Store
    downloader: Downloader
    links: FreshLinks
    stop: Stop
    parallel: int
    largest: int
    now: Callable[[], datetime]
    tell: Callable[[str, FileCounts], None] = lambda text, counts: None
    clock: Callable[[], float] = time.monotonic


class FileSync:
    """One pass over all files of an account."""

    def __init__(self, means: FileMeans, run_id: str) -> None:
        self.means = means
        self.run_id = run_id
        self.counts = FileCounts()
        self._entries: list[Entry] = []
        self._receipts: list[str] = []
        self._unfinished: set[str] = set()
        self._came: dict[str, FileStatus] = {}
        self._waiting: dict[str, list[Todo]] = {}
        self._flying: dict[Future[FileStatus], Todo] = {}
        self._flushed = self._told = means.clock()
        self._pause = TELL_SECONDS
        self._plan = FilePlan()

    def run(self) -> FileCounts:
        """Fetch what is not here; raises Fatal errors (credential, disk) after saving the rest."""
        means = self.means
        if not means.sources:
            return self.counts
        with means.ledger.survey(means.sources) as survey:
            self._plan = plan_of(survey, means.chooser)
            with ThreadPoolExecutor(means.parallel, thread_name_prefix="file") as pool:
                try:
                    for todo in self._todo(survey):
                        self._begin(pool, todo)
                    while self._flying:
                        self._collect()
                except BaseException:
                    means.stop.set()
                    for future in self._flying:
                        future.cancel()
                    raise
                finally:
                    self._save_what_came()
        gone = means.ledger.end(means.sources, self.run_id, means.now())
        self.counts.gone += gone
        if means.all_sources:
            means.store.clear_parts(means.account, keep=self._unfinished)
        self._count_traffic()
        means.tell(self.counts.sentence, self.counts)
        return self.counts

    def _todo(self, survey: Survey) -> Iterator[Todo]:
        """The files to fetch; what needs no request is settled on the way."""
        for source, records in survey.batches():
            choice = self.means.chooser.choose(source, records)
            self.counts.here += choice.here
            self.counts.skipped += choice.skipped
            self.counts.gone += choice.gone
            self._entries += choice.entries
            self._flush_if_due()
            shared = [todo.link.mark for todo in choice.todo if todo.link.shared]
            elsewhere = survey.elsewhere(shared) if shared else {}
            for todo in choice.todo:
                found = elsewhere.get(todo.link.mark)
                if found is not None and self.means.store.holds(found.sha256 or "", found.bytes):
                    self._came[todo.link.mark] = found
                yield todo

    def _begin(self, pool: ThreadPoolExecutor, todo: Todo) -> None:
        mark = todo.link.mark
        if todo.link.shared:
            if mark in self._came:
                self.counts.here += 1
                self._entries.append(todo.entry(self._came[mark]))
                return
            if mark in self._waiting:
                self._waiting[mark].append(todo)
                return
            self._waiting[mark] = []
        while len(self._flying) >= 2 * self.means.parallel:
            self._collect()
        self._flying[pool.submit(self._fetch, todo)] = todo

    def _collect(self) -> None:
        """Wait for a file (or a second) and put down what came."""
        done, _ = wait(self._flying, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in done:
            todo = self._flying.pop(future)
            self._settle(todo, future.result())
        self._flush_if_due()
        self._tell_if_due()

    def _settle(self, todo: Todo, found: FileStatus) -> None:
        everyone = deque([todo])
        if todo.link.shared:
            everyone += self._waiting.pop(todo.link.mark, [])
            if found.status == STORED and len(self._came) < REMEMBERED:
                self._came[todo.link.mark] = found
        for number, each in enumerate(everyone):
            self._entries.append(each.entry(each.outcome(found)))
            if found.status == STORED and number:
                self.counts.here += 1
            else:
                self._count(each, found)
        if found.status == FAILED:
            self._unfinished.add(todo.name)
        else:
            self._receipts.append(todo.name)

    def _count(self, todo: Todo, found: FileStatus) -> None:
        counts = self.counts
        if found.status == STORED:
            counts.fetched += 1
        elif found.status == FAILED:
            counts.failed += 1
            if len(counts.problems) < PROBLEMS_TOLD:
                counts.problems.append(f"{todo.title}: {found.reason}")
        elif found.status == SKIPPED:
            counts.skipped += 1
        else:
            counts.gone += 1

    # -- one file, in a thread of its own --------------------------------------------------

    def _fetch(self, todo: Todo) -> FileStatus:
        """What became of one file; raises Fatal errors and Stopped."""
        mark, link = todo.link.mark, todo.link
        name = link.name or None
        try:
            got = self._received(todo)
        except FileNotWanted as error:
            size = error.bytes or link.bytes
            return FileStatus(mark, SKIPPED, bytes=size, file_name=name, reason=error.what)
        except Missing as error:
            return FileStatus(mark, GONE, bytes=link.bytes, file_name=name, reason=error.what)
        except Fatal:
            raise
        except KollectError as error:
            reason = safe_text(error.what)
            return FileStatus(mark, FAILED, bytes=link.bytes, file_name=name, reason=reason)
        except OSError as error:
            raise disk_problem(error, self.means.store.folder) from error
        return FileStatus(
            mark,
            STORED,
            got.sha256,
            got.bytes,
            got.content_type or None,
            link.name or got.file_name or None,
            None,
            self.means.now(),
        )

    def _received(self, todo: Todo) -> ReceivedFile:
        """The file, in its place in the store."""
        means, place = self.means, self.means.store.part(self.means.account, todo.name)
        notes = PartialFile(place).notes
        if notes.sha256 and means.store.holds(notes.sha256, notes.bytes):
            # It came whole, but the program ended before that was on record.
            return ReceivedFile(notes.sha256, notes.bytes, notes.content_type, notes.file_name)
        link = todo.link
        expected = ExpectedFile(link.bytes, link.md5, todo.source.kinds, means.largest)
        address = link.address or means.links.link(todo.source, todo.named.row)
        if not address:
            raise FileNotWanted(NO_LINK)
        try:
            got = means.downloader.fetch(address, place, expected)
        except Forbidden as refused:
            again = means.links.link(todo.source, todo.named.row, again=True)
            if again is None:
                raise _over(refused) from None
            try:
                got = means.downloader.fetch(again, place, expected)
            except Forbidden as refused_again:
                raise _over(refused_again) from None
        means.store.take(place.with_name(f"{place.name}.part"), got.sha256)
        return got

    # -- putting down ----------------------------------------------------------------------

    def _flush_if_due(self) -> None:
        late = self.means.clock() - self._flushed > FLUSH_SECONDS
        if len(self._entries) >= FLUSH_FILES or (late and self._entries):
            self._flush()

    def _flush(self) -> None:
        self.means.ledger.write(self._entries, self.run_id, self.means.now())
        for name in self._receipts:
            self.means.store.forget_part(self.means.account, name)
        self._entries, self._receipts = [], []
        self._flushed = self.means.clock()

    def _save_what_came(self) -> None:
        """Also when the rest is given up: files that came are not to come again."""
        for future, todo in list(self._flying.items()):
            if future.done() and not future.cancelled() and future.exception() is None:
                self._settle(todo, future.result())
        self._flush()

    def _tell_if_due(self) -> None:
        if self.means.clock() - self._told >= self._pause:
            self._told = self.means.clock()
            self._pause = min(TELL_SELDOM, 1.2 * self._pause)
            self._count_traffic()
            plan = self._plan
            text = f"files: {self.counts.fetched:,} of {plan.files:,} fetched"
            more = " or more" if plan.of_unknown_size else ""
            whole = f" of {_bytes(plan.bytes)}{more}" if plan.bytes else ""
            self.means.tell(f"{text}, {_bytes(self.counts.bytes)}{whole}", self.counts)

    def _count_traffic(self) -> None:
        traffic = self.means.downloader.traffic
        self.counts.bytes, self.counts.requests = traffic.bytes, traffic.requests
        self.counts.retries = traffic.retries


def _over(refused: Forbidden) -> KollectError:
    """410 says for good that there is nothing; the others may be a matter of rights."""
    if refused.status == 410:
        return Missing("its host says that it is gone (410)", status=410)
    return refused


def _bytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
