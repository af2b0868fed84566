"""`kollect demo`: a tour of kollect without any account, on stand-ins of the services."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors import SERVICES
from connectors.core.errors import BadSettings
from pipelines.cli.sandbox import chosen_services
from pipelines.cli.settings_files import write_settings_files

if TYPE_CHECKING:
    from pipelines.cli.demo_compare import Tables
    from pipelines.settings import Settings
    from pipelines.sync.result import AccountResult
    from sandbox import Sandbox

AT_ONCE = "\n[guard]\nconfirm_empty_hours = 0    # the demo cannot wait for 20 hours\n"
MARK = "# Written by `kollect demo`, which removes this whole folder when it runs again.\n"
EXAMPLES = (
    (
        "The largest Kinopio spaces",
        """SELECT s.name AS space, s.privacy, count(*) AS cards,
       count(*) FILTER (WHERE c.is_removed) AS removed
FROM kinopio.spaces s JOIN kinopio.cards c ON c.space_id = s.id
GROUP BY ALL ORDER BY cards DESC, space LIMIT 5""",
        ("cards", "removed"),
    ),
    (
        "Kinescope storage by quality",
        """SELECT a.quality, count(*) AS files, round(sum(a.file_size) / 1e9, 1) AS gigabytes,
       round(avg(v.duration)) AS seconds
FROM kinescope.video_assets a JOIN kinescope.videos v ON v.id = a.video_id
GROUP BY ALL ORDER BY gigabytes DESC, quality LIMIT 5""",
        ("files", "gigabytes", "seconds"),
    ),
    (
        "What the second sync changed, from the history",
        """SELECT account, table_name AS "table", inserted, updated, deleted, rows
