"""Search: a judged set of questions, what follows a load, and an index that may be lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

import warehouse
from connectors.core.errors import WarehouseProblem
from tests.kit.account import Bench
from warehouse.fulltext.index import SearchIndex
from warehouse.fulltext.search import Hit, search
from warehouse.fulltext.words import indexed, phrases, snippet
from warehouse.store.warehouse import Warehouse

Make = Callable[..., Bench]
TEXTS = {
    "ru": "Вчера мы ездили в Киев и ели ёлочные пряники",
    "ja": "東京タワーへ行きました。とても高いです",
    "fr": "Le café de l'émigré à Besançon",
    "no": "Blåbærsyltetøy og smørbrød",
    "emoji": "Family dinner 👩‍👩‍👧 with 🦔",
    "th": "สวัสดีชาวโลก",
    "garden": "The gardener planted beans in the old garden shed",
    "shed": "A garden, later a shed",
    "plan": "Plan B: call the plumber",
    "code": "snake_case_name and UPPERCASE",
}
JUDGED = [
    ("киев", ["ru"]), ("Елочные", ["ru"]), ("елочн*", ["ru"]), ("пряник", ["ru"]),
    ("東京", ["ja"]), ("タワー", ["ja"]), ("京東", []), ("高い", ["ja"]),
    ("cafe emigre", ["fr"]), ("CAFÉ", ["fr"]), ("besancon", ["fr"]), ("blabaer*", ["no"]),
    ("smorbrod", ["no"]), ("👧", ["emoji"]), ("🦔", ["emoji"]), ("🍕", []), ("ชาวโลก", ["th"]),
    ('"garden shed"', ["garden"]), ("garden shed", ["shed", "garden"]), ("gard*", ["garden", "shed"]),
    ("gardener", ["garden"]), ("plum", ["plan"]), ("case", ["code"]), ("uppercase", ["code"]),
    ('"call the plumber"', ["plan"]), ('"the call plumber"', []), ("", []), ('"', []), ("beans plumber", []),
]  # fmt: skip


def found(bench: Bench, query: str, **more: object) -> list[Hit]:
    return search(Warehouse(bench.warehouse), query, **more)  # type: ignore[arg-type]


@pytest.fixture
def noted(synced: Make) -> Bench:
    """An account whose lists have the texts above as descriptions."""
    bench = synced("kippt", size=3)
    store = Warehouse(bench.warehouse)
    with duckdb.connect(":memory:") as connection, store.writing(connection):
        for number, (name, text) in enumerate(TEXTS.items()):
            connection.execute(
                "INSERT INTO kept.kippt.lists (_account, id, title, description, _valid_from, "
                "_run_id) SELECT 'kippt', ?, ?, ?, now(), max(run_id) FROM kept._kollect.runs",
                [900 + number, f"note-{name}", text],
            )
        connection.execute(
            "UPDATE kept._kollect.meta SET value = value::INT + 1 WHERE name = 'generation'"
        )
    store.publish()
    return bench


def test_the_judged_questions_are_answered_as_judged(noted: Bench) -> None:
    """Cyrillic, Japanese, Thai, accents, emoji, prefixes and phrases: every answer, and no other."""
    wrong = {}
    for query, names in JUDGED:
        titles = [hit.title for hit in found(noted, query, kinds=("list",))]
        if sorted(t for t in titles) != sorted(f"note-{name}" for name in names):
            wrong[query] = titles
    assert wrong == {}


def test_the_words_are_shown_where_they_stand(noted: Bench) -> None:
    (hit,) = found(noted, "cafe emigre")
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["café", "émigré"]
    piece, marks = snippet("x " * 300 + "needle " + "y " * 300, "needle")
    assert [piece[start:end] for start, end in marks] == ["needle"]
    assert len(piece) <= 122


def test_filters_narrow_by_service_kind_and_day(noted: Bench) -> None:
    assert found(noted, "garden", services=("kinopio",)) == []
    assert found(noted, "garden", kinds=("clip",)) == []
    assert found(noted, "garden", since=datetime.now(UTC) + timedelta(days=2)) == []
    assert found(noted, "garden", services=("kippt",), since=datetime(2001, 1, 1, tzinfo=UTC))


def test_the_index_follows_what_a_load_changed_and_keeps_earlier_versions(synced: Make) -> None:
    """It writes what changed and no more; old words are found with history alone."""
    bench = synced("kippt")
    index = SearchIndex(Warehouse(bench.warehouse))
    everything = index.follow()
    assert everything == bench.query("SELECT count(*) FROM analysis.documents")[0][0]
    assert index.follow() == 0
    bench.world.change(3)
    assert bench.sync().status == "complete"
    written = index.follow()
    assert 0 < written < everything
    with bench.reading():
        edited = bench.query("SELECT id, title FROM analysis.documents_history WHERE kind = 'clip'")
    assert edited
    for identity, title in edited:
        if indexed(title):
            hits = found(bench, f'"{title}"', history=True, limit=100)
            assert identity in {hit.id for hit in hits}, title
    now = [hit for query in ("a*", "t*", "x*") for hit in found(bench, query, limit=1000)]
    kept = dict(bench.query("SELECT kind || id, coalesce(title, '') FROM analysis.documents"))
    assert now
    assert all(kept[hit.kind + hit.id] == hit.title and hit.ended is None for hit in now)


def test_a_lost_a_damaged_and_a_foreign_index_are_made_again(synced: Make) -> None:
    bench = synced("kippt")
    index = SearchIndex(Warehouse(bench.warehouse))
    everything = index.follow()
    index.remove()
    assert index.follow() == everything
    for file in (index.folder / "entries").glob("*.json"):
        file.write_text("{")
    (index.folder / "index.json").write_text("{}")
    assert index.follow() == everything
    state = json.loads((index.folder / "index.json").read_text())
    (index.folder / "index.json").write_text(json.dumps(state | {"warehouse": "another"}))
    assert index.follow() == everything


def test_python_and_sql_search_too(noted: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOLLECT_CONFIG", str(noted.settings_file))
    frame = warehouse.search("cafe", kind="list")
    assert list(frame["title"]) == ["note-fr"]
    assert len(warehouse.search("zzzzqq")) == 0
    assert noted.query("SELECT title FROM analysis.search('CAFE emigre')") == [("note-fr",)]


def test_words_are_normalised_and_queries_are_split() -> None:
    assert indexed("Ёлка ＡＢＣ straße") == "елка abc strasse"
    assert indexed(None) == ""
    assert phrases('one "two three" fo*') == [
        (["one"], False),
        (["two", "three"], False),
        (["fo"], True),
    ]


def test_a_warehouse_of_an_older_kollect_is_said_to_need_a_sync(synced: Make) -> None:
    bench = synced("kippt", size=3)
    with duckdb.connect(str(bench.warehouse)) as connection:
        connection.execute("DROP SCHEMA analysis CASCADE")
    with pytest.raises(WarehouseProblem, match="no documents to search"):
        search(Warehouse(bench.warehouse), "garden")
