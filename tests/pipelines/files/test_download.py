"""One file over a real socket: whole and true, or named as what it is. Faults prove they fired."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from connectors.core.errors import (
    BrokenAnswer,
    Forbidden,
    LongSilence,
    Missing,
    ServerFault,
    TimedOut,
    WarehouseProblem,
)
from connectors.http.config import Window
from connectors.http.download import OwnHost
from connectors.http.file_response import ContentMismatch, ExpectedFile, FileNotWanted
from connectors.http.host_allowlist import AllowedHost, HostAllowlist, read_hosts
from connectors.http.rate_limit import RateLimiter
from tests.kit.file_box import Desk, hashes, made

BODY = made(300_000)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    with desk.place:
        desk.box.put("/a/film.mp4", BODY)
        yield desk
    assert desk.place.errors == []
    assert desk.host.leaks == []


def test_a_file_comes_whole_and_is_hashed_on_the_way(desk: Desk) -> None:
    """Hash, size, kind and name follow from what came."""
    got = desk.fetch(desk.link("/a/film.mp4"), ExpectedFile(len(BODY), hashes(BODY)[1]))
    assert (got.sha256, got.bytes) == (hashes(BODY)[0], len(BODY))
    assert (got.content_type, got.file_name) == ("video/mp4", "film.mp4")
    assert desk.part.read_bytes() == BODY


def test_the_name_that_a_host_gives_is_no_path(desk: Desk) -> None:
    """A header cannot lead out of any folder."""
    named = 'attachment; filename="../../etc/\tcron.d\\\\evil.mp4"'
    desk.box.put("/n", b"x", Content_Disposition=named)
    assert desk.fetch(desk.link("/n")).file_name == "evil.mp4"


@pytest.mark.parametrize("kind", ["reset_in_body", "short_body"])
def test_what_broke_off_goes_on_where_it_was(desk: Desk, kind: str) -> None:
    """By a range under the host's own validator; no byte comes twice."""
    fault = desk.place.faults.add(kind, match="film")
    got = desk.fetch(desk.link("/a/film.mp4"))
    assert fault.fired == 1
    assert got.sha256 == hashes(BODY)[0]
    first, second = desk.host.visits
    assert (first.range, second.status) == ("", 206)
    assert second.bytes < len(BODY)
    assert second.range == f"bytes={len(BODY) - second.bytes}-"


def test_a_part_of_another_time_goes_on(desk: Desk) -> None:
    """A program that was ended leaves its part; the next one asks for the rest."""
    desk.place.faults.add("short_body", match="film")
    with pytest.raises(BrokenAnswer):
        desk.fetch(desk.link("/a/film.mp4"), attempts=1)
    here = desk.part.stat().st_size
    assert 0 < here < len(BODY)
    assert desk.fetch(desk.link("/a/film.mp4")).sha256 == hashes(BODY)[0]
    assert desk.ranges()[-1] == f"bytes={here}-"


def test_after_a_power_cut_only_flushed_bytes_count(desk: Desk) -> None:
    """Another boot: what was written but not flushed may be anything."""
    desk.place.faults.add("short_body", match="film")
    with pytest.raises(BrokenAnswer):
        desk.fetch(desk.link("/a/film.mp4"), attempts=1)
    notes = desk.folder / "file.json"
    found = json.loads(notes.read_text())
    assert found["safe"] == 0
    notes.write_text(json.dumps({**found, "boot": "another", "safe": 1000}))
    desk.part.write_bytes(BODY[:1000] + b"\0" * 5000)
    assert desk.fetch(desk.link("/a/film.mp4")).sha256 == hashes(BODY)[0]
    assert desk.ranges()[-1] == "bytes=1000-"


@pytest.mark.parametrize("validator", ["etag", "date"])
def test_pieces_of_two_contents_are_never_put_together(desk: Desk, validator: str) -> None:
    """The file was replaced between two tries: it comes anew."""
    desk.host.switch("validator", validator)
    desk.place.faults.add("short_body", match="film")
    with pytest.raises(BrokenAnswer):
        desk.fetch(desk.link("/a/film.mp4"), attempts=1)
    other = made(len(BODY) + (0 if validator == "etag" else 7), "b")
    desk.box.put("/a/film.mp4", other)
    assert desk.fetch(desk.link("/a/film.mp4")).sha256 == hashes(other)[0]


