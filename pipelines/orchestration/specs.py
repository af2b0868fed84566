"""One asset for each table of an account, made from its declaration: what a person sees of it."""

from __future__ import annotations

import hashlib
import re
import warnings
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path

import dagster as dg

from connectors.core.connector import Connector, Family
from connectors.core.schema import Column, Table
from pipelines.orchestration.sources import Source
from pipelines.settings.schedule import cron, longest_gap

SYSTEM_COLUMNS = {
    "_account": ("VARCHAR", "the account that the row belongs to"),
    "_valid_from": ("TIMESTAMPTZ", "when this version was first seen"),
    "_first_seen_at": ("TIMESTAMPTZ", "when the record was first seen at all"),
    "_run_id": ("VARCHAR", "the run that loaded this version"),
    "_raw": ("JSON", "the record as it came, less secrets"),
}
SQL_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMPTZ",
    "json": "JSON",
}


def table_specs(source: Source) -> list[dg.AssetSpec]:
    """The assets of one account, parents before children."""
    return [_spec(source, table, parents) for table, parents in source.tables.values()]


def _spec(source: Source, table: Table, parents: tuple[str, ...]) -> dg.AssetSpec:
    account = source.account
    families = source.family_of(table.name)
    return dg.AssetSpec(
        key=[source.label, table.name],
        deps=[dg.AssetKey([source.label, parent]) for parent in parents],
        description=_description(source, table, families),
        group_name=source.name,
        kinds={source.service, "duckdb"},
        owners=[source.owner],
        tags={
            "account": _tag(account.name),
            "service": source.service,
            "family": families[0].name if families else "",
            **({"sandbox": "made_data"} if source.sandbox else {}),
        },
        # A table that a pass does not read is not materialized by it.
        skippable=True,
        code_version=code_version(table),
        freshness_policy=freshness(source, families),
        metadata={
            "dagster/table_name": f"{source.settings.warehouse.stem}.{source.service}.{table.name}",
            "dagster/column_schema": column_schema(table),
            "dagster/code_references": code_link(source.account.connector, table),
            "key": ", ".join(table.key),
            "read from": dg.MetadataValue.md(_routes(families, table)),
            "versions": f"{source.service}.{table.name}_history",
            "as it was": f"SELECT * FROM {source.service}.{table.name}_at(now() - INTERVAL 7 DAY)",
        },
    )


def _description(source: Source, table: Table, families: list[Family]) -> str:
    made = " (made data of the sandbox)" if source.sandbox else ""
    said = [f"{table.meaning}{made}."]
    if source.sandbox:
        said.append(
            "No credential of a service was found, so a sandbox stands in: nothing here is of "
            "anybody. Set a credential and start again; your own accounts then stand here instead."
        )
    elif not source.account.ready:
        said.append(f"**No credential yet**: set {source.account.missing}, then start again.")
    place = f"{source.service}.{table.name}"
    said.append(f"`SELECT * FROM {place} WHERE _account = '{source.account.name}'`")
    if table.append_only:
        said.append("The service shows only the latest of them; what it no longer shows is kept.")
    if families and all(family.full_only for family in families):
        said.append("Read by full passes only.")
    return "\n\n".join(said)


def _routes(families: list[Family], table: Table) -> str:
    found: list[str] = []
    for family in families:
        for resource in family.resources:
            verb = "POST" if resource.post is not None else "GET"
            names = {name for rows in resource.rows for name in _tables_in(rows)}
            if table.name in names and (line := f"`{verb} {resource.get}`") not in found:
                found.append(line)
    return ", ".join(found[:6]) or "other answers of the service"


def _tables_in(rows: object) -> list[str]:
    names = [rows.table.name]  # type: ignore[attr-defined]
    for child in rows.children:  # type: ignore[attr-defined]
        names += _tables_in(child)
    return names


def column_schema(table: Table) -> dg.TableSchema:
    """The declared columns with types and comments, and kollect's own at the end."""
    own = [
        dg.TableColumn(name, kind, description=meaning)
        for name, (kind, meaning) in SYSTEM_COLUMNS.items()
    ]
    declared = [
        dg.TableColumn(
            column.name,
            SQL_TYPES[column.type],
            description=_comment(column),
            constraints=dg.TableColumnConstraints(
                nullable=column.name not in table.key,
                unique=table.key == (column.name,),
            ),
        )
        for column in table.columns
    ]
    return dg.TableSchema(columns=[*declared, *own])


def _comment(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    unversioned = " Changes without making a version." if column.unversioned else ""
    return f"{column.meaning}{unit}.{unversioned}"


def code_version(table: Table) -> str:
    """Changes when the declaration of the table does."""
    return hashlib.sha256(repr(table).encode()).hexdigest()[:12]


def code_link(connector: Connector, table: Table) -> dg.CodeReferencesMetadataValue:
    """Where the table is declared, on this computer."""
    file, line = _declared_at(connector.name, table.name)
    label = f"{file.stem}: {table.name}"
    with warnings.catch_warnings():
        # The page of an asset shows these links although Dagster calls their classes beta.
        warnings.simplefilter("ignore", dg.BetaWarning)
        link = dg.LocalFileCodeReference(file_path=str(file), line_number=line, label=label)
        return dg.CodeReferencesMetadataValue(code_references=[link])


@cache
def _sources_of(service: str) -> tuple[tuple[Path, str], ...]:
    """The files that declare a service."""
    folder = Path(import_module("connectors").__file__ or "").parent / service
    return tuple((f, f.read_text(encoding="utf-8")) for f in sorted(folder.glob("*.py")))


def _declared_at(service: str, table: str) -> tuple[Path, int]:
    pattern = re.compile(rf'=\s*\w+\(\s*(?:name\s*=\s*)?"{re.escape(table)}"')
    for file, text in _sources_of(service):
        if found := pattern.search(text):
            return file, text.count("\n", 0, found.start()) + 1
    return _sources_of(service)[0][0], 1


def freshness(source: Source, families: list[Family]) -> dg.FreshnessPolicy:
    """Late a while after a reading was due; failed after a day more, or after another rhythm."""
    rhythm = source.settings.schedule
    full = cron(rhythm.full, "full", source.position)
    sync = cron(rhythm.sync, "sync", source.position)
    expression = full if families and all(f.full_only for f in families) else sync or full
    gap = longest_gap(expression) if expression else timedelta(days=7)
    return dg.FreshnessPolicy.time_window(
        warn_window=gap + max(timedelta(hours=2), gap / 2),
        fail_window=gap + max(timedelta(hours=24), gap),
    )


def _tag(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)[:63].strip("_.-") or "account"
