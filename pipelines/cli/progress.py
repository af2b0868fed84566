"""What a long sync shows while it runs: one moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from pipelines.sync.result import Progress

LINE_SECONDS = 5.0
"""Without a terminal, a line of counts is printed at most this often."""


def progress_lines(stream: Any) -> Callable[[Progress], None]:
    """Says on a stream what happens: one moving line on a terminal, plain lines elsewhere."""
    terminal = stream.isatty()
    lock = threading.Lock()
    counts: dict[str, int] = {}
    last = [time.monotonic()]

    def show(progress: Progress) -> None:
        with lock:
            if progress.kind == "request":
                if progress.fields.get("event") == "answer":
                    counts[progress.account] = counts.get(progress.account, 0) + 1
                    due = time.monotonic() - last[0] > (0.2 if terminal else LINE_SECONDS)
                    if due:
                        last[0] = time.monotonic()
                        text = ", ".join(
                            f"{name}: {count} answers" for name, count in counts.items()
                        )
                        stream.write(f"\r\x1b[K{text}" if terminal else f"{text}\n")
                        stream.flush()
                return
            text = f"{progress.account}: {progress.text}"
            if progress.kind == "family":
                return
            if progress.kind == "files" and terminal:
                stream.write(f"\r\x1b[K{text}")
                stream.flush()
                return
            stream.write(f"\r\x1b[K{text}\n" if terminal else f"{text}\n")
            stream.flush()

    return show