@pytest.mark.parametrize("validator", ["weak", "none"])
def test_without_a_validator_a_file_begins_anew_unless_its_md5_is_known(
    desk: Desk, validator: str
) -> None:
    """Nothing else would tell whether the pieces fit."""
    desk.host.switch("validator", validator)
    desk.place.faults.add("short_body", match="film", times=2)
    assert desk.fetch(desk.link("/a/film.mp4")).sha256 == hashes(BODY)[0]
    assert desk.ranges() == ["", "", ""]
    desk.part.unlink()
    desk.place.faults.clear()
    desk.place.faults.add("short_body", match="film")
    expected = ExpectedFile(md5=hashes(BODY)[1])
    assert desk.fetch(desk.link("/a/film.mp4"), expected).sha256 == hashes(BODY)[0]
    assert desk.ranges()[-1].startswith("bytes=1")


def test_a_host_without_ranges_sends_all_again(desk: Desk) -> None:
    """And the result is true."""
    desk.host.switch("ranges", "ignored")
    desk.place.faults.add("short_body", match="film")
    assert desk.fetch(desk.link("/a/film.mp4")).sha256 == hashes(BODY)[0]
    assert [visit.status for visit in desk.host.visits] == [200, 200]


def test_a_file_that_is_whole_already_is_not_asked_for(desk: Desk) -> None:
    """The program ended between the last byte and the record of it."""
    desk.fetch(desk.link("/a/film.mp4"))
    again = desk.fetch(desk.link("/a/film.mp4"))
    assert again.sha256 == hashes(BODY)[0]
    assert len(desk.host.visits) == 1


def test_a_wrong_md5_is_tried_twice_and_then_named(desk: Desk) -> None:
    """Whole each time, and each time another file than the service says."""
    desk.host.changed["box/a/film.mp4"] = made(len(BODY), "c")
    with pytest.raises(ContentMismatch, match="MD5"):
        desk.fetch(desk.link("/a/film.mp4"), ExpectedFile(len(BODY), hashes(BODY)[1]))
    assert desk.ranges() == ["", ""]


def test_a_wrong_size_is_seen_before_the_body(desk: Desk) -> None:
    """By its Content-Length."""
    with pytest.raises(ContentMismatch, match="300,000 bytes where the service says 300,001"):
        desk.fetch(desk.link("/a/film.mp4"), ExpectedFile(len(BODY) + 1))
    assert not desk.part.stat().st_size


def test_a_page_instead_of_a_file_is_no_file(desk: Desk) -> None:
    """A host that is being repaired answers 200 with HTML."""
    fault = desk.place.faults.add("html", match="film", times=2)
    with pytest.raises(ContentMismatch, match="HTML"):
        desk.fetch(desk.link("/a/film.mp4"))
    assert fault.fired == 2
    assert desk.fetch(desk.link("/a/film.mp4")).sha256 == hashes(BODY)[0]


def test_only_the_declared_kinds_are_taken(desk: Desk) -> None:
    """A film where a picture is expected is another file."""
    with pytest.raises(ContentMismatch, match="video/mp4"):
        desk.fetch(desk.link("/a/film.mp4"), ExpectedFile(kinds=("image/",)))


def test_the_cap_counts_before_and_while_a_file_comes(desk: Desk) -> None:
    """By the length that the host tells, or by what came so far."""
    with pytest.raises(
        FileNotWanted, match=r"300,000 bytes are more than max_file_bytes \(1,000\)"
    ):
        desk.fetch(desk.link("/a/film.mp4"), ExpectedFile(largest=1000))
    assert not desk.part.stat().st_size


