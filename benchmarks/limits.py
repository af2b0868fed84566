"""Under the services' real limits and a slow network, and when nothing changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from benchmarks.loading import TABLES
from benchmarks.measuring import Figure, Run, kollect, say
from benchmarks.serving import Server, serving

LATENCY_SECONDS = 0.4
KINESCOPE_WINDOWS = ((10, 1.0), (300, 60.0))
KINOPIO_WINDOWS = ((5, 1.0),)
MOST_ABOVE_FLOOR = 1.05
KINOPIO_SPACES = 300
LEAST_SECONDS = 2.0
"""A second sync that finds nothing new takes no longer, beside the waiting."""
KINOPIO_AT_MOST = 14
"""Requests for so many spaces, beside one for the removed cards of each."""


def least_seconds(requests: int, windows: tuple[tuple[int, float], ...]) -> float:
    """When the last of so many requests may leave and be answered at the earliest."""
    sent: list[float] = []
    for number in range(requests):
        earliest = sent[-1] if sent else 0.0
        for limit, seconds in windows:
            if number >= limit:
                earliest = max(earliest, sent[number - limit] + seconds)
        sent.append(earliest)
    return sent[-1] + LATENCY_SECONDS


def spread_seconds(requests: int, windows: tuple[tuple[int, float], ...]) -> float:
    """The same where no request may leave in a burst: evenly within the narrowest window.

    A service that counts in windows of its own sees a burst as too many.
    """
    limit, seconds = windows[0]
    return max(least_seconds(requests, windows), (requests - 1) * seconds / limit + LATENCY_SECONDS)


def synced(server: Server, folder: Path, *arguments: str) -> tuple[Run, dict[str, object]]:
    """One sync, and what it says of its account."""
    server.reset()
    found = kollect(folder, server.environment, "sync", "--json", *arguments)
    report = json.loads(found.output[found.output.index("{") :])
    return found, next(iter(report["accounts"].values()))


def figures_of(
    name: str, found: Run, server: Server, windows: tuple[tuple[int, float], ...]
) -> list[Figure]:
    """Wall time against the floor, and what the referee saw."""
    stats = server.stats()
    least = least_seconds(stats["requests"], windows)
    refused = stats["by_status"].get("429", 0)
    return [
        Figure(
            f"{name}: {stats['requests']} requests", f"{found.seconds:.2f} s",
            f"floor of the windows: {least:.2f} s", found.seconds / least,
            at_most=MOST_ABOVE_FLOOR,
        ),
        Figure(
            name, f"{refused} refused, {len(stats['violations'])} violations", "none of either",
            met=not refused and not stats["violations"],
        ),
    ]  # fmt: skip


def kinescope(folder: Path, *, sizes: tuple[int, ...] = (16_000, 32_800, 100_000)) -> list[Figure]:
    """Videos at 10 a second and 300 a minute."""
    figures: list[Figure] = []
    for size in sizes:
        target = folder / f"kinescope-{size}"
        shutil.rmtree(target, ignore_errors=True)
        options = {"limits": True, "latency": LATENCY_SECONDS, "prerender": True}
        with serving("kinescope", size=size, **options) as server:
            server.settings(target, "kinescope", include=TABLES)
            found, _ = synced(server, target)
            figures += figures_of(f"{size:,} videos, 400 ms", found, server, KINESCOPE_WINDOWS)
            say(figures[-2].line())
    return figures


def kinopio(folder: Path) -> list[Figure]:
    """300 spaces at 5 a second, then a second sync in which nothing changed."""
    target = folder / "kinopio"
    shutil.rmtree(target, ignore_errors=True)
    with serving("kinopio", size=KINOPIO_SPACES, limits=True, latency=LATENCY_SECONDS) as server:
        server.settings(target, "kinopio")
        found, account = synced(server, target)
        name = f"{KINOPIO_SPACES} Kinopio spaces, 400 ms"
        figures = figures_of(name, found, server, KINOPIO_WINDOWS)
        say(figures[-2].line())
        requests = server.stats()["requests"]
        removed = removed_cards_requests(server)
        figures.append(
            Figure(
                name, f"{requests - removed} requests, {removed} for removed cards",
                f"{KINOPIO_AT_MOST} and removed cards",
                (requests - removed) / KINOPIO_AT_MOST, at_most=1.0,
            )
        )  # fmt: skip
        _, account = synced(server, target)
        figures.append(unchanged(name, account, least=6))
    return figures


def beside_the_waiting(folder: Path, service: str, size: int) -> Figure:
    """A second sync of everything, nothing changed, where there is nothing to wait for."""
    target = folder / f"{service}-again"
    shutil.rmtree(target, ignore_errors=True)
    with serving(service, size=size) as server:
        server.settings(target, service, rate=[])
        synced(server, target)
        found, account = synced(server, target)
    figure = Figure(
        f"{service}, {size} records, no latency: second sync, {account['requests']} requests",
        f"{found.seconds:.2f} s", f"{LEAST_SECONDS:.0f} s", found.seconds / LEAST_SECONDS,
        at_most=1.0,
    )  # fmt: skip
    say(figure.line())
    return figure


def removed_cards_requests(server: Server) -> int:
    """How many requests asked for the removed cards of one space."""
    import urllib.request

    with urllib.request.urlopen(f"{server.origin}/_sandbox/requests", timeout=60) as answer:
        return sum(
            "removed" in entry["target"] and "ard" in entry["target"] for entry in json.load(answer)
        )


def unchanged(name: str, account: dict[str, object], least: int) -> Figure:
    """A second sync: requests and versions."""
    tables: dict[str, dict[str, int]] = account["tables"]  # type: ignore[assignment]
    changed = sum(
        row[what] for row in tables.values() for what in ("inserted", "updated", "deleted")
    )
    requests = int(str(account["requests"]))
    return Figure(
        f"{name}: second sync, nothing changed", f"{requests} requests, {changed} versions",
        f"{least} requests, no version", met=requests <= least and not changed,
    )  # fmt: skip


def all_limits(folder: Path) -> list[Figure]:
    """Every figure of this page."""
    return [
        *kinescope(folder),
        *kinopio(folder),
        beside_the_waiting(folder, "kinopio", KINOPIO_SPACES),
        beside_the_waiting(folder, "kinescope", KINOPIO_SPACES),
    ]
