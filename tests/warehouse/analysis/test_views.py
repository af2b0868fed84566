"""The schema `analysis`: made by loads over what is there, true, and no work where nothing changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from connectors import SERVICES
from tests.kit.account import Bench
from warehouse.analysis.keep import keep_analysis
from warehouse.analysis.sql_files import sql_views
from warehouse.store.warehouse import Warehouse

Make = Callable[..., Bench]
PROMISED = {
    "activity", "changes", "documents", "documents_history", "links", "metrics_daily", "people",
    "references", "tags", "todos",
}  # fmt: skip
OF_ONE_SERVICE = {
    "kinopio": {"cards_in_boxes", "special_spaces", "space_sizes"},
    "kinescope": {"video_storage"},
    "kinesis": {"kinesis_events", "record_lineage"},
    "kippt": {"reading_list"},
    "kitemaker": {"status_changes", "time_in_status", "cycle_times", "open_work"},
}
VIEWS = "SELECT view_name FROM duckdb_views() WHERE schema_name = 'analysis'"


@pytest.mark.parametrize(
    "service",
    [
        s if s in ("kinopio", "kitemaker") else pytest.param(s, marks=pytest.mark.slow)
        for s in SERVICES
    ],
)
def test_the_first_load_of_any_one_service_makes_all_that_it_allows(
    synced: Make, service: str
) -> None:
    """Every view answers and each of its columns has a comment, with the other services absent."""
    bench = synced(service)
    with bench.reading():
        names = {name for (name,) in bench.query(VIEWS)}
        assert names >= PROMISED | OF_ONE_SERVICE[service]
        assert not names & {v for s, of in OF_ONE_SERVICE.items() if s != service for v in of}
        for name in names:
            bench.query(f'FROM analysis."{name}"')
        bare = bench.query(
            "SELECT table_name, column_name FROM duckdb_columns() "
            "WHERE schema_name = 'analysis' AND coalesce(comment, '') = ''"
        )
    assert bare == []


def test_a_later_load_makes_nothing_again(synced: Make) -> None:
    bench = synced("kippt")
    warehouse = Warehouse(bench.warehouse)
    with duckdb.connect(":memory:") as connection, warehouse.writing(connection):
        assert not keep_analysis(connection)


def test_a_warehouse_of_an_older_kollect_gets_the_schema_with_its_next_load(synced: Make) -> None:
    """Also where nothing changed at the service; a view that it kept in `main` is dropped."""
    bench = synced("kippt")
    warehouse = Warehouse(bench.warehouse)
    with duckdb.connect(":memory:") as connection, warehouse.writing(connection):
        connection.execute(
            "DROP SCHEMA kept.analysis CASCADE; DROP TABLE kept._kollect.metrics; "
            "DELETE FROM kept._kollect.meta WHERE name IN ('analysis', 'schema kippt'); "
            "USE kept; CREATE VIEW main.recent_activity AS SELECT * FROM kippt.clips; "
            "INSERT INTO _kollect.meta VALUES ('view recent_activity', 'x'); "
            "UPDATE _kollect.meta SET value = value::INT + 1 WHERE name = 'generation'"
        )
    warehouse.publish()
    assert bench.sync(full=True).status == "complete"
    assert {name for (name,) in bench.query(VIEWS)} >= PROMISED
    assert bench.query("SELECT view_name FROM duckdb_views() WHERE view_name ~ 'recent'") == []


def test_a_schema_of_an_older_kollect_keeps_no_other_service_from_loading(synced: Make) -> None:
    """Until its own next load, a service whose tables lack a column is left out."""
    bench = synced("kippt")
    warehouse = Warehouse(bench.warehouse)
    with duckdb.connect(":memory:") as connection, warehouse.writing(connection):
        connection.execute(
            "CREATE SCHEMA kept.kinopio; CREATE TABLE kept.kinopio.cards (_account VARCHAR)"
        )
        assert keep_analysis(connection)
        found = connection.execute("SELECT DISTINCT service FROM kept.analysis.documents")
        assert found.fetchall() == [("kippt",)]


def test_documents_are_what_the_service_holds_and_held(synced: Make) -> None:
    bench = synced("kippt")
    bench.world.change(3)
    bench.sync(full=True)
    truth = bench.world.truth()
    with bench.reading():
        kept = bench.query(
            "SELECT id, title, text, url FROM analysis.documents WHERE kind = 'clip'"
        )
        assert sorted(kept) == sorted(
            (str(c["id"]), c["title"], c["notes"], c["url"]) for c in truth["clips"]
        )
        ended = bench.query(
            "SELECT count(*), count(*) FILTER (ended_by = 'deleted') "
            "FROM analysis.documents_history WHERE kind = 'clip'"
        )
        assert ended == bench.query(
            "SELECT count(*), count(*) FILTER (_ended_by = 'deleted') FROM kippt.clips_history"
        )


@pytest.mark.parametrize(
    "service",
    ["kippt", *(pytest.param(s, marks=pytest.mark.slow) for s in SERVICES if s != "kippt")],
)
def test_the_feed_of_changes_equals_what_the_loads_counted(synced: Make, service: str) -> None:
    """Inserts, edits and ends of each table; an edit names fields whose values differ."""
    bench = synced(service)
    for seed in (3, 4):
        bench.world.change(seed)
        assert bench.sync(full=True).status == "complete"
    with bench.reading():
        fed = bench.query(
            "SELECT table_name, count(*) FILTER (change = 'inserted'), "
            "count(*) FILTER (change = 'updated'), count(*) FILTER (change = 'deleted') "
            "FROM analysis.changes GROUP BY ALL"
        )
        counted = bench.query(
            "SELECT table_name, sum(inserted), sum(updated), sum(deleted) FROM _kollect.loads "
            "GROUP BY ALL HAVING sum(inserted + updated + deleted) > 0"
        )
        assert sorted(fed) == sorted(counted)
        assert any(updated for _, _, updated, _ in fed)
        edits = bench.query(
            "SELECT fields, list_transform(before_after, lambda x: x.old), "
            "list_transform(before_after, lambda x: x.new) FROM analysis.changes "
            "WHERE change = 'updated' AND len(fields) > 0"
        )
    assert edits
    assert all(o != n for _, old, new in edits for o, n in zip(old, new, strict=True))


def test_links_are_found_in_text_and_fields_and_lead_to_records(synced: Make) -> None:
    bench = synced("kinopio")
    space, card = bench.query("SELECT space_id, id FROM kinopio.cards ORDER BY ALL LIMIT 1")[0]
    texts = [
        f"see [the plan](https://kinopio.club/some-name-{space}/{card}), it is good.",
        f"https://kinopio.club/{space}?x=1 and (https://www.Example.org/a_(b)/)",
        "https://kinopio.club/never-seen-AAAAAAAAAAAAAAAAAAAAA!",
    ]
    warehouse = Warehouse(bench.warehouse)
    with duckdb.connect(":memory:") as connection, warehouse.writing(connection):
        for number, text in enumerate(texts):
            connection.execute(
                "INSERT INTO kept.kinopio.cards (_account, space_id, id, name, _valid_from) "
                "VALUES ('kinopio', ?, ?, ?, now())",
                [space, f"made-{number}", text],
            )
        connection.execute("USE kept")
        found = connection.execute(
            "SELECT anchor, address, target_kind, target_id, target_state FROM analysis.links "
            "WHERE contains(id, '/made-') ORDER BY id, url"
        ).fetchall()
        connection.execute("USE memory")
    assert found == [
        ("the plan", f"kinopio.club/some-name-{space}/{card}", "card", f"{space}/{card}", "here"),
        (None, f"kinopio.club/{space}?x=1", "space", space, "here"),
        (None, "example.org/a_(b)", None, None, None),
        (None, "kinopio.club/never-seen-AAAAAAAAAAAAAAAAAAAAA", "space", None, "unknown"),
    ]


def test_numbers_without_history_are_kept_by_day(synced: Make) -> None:
    """A row on the first day and on each later one that brings another value, and none else."""
    bench = synced("kippt")
    first = bench.query("SELECT count(*), count(growth) FROM analysis.metrics_daily")[0]
    assert first[0] > 0
    assert first[1] == 0
    bench.sync(full=True)
    assert bench.query("SELECT count(*), count(growth) FROM analysis.metrics_daily")[0] == first
    warehouse = Warehouse(bench.warehouse)
    with duckdb.connect(":memory:") as connection, warehouse.writing(connection):
        connection.execute("UPDATE kept._kollect.metrics SET day = day - 1, value = value - 1")
        connection.execute("UPDATE kept.kippt.clips SET likes_count = likes_count + 5")
        connection.execute("DELETE FROM kept._kollect.state WHERE kind = 'last_load'")
    bench.sync(full=True)
    grown = bench.query(
        "SELECT DISTINCT metric, growth FROM analysis.metrics_daily WHERE growth IS NOT NULL"
    )
    assert ("likes_count", 1.0) in grown


def test_persons_are_one_only_where_an_address_or_an_id_proves_it(synced: Make) -> None:
    bench = synced("kinesis")
    rows = bench.query("SELECT email, len(profiles), proof FROM analysis.people")
    emails = {str(user["email"]).lower() for user in bench.world.truth()["users"] if user["email"]}
    assert {email for email, _, _ in rows if email} == emails


def test_every_file_explains_itself_and_its_columns() -> None:
    for view in sql_views():
        assert view.meaning.endswith("."), view.name
        assert all(view.columns.values()), view.name
        shown = re.findall(r"\w+", " ".join(part.sql for part in view.parts))
        assert set(view.columns) <= set(shown), view.name


def test_a_file_that_is_no_single_select_is_refused(tmp_path: Path) -> None:
    """The mistake is found where it was made."""
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "bad.sql").write_text("-- Bad.\n--\n-- a: b\nDROP TABLE kinopio.cards;\n")
    with pytest.raises(ValueError, match=r"bad\.sql"):
        sql_views((tmp_path,))


def test_a_record_is_followed_through_an_edit_that_gave_it_another_id(synced: Make) -> None:
    """Old and new record share most values; another one that came with the same load does not."""
    bench = synced("kinesis")
    warehouse = Warehouse(bench.warehouse)
    with duckdb.connect(":memory:") as connection, warehouse.writing(connection):
        connection.execute("USE kept")
        connection.execute(
            "INSERT INTO kinesis.records_history (_account, project_id, collection_id, data_id, "
            '"values", _valid_from, _first_seen_at, _valid_to, _ended_by) VALUES '
            '(\'kinesis\', \'p\', \'c\', \'old\', \'{"a": "1", "b/c": "2", "d": "3"}\', '
            "'2026-01-01', '2026-01-01', '2026-01-02', 'deleted')"
        )
        for name, values in (("new", '{"a":"1","b/c":"2","d":"9"}'), ("other", '{"a":"7"}')):
            connection.execute(
                "INSERT INTO kinesis.records (_account, project_id, collection_id, data_id, "
                "\"values\", _valid_from, _first_seen_at) VALUES ('kinesis', 'p', 'c', ?, ?, "
                "'2026-01-02', '2026-01-02')",
                [name, values],
            )
        found = connection.execute(
            "SELECT old_data_id, data_id, round(shared, 2) FROM analysis.record_lineage "
            "WHERE project_id = 'p'"
        ).fetchall()
        connection.execute("USE memory")
    assert found == [("old", "new", 0.67)]


def test_status_changes_come_from_activities_where_they_are_read(synced: Make) -> None:
    """Else from the versions that syncs saw; the precision tells which."""
    for options, precision in (({"activities": True}, "activity"), ({}, "sync")):
        bench = synced("kitemaker", **options)
        item, status = bench.query("SELECT id, status_id FROM kitemaker.work_items LIMIT 1")[0]
        moved_to = bench.query(
            "SELECT id, name FROM kitemaker.statuses WHERE id <> ? AND space_id = "
            "(SELECT space_id FROM kitemaker.work_items WHERE id = ?) LIMIT 1",
            status,
            item,
        )[0]
        bench.world.set_status(item, moved_to[0])
        assert bench.sync(full=True).status == "complete"
        rows = bench.query(
            "SELECT to_status_id, to_status, precision FROM analysis.status_changes "
            "WHERE work_item_id = ? ORDER BY changed_at DESC LIMIT 1",
            item,
        )
        assert rows == [(*moved_to, precision)]
        assert (
            bench.query(
                "SELECT count(*) FROM analysis.time_in_status WHERE work_item_id = ?", item
            )[0][0]
            >= 2
        )
