"""`kollect sandbox`: stand-ins of the services, to point kollect or anything else at."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from connectors import SERVICES
from connectors.core.errors import BadSettings
from pipelines.cli.settings_files import write_settings_files


def chosen_services(services: tuple[str, ...]) -> list[str]:
    """The named services, all of them without any; raises BadSettings for an unknown one."""
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
    "--settings",
    "folder",
    type=click.Path(path_type=Path),
    help="Write kollect.toml and .env here.",
)
@click.option("--force", is_flag=True, help="Overwrite a kollect.toml and .env that are there.")
def sandbox(
    services: tuple[str, ...],
    size: int | None,
    seed: int,
    port: int,
    latency: float,
    no_limits: bool,
    folder: Path | None,
    force: bool,
) -> None:
    """Start local stand-ins of the services and print their settings; Ctrl-C ends them.

    Changes and faults are made over HTTP below /_sandbox/ of each address."""
    from sandbox import Sandbox

    names = chosen_services(services)
    ports = {name: port + n for n, name in enumerate((*names, "files"))} if port else None
    with Sandbox(
        names, size=size, seed=seed, limits=not no_limits, latency_seconds=latency, ports=ports,
        files=True,
    ) as box:  # fmt: skip
        for world in box.services.values():
            if hasattr(world, "today"):
                world.today = datetime.now(UTC).date()
        place = (folder or Path()).absolute()
        text = box.settings(place / "kollect.duckdb")
        variables = "".join(f"{name}={value}\n" for name, value in box.environment().items())
        if folder is not None:
            write_settings_files(place, {"kollect.toml": text, ".env": variables}, force=force)
            click.echo(f"wrote kollect.toml and .env in {place}")
        else:
            click.echo(f"# kollect.toml\n{text}\n# .env (these are invented)\n{variables}")
        for name, stand_in in box.stand_ins.items():
            click.echo(f"{name}: {stand_in.url}", err=True)
        if box.file_host is not None:
            click.echo(f"files: {box.file_host.origin} (set `files = true`)", err=True)
        click.echo("serving; Ctrl-C ends it", err=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            violations = sum(len(s.referee.violations) for s in box.stand_ins.values())
            click.echo(f"\nended; violations of the limits: {violations}", err=True)
