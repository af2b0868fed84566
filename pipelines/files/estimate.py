"""How many files a sync would fetch, and how large: from the tables, or from first pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from connectors.core.connector import Family, family_tables
from connectors.core.errors import Skippable
from connectors.core.files import FileSource
from connectors.core.records import RecordMapper
from connectors.core.resources import names_in
from connectors.core.schema import Column, Record, Table
from connectors.paging import get_path
from pipelines.files.choose import FileChooser, FileTask, sources_of
from pipelines.settings import Account
from warehouse.files.blobs import BlobStore
from warehouse.files.ledger import FileLedger
from warehouse.files.survey import FileRecord, FileSurvey

if TYPE_CHECKING:
    from pipelines.sync.probe import Probe

REMEMBERED = 100_000
"""So many contents are told apart; beyond that some may be counted twice."""


@dataclass
class FilePlan:
    """What a sync would fetch."""

    files: int = 0
    bytes: int = 0
    """Of the files whose size the service says."""
    of_unknown_size: int = 0
    links: int = 0
    """Requests for links, under the account's rate."""
    about: bool = False
    """Estimated from the first pages, since the tables are not here yet."""
    at_least: bool = False
    """There may be more files: no first page shows how many."""
    _seen: set[Any] = field(default_factory=set, repr=False)

    def count(self, tasks: Iterable[FileTask]) -> None:
        """Add files to fetch; what several records name counts once."""
        for task in tasks:
            if task.link.shared and not self._is_new(task.link.mark):
                continue
            self.files += 1
            self.bytes += task.link.bytes or 0
            self.of_unknown_size += task.link.bytes is None
            if not task.link.address and task.source.fresh is not None:
                bound = task.source.fresh.bind.values()
                asked = (task.source.fresh.resource.name, *(task.record.row[c] for c in bound))
                self.links += self._is_new(asked)

    def add(self, other: FilePlan, factor: float) -> None:
        """Add what was seen of a listing, for the whole of it."""
        for name in ("files", "bytes", "of_unknown_size", "links"):
            setattr(self, name, getattr(self, name) + round(getattr(other, name) * factor))

    def _is_new(self, what: Any) -> bool:
        if what in self._seen:
            return False
        if len(self._seen) < REMEMBERED:
            self._seen.add(what)
        return True

    def as_json(self) -> dict[str, Any]:
        names = ("files", "bytes", "of_unknown_size", "links", "about", "at_least")
        return {name: getattr(self, name) for name in names}

    @property
    def sentence(self) -> str:
        """For people: `files to fetch: about 32, 1.2 GB and 5 of unknown size`."""
        from warehouse.progress import size_text

        about, more = "about " if self.about else "", " or more" if self.at_least else ""
        known = self.files - self.of_unknown_size
        sizes = [size_text(self.bytes)] if known else []
        if self.of_unknown_size:
            sizes.append(f"{self.of_unknown_size:,} of unknown size")
        text = f"files to fetch: {about}{self.files:,}{more}"
        return f"{text} ({' and '.join(sizes)})" if sizes else text


def plan_of(survey: FileSurvey, chooser: FileChooser) -> FilePlan:
    """From the records that are here."""
    plan = FilePlan()
    for source, records in survey.batches():
        plan.count(chooser.choose(source, records).tasks)
    return plan


def plan_files(
    account: Account, probe: Probe, tables: Sequence[str], *, full: bool
) -> FilePlan | None:
    """For `kollect plan`; None for accounts without files. Raises a KollectError."""
    if not account.files.wanted:
        return None
    connector, warehouse = account.connector, probe.warehouse
    chooser = FileChooser(account, BlobStore(warehouse.path), full=full)
    families = connector.families_of(tables)
    new = [family for family in families if probe.known.first_time(family.name)]
    unread = {table.name for family in new for table in family_tables(family)}
    sources = sources_of(connector, [name for name in tables if name not in unread])
    plan = FilePlan()
    if sources:
        ledger = FileLedger(warehouse, connector, account.name, probe.engine)
        with FileSurvey(ledger, sources) as survey:
            plan = plan_of(survey, chooser)
    for family in new:
        expected = {t.name for t in family_tables(family)} & set(tables)
        found = sources_of(connector, sorted(expected))
        if found:
            _count_first_pages(family, found, probe, chooser, plan)
    return plan


def _count_first_pages(
    family: Family, sources: list[FileSource], probe: Probe, chooser: FileChooser, plan: FilePlan
) -> None:
    """From the first page of each listing of a family that was never read."""
    plan.about = True
    told: set[str] = set()
    for resource in family.resources:
        names = {name for rows in resource.rows for name in names_in(rows)}
        of_it = [source for source in sources if source.table.name in names]
        bound = any("{" in text for text in (resource.get, *resource.params.values()))
        if not of_it or resource.each is not None or bound:
            continue
        try:
            payload = probe.look(resource)
        except Skippable:
            continue
        shown = _FirstPage()
        shaper = RecordMapper(probe.known.connector.tables.values(), shown)
        seen = 0
        for rows in resource.rows[:1]:
            records = shaper.find(rows, payload, {}) or []
            seen = len(records)
            shaper.keep(rows, records, {})
        part = FilePlan()
        for source in of_it:
            lines = shown.lines.get(source.table.name, [])
            told |= {source.table.name} if lines else set()
            record = [FileRecord(str(n), _row(source, line), {}) for n, line in enumerate(lines)]
            kept = [n for n in record if all(n.row[c] == v for c, v in source.only.items())]
            part.count(chooser.choose(source, kept).tasks)
        total = resource.paging.total(payload)
        plan.add(part, total / seen if total and seen else 1.0)
        plan.at_least = plan.at_least or total is None
    plan.at_least = plan.at_least or any(s.table.name not in told for s in sources)


class _FirstPage:
    """A sink that keeps the rows of a first page by table."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Record]] = {}

    def extra_columns(self, table: Table) -> tuple[Column, ...]:
        return ()

    def add(self, table: Table, lines: list[Record], *, sparse: bool) -> None:
        self.lines.setdefault(table.name, []).extend(lines)

    def reject(self, table: Table, record: Any, reason: str) -> None:
        """Nothing is kept."""

    def without(self, table: Table, inherited: Mapping[str, Any]) -> None:
        """Nothing ends."""

    def holds(self, table: Table, inherited: Mapping[str, Any]) -> None:
        """Nothing ends."""

    def fresh_field(self, table: Table, field: str, sample: Any) -> None:
        """No column is made."""

    def forget(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        """There is no second pass."""


def _row(source: FileSource, line: Record) -> dict[str, Any]:
    """A line's values in the columns that a source reads, as the database would give them."""
    record = {**line["r"], **line.get("v", {})}
    row: dict[str, Any] = {}
    for name in source.columns:
        column = source.table.column(name)
        value = line["p"].get(name)
        if not column.inherited:
            values = (get_path(record, place) for place in (column.source, *column.aliases))
            value = next((found for found in values if found is not None), None)
        if column.type == "json" and value is not None:
            value = msgspec.json.encode(value).decode()
        row[name] = value
    return row