def test_a_redirect_is_followed_to_allowed_hosts_only(desk: Desk) -> None:
    """And what refuses it names the host, never the address."""
    desk.host.moved["box/old"] = desk.link("/a/film.mp4", "sign=CANARYsign1")
    assert desk.fetch(desk.link("/old")).sha256 == hashes(BODY)[0]
    desk.host.moved["box/old"] = "https://elsewhere.example.org/x?sign=CANARYsign2"
    desk.part.unlink()
    with pytest.raises(FileNotWanted, match=r"elsewhere\.example\.org is not among") as refused:
        desk.fetch(desk.link("/old"))
    assert "CANARY" not in str(refused.value)


def test_an_endless_redirect_ends(desk: Desk) -> None:
    """After five."""
    desk.host.moved["box/round"] = desk.link("/round")
    with pytest.raises(Exception, match="redirected more than 5 times"):
        desk.fetch(desk.link("/round"))
    assert len(desk.host.visits) == 6


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Forbidden), (403, Forbidden), (410, Forbidden), (404, Missing)],
)
def test_a_refusal_is_not_repeated(desk: Desk, status: int, kind: type[Exception]) -> None:
    """Whoever knows better links may come again."""
    desk.host.refusals["box/a/film.mp4"] = status
    with pytest.raises(kind):
        desk.fetch(desk.link("/a/film.mp4"))
    assert len(desk.host.visits) == 1


def test_a_failing_host_is_asked_again_as_often_as_settings_say(desk: Desk) -> None:
    """Then it is named."""
    fault = desk.place.faults.add("status", status=500, match="film", times=2)
    assert desk.fetch(desk.link("/a/film.mp4")).sha256 == hashes(BODY)[0]
    assert fault.fired == 2
    assert len(desk.slept) == 2
    desk.part.unlink()
    desk.host.refusals["box/a/film.mp4"] = 502
    with pytest.raises(ServerFault):
        desk.fetch(desk.link("/a/film.mp4"))
    assert sum(visit.status == 502 for visit in desk.host.visits) == 4


def test_a_host_that_is_down_costs_not_every_file_all_attempts(desk: Desk) -> None:
    """After three files in a row each further one is tried once, until one comes."""
    desk.host.refusals["box/a/film.mp4"] = 502
    downloader = desk.downloader(attempts=3)
    for _ in range(5):
        with pytest.raises(ServerFault):
            downloader.fetch(desk.link("/a/film.mp4"), desk.folder / "file", ExpectedFile())
    assert len(desk.host.visits) == 3 * 3 + 2
    desk.host.refusals.clear()
    downloader.fetch(desk.link("/a/film.mp4"), desk.folder / "file", ExpectedFile())
    desk.part.unlink()
    desk.place.faults.add("status", status=500, match="film", times=2)
    downloader.fetch(desk.link("/a/film.mp4"), desk.folder / "file", ExpectedFile())
    downloader.close()


def test_a_host_that_wants_silence_gets_it(desk: Desk) -> None:
    """Up to five minutes. A longer silence ends this file and the next ones with the time to come
    back, without a further request."""
    desk.place.faults.add("status", status=429, retry_after=7, match="film")
    desk.fetch(desk.link("/a/film.mp4"))
    assert desk.slept == [7.0]
    desk.part.unlink()
    desk.place.faults.add("status", status=503, retry_after=7200, match="film")
    downloader = desk.downloader()
    asked = len(desk.host.visits)
    for _ in range(3):
        with pytest.raises(LongSilence, match="silence for another 120 minutes") as said:
            downloader.fetch(desk.link("/a/film.mp4"), desk.folder / "file", ExpectedFile())
        assert said.value.retry_after == pytest.approx(7200, abs=5)
    downloader.close()
    assert len(desk.host.visits) == asked
    assert desk.slept == [7.0]


def test_files_on_the_own_host_do_not_outwait_its_silence(desk: Desk) -> None:
    """After a 429 of two hours for a list, a file is given up at once, not in two hours with the
    account's lock in hand."""
    limiter = RateLimiter([Window(5, 1.0)])
    limiter.hold(7200)
    own = OwnHost(desk.place.origin, limiter)
    began = time.monotonic()
    with pytest.raises(LongSilence, match="silence for another 120 minutes"):
        desk.fetch(desk.link("/a/film.mp4"), own=own)
    assert time.monotonic() - began < 2
    assert desk.host.visits == []


