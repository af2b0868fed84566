"""`kollect export`: what the files hold is what the warehouse holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.kit import first_syncs
from tests.kit.account import Bench
from tests.kit.processes import kollect


@pytest.fixture(scope="module")
def kinopio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A synced account."""
    folder = tmp_path_factory.mktemp("kinopio")
    with first_syncs.synced(folder, "kinopio", size=3) as found:
        yield found


READERS = {
    "csv": "read_csv('{}', all_varchar = true)",
    "parquet": "'{}'",
    "json": "read_json('{}', maximum_object_size = 100000000)",
}


@pytest.mark.parametrize("table_format", list(READERS))
def test_every_table_is_a_file_with_its_rows(
    kinopio: Bench, tmp_path: Path, table_format: str
) -> None:
    """Each key once, the raw record beside the columns; types where the format has them."""
    done = kollect(
        kinopio.folder, {}, "export", "kinopio", "--format", table_format, "--to", str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    tables = kinopio.account.connector.tables
    assert {f.stem for f in tmp_path.glob(f"*.{table_format}")} == set(tables)
    for name, table in tables.items():
        place = READERS[table_format].format(tmp_path / f"{name}.{table_format}")
        keys = ", ".join(f'"{key}"' for key in table.key)
        rows = duckdb.sql(f"SELECT {keys}, _raw FROM {place}").fetchall()
        assert {tuple(map(str, row[:-1])) for row in rows} == {
            tuple(map(str, key)) for key in kinopio.rows(name)
        }
        assert len(rows) == len(kinopio.rows(name))
        assert f"wrote {name}.{table_format}: {len(rows):,} row" in done.stdout
    if table_format == "parquet":
        kinds = {r[0]: r[1] for r in duckdb.sql(f"DESCRIBE '{tmp_path}/cards.parquet'").fetchall()}
        assert (kinds["x"], kinds["created_at"]) == ("DOUBLE", "TIMESTAMP WITH TIME ZONE")


def test_a_service_s_own_form_is_found_by_its_declaration(kinopio: Bench, tmp_path: Path) -> None:
    """Kinopio's spaces stand beside the JSON tables, as its import reads them; written twice,
    they are the same files."""
    words = ("export", "kinopio", "--format", "json", "--to", str(tmp_path))
    for _ in range(2):
        done = kollect(kinopio.folder, {}, *words)
        assert f"wrote spaces: {len(kinopio.rows('spaces'))} spaces" in done.stdout
    spaces = [json.loads(file.read_text("utf-8")) for file in tmp_path.glob("spaces/*.json")]
    assert sorted(space["id"] for space in spaces) == sorted(
        key[0] for key in kinopio.rows("spaces")
    )
    cards = {(space["id"], card["id"]) for space in spaces for card in space["cards"]}
    assert cards == set(kinopio.rows("cards"))


def test_a_format_that_a_service_lacks_is_refused_with_those_that_it_has(
    kinopio: Bench, tmp_path: Path
) -> None:
    """Nothing is written."""
    words = ("export", "kinopio", "--format", "netscape", "--to", str(tmp_path / "out"))
    done = kollect(kinopio.folder, {}, *words)
    assert done.returncode == 2
    assert "Kinopio has no export format 'netscape'; use --format json, csv, parquet" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_full_disk_gets_a_sentence(kinopio: Bench, tmp_path: Path) -> None:
    """The device that is always full stands for it."""
    (tmp_path / "cards.csv").symlink_to("/dev/full")
    (tmp_path / "users.csv").symlink_to("/dev/full")
    done = kollect(
        kinopio.folder, {}, "export", "kinopio", "--format", "csv", "--to", str(tmp_path)
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "no space left" in done.stderr
