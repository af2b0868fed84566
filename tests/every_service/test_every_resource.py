"""What holds for every connector and each of its tables, the moment they are declared."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connectors import SERVICES, connector
from connectors.core.lineage import endpoints
from pipelines.cli.init import account_section
from pipelines.export.data_dictionary import dictionary
from pipelines.settings import settings_of
from tests.kit import first_syncs
from tests.kit.account import Bench

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {"kitemaker": {"activities": True}}
"""What an account must set to keep every declared table."""
TABLES = [(service, table) for service in SERVICES for table in connector(service).tables]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bench]]:
    """Every service, synced from its stand-in."""
    benches = {}
    with ExitStack() as closing:
        for service in SERVICES:
            folder = tmp_path_factory.mktemp(service)
            benches[service] = closing.enter_context(
                first_syncs.synced(folder, service, **OPTIONS.get(service, {}))
            )
            closing.enter_context(benches[service].reading())
        yield benches


@pytest.mark.parametrize(("service", "table"), TABLES)
def test_every_table_is_filled_typed_commented_and_unique(
    synced: dict[str, Bench], service: str, table: str
) -> None:
    """Rows came, each key once, every column bears a comment, the history has its columns."""
    made, declared = synced[service], connector(service).tables[table]
    place = f'{service}."{table}"'
    assert made.query(f"SELECT count(*) > 0 FROM {place}") == [(True,)]
    key = ", ".join(f'"{name}"' for name in declared.key)
    assert (
        made.query(f"SELECT 1 FROM {place} GROUP BY _account, {key} HAVING count(*) > 1 LIMIT 1")
        == []
    )
    nameless = " OR ".join(f'"{name}" IS NULL' for name in declared.key)
    assert made.query(f"SELECT 1 FROM {place} WHERE {nameless} LIMIT 1") == []
    columns = dict(
        made.query(
            "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = ? "
            "AND table_name = ?",
            service,
            table,
        )
    )
    assert {column.name for column in declared.columns} <= columns.keys()
    assert all(columns.values()), [name for name, comment in columns.items() if not comment]
    past = {
        row[0]
        for row in made.query(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?",
            service,
            f"{table}_history",
        )
    }
    assert past >= columns.keys() | {"_valid_to", "_ended_by"}


@pytest.mark.parametrize(("service", "table"), TABLES)
def test_every_table_shows_itself_as_it_is_now_through_its_macro(
    synced: dict[str, Bench], service: str, table: str
) -> None:
    """`t_at(now)` gives exactly the current rows."""
    made = synced[service]
    now = made.query(f'SELECT _account, _content FROM {service}."{table}" ORDER BY ALL')
    then = made.query(f'SELECT _account, _content FROM {service}."{table}_at"(now()) ORDER BY ALL')
    assert now == then


@pytest.mark.parametrize("service", SERVICES)
def test_every_load_is_in_the_ledger_with_its_proof(synced: dict[str, Bench], service: str) -> None:
    """Each loaded table says how complete it is and why, and no value was rejected."""
    made = synced[service]
    loads = made.query(
        "SELECT table_name, complete, proof, reason FROM _kollect.loads WHERE loaded_at IS NOT NULL"
    )
    assert {row[0] for row in loads} == set(connector(service).tables)
    assert [row for row in loads if not row[1]] == []
    assert [row[0] for row in loads if not row[2]] == []
    assert made.query("SELECT table_name, column_name, reason, value FROM _kollect.rejects") == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_declared_table_says_where_its_rows_come_from(service: str) -> None:
    """The dictionary can name the answer behind each table, or a plan feeds it."""
    declared = connector(service)
    known = endpoints(declared)
    planned = {t.name for family in declared.families for t in family.tables}
    assert set(declared.tables) <= known.keys() | planned


@pytest.mark.parametrize("service", SERVICES)
def test_what_init_suggests_for_an_account_can_be_used(service: str) -> None:
    """Every commented line of `kollect init`, uncommented, is a setting that is taken."""
    lines = account_section(service, ready=True).strip().splitlines()
    text = "\n".join(line.removeprefix("# ") for line in lines)
    account = settings_of(tomllib.loads(text), Path("/x/kollect.toml"), {}).accounts[service]
    assert account.connector.name == service
    assert account.retry == connector(service).http.retry
    assert account.windows == connector(service).http.windows
    assert account.options.keys() == {option.name for option in connector(service).options}


def test_the_data_dictionary_is_current() -> None:
    """docs/tables.md equals what the declarations give; `make docs` writes it."""
    assert (ROOT / "docs" / "tables.md").read_text("utf-8") == dictionary()


def test_importing_connectors_pulls_in_no_heavy_library() -> None:
    """Declarations load without dagster, pandas, SQLAlchemy or DuckDB."""
    code = (
        "import sys, connectors\n"
        "for s in connectors.SERVICES: connectors.connector(s)\n"
        "print(sorted({'dagster', 'pandas', 'sqlalchemy', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
