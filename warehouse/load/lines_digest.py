"""A hash of the lines of a load, by which the next load can tell that the same came again.

The order of the lines of one record counts, since later ones win. The order of records does not:
many services list them in another order each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from connectors.core.schema import Record, Table
from warehouse.load.keys import key_of

MOST_RECORDS = 100_000
"""Beyond so many records in one load (some 20 MB of hashes) it is not worth remembering."""
ENCODER = msgspec.json.Encoder(order="deterministic")


class LinesDigest:
    """The hash of all lines that were added."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, tuple[str | None, ...]], bytes] = {}
        self._useless = False

    def add(self, table: Table, lines: Iterable[Record]) -> None:
        """Count lines in, in the order in which they came."""
        if self._useless:
            return
        for line in lines:
            try:
                encoded = ENCODER.encode(line)
                record = (table.name, key_of(table, line))
                before = self._records.get(record, b"")
            except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, RecursionError):
                self._give_up()
                return
            self._records[record] = hashlib.blake2b(before + encoded, digest_size=16).digest()
        if len(self._records) > MOST_RECORDS:
            self._give_up()

    def _give_up(self) -> None:
        self._useless = True
        self._records.clear()

    def text(self) -> str:
        """The hash; empty where there were too many records, or one that cannot be compared."""
        if self._useless:
            return ""
        found = sorted((repr(record), digest) for record, digest in self._records.items())
        whole = hashlib.blake2b(digest_size=16)
        for record, digest in found:
            whole.update(record.encode("utf-8", "surrogatepass"))
            whole.update(digest)
        return whole.hexdigest()
