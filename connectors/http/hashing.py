"""Hashes of bytes as they come, worked out beside the thread that receives them."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

AHEAD_BYTES = 2 << 20
"""So much may wait for a hash; beyond that whoever brings more has to wait too."""
WORTH_BYTES = 256 << 10
"""Less is hashed at once: handing it over would take longer."""


class Hasher:
    """One hash over bytes in their order; a thread of its own works from the first large piece.

    Hashing gives up the interpreter's lock, so several hashers and the network run side by side.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._hash = hashlib.new(name, usedforsecurity=False)
        self._pieces: list[bytes | memoryview] = []
        self._size = 0
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: deque[tuple[int, Future[None]]] = deque()
        self._waiting = 0

    def update(self, data: bytes | memoryview) -> None:
        """Take bytes, which must not change any more."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= WORTH_BYTES:
            self._hand_over()

    def hexdigest(self) -> str:
        """The hash of all bytes so far."""
        self._settle()
        return self._hash.hexdigest()

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._thread = None

    def _hand_over(self) -> None:
        pieces, size = self._pieces, self._size
        self._pieces, self._size = [], 0
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        while self._waiting > AHEAD_BYTES:
            self._wait_for_one()
        self._under_way.append((size, self._thread.submit(self._work, pieces)))
        self._waiting += size

    def _wait_for_one(self) -> None:
        size, future = self._under_way.popleft()
        future.result()
        self._waiting -= size

    def _work(self, pieces: list[bytes | memoryview]) -> None:
        for piece in pieces:
            self._hash.update(piece)

    def _settle(self) -> None:
        while self._under_way:
            self._wait_for_one()
        self._work(self._pieces)
        self._pieces, self._size = [], 0
