"""Each service's files come whole, once, without a token, and the tables stay true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.file_scene import FileBench

FORMS: list[Any] = [
    pytest.param("kinopio", {}, marks=pytest.mark.slow),
    # A video with twelve annotations: the images of two of them are named on a second page.
    pytest.param(
        "kinescope",
        {"largest_page": 10, "bare_lists": "pages without meta"},
        marks=pytest.mark.slow,
    ),
    pytest.param("kinesis", {}, marks=pytest.mark.slow),
    pytest.param("kinesis", {"media_fields": "current"}, marks=pytest.mark.slow),
    ("kippt", {}),
]
SIZES = {"kinopio": 5, "kinesis": 6, "kippt": 20}


@pytest.mark.parametrize(("service", "switches"), FORMS, ids=lambda form: str(form or "default"))
def test_a_copy_holds_every_file_that_the_service_names(
    shelf: Callable[..., FileBench], service: str, switches: dict[str, Any]
) -> None:
    """Byte for byte; a second sync fetches none again; tables are as they are without files."""
    bench = shelf(service, switches=switches, size=SIZES.get(service))
    first = bench.sync()
    assert first.status == "complete", first.trouble
    assert first.files is not None
    assert first.files.failed == 0
    bench.assert_files_true()
    bench.assert_true()
    assert bench.parts() == []
    before = len(bench.host.visits), bench.stand_in.count("/public"), bench.stand_in.count("/up")
    second = bench.sync()
    after = len(bench.host.visits), bench.stand_in.count("/public"), bench.stand_in.count("/up")
    assert second.status == "complete"
    assert after == before
    assert second.files is not None
    assert (second.files.fetched, second.files.requests) == (0, 0)


@pytest.mark.slow
def test_changes_of_files_are_followed(shelf: Callable[..., FileBench]) -> None:
    """After rounds of changes the copy holds what the service holds, and all it ever held."""
    bench = shelf("kinescope")
    bench.sync()
    had = set(bench.stored())
    for seed in (1, 2, 3):
        bench.world.change(seed)
    assert bench.sync(full=True).status == "complete"
    bench.assert_files_true()
    assert had <= set(bench.stored())
    assert bench.ledger("status = 'gone' AND sha256 IS NOT NULL")


@pytest.mark.slow
def test_images_of_older_clips_come_when_files_are_turned_on_later(
    shelf: Callable[..., FileBench],
) -> None:
    """Kippt shows them only when asked to: the first sync with files reads all clips again, the
    next ones only what changed."""
    bench = shelf("kippt", size=20, files=False)
    assert bench.sync().status == "complete"
    toml = bench.folder / "kollect.toml"
    toml.write_text(toml.read_text().replace("files = false", "files = true"))
    assert bench.query("SELECT count(media) FROM kippt.clips") == [(0,)]
    assert bench.sync().status == "complete"
    bench.assert_files_true()
    assert bench.ledger("table_name = 'clips' AND status = 'stored'")
    bench.stand_in.reset()
    assert bench.sync().status == "complete"
    asked = [entry.target for entry in bench.stand_in.requests if "/clips/?" in entry.target]
    assert asked
    assert all("since=" in t and "include_data=media" in t for t in asked if "/api/clips/?" in t)
