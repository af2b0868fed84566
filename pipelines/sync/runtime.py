"""The clock, the network and the patience of a sync; and the HTTP client of an account."""

from __future__ import annotations

import contextlib
import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.core.errors import BadSettings
from connectors.http.client import Client
from connectors.http.events import Event
from connectors.http.rate_limit import RateLimiter
from connectors.http.rate_store import FileState, RateState
from connectors.http.stopping import Stop
from pipelines.settings import Account, Settings
from pipelines.sync.result import Progress
from warehouse.store.names import file_name_of
from warehouse.store.state_folder import common_folder

if TYPE_CHECKING:
    import httpx

ACCOUNT_WAIT_SECONDS = 600.0


@dataclass(frozen=True)
class Runtime:
    """What a sync takes from its surroundings; tests give their own."""

    transport: httpx.BaseTransport | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None
    """What waits for the rate and between attempts; None waits in real time."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Once set, every wait and request ends at once; what was staged stays for the next run."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[Progress], None] = lambda _: None
    account_wait_seconds: float = ACCOUNT_WAIT_SECONDS


@contextlib.contextmanager
def opened_client(
    settings: Settings,
    account: Account,
    runtime: Runtime | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Iterator[Client]:
    """A client for one account, whose rate holds for all processes of the machine, or with
    `[scale]` for all machines. Raises as `make_client`."""
    folder = common_folder(settings.warehouse)
    with contextlib.ExitStack() as held:
        rates: RateState | None = None
        if settings.scale is not None:
            from pipelines.scale.work import shared_rates

            rates = held.enter_context(shared_rates(settings.scale, account.name))
        yield held.enter_context(make_client(account, folder, runtime, on_event, rates=rates))


def make_client(
    account: Account,
    folder: Path,
    runtime: Runtime | None = None,
    on_event: Callable[[Event], None] | None = None,
    *,
    rates: RateState | None = None,
) -> Client:
    """A client for one account; its rate is kept in `rates`, else below `folder`, for all
    processes together.

    Raises BadSettings where the credential would leave this computer unencrypted.
    """
    _refuse_plain_http(account)
    runtime = runtime or Runtime()
    config = replace(
        account.connector.http,
        windows=account.windows,
        penalty_seconds=account.penalty_seconds,
        max_in_flight=max(1, account.max_in_flight),
    )
    stop = Stop(runtime.stop, runtime.sleep)
    rate_limiter = RateLimiter(
        account.windows,
        account.penalty_seconds,
        clock=runtime.clock,
        stop=stop,
        state=rates or FileState(folder / "rates" / f"{file_name_of(account.name)}.rate"),
    )
    open_parts = ("uid", "username")
    return Client(
        config,
        account.base_url,
        account.credential,
        account=account.name,
        rate_limiter=rate_limiter,
        retry=account.retry,
        transport=runtime.transport,
        clock=runtime.clock,
        stop=stop,
        on_event=on_event,
        secret_values=[v for part, v in account.credential.items() if part not in open_parts],
        variables=tuple(account.variables.values()),
    )


def _refuse_plain_http(account: Account) -> None:
    url = urlsplit(account.base_url)
    if url.scheme != "http" or account.allow_http or is_this_computer(url.hostname or ""):
        return
    raise BadSettings(
        f"base_url begins with http://: everybody on the way to {url.hostname} could read the "
        "credential",
        account=account.name,
        guidance="write https://, or allow_http = true for a network that you trust",
    )


def is_this_computer(host: str) -> bool:
    """Whether a host name or address never leaves this computer."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