def test_a_host_that_only_drips_is_left(desk: Desk) -> None:
    """Less than 100 bytes a second for half a minute; what came is kept for the next try."""
    passed = [0.0]

    class Dripping(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(
                200, stream=Drip(), headers={"content-length": "300000", "etag": '"1"'}
            )

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                passed[0] += 1.0
                yield b"."

    with pytest.raises(TimedOut, match="only 30 bytes came in 30 seconds"):
        desk.fetch(
            desk.link("/a/film.mp4"), attempts=1, transport=Dripping(), clock=lambda: passed[0]
        )
    assert desk.part.stat().st_size == 29


def test_a_name_that_leads_inside_once_connected_gets_no_request(desk: Desk) -> None:
    """The address is checked before (a public one was found) and again on the connection, since
    a name may have another address by then; an entry that names the host allows it."""
    port = desk.place.origin.rpartition(":")[2]
    link = f"http://localhost:{port}/box/a/film.mp4"
    anywhere = HostAllowlist([AllowedHost("http", "*", int(port), "")], lambda host: ["9.9.9.9"])
    with pytest.raises(FileNotWanted, match="localhost lies in a private network"):
        desk.fetch(link, allowlist=anywhere)
    assert desk.host.visits == []
    named = HostAllowlist(read_hosts([f"http://localhost:{port}"], ""), lambda host: ["9.9.9.9"])
    assert desk.fetch(link, allowlist=named).sha256 == hashes(BODY)[0]


def test_files_through_a_proxy_say_what_is_not_checked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once: kollect sees the proxy's address only, not that of the host behind it."""
    for name in ("http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", desk.place.origin)
    downloader = desk.downloader(hosts=["http://files.invalid"])
    for _ in range(2):
        with pytest.raises(Missing):  # the stand-in is no proxy
            downloader.fetch("http://files.invalid/a", desk.folder / "file", ExpectedFile())
    downloader.close()
    assert len(desk.host.visits) == 2
    told = [record for record in caplog.records if "through a proxy" in record.getMessage()]
    assert len(told) == 1


def test_a_stalled_host_is_left(desk: Desk) -> None:
    """No byte for so long is an end, and the next try goes on."""
    fault = desk.place.faults.add("stall", seconds=0.6, match="film")
    got = desk.fetch(desk.link("/a/film.mp4"), timeout_seconds=0.2)
    assert fault.fired == 1
    assert got.sha256 == hashes(BODY)[0]


def test_a_full_disk_is_told_before(desk: Desk) -> None:
    """What the file needs is compared with what is free."""
    with pytest.raises(WarehouseProblem, match="no space left for a file of 300,000 bytes"):
        desk.fetch(desk.link("/a/film.mp4"), free=lambda folder: 1000)


def test_no_log_and_no_error_holds_a_signed_link(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither kollect's nor those of the libraries that it sends with, at the finest level."""
    caplog.set_level("DEBUG")
    desk.host.moved["box/old"] = desk.link("/a/film.mp4", "sign=CANARYsign3")
    desk.fetch(desk.link("/old", "X-Amz-Signature=CANARYsign4"))
    desk.host.refusals["box/a/film.mp4"] = 403
    desk.part.unlink()
    with pytest.raises(Forbidden) as refused:
        desk.fetch(desk.link("/a/film.mp4", "sign=CANARYsign5"))
    assert "CANARY" not in f"{caplog.text}{refused.value}{refused.value!r}"
    lines = [r.getMessage() for r in caplog.records if r.name == "kollect.http"]
    assert lines[:2] == [
        'file account="" host=127.0.0.1 status=302 from_byte=0',
        'file account="" host=127.0.0.1 status=200 from_byte=0',
    ], "each request is logged, by its host alone"
    written = b"".join(file.read_bytes() for file in desk.folder.iterdir())
    assert b"CANARY" not in written
    assert b"127.0.0.1" not in written
