"""`kollect completion`: completion of commands and the manual page, installed with one command."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from connectors.core.errors import BadSettings

SHELLS = ("bash", "zsh", "fish")
PLACES = {
    "bash": "bash-completion/completions/kollect",
    "zsh": "zsh/site-functions/_kollect",
    "fish": "fish/vendor_completions.d/kollect.fish",
}
"""Below XDG_DATA_HOME, where these shells look by themselves (zsh: where its fpath has it)."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.option("--print", "only_print", is_flag=True, help="Print it instead of installing it.")
@click.pass_context
def completion(ctx: click.Context, shell: str | None, only_print: bool) -> None:
    """Install completion for a shell (default: yours) and the manual page `man kollect`."""
    shell = shell or Path(os.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise BadSettings(
            f"there is no completion for {shell or 'an unknown shell'}",
            guidance=f"name one of {', '.join(SHELLS)}",
        )
    group = ctx.find_root().command
    text = completion_text(group, shell)
    if only_print:
        click.echo(text)
        return
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    place, manual = data / PLACES[shell], data / "man" / "man1" / "kollect.1"
    try:
        for file, content in ((place, text), (manual, manual_page(group))):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise BadSettings(
            f"cannot write in {data}: {error.strerror}", guidance="use --print"
        ) from None
    click.echo(f"wrote {place}\nwrote {manual}")
    if shell == "zsh":
        click.echo(f"add to ~/.zshrc, before compinit: fpath+=({place.parent})")
    click.echo("a new shell completes `kollect`; `man kollect` shows every command")


def completion_text(group: click.Command, shell: str) -> str:
    """What the shell sources, made by click."""
    found = get_completion_class(shell)
    assert found is not None
    return found(group, {}, "kollect", "_KOLLECT_COMPLETE").source()


def manual_page(group: click.Command) -> str:
    """Every command with its options, in the format of man."""
    assert isinstance(group, click.Group)
    root = click.Context(group, info_name="kollect")
    lines = [
        '.TH KOLLECT 1 "" "kollect" "User Commands"',
        ".SH NAME",
        "kollect \\- a complete, provable copy of your data in DuckDB",
        ".SH SYNOPSIS",
        ".B kollect\n[\\-\\-config FILE] [\\-\\-verbose] COMMAND ...",
        ".SH COMMANDS",
    ]
    for name in group.list_commands(root):
        command = group.get_command(root, name)
        assert command is not None
        lines += _command_lines(command, click.Context(command, parent=root, info_name=name))
    lines += [
        ".SH EXIT STATUS",
        "0 everything asked for is complete; 1 something failed or is unproved; 2 wrong usage or "
        "settings; 3 another kollect holds the account.",
        ".SH FILES",
        "kollect.toml, .env, kollect.duckdb and .kollect/ in the working directory.",
    ]
    return "\n".join(lines) + "\n"


def _command_lines(command: click.Command, context: click.Context) -> list[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f".SS {_roff(context.command_path)} {_roff(usage)}", _roff(command.help or "")]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and "--help" not in record[0]:
            lines += [f".TP\n.B {_roff(record[0])}", _roff(record[1])]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            lines += _command_lines(inner, click.Context(inner, parent=context, info_name=name))
    return lines


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    lines = [" ".join(line.split()) for line in escaped.splitlines()]
    return "\n".join(
        f"\\&{line}" if line.startswith((".", "'")) else line for line in lines if line
    )
