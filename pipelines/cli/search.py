"""`kollect search`: everything that mentions some words, now or earlier."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.deleted import Since
from pipelines.cli.render import harmless
from pipelines.cli.result_set import json_text
from pipelines.settings import read_settings
from warehouse.progress import counted

if TYPE_CHECKING:
    from warehouse.fulltext.search import Hit


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--service", "services", multiple=True, help="Only this service; may be repeated.")
@click.option("--kind", "kinds", multiple=True, help="Only this kind, such as card or clip.")
@click.option("--since", type=Since(), default=None, help="Changed since 7d, 12h or a date.")
@click.option("--history", is_flag=True, help="Also versions that were edited or deleted.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON array on standard output.")
@click.pass_obj
def search(
    config: Path | None,
    words: tuple[str, ...],
    services: tuple[str, ...],
    kinds: tuple[str, ...],
    since: datetime | None,
    history: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Everything that mentions all WORDS, the best first. A word is also found as the beginning of
    longer ones; '"two words"' is a phrase, 'gard*' a prefix. Case and accents do not matter."""
    from warehouse.fulltext.search import search as find
    from warehouse.store.warehouse import Warehouse

    settings = read_settings(config)
    hits = find(
        Warehouse(settings.warehouse),
        " ".join(words),
        services=services,
        kinds=kinds,
        since=since,
        history=history,
        limit=limit,
    )
    if as_json:
        click.echo(json_text([asdict(hit) for hit in hits], indent=2))
        return
    for hit in hits:
        _show(hit)
    if not hits:
        more = "" if history else "; --history looks into earlier versions too"
        click.echo(f"Nothing mentions {harmless(' '.join(words))}{more}.")
        return
    click.echo(
        f"{counted(len(hits), 'record')}{', the best are shown' if len(hits) == limit else ''}."
    )


def _show(hit: Hit) -> None:
    when = (hit.updated or hit.created or "")[:10]
    end = f"  {hit.ended_by} {hit.ended[:10]}" if hit.ended else ""
    place = f"{hit.account} {hit.kind}"
    title = harmless(" ".join(hit.title.split()))[:100]
    click.echo(f"{click.style(place, bold=True)}  {title}  {when}{end}".rstrip())
    click.echo(f"    {_marked(hit)}")
    click.echo(f"    {harmless(hit.url)}" if hit.url else f"    {hit.service} id {hit.id}")


def _marked(hit: Hit) -> str:
    """The snippet with the words that were found in bold, or in brackets without a terminal."""
    shown, place = "", 0
    colour = sys.stdout.isatty()
    for start, end in hit.marks:
        word = harmless(hit.snippet[start:end])
        shown += harmless(hit.snippet[place:start])
        shown += click.style(word, fg="yellow", bold=True) if colour else f"[{word}]"
        place = end
    return shown + harmless(hit.snippet[place:])
