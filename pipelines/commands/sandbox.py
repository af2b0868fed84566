"""`kollect sandbox` and `kollect demo`: kollect without any account."""

from __future__ import annotations

import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from connectors import SERVICES
from connectors.errors import BadSettings

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


def _prepared(services: tuple[str, ...]) -> list[str]:
    for service in services:
        if service not in SERVICES:
            raise BadSettings(
                f"there is no service {service!r}", guidance=f"use some of {', '.join(SERVICES)}"
            )
    return list(services or SERVICES)


@click.command()
@click.option("--service", "services", multiple=True, help="Only this one (may be repeated).")
@click.option("--size", type=int, default=None, help="Main records of each service.")
@click.option("--seed", type=int, default=1, help="Another seed makes other data.")
@click.option("--port", type=int, default=0, help="First port (default: free ones).")
@click.option("--latency", type=float, default=0.0, help="Seconds before each answer.")
@click.option("--no-limits", is_flag=True, help="Do not enforce the services' rates.")
@click.option(
    "--settings", "file", type=click.Path(path_type=Path), help="Write kollect.toml and .env here."
)
def sandbox(
    services: tuple[str, ...],
    size: int | None,
    seed: int,
    port: int,
    latency: float,
    no_limits: bool,
    file: Path | None,
) -> None:
    """Start local stand-ins of the services and print their settings; Ctrl-C ends them.

    Changes and faults are made over HTTP below /_sandbox/ of each address."""
    from sandbox import Sandbox

    names = _prepared(services)
    ports = {name: port + n for n, name in enumerate(names)} if port else None
    with Sandbox(
        names, size=size, seed=seed, limits=not no_limits, latency_seconds=latency, ports=ports
    ) as box:
        for world in box.services.values():
            if hasattr(world, "today"):
                world.today = datetime.now(UTC).date()
        folder = (file or Path()).absolute()
        text = box.settings(folder / "kollect.duckdb")
        variables = "".join(f"{name}={value}\n" for name, value in box.environment().items())
        if file is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "kollect.toml").write_text(text)
            (folder / ".env").write_text(variables)
            click.echo(f"wrote kollect.toml and .env in {folder}")
        else:
            click.echo(f"# kollect.toml\n{text}\n# .env (these are invented)\n{variables}")
        for name, stand_in in box.stand_ins.items():
            click.echo(f"{name}: {stand_in.url}", err=True)
        click.echo("serving; Ctrl-C ends it", err=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            violations = sum(len(s.referee.violations) for s in box.stand_ins.values())
            click.echo(f"\nended; violations of the limits: {violations}", err=True)


@click.command()
@click.option("--size", type=int, default=None, help="Main records of each service.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True,
    help="Folder for the demo's warehouse; made anew.",
)  # fmt: skip
@click.option("--service", "services", multiple=True, help="Only this one (may be repeated).")
def demo(size: int | None, folder: Path, services: tuple[str, ...]) -> None:
    """A sandbox of the services, a first sync, some changes, a second sync, and a look at it."""
    from pipelines.commands.show import table
    from pipelines.commands.sync import progress_lines, sync_accounts
    from pipelines.settings import read_settings
    from sandbox import Sandbox
    from warehouse.connect import Warehouse

    names = _prepared(services)
    place = folder.absolute()
    _clear(place)
    with Sandbox(names, size=size) as box:
        for world in box.services.values():
            if hasattr(world, "today"):
                world.today = datetime.now(UTC).date()
        (place / "kollect.toml").write_text(box.settings(place / "kollect.duckdb"))
        settings = read_settings(place / "kollect.toml", environ=box.environment())
        everything: dict[str, list[str] | None] = dict.fromkeys(settings.accounts)
        click.echo(f"Stand-ins of {len(names)} services are running, with their real limits.")
        click.echo("First sync: everything is read.")
        first, _ = sync_accounts(settings, everything, progress=progress_lines(sys.stderr))
        click.echo("\nMeanwhile, people change things:")
        for world in box.services.values():
            for sentence in world.change(1)[:4]:
                click.echo(f"  {world.name}: {sentence}")
        click.echo("\nSecond sync: only what may have changed is asked for.")
        second, _ = sync_accounts(settings, everything, progress=progress_lines(sys.stderr))
        violations = sum(len(s.referee.violations) for s in box.stand_ins.values())
    click.echo()
    table(
        "What it took",
        ("account", "first sync", "rows", "requests", "waited s", "second sync", "requests ",
         "waited s ", "too fast"),
        [
            (a.account, a.status, sum(t["rows"] or 0 for t in a.tables.values()), a.requests,
             round(a.waited_seconds, 1), b.status, b.requests, round(b.waited_seconds, 1),
             len(box.stand_ins[a.account].referee.violations))
            for a, b in zip(first, second, strict=True)
        ],
        numbers=("rows", "requests", "waited s", "requests ", "waited s ", "too fast"),
    )  # fmt: skip
    changes = [
        (b.account, name, row["inserted"] or None, row["updated"] or None, row["deleted"] or None)
        for b in second
        for name, row in b.tables.items()
        if row["inserted"] or row["updated"] or row["deleted"]
    ]
    table("What the second sync changed", ("account", "table", "inserted", "updated", "deleted"),
          changes, numbers=("inserted", "updated", "deleted"))  # fmt: skip
    with Warehouse(settings.warehouse).reading() as connection:
        for title, sql, numbers in EXAMPLES:
            if not all(name in sql or f"{name}." not in sql for name in SERVICES):
                continue
            needed = [name for name in SERVICES if f"{name}." in sql]
            if not set(needed) <= set(names):
                continue
            click.echo(f"{title}:\n\n{_indented(sql)}\n")
            cursor = connection.execute(sql)
            columns = [column[0] for column in cursor.description or []]
            table("", columns, cursor.fetchall(), numbers=numbers)
    shown = settings.file or place
    click.echo(f"Look further:  kollect --config {_short(shown)} status")
    click.echo(f'               kollect --config {_short(shown)} query "SHOW ALL TABLES"')
    whole = all(result.status == "complete" for result in (*first, *second))
    for result in (*first, *second):
        if result.error is not None:
            click.echo(f"kollect: {result.error}", err=True)
    sys.exit(0 if whole and not violations else 1)


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
