"""`kollect doctor`: what syncs and backups depend on, and what to do where it is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from pipelines.cli.examination import Finding, examine
from pipelines.cli.status_text import print_folded
from pipelines.settings import read_settings

MARKS = {"ok": "ok      ", "note": "note    ", "problem": "PROBLEM "}


@click.command()
@click.option("--offline", is_flag=True, help="Ask no service.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def doctor(config: Path | None, offline: bool, as_json: bool) -> None:
    """Look at credentials, disk, locks, versions, clock, schedules and backups, and say what to
    do. The exit status is 1 where there is a problem."""
    found: list[Finding] = []
    for finding in examine(read_settings(config), offline=offline):
        found.append(finding)
        if not as_json:
            print_folded(f"{MARKS[finding.level]}{finding.subject}: {finding.text}", indent=8)
    problems = [finding for finding in found if finding.level == "problem"]
    if as_json:
        shown = [
            {"level": f.level, "subject": f.subject, "text": f.text, "cure": f.cure} for f in found
        ]
        click.echo(json.dumps({"problems": len(problems), "findings": shown}, indent=2))
    else:
        _show_cures(found)
    sys.exit(1 if problems else 0)


def _show_cures(found: list[Finding]) -> None:
    cures = [finding for finding in found if finding.cure]
    if not cures:
        click.echo("\nNothing to do.")
        return
    click.echo("\nWhat to do:")
    for number, finding in enumerate(cures, 1):
        print_folded(f"{number}. {finding.subject}: {finding.cure}", indent=3)
