"""`kollect demo`: a tour of kollect without any account, on stand-ins of the services."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors import SERVICES
from connectors.core.errors import BadSettings
from pipelines.cli.sandbox import chosen_services

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from pipelines.sync.result import AccountResult
    from sandbox import Sandbox

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
        "What the second sync found, from the history",
        """SELECT account, table_name AS "table", inserted, updated, deleted, rows
FROM _kollect.loads
WHERE inserted + updated + deleted > 0
QUALIFY dense_rank() OVER (PARTITION BY account ORDER BY run_id) > 1
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
        for world in box.services.values():
            if hasattr(world, "today"):
                world.today = datetime.now(UTC).date()
        (place / "kollect.toml").write_text(box.settings(place / "kollect.duckdb"))
        settings = read_settings(place / "kollect.toml", environ=box.environment())
        click.echo(f"Stand-ins of {len(names)} services are running, with their real limits.")
        tour = Tour(settings, box)
        tour.walk()
    click.echo()
    tour.show()
    _look(settings, names)
    shown = settings.file or place
    click.echo(f"Look further:  kollect --config {_short(shown)} status")
    click.echo(f'               kollect --config {_short(shown)} query "SHOW ALL TABLES"')
    sys.exit(tour.judge())


@dataclass
class Tour:
    """Three syncs of stand-ins that change meanwhile, and what was found after each."""

    settings: Settings
    box: Sandbox
    syncs: list[list[AccountResult]] = field(default_factory=list)
    differing: list[dict[str, list[str]]] = field(default_factory=list)
    """After each sync: account -> what is not as the service has it."""
    held: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    """Account -> what its copy has to hold now."""

    def walk(self) -> None:
        """Sync, change, sync, and sync in full."""
        worlds = self.box.services
        click.echo("First sync: everything is read.")
        self._sync()
        self._compare({name: world.truth() for name, world in worlds.items()})
        click.echo("\nMeanwhile, people change things:")
        for world in worlds.values():
            for sentence in world.change(1)[:4]:
                click.echo(f"  {world.name}: {sentence}")
        click.echo("\nSecond sync: only what may have changed is asked for.")
        self._sync()
        # What a service tells only in a full pass has to be as it was before.
        self._compare({name: world.expected(self.held[name]) for name, world in worlds.items()})
        click.echo("\nA full pass: everything is read again, so that nothing stays unseen.")
        self._sync(full=True)
        self._compare({name: world.truth() for name, world in worlds.items()})

    def _sync(self, *, full: bool = False) -> None:
        from pipelines.cli.progress import progress_lines
        from pipelines.cli.sync import sync_accounts

        everything: dict[str, list[str] | None] = dict.fromkeys(self.settings.accounts)
        tell = progress_lines(sys.stderr)
        results, _ = sync_accounts(self.settings, everything, full=full, progress=tell)
        self.syncs.append(results)

    def _compare(self, held: dict[str, dict[str, list[dict[str, Any]]]]) -> None:
        from pipelines.cli.compare import differing

        self.held = held
        self.differing.append(differing(self.settings, held))

    def show(self) -> None:
        """What it took, whether it is right, and what the second sync changed."""
        from pipelines.cli.compare import verdict
        from pipelines.cli.render import table

        first, second, third = self.syncs
        counted = ("requests", "waited s", "requests ", "waited s ", "requests  ", "waited s  ")
        table(
            "What it took",
            ("account", "first sync", *counted[:2], "second sync", *counted[2:4], "full pass",
             *counted[4:], "too fast"),
            [
                (a.account,
                 *(part for one in (a, b, c)
                   for part in (one.status, one.requests, round(one.waited_seconds, 1))),
                 len(self.box.stand_ins[a.account].referee.violations))
                for a, b, c in zip(first, second, third, strict=True)
            ],
            numbers=(*counted, "too fast"),
        )  # fmt: skip
        table(
            "The copy beside the services, row by row",
            ("account", "rows", "after the first sync", "after changes", "after a full pass"),
            [
                (name, sum(map(len, self.held[name].values())),
                 *(verdict(found[name]) for found in self.differing))
                for name in self.settings.accounts
            ],
            numbers=("rows",),
        )  # fmt: skip
        changes = [
            (b.account, name, row["inserted"] or None, row["updated"] or None,
             row["deleted"] or None)
            for b in second
            for name, row in b.tables.items()
            if row["inserted"] or row["updated"] or row["deleted"]
        ]  # fmt: skip
        kinds = ("inserted", "updated", "deleted")
        table("What the second sync changed", ("account", "table", *kinds), changes, numbers=kinds)

    def judge(self) -> int:
        """The exit status; what went wrong goes to standard error."""
        results = [result for sync in self.syncs for result in sync]
        for result in results:
            if result.error is not None:
                click.echo(f"kollect: {result.error}", err=True)
        problems = [text for found in self.differing for texts in found.values() for text in texts]
        for text in problems[:5]:
            click.echo(f"kollect: the copy is not as the service: {text}", err=True)
        too_fast = [n for n, at in self.box.stand_ins.items() if at.referee.violations]
        for name in too_fast:
            click.echo(f"kollect: {name} was asked faster than it allows", err=True)
        whole = all(result.status == "complete" for result in results)
        return 0 if whole and not problems and not too_fast else 1


def _look(settings: Settings, names: list[str]) -> None:
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
    """An empty folder for the demo; only a demo's own folder is ever removed."""
    if place.exists() and any(place.iterdir()):
        if not (place / "kollect.toml").exists():
            raise BadSettings(
                f"{place} holds something else", guidance="name another folder with --to"
            )
        shutil.rmtree(place)
    place.mkdir(parents=True, exist_ok=True)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
