"""Downloads the files that an account's records name, after its tables were loaded.

Several at once, each resumable; received files are recorded in batches, one transaction each. A
killed sync leaves whole files with their notes and others in part: the next one goes on there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors.core.files import FileSource
from connectors.http.bandwidth import BandwidthLimit
from connectors.http.client import Client
from connectors.http.download import Downloader, OwnHost
from connectors.http.events import Reporter
from connectors.http.host_allowlist import HostAllowlist, read_hosts
from connectors.http.stopping import Stop
from pipelines.files.choose import FileChooser, FileTask, sources_of
from pipelines.files.counts import FileCounts
from pipelines.files.estimate import FilePlan, plan_of
from pipelines.files.fetch import FileFetcher, FreshLinks
from pipelines.settings import Account
from warehouse.files.blobs import BlobStore
from warehouse.files.ledger import (
    FAILED,
    GONE,
    SKIPPED,
    STORED,
    FileLedger,
    FileStatus,
    LedgerRow,
)
from warehouse.files.survey import FileSurvey
from warehouse.progress import size_text
from warehouse.store.warehouse import Warehouse

if TYPE_CHECKING:
    from pipelines.sync.runtime import Runtime

RECORD_FILES = 200
RECORD_SECONDS = 10.0
"""Received files are recorded in the ledger after so many of them, or so many seconds."""
TELL_SECONDS = 5.0
TELL_SELDOM = 30.0
"""The pause between two lines of progress grows from the first to the second."""
REMEMBERED = 100_000
"""So many received files that several records share are kept in mind, so as not to fetch twice."""
PROBLEMS_TOLD = 10
Tell = Callable[[str, FileCounts], None]


def download_files(
    account: Account,
    warehouse: Warehouse,
    client: Client,
    engine: Any,
    *,
    tables: Sequence[str],
    run_id: str,
    full: bool,
    runtime: Runtime,
    tell: Tell,
) -> FileCounts:
    """Fetch the files of these tables that are not in the store yet. Raises Fatal errors."""
    settings = account.files
    sources = sources_of(account.connector, tables)
    if not sources:
        return FileCounts()
    stop = Stop(runtime.stop, runtime.sleep)
    store = BlobStore(warehouse.path)
    store.folder.mkdir(parents=True, exist_ok=True)
    downloader = Downloader(
        HostAllowlist(read_hosts(settings.hosts, account.base_url)),
        OwnHost(account.base_url, client.rate_limiter, account.connector.http.classify),
        parallel=settings.parallel,
        bandwidth=BandwidthLimit(settings.bytes_per_second, clock=runtime.clock, stop=stop),
        retry=account.retry,
        transport=runtime.transport,
        clock=runtime.clock,
        stop=stop,
        tell=Reporter(account.name, None),
    )
    links = FreshLinks(client, account.base_url, runtime.clock)
    downloads = FileDownloads(
        FileLedger(warehouse, account.connector, account.name, engine),
        store,
        FileChooser(account, store, full=full),
        FileFetcher(
            account.name, store, downloader, links, largest=settings.largest, now=runtime.now
        ),
        downloader,
        parallel=settings.parallel,
        run_id=run_id,
        now=runtime.now,
        clock=runtime.clock,
        tell=tell,
    )
    try:
        counts = downloads.run(sources)
    finally:
        downloader.close()
    if len(sources) == len(sources_of(account.connector, account.tables)):
        # These are all that the account has: other parts belong to files that no record names.
        store.clear_parts(account.name, keep=downloads.unfinished)
    tell(counts.sentence, counts)
    return counts


class FileDownloads:
    """One pass over all files of an account."""

    def __init__(
        self,
        ledger: FileLedger,
        store: BlobStore,
        chooser: FileChooser,
        fetcher: FileFetcher,
        downloader: Downloader,
        *,
        parallel: int,
        run_id: str,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        tell: Tell,
    ) -> None:
        self.counts = FileCounts()
        self.unfinished: set[str] = set()
        """Names of files that came in part: the next sync goes on with them."""
        self._ledger = ledger
        self._store = store
        self._chooser = chooser
        self._fetcher = fetcher
        self._downloader = downloader
        self._parallel = parallel
        self._run_id = run_id
        self._now = now
        self._clock = clock
        self._tell = tell
        self._rows: list[LedgerRow] = []
        self._received: list[str] = []
        """Names of files whose notes are removed once the ledger knows them."""
        self._came: dict[str, FileStatus] = {}
        self._waiting: dict[str, list[FileTask]] = {}
        self._flying: dict[Future[FileStatus], FileTask] = {}
        self._recorded_at = self._told_at = clock()
        self._pause = TELL_SECONDS
        self._plan = FilePlan()

    def run(self, sources: Sequence[FileSource]) -> FileCounts:
        """Fetch what is not here; raises Fatal errors (credential, disk) after saving the rest."""
        with FileSurvey(self._ledger, sources) as survey:
            self._plan = plan_of(survey, self._chooser)
            with ThreadPoolExecutor(self._parallel, thread_name_prefix="file") as pool:
                try:
                    for task in self._tasks(survey):
                        self._begin(pool, task)
                    while self._flying:
                        self._collect()
                except BaseException:
                    # Otherwise the pool would wait for downloads under way.
                    self._downloader.close()
                    for future in self._flying:
                        future.cancel()
                    raise
                finally:
                    self._save_received()
        self.counts.gone += self._ledger.mark_ended(sources, self._run_id, self._now())
        self._count_traffic()
        return self.counts

    def _tasks(self, survey: FileSurvey) -> Iterator[FileTask]:
        """The files to fetch; what needs no request is settled on the way."""
        for source, records in survey.batches():
            choice = self._chooser.choose(source, records)
            self.counts.here += choice.here
            self.counts.skipped += choice.skipped
            self.counts.gone += choice.gone
            self._rows += choice.rows
            self._record_if_due()
            shared = [task.link.mark for task in choice.tasks if task.link.shared]
            elsewhere = survey.stored_elsewhere(shared) if shared else {}
            for task in choice.tasks:
                found = elsewhere.get(task.link.mark)
                if found is not None and self._store.holds(found.sha256 or "", found.bytes):
                    self._came[task.link.mark] = found
                yield task

    def _begin(self, pool: ThreadPoolExecutor, task: FileTask) -> None:
        mark = task.link.mark
        if task.link.shared:
            if mark in self._came:
                self.counts.here += 1
                self._rows.append(task.ledger_row(self._came[mark]))
                return
            if mark in self._waiting:
                self._waiting[mark].append(task)
                return
            self._waiting[mark] = []
        while len(self._flying) >= 2 * self._parallel:
            self._collect()
        self._flying[pool.submit(self._fetcher.fetch, task)] = task

    def _collect(self) -> None:
        """Wait for a file, at most a second, and note its status."""
        done, _ = wait(self._flying, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in done:
            task = self._flying.pop(future)
            self._settle(task, future.result())
        self._record_if_due()
        self._tell_if_due()

    def _settle(self, task: FileTask, found: FileStatus) -> None:
        sharing = [task]
        if task.link.shared:
            sharing += self._waiting.pop(task.link.mark, [])
            if found.status == STORED and len(self._came) < REMEMBERED:
                self._came[task.link.mark] = found
        for number, each in enumerate(sharing):
            self._rows.append(each.ledger_row(each.status_after(found)))
            if found.status == STORED and number:
                self.counts.here += 1
            else:
                self._count(each, found)
        if found.status == FAILED:
            self.unfinished.add(task.name)
        else:
            self._received.append(task.name)

    def _count(self, task: FileTask, found: FileStatus) -> None:
        counts = self.counts
        counts.fetched += found.status == STORED
        counts.skipped += found.status == SKIPPED
        counts.gone += found.status == GONE
        if found.status == FAILED:
            counts.failed += 1
            if len(counts.problems) < PROBLEMS_TOLD:
                counts.problems.append(f"{task.title}: {found.reason}")

    # -- recording and telling -------------------------------------------------------------

    def _record_if_due(self) -> None:
        late = self._clock() - self._recorded_at > RECORD_SECONDS
        if len(self._rows) >= RECORD_FILES or (late and self._rows):
            self._record()

    def _record(self) -> None:
        self._ledger.write(self._rows, self._run_id, self._now())
        for name in self._received:
            self._store.forget_part(self._ledger.account, name)
        self._rows, self._received = [], []
        self._recorded_at = self._clock()

    def _save_received(self) -> None:
        """Record the files that arrived, also before an error: they must not be fetched again."""
        for future, task in list(self._flying.items()):
            if future.done() and not future.cancelled() and future.exception() is None:
                self._settle(task, future.result())
        self._record()

    def _tell_if_due(self) -> None:
        if self._clock() - self._told_at < self._pause:
            return
        self._told_at = self._clock()
        self._pause = min(TELL_SELDOM, 1.2 * self._pause)
        self._count_traffic()
        plan = self._plan
        text = f"files: {self.counts.fetched:,} of {plan.files:,} fetched"
        more = " or more" if plan.of_unknown_size else ""
        whole = f" of {size_text(plan.bytes)}{more}" if plan.bytes else ""
        self._tell(f"{text}, {size_text(self.counts.bytes)}{whole}", self.counts)

    def _count_traffic(self) -> None:
        traffic = self._downloader.statistics
        self.counts.bytes, self.counts.requests = traffic.bytes, traffic.requests
        self.counts.retries = traffic.retries
