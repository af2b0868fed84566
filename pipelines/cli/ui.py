"""`kollect ui`: Dagster's UI on this folder's settings, with schedules running."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from connectors.core.errors import BadSettings
from warehouse.progress import counted

FOLDER = ".dagster"
NEEDED = {"dagster": "dagster", "dagster_webserver": "dagster-webserver",
          "dagster_dg_cli": "dagster-dg-cli"}  # fmt: skip
PORT = 3000


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="Port of the page; 0 takes a free one.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Address to serve on; Dagster asks nobody for a password.")  # fmt: skip
@click.option("--sandbox", is_flag=True,
              help="Show the sandbox's accounts too: made data, from stand-ins.")  # fmt: skip
@click.option("--check", "only_check", is_flag=True,
              help="Only say whether it could start here; nothing is started.")  # fmt: skip
@click.pass_obj
def ui(config: Path | None, port: int, host: str, sandbox: bool, only_check: bool) -> None:
    """Open the Dagster UI on this folder's accounts, with schedules running; Ctrl-C ends it.

    The sandbox appears with --sandbox, and where there are neither settings nor a warehouse."""
    need_dagster()
    from pipelines.orchestration.sources import SANDBOX_VARIABLE, read_project

    environ = dict(os.environ)
    if config is not None:
        environ["KOLLECT_CONFIG"] = str(config.absolute())
    if sandbox:
        environ[SANDBOX_VARIABLE] = "1"
    project = read_project(environ=environ)
    file = project.settings.file
    folder = file.parent if file else Path.cwd()
    if file and "KOLLECT_CONFIG" in environ:
        environ["KOLLECT_CONFIG"] = str(file)  # Dagster's processes start in its folder
    number = free_port(host) if port == 0 else port
    need_port(host, number)
    home = prepare_home(folder)
    names = [source.account.name for source in project.sources]
    if only_check:
        click.echo(f"kollect ui can start here, with {counted(len(project.sources), 'account')}")
        return
    shown = f"accounts: {', '.join(names)}" if names else "no account yet: see `kollect init`"
    click.echo(f"kollect: http://{host}:{number} ({shown}); Ctrl-C ends it", err=True)
    sys.exit(run(command(folder, host, number), folder, environment(home, environ)))


def need_dagster() -> None:
    """Raise BadSettings where a part of Dagster is not installed."""
    missing = [name for module, name in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise BadSettings(
            f"the UI needs {' and '.join(missing)}, which is not installed here",
            guidance=f"install it into kollect's environment: pip install {' '.join(missing)}",
        )


def need_port(host: str, port: int) -> None:
    """Raise BadSettings where something else listens on the port already."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise BadSettings(
                f"cannot serve on {host}:{port}: {error.strerror}",
                guidance="is a kollect ui running already? else choose another --port, or 0",
            ) from None


def free_port(host: str) -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as trial:
        trial.bind((host, 0))
        number: int = trial.getsockname()[1]
        return number


def environment(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of Dagster's processes: the home of the instance, no buffering, our scripts."""
    # Console scripts of this environment come first, wherever kollect was started from.
    path = os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", "")])
    return {**environ, "DAGSTER_HOME": str(home), "PYTHONUNBUFFERED": "1", "PATH": path}


def prepare_home(folder: Path) -> Path:
    """The home of the instance, `.dagster/` in the folder, with an up-to-date `dagster.yaml`.

    It is a copy of the folder's own `dagster.yaml`, else of the one that kollect brings. A copy
    that somebody changed by hand stays as it is: `dagster.yaml.shipped` tells the two apart.
    """
    home = folder / FOLDER
    instance, shipped = home / "dagster.yaml", home / "dagster.yaml.shipped"
    own = folder / "dagster.yaml"
    source = own if own.exists() else own_instance_file()
    text = source.read_text(encoding="utf-8")
    try:
        home.mkdir(parents=True, exist_ok=True)
        if shipped.exists() and instance.exists() and _differ(instance, shipped):
            if text != shipped.read_text(encoding="utf-8"):
                click.echo(
                    f"kollect: {instance} was changed by hand and stays as it is; compare it with "
                    f"the newer {source}",
                    err=True,
                )
            return home
        instance.write_text(text, encoding="utf-8")
        shipped.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadSettings(
            f"cannot write in {home}: {error.strerror}", guidance="check the folder"
        ) from None
    return home


def _differ(one: Path, other: Path) -> bool:
    return one.read_text(encoding="utf-8") != other.read_text(encoding="utf-8")


def own_instance_file() -> Path:
    """The `dagster.yaml` that came with kollect: in the package, else at the repository's root."""
    package = Path(__file__).parent.parent
    for place in (package / "dagster.yaml", package.parent / "dagster.yaml"):
        if place.exists():
            return place
    raise BadSettings("kollect's dagster.yaml is missing", guidance="install kollect again")


def command(folder: Path, host: str, port: int) -> list[str]:
    """`dg dev` on kollect's definitions, under the name that they have everywhere."""
    workspace = folder / FOLDER / "workspace.yaml"
    try:
        workspace.parent.mkdir(parents=True, exist_ok=True)
        workspace.write_text(workspace_text(folder), encoding="utf-8")
    except OSError as error:
        raise BadSettings(
            f"cannot write in {workspace.parent}: {error.strerror}", guidance="check the folder"
        ) from None
    # -m would need the console script; the module works in every environment.
    start = "import sys; from dagster_dg_cli.cli import main; sys.argv[0] = 'dg'; main()"
    return [sys.executable, "-c", start, "dev", "--workspace", str(workspace), "--host", host,
            "--port", str(port), "--log-level", "warning"]  # fmt: skip


def workspace_text(folder: Path) -> str:
    """Where the definitions are; JSON is YAML too."""
    module = {
        "module_name": "pipelines.definitions",
        "location_name": "kollect",
        "working_directory": str(folder),
    }
    return json.dumps({"load_from": [{"python_module": module}]}, indent=2) + "\n"


def run(words: list[str], folder: Path, environ: Mapping[str, str]) -> int:
    """Run until it ends or is told to; everything that it started gets time to end well.

    Dagster's processes are a group of their own, which is told once: by Ctrl-C, by the signal of a
    service manager or a container, or when the terminal is closed.
    """
    started: list[subprocess.Popen[bytes]] = []
    told: list[int] = []

    def pass_on(number: int, frame: object) -> None:
        del frame
        told.append(number)
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)

    # Before the start: where a script runs this in the background, Ctrl-C is ignored, and a child
    # would inherit that; a signal that has a handler is as usual in a child.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    process = subprocess.Popen(words, cwd=folder, env=dict(environ), start_new_session=True)
    started.append(process)
    if told:
        pass_on(told[0], None)
    return 0 if process.wait() in (0, -signal.SIGINT) else 1
