"""One asset for each table of an account, made from its declaration: what a person sees of it."""

from __future__ import annotations

import hashlib

import dagster as dg

from connectors.core.connector import Family
from connectors.core.resources import names_in
from connectors.core.schema import Column, Table
from pipelines.orchestration.freshness import table_windows
from pipelines.orchestration.sources import Source, owner
from pipelines.orchestration.summary import missing_credential
from warehouse.schema.system_columns import ACCOUNT_COLUMN, SYSTEM_COLUMNS
from warehouse.schema.types import DUCKDB_TYPES


def table_specs(source: Source) -> list[dg.AssetSpec]:
    """The assets of one account, parents before children."""
    return [_spec(source, table, parents) for table, parents in source.tables.values()]


def _spec(source: Source, table: Table, parents: tuple[str, ...]) -> dg.AssetSpec:
    families = source.account.connector.families_of([table.name])
    return dg.AssetSpec(
        key=source.key(table.name),
        deps=[source.key(parent) for parent in parents],
        description=_description(source, table, families),
        group_name=source.name,
        owners=[owner()],
        tags={**source.tags, "family": families[0].name if families else ""},
        # A table that a pass does not read is not materialized by it.
        skippable=True,
        code_version=code_version(table),
        freshness_policy=table_windows(source, table.name).policy,
        metadata={
            "dagster/table_name": f"{source.settings.warehouse.stem}.{source.service}.{table.name}",
            "key": ", ".join(table.key),
            "read from": dg.MetadataValue.md(_routes(families, table)),
            "versions": f"{source.service}.{table.name}_history",
            "as it was": f"SELECT * FROM {source.service}.{table.name}_at(now() - INTERVAL 7 DAY)",
            # Under the name that Dagster knows, 50 columns would come before verdict and preview.
            "columns": column_schema(table),
        },
    )


def _description(source: Source, table: Table, families: list[Family]) -> str:
    parts = [f"{table.meaning}."]
    if source.sandbox:
        parts.append(
            "The sandbox made this data: nothing of it is real. It appears with `kollect ui "
            "--sandbox`, and where there are no settings, no credential and no warehouse yet."
        )
    elif not source.account.ready:
        parts.append(f"**No credential**: {missing_credential(source)}.")
    place = f"{source.service}.{table.name}"
    parts.append(f"`SELECT * FROM {place} WHERE _account = '{source.account.name}'`")
    if table.append_only:
        parts.append("The service shows only the latest of them; what it no longer shows is kept.")
    if families and all(family.full_only for family in families):
        parts.append("Read by full passes only.")
    return "\n\n".join(parts)


def _routes(families: list[Family], table: Table) -> str:
    found: list[str] = []
    for family in families:
        for resource in family.resources:
            verb = "POST" if resource.post is not None else "GET"
            names = {name for rows in resource.rows for name in names_in(rows)}
            if table.name in names and (line := f"`{verb} {resource.get}`") not in found:
                found.append(line)
    return ", ".join(found[:6]) or "other answers of the service"


def column_schema(table: Table) -> dg.TableSchema:
    """The declared columns with types and comments, and kollect's own at the end."""
    own = [
        dg.TableColumn(name, "JSON" if kind == "RAW" else kind, description=meaning)
        for name, kind, meaning in (ACCOUNT_COLUMN, *SYSTEM_COLUMNS)
    ]
    declared = [
        dg.TableColumn(
            column.name,
            DUCKDB_TYPES[column.type],
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
