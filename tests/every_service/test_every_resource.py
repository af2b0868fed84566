"""What holds for every connector and each of its tables, the moment they are declared."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connectors import SERVICES, connector
from connectors.core.connector import Connector, Family
from connectors.core.lineage import endpoints
from connectors.core.resources import ForEachParent, Resource, Rows
from connectors.core.schema import Column, DeclarationError, Table, col, inherited, snake
from connectors.core.validate import checked
from pipelines.cli.init import account_section
from pipelines.export.data_dictionary import dictionary
from pipelines.settings import settings_of
from tests.kit import first_syncs
from tests.kit.account import Bench

ROOT = Path(__file__).resolve().parents[2]
TABLES = [(service, table) for service in SERVICES for table in connector(service).tables]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bench]]:
    """Every service, synced twice from its stand-in with some changes in between."""
    benches = {}
    with ExitStack() as closing:
        for service in SERVICES:
            folder = tmp_path_factory.mktemp(service)
            benches[service] = closing.enter_context(first_syncs.synced(folder, service))
            benches[service].world.change(7)
            benches[service].sync()
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
def test_every_connector_has_notes(service: str) -> None:
    """What is known of the API, and what is assumed, is written down."""
    notes = ROOT / connector(service).notes
    assert notes.is_file()
    assert len(notes.read_text("utf-8")) > 1000


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


def wrong(**changes: object) -> Connector:
    """The Kinopio page with one family of a wrong table."""
    table = Table("things", "A thing", (col("id", "text", "its id"),))
    table = dataclasses.replace(table, **changes)  # type: ignore[arg-type]
    family = Family("things", (Resource("things", "/things", (Rows(table, at="data"),)),))
    return dataclasses.replace(connector("kinopio"), name="made_up", families=(family,))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": ("key",)}, "has no column for its key 'key'"),
        ({"meaning": ""}, "has no meaning"),
        ({"newest": "id"}, "is no time column"),
        ({"columns": (Column("id", "uuid", "its id", "id"),)}, "has type 'uuid'"),
        ({"columns": (Column("id", "text", "", "id"),)}, "has no meaning"),
        ({"columns": (Column("Id", "text", "its id", "id"),), "key": ("Id",)}, "is not snake_case"),
        ({"columns": (inherited("id", "text", "its id"),)}, "does not give ['id']"),
    ],
)
def test_a_wrong_declaration_names_file_place_and_cure(
    changes: dict[str, object], words: str
) -> None:
    """The error on import says where to look and what to write."""
    with pytest.raises(DeclarationError) as error:
        checked(wrong(**changes))
    assert "connectors/made_up/__init__.py" in str(error.value)
    assert words in str(error.value)
    assert ";" in str(error.value)


def test_a_wrong_declaration_in_a_package_names_its_page() -> None:
    """A connector that is a package has its page in `__init__.py`."""
    broken = dataclasses.replace(wrong(meaning=""), name="kitemaker")
    with pytest.raises(DeclarationError, match=r"^connectors/kitemaker/__init__\.py: "):
        checked(broken)


def test_a_child_resource_must_follow_its_parent() -> None:
    """`each` of something that is not read before it is refused."""
    table = Table("things", "A thing", (col("id", "text", "its id"),))
    child = Resource(
        "parts", "/x/{id}", (Rows(table),), each=ForEachParent("nothing", {"id": "id"})
    )
    broken = dataclasses.replace(
        connector("kinopio"), name="made_up", families=(Family("things", (child,)),)
    )
    with pytest.raises(DeclarationError, match="declare that resource before it"):
        checked(broken)


@pytest.mark.parametrize(
    ("opening", "plan", "words"),
    [
        ("parts", True, "needs a binding"),
        ("others", True, "is no part of its plan"),
        ("things", False, "is no part of its plan"),
    ],
)
def test_a_plan_opens_with_what_needs_no_other_answer(opening: str, plan: bool, words: str) -> None:
    """Only such resources of its own can be asked ahead."""
    table = Table("things", "A thing", (col("id", "text", "its id"),))
    made = {
        name: Resource(name, path, (Rows(table),))
        for name, path in (("things", "/x"), ("parts", "/x/{id}"), ("others", "/y"))
    }
    family = Family(
        "things",
        (made["things"], *((made["parts"],) if plan else ())),
        plan=(lambda reader: None) if plan else None,
        opening=(made[opening],),
    )
    broken = dataclasses.replace(connector("kinopio"), name="made_up", families=(family,))
    with pytest.raises(DeclarationError, match=f"opening with {opening} {words}"):
        checked(broken)


@pytest.mark.parametrize(
    ("field", "column"),
    [("createdAt", "created_at"), ("urlPreviewUrl", "url_preview_url"), ("status.name", "status_name"),
     ("shouldIncreaseUIContrast", "should_increase_ui_contrast"), ("id", "id")],
)  # fmt: skip
def test_column_names_are_the_fields_in_snake_case(field: str, column: str) -> None:
    """The API's names, readable in SQL."""
    assert snake(field) == column
