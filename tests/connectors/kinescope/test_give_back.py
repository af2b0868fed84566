"""Kinescope takes a library back: uploads are found again, and what cannot be paid is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.restore.plan import Action
from pipelines.restore.report import as_json
from tests.kit.give_back import backed_up


@pytest.mark.slow
@pytest.mark.parametrize("form", ["processing", "done"])
def test_an_upload_whose_answer_is_lost_is_found_by_its_mark_and_finished(
    tmp_path: Path, form: str
) -> None:
    """The video is there once, with its own title, whether it is processed at once or later."""
    with backed_up(tmp_path, "kinescope", uploaded_videos=form) as kinescope:
        titles = sorted(str(r["title"]) for r in kinescope.bench.rows("videos").values())
        kinescope.lose("part")
        lost = kinescope.bench.stand_in.faults.add("reset_in_body", match="/v2/video", times=2)
        result = kinescope.restore()
        assert (lost.fired, result.complete) == (2, True), result.error
        shown = sorted(str(r["title"]) for r in kinescope.bench.rows("videos").values())
        gone = [i for i in result.after.items["videos"].values() if i.action is Action.REFUSED]
        assert len(shown) == len(titles) - len(gone)
        assert set(shown) <= set(titles)


@pytest.mark.slow
def test_uploads_that_cannot_be_paid_end_the_restore_with_the_reason(tmp_path: Path) -> None:
    """The plan tells of the cost before; nothing that follows is tried."""
    with backed_up(tmp_path, "kinescope", balance="empty") as kinescope:
        kinescope.lose("part")
        assert "charged" in as_json(kinescope.restore(apply=False))["planned"]["costs"]["videos"]
        result = kinescope.restore()
        assert not result.complete
        assert "not enough money" in result.error


@pytest.mark.slow
def test_the_restored_file_is_the_one_that_was_kept(tmp_path: Path) -> None:
    """Byte for byte, by the MD5 that the service tells of the original."""
    with backed_up(tmp_path, "kinescope") as kinescope:
        before = originals(kinescope.bench.rows("video_assets"))
        kinescope.lose("part")
        assert kinescope.restore().complete
        assert originals(kinescope.bench.rows("video_assets")) <= before
        subtitles = kinescope.bench.world.account.uploads.values()
        assert any(body.startswith(b"WEBVTT") for body in subtitles)


def originals(rows: dict[tuple[object, ...], dict[str, object]]) -> set[object]:
    return {row["md5"] for row in rows.values() if row["quality"] == "original"}
