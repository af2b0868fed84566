"""`kollect search` shows who mentions what, with the words marked and a link."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.kit.account import Bench
from tests.kit.processes import kollect


def test_a_mention_is_shown_with_its_words_marked_and_a_link(
    synced: Callable[..., Bench],
) -> None:
    """Without a terminal the words stand in brackets; --json has all of it; nothing found is 0."""
    bench = synced("kinopio", size=3)
    ((name, url),) = bench.query(
        "SELECT title, url FROM analysis.documents WHERE kind = 'space' "
        "AND regexp_full_match(title, '[A-Za-z0-9 ]+') ORDER BY title LIMIT 1"
    )
    word = name.split()[0]
    done = kollect(bench.folder, {}, "search", word, "--kind", "space")
    assert done.returncode == 0, done.stderr
    assert f"[{word}]" in done.stdout
    assert url in done.stdout
    done = kollect(bench.folder, {}, "search", word, "--json", "--service", "kinopio")
    hits = json.loads(done.stdout)
    assert name in {hit["title"] for hit in hits}
    done = kollect(bench.folder, {}, "search", "no", "such", "words", "zzz")
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        ["Nothing mentions no such words zzz; --history looks into earlier versions too."],
    )
