"""What a run leaves in Dagster of each table: figures that plot themselves, proof, a preview."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import MetadataValue

from connectors.core.errors import KollectError
from connectors.core.schema import Table
from connectors.http.redact import safe_text
from pipelines.orchestration.sources import Source
from pipelines.sync.result import AccountResult
from warehouse.store.inspection import cursors, sample

if TYPE_CHECKING:
    import duckdb

    from warehouse.progress import Step

EMAIL = re.compile(r"\b([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+\.[A-Za-z]{2,})\b")
LONG_ID = 14
PROGRESS_SECONDS = 5.0
"""A long operation says a line in the log so often."""
COUNTS = ("inserted", "updated", "deleted", "unchanged", "rejected")


def table_metadata(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    table: Table,
    load: Mapping[str, Any],
    result: AccountResult,
) -> dict[str, Any]:
    """Everything worth keeping about one load of one table, without secrets."""
    changed = any(load[name] for name in ("inserted", "updated", "deleted"))
    figures: dict[str, Any] = {
        "dagster/row_count": int(load["rows"] or 0),
        "what changed": _changes(load) if changed else "nothing changed",
    }
    names, rows = sample(connection, source.service, table, source.account.name)
    if rows:
        secrets = [v for part, v in source.account.credential.items() if part != "username"]
        figures["preview"] = MetadataValue.md(preview(names, rows, secrets))
    figures |= {
        **{name: int(load[name] or 0) for name in COUNTS},
        "complete": bool(load["complete"]),
        "proof": load["proof"] or load["reason"] or "nothing changed since the last proof",
        "mode": load["mode"],
        "requests": int(load["requests"] or 0),
        "bytes": int(load["bytes"] or 0),
        "load seconds": float(load["seconds"] or 0.0),
        "whole sync: requests": result.requests,
        "whole sync: retries": result.retries,
        "whole sync: slowdowns": result.rate_limited,
        "whole sync: seconds waited for the rate": round(result.waited_seconds, 2),
        "whole sync: bytes": result.bytes,
        "kollect run": load["run_id"],
    }
    if result.files is not None:
        figures["whole sync: files"] = result.files.sentence.removeprefix("files: ")
    if cursor := _cursor(connection, source, table):
        figures["cursor"] = cursor
    return figures


def in_one_line(account: str, result: AccountResult) -> str:
    """What a whole sync came to."""
    loads = result.tables.values()
    total = {name: sum(load.get(name) or 0 for load in loads) for name in COUNTS}
    unproved = sum(1 for load in loads if not load.get("complete"))
    said = [f"{account}: {result.status}, {len(loads)} tables read"]
    said.append(_changes(total) or "nothing changed")
    said += [f"{total['rejected']:,} rejected"] if total["rejected"] else []
    said += [f"{unproved} not proved whole"] if unproved else []
    said += [result.files.sentence] if result.files is not None else []
    return (
        f"{'; '.join(said)} ({result.requests:,} requests, {result.bytes:,} bytes, "
        f"{result.waited_seconds:.1f} s waited for the rate)"
    )


def _changes(load: Mapping[str, Any]) -> str:
    parts = [f"{load[name]:,} {name}" for name in ("inserted", "updated", "deleted") if load[name]]
    return ", ".join(parts)


def _cursor(connection: duckdb.DuckDBPyConnection, source: Source, table: Table) -> str | None:
    """Where the next sync of the table goes on, in words."""
    names = {table.name}
    for family in source.family_of(table.name):
        names |= {family.name, *(resource.name for resource in family.resources)}
    found = {n: c for n, c in cursors(connection, source.account.name).items() if n in names}
    if not found:
        return None
    parts = [
        f"{name}: {value}" if count == 1 else f"{name}: {count:,}, the last moved to {value}"
        for name, (count, value) in sorted(found.items())
    ]
    return "; ".join(parts)[:400]


def preview(names: list[str], rows: list[tuple[str | None, ...]], secrets: list[str]) -> str:
    """A Markdown table of a few rows, in which nothing of the data can act.

    Texts are shown as code, so that no image is fetched and no link or markup comes alive; mail
    addresses are shortened; whatever looks like a secret in an address is masked.
    """
    lines = [
        f"| {' | '.join(names)} |",
        f"|{'---|' * len(names)}",
    ]
    for row in rows:
        cells = [_cell(name, value, secrets) for name, value in zip(names, row, strict=True)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(name: str, value: str | None, secrets: list[str]) -> str:
    if value is None:
        return ""
    text = EMAIL.sub(r"\1…@\2", safe_text(value, secrets))
    if (name == "id" or name.endswith("_id")) and len(text) > LONG_ID:
        text = text[: LONG_ID - 5] + "…"
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00", text):
        text = text[:16]
    text = " ".join(text.replace("`", "'").replace("|", "¦").split())
    return f"`{text}`" if text else ""


class ProgressLog:
    """Turns the progress of a sync into a line of the log every few seconds.

    What people want to read at once (a table that changed, a message, a problem) comes at once.
    """

    def __init__(self, log: Any, clock: Any, seconds: float = PROGRESS_SECONDS) -> None:
        import threading

        self._log = log
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._answers = 0
        self._family = ""
        self._waited = 0.0
        self._last = clock()

    def __call__(self, progress: Any) -> None:
        with self._lock:
            if progress.kind == "request":
                self._request(progress)
            elif progress.kind == "family":
                self._family = str(progress.fields.get("family", ""))
            elif progress.kind == "loaded":
                row = progress.fields.get("row", {})
                if any(row.get(n) for n in ("inserted", "updated", "deleted", "rejected")):
                    self._log.info(progress.text)
            elif progress.kind == "problem":
                self._log.warning(progress.text)
            else:
                self._log.info(progress.text)

    def _request(self, progress: Any) -> None:
        event = progress.fields.get("event")
        if event == "answer":
            self._answers += 1
        elif event == "throttled":
            self._log.warning(f"the service asks for fewer requests: {progress.text}")
        if self._clock() - self._last >= self._seconds:
            self._last = self._clock()
            self._log.info(f"reading {self._family}: {self._answers:,} answers so far")


class StepLog:
    """Turns the steps of a backup or a verify into a line of the log every few seconds.

    What is no mere step (a problem, waiting for another process, the end) comes at once.
    """

    def __init__(
        self, log: Any, clock: Callable[[], float], seconds: float = PROGRESS_SECONDS
    ) -> None:
        self._log = log
        self._clock = clock
        self._seconds = seconds
        self._last = clock()

    def __call__(self, step: Step) -> None:
        if step.kind in ("step", "bytes"):
            if self._clock() - self._last < self._seconds:
                return
            self._last = self._clock()
        share = f" ({100 * step.done // step.total} %)" if step.total else ""
        say = self._log.warning if step.kind == "problem" else self._log.info
        say(f"{step.text}{share}")


@contextlib.contextmanager
def in_words() -> Iterator[None]:
    """An error of kollect becomes a failure with its one line instead of a stack of code."""
    try:
        yield
    except KollectError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


def data_version(load: Mapping[str, Any]) -> dg.DataVersion | None:
    """Equal for equal content, so that Dagster shows when nothing changed."""
    return dg.DataVersion(str(load["content"])) if load.get("content") else None