FROM _kollect.loads
WHERE inserted + updated + deleted > 0
QUALIFY dense_rank() OVER (PARTITION BY account ORDER BY run_id) = 2
ORDER BY account, "table" LIMIT 12""",
        ("inserted", "updated", "deleted", "rows"),
    ),
)


@click.command()
@click.option("--size", type=int, default=None, help="Main records of each service.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True,
    help="Folder for the demo's warehouse; made anew.",
)  # fmt: skip
@click.option("--service", "services", multiple=True, help="Only this one (may be repeated).")
def demo(size: int | None, folder: Path, services: tuple[str, ...]) -> None:
    """A sandbox of the services, a first sync, some changes, a second sync and a full pass, each
    compared with the services row by row, and a look at the copy."""
    from pipelines.settings import read_settings
    from sandbox import Sandbox

    names = chosen_services(services)
    place = folder.absolute()
    _clear(place)
    with Sandbox(names, size=size) as box:
        for service in box.services.values():
            if hasattr(service, "today"):
                service.today = datetime.now(UTC).date()
        text = MARK + box.settings(place / "kollect.duckdb") + AT_ONCE
        write_settings_files(place, {"kollect.toml": text}, force=False)
        settings = read_settings(place / "kollect.toml", environ=box.environment())
        click.echo(f"Stand-ins of {len(names)} services are running, with their real limits.")
        tour = Tour(settings, box)
        tour.run()
    click.echo()
    tour.show()
    _show_examples(settings, names)
    shown = settings.file or place
    click.echo(f"Look further:  kollect --config {_short(shown)} status")
    click.echo(f"               kollect --config {_short(shown)} tables")
    sys.exit(tour.exit_status())


@dataclass
class Tour:
    """Three syncs of stand-ins that change meanwhile, each compared with what they hold."""

    settings: Settings
    box: Sandbox
    syncs: list[list[AccountResult]] = field(default_factory=list)
    first: dict[str, list[str]] = field(default_factory=dict)
    """Account -> where the copy differs from its service after the first sync."""
    second: dict[str, list[str]] = field(default_factory=dict)
    """The same after the second, incremental sync; some changes show only to a full pass."""
    unexpected: dict[str, list[str]] = field(default_factory=dict)
    """After the second sync: where the copy differs from what an incremental sync can see."""
    third: dict[str, list[str]] = field(default_factory=dict)
    """After the full pass."""

    def run(self) -> None:
        """Sync, change, sync, and sync in full."""
        from pipelines.cli.demo_compare import compare

        click.echo("First sync: everything is read.")
        self._sync()
        before = self._truths()
        self.first = compare(self.settings, before)
        click.echo("\nMeanwhile, people change things:")
        for service in self.box.services.values():
            for sentence in service.change(1)[:4]:
                click.echo(f"  {service.name}: {sentence}")
        click.echo("\nSecond sync: only what may have changed is asked for.")
        self._sync()
        visible = {n: at.expected(dict(before[n])) for n, at in self.box.services.items()}
        self.second = compare(self.settings, self._truths())
        self.unexpected = compare(self.settings, visible)
        click.echo("\nFull pass: everything is read again, so that nothing stays unseen.")
        self._sync(full=True)
        self.third = compare(self.settings, self._truths())

    def _truths(self) -> Mapping[str, Tables]:
        return {name: service.truth() for name, service in self.box.services.items()}

    def _sync(self, *, full: bool = False) -> None:
        from pipelines.cli.progress import sync_progress
        from pipelines.sync.accounts import sync_accounts

        everything: dict[str, list[str] | None] = dict.fromkeys(self.settings.accounts)
        with sync_progress(sys.stderr) as tell:
            results, _ = sync_accounts(self.settings, everything, full=full, progress=tell)
        self.syncs.append(results)

    def show(self) -> None:
        """What it took, whether it is right, and what the second sync changed."""
        self._show_cost()
        self._show_comparison()
        self._show_changes()

    def _show_cost(self) -> None:
        from pipelines.cli.render import table

        kinds = ("first", "second", "full pass")
        rows = [
            (found.account, kind, found.status, found.requests, round(found.waited_seconds, 1))
            for results in zip(*self.syncs, strict=True)
            for kind, found in zip(kinds, results, strict=True)
        ]
        columns = ("account", "sync", "status", "requests", "seconds waited for the rate")
        table("What it took", columns, rows, numbers=columns[3:])
        fast = sum(len(stand_in.referee.violations) for stand_in in self.box.stand_ins.values())
        click.echo(f"Requests that came faster than a service allows: {fast}\n")

    def _show_comparison(self) -> None:
        from pipelines.cli.render import table

        table(
            "The copy compared with the services: every table, row and field",
            ("account", "tables", "first sync", "second sync", "what it can see", "full pass"),
            [
                (
                    name,
                    self._compared_tables(name),
                    _verdict(self.first[name]),
                    _verdict(self.second[name]),
                    _verdict(self.unexpected[name]),
                    _verdict(self.third[name]),
                )
                for name in self.settings.accounts
            ],
        )
        click.echo(
            "The second sync asks only for what the services show as changed. What it differs in\n"
            "is what they show to nobody but a full pass (such as a comment on an old clip).\n"
        )

    def _compared_tables(self, account: str) -> str:
        """How many tables were compared, `of` how many where a stand-in does not tell them all."""
        tables = self.settings.account(account).tables
        told = [name for name in tables if name in self.box.services[account].truth()]
        return f"{len(told)}" if len(told) == len(tables) else f"{len(told)} of {len(tables)}"

    def _show_changes(self) -> None:
        from pipelines.cli.render import table

        kinds = ("inserted", "updated", "deleted")
        changes = [
            (result.account, name, *(row[kind] or None for kind in kinds))
            for result in self.syncs[1]
            for name, row in result.tables.items()
            if any(row[kind] for kind in kinds)
        ]
        table("What the second sync changed", ("account", "table", *kinds), changes, numbers=kinds)

    def exit_status(self) -> int:
        """0 where all is well; what went wrong goes to standard error."""
        results = [result for sync in self.syncs for result in sync]
        for result in results:
            if result.error is not None:
                click.echo(f"kollect: {result.error}", err=True)
        compared = (self.first, self.unexpected, self.third)
        problems = [text for found in compared for texts in found.values() for text in texts]
        for text in problems[:5]:
            click.echo(f"kollect: the copy differs from the service: {text}", err=True)
        too_fast = [n for n, at in self.box.stand_ins.items() if at.referee.violations]
        for name in too_fast:
            click.echo(f"kollect: {name} was asked faster than it allows", err=True)
        whole = all(result.status == "complete" for result in results)
        return 0 if whole and not problems and not too_fast else 1


def _verdict(problems: list[str]) -> str:
    if not problems:
        return "equal"
    return f"{len(problems)} difference{'s' if len(problems) > 1 else ''}"


def _show_examples(settings: Settings, names: list[str]) -> None:
    """Some questions that people may ask of the warehouse, and their answers."""
    from pipelines.cli.render import table
    from warehouse.store.warehouse import Warehouse

    with Warehouse(settings.warehouse).reading() as connection:
        for title, sql, numbers in EXAMPLES:
            if not {name for name in SERVICES if f"{name}." in sql} <= set(names):
                continue
            click.echo(f"{title}:\n\n{_indented(sql)}\n")
            cursor = connection.execute(sql)
            columns = [column[0] for column in cursor.description or []]
            table("", columns, cursor.fetchall(), numbers=numbers)


def _clear(place: Path) -> None:
    """An empty folder for the demo; only a folder that a demo has written is ever removed."""
    if place.exists() and any(place.iterdir()):
        settings = place / "kollect.toml"
        if not settings.exists() or not settings.read_bytes().startswith(MARK.encode()):
            raise BadSettings(
                f"{place} holds something else than a demo",
                guidance="name another folder with --to",
            )
        shutil.rmtree(place)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
