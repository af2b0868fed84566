"""`import warehouse`: data frames and SQLAlchemy on the published file, for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy

import warehouse
from connectors.core.errors import BadSettings
from tests.kit.account import Bench


@pytest.fixture
def kippt(synced: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Two syncs with an edit between; the settings are named by the environment."""
    bench = synced("kippt", size=5)
    bench.world.change(3)
    bench.sync(full=True)
    monkeypatch.setenv("KOLLECT_CONFIG", str(bench.folder / "kollect.toml"))
    return bench


def test_tables_are_data_frames_as_they_are_and_as_they_were(kippt: Bench) -> None:
    clips = warehouse.table("kippt.clips")
    assert set(clips["id"]) == {key for (key,) in kippt.rows("clips")}
    first = warehouse.loads()["loaded_at"].min().to_pydatetime()
    ((then,),) = kippt.query(
        "SELECT max(loaded_at) FROM _kollect.loads WHERE run_id = (SELECT min(run_id) "
        "FROM _kollect.runs)"
    )
    was = warehouse.table("kippt.clips", at=then)
    assert set(was["id"]) == {key for (key,) in kippt.rows("clips", then)}
    assert len(warehouse.table("kippt.clips", at=first.replace(year=2000).isoformat())) == 0


def test_history_holds_every_version_and_loads_every_load(kippt: Bench) -> None:
    versions = warehouse.history("kippt.clips")
    assert len(versions) == (
        kippt.query("SELECT count(*) FROM kippt.clips")[0][0]
        + kippt.query("SELECT count(*) FROM kippt.clips_history")[0][0]
    )
    assert versions["_ended_by"].dropna().isin(["updated", "deleted"]).all()
    loads = warehouse.loads()
    assert loads["run_id"].nunique() == 2
    assert loads["loaded_at"].is_monotonic_decreasing


def test_values_are_bound_and_another_file_can_be_named(kippt: Bench, tmp_path: Path) -> None:
    (key,) = next(iter(kippt.rows("clips")))
    sql = "SELECT id FROM kippt.clips WHERE id = ?"
    assert list(warehouse.read(sql, [key])["id"]) == [key]
    assert list(warehouse.read(sql, [key], path=kippt.warehouse)["id"]) == [key]
    assert list(warehouse.read(sql, [key], config=kippt.folder / "kollect.toml")["id"]) == [key]
    with pytest.raises(BadSettings, match=r"none\.toml cannot be read"):
        warehouse.loads(config=tmp_path / "none.toml")
    with pytest.raises(ValueError, match=r"write it as schema\.table"):
        warehouse.table("clips; DROP TABLE x")


def test_sqlalchemy_reads_the_published_file_and_cannot_write_to_it(kippt: Bench) -> None:
    tables = warehouse.metadata("kippt").tables
    clips, history = tables["kippt.clips"], tables["kippt.clips_history"]
    assert clips.c.title.comment.startswith("its title")
    with warehouse.engine().connect() as connection:
        rows = connection.execute(sqlalchemy.select(clips.c.id, clips.c._valid_from)).all()
        assert {row.id for row in rows} == {key for (key,) in kippt.rows("clips")}
        assert rows[0]._valid_from.utcoffset() == datetime.now(UTC).utcoffset()
        connection.execute(sqlalchemy.select(history)).all()
        with pytest.raises(sqlalchemy.exc.SQLAlchemyError, match="read-only"):
            connection.execute(sqlalchemy.delete(clips))
