"""Puts together what downloading an account's files needs; imported only where files are wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from connectors.http.bandwidth import BandwidthLimit
from connectors.http.client import Client
from connectors.http.download import Downloader, OwnHost
from connectors.http.events import Reporter
from connectors.http.host_allowlist import HostAllowlist, read_hosts
from connectors.http.stopping import Stop
from pipelines.files.download import FileCounts, FileMeans, FileSync
from pipelines.files.links import FreshLinks
from pipelines.files.selection import Chooser, sources_of
from pipelines.settings import Account
from warehouse.files.blobs import Store
from warehouse.files.ledger import FileLedger
from warehouse.store.warehouse import Warehouse

if TYPE_CHECKING:
    from pipelines.sync.runtime import Runtime


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
    tell: Callable[[str, FileCounts], None],
) -> FileCounts:
    """Fetch what the records of these tables name and is not here. Raises Fatal errors."""
    store, stop = Store(warehouse.path), Stop(runtime.stop, runtime.sleep)
    sources = sources_of(account.connector, tables)
    settings = account.files
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
    means = FileMeans(
        account=account.name,
        sources=sources,
        all_sources=len(sources) == len(sources_of(account.connector, account.tables)),
        chooser=Chooser(account, store, full=full),
        ledger=FileLedger(warehouse, account.connector, account.name, engine),
        store=store,
        downloader=downloader,
        links=FreshLinks(client, account.base_url, runtime.clock),
        stop=stop,
        parallel=settings.parallel,
        largest=settings.largest,
        now=runtime.now,
        tell=tell,
        clock=runtime.clock,
    )
    store.folder.mkdir(parents=True, exist_ok=True)
    try:
        return FileSync(means, run_id).run()
    finally:
        downloader.close()
