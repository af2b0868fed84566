"""The command line. Commands are imported when they are called, so that `--help` is instant."""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from pipelines.cli.render import harmless
from pipelines.cli.streams import drop_output, finish_output, prepare_output, readable_arguments
from pipelines.machine import make_files_private

COMMANDS = {
    "init": ("pipelines.cli.init:init", "Write a commented kollect.toml."),
    "add": ("pipelines.cli.add:add", "Set up an account: asks, tries, writes it down."),
    "check": ("pipelines.cli.check:check", "Is each credential good, what may it see?"),
    "plan": ("pipelines.cli.plan:plan", "What would a sync cost?"),
    "sync": ("pipelines.cli.sync:sync", "Fetch what changed and load it."),
    "status": ("pipelines.cli.status:status", "What is here, how fresh, how complete?"),
    "tables": ("pipelines.cli.tables:tables", "Tables and rows; one table's columns."),
    "doctor": ("pipelines.cli.doctor:doctor", "What is wrong, and what to do."),
    "query": ("pipelines.cli.query:query", "Run SQL on the warehouse, read-only."),
    "shell": ("pipelines.cli.shell:shell", "Ask in SQL, with history and completion."),
    "search": ("pipelines.cli.search:search", "Everything that mentions some words."),
    "history": ("pipelines.cli.history:history", "Every version of one record."),
    "report": ("pipelines.cli.report:report", "One page: is my data safe, what changed?"),
    "deleted": ("pipelines.cli.deleted:deleted", "What the services no longer have."),
    "export": ("pipelines.cli.export:export", "Write files for other tools."),
    "backup": ("pipelines.cli.backup:backup", "Write a backup that proves itself."),
    "backups": ("pipelines.cli.backup:backups", "List the backups."),
    "verify": ("pipelines.cli.backup:verify", "Prove that a backup is whole."),
    "restore": ("pipelines.cli.backup:restore", "Make a warehouse from a backup."),
    "prune": ("pipelines.cli.backup:prune", "Remove backups by the keep rules."),
    "sandbox": ("pipelines.cli.sandbox:sandbox", "Start local stand-ins of the services."),
    "demo": ("pipelines.cli.demo:demo", "See it work, without any account."),
    "service": ("pipelines.cli.service:service", "Run the schedules without Dagster's UI."),
    "accounts": (
        "pipelines.cli.accounts:accounts",
        "The list of accounts that machines share.",
    ),
    "migrate": ("pipelines.cli.migrate:migrate", "Move the warehouse file into shards."),
    "completion": (
        "pipelines.cli.completion:completion",
        "Install completion and the manual page.",
    ),
    "ui": ("pipelines.cli.ui:ui", "Open the Dagster UI with schedules running."),
}

SECTIONS = {
    "Begin": ("demo", "add", "init", "check", "plan"),
    "Keep": ("sync", "status", "doctor", "report", "ui", "service", "accounts", "migrate"),
    "Look": ("tables", "query", "shell", "search", "history", "deleted", "export"),
    "Backups": ("backup", "backups", "verify", "restore", "prune"),
}
"""How `kollect --help` groups the commands; what is in none comes last."""


class LazyGroup(click.Group):
    """Knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        placed = {name for names in SECTIONS.values() for name in names}
        others = tuple(name for name in COMMANDS if name not in placed)
        for title, names in {**SECTIONS, "More": others}.items():
            found = [(name, COMMANDS[name][1]) for name in names if name in COMMANDS]
            if found:
                with formatter.section(title):
                    formatter.write_dl(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from connectors.core.errors import nearest

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings file (default: kollect.toml)."
)
@click.option("--verbose", is_flag=True, help="Log every request, without secrets.")
@click.version_option(package_name="kollect", prog_name="kollect")
@click.pass_context
def kollect(ctx: click.Context, config: Path | None, verbose: bool) -> None:
    """Keep a complete, provable copy of your data in DuckDB on your own disk."""
    ctx.obj = config
    if verbose or os.environ.get("KOLLECT_LOG", "").lower() == "debug":
        logging.basicConfig(
            level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s"
        )
        logging.getLogger("kollect").setLevel(logging.DEBUG)


def _hint(error: click.ClickException) -> str:
    """Where an option of `kollect` itself stands."""
    if isinstance(error, click.NoSuchOption) and error.option_name in ("--config", "--verbose"):
        return f" Write it before the command: kollect {error.option_name} ..."
    return ""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command and leave with the documented exit status; every error ends in one line."""
    logging.getLogger("kollect").addHandler(logging.NullHandler())  # no log until one is started
    prepare_output()
    make_files_private()
    try:
        status = _run(readable_arguments(sys.argv[1:] if arguments is None else arguments))
        status = finish_output(status)
    except BrokenPipeError:
        drop_output()
        status = 0
    # Python would look through everything for cycles once more before it ends.
    gc.freeze()
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    """Run a command; its exit status. Raises BrokenPipeError where its reader is gone."""
    try:
        kollect.main(args=arguments, prog_name="kollect", standalone_mode=False)
    except SystemExit as asked:
        return asked.code if isinstance(asked.code, int) else int(asked.code is not None)
    except click.exceptions.Exit as asked:
        return asked.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("kollect: interrupted; nothing is lost, the next sync goes on here", err=True)
        with contextlib.suppress(OSError):  # whoever read the output may be gone
            sys.stdout.flush()
        # Threads that still ask or load are left where they are: as after a kill, what was staged
        # is staged and what was committed is committed.
        os._exit(130)
    except click.ClickException as error:
        click.echo(f"kollect: {harmless(error.format_message())}{_hint(error)}", err=True)
        return 2
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence
        from connectors.core.errors import exit_status
        from pipelines.unforeseen import as_kollect_error

        known = as_kollect_error(error)
        logging.getLogger("kollect.command").error("%s", known)
        click.echo(f"kollect: {harmless(str(known))}", err=True)
        return exit_status(known)
    return 0
