"""An account holds the data of one owner from one address; anything else is refused, not mixed.

Somebody else at the same address is made by a transport: it carries a credential that the
stand-in does not know as the one that it knows, and changes the owner in the answers.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import duckdb
import httpx
import msgspec
import pytest

from connectors.core.errors import BadSettings
from connectors.core.journal import Journal
from pipelines.cli.check import look
from pipelines.settings import Account, read_settings
from pipelines.sync.account import sync_account
from pipelines.sync.identity import KEY_FILE, Identity, confirm_identity, identity_from
from pipelines.sync.result import AccountResult, Progress
from pipelines.sync.runtime import opened_client
from sandbox import Sandbox
from tests.kit.account import Bench, sampled

OWNER_IN_ANSWERS = ("kinescope", "kinopio", "kippt", "kitemaker")
"""Services that tell the owner in an answer; in Kinesis it is a part of the credential."""
FAST = {"rate": [], "retry": {"attempts": 2, "first_seconds": 0.01, "max_seconds": 0.02}}


class Carrier(httpx.BaseTransport):
    """Passes requests on with some values replaced, and answers with others replaced."""

    def __init__(self, sent: Mapping[str, str], answered: Mapping[str, str]) -> None:
        self._inner = httpx.HTTPTransport()
        self._sent, self._answered = sent, answered

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        address, headers = str(request.url), dict(request.headers)
        for found, instead in self._sent.items():
            address = address.replace(f"uid={found}", f"uid={instead}")
            headers = {name: value.replace(found, instead) for name, value in headers.items()}
        carried = httpx.Request(request.method, address, headers=headers, content=request.read())
        answer = self._inner.handle_request(carried)
        body = answer.read()
        answer.close()
        for found, instead in self._answered.items():
            body = body.replace(found.encode(), instead.encode())
        kept = {n: v for n, v in answer.headers.items()
                if n not in ("content-length", "content-encoding", "transfer-encoding")}  # fmt: skip
        return httpx.Response(answer.status_code, headers=kept, content=body)

    def close(self) -> None:
        self._inner.close()


def identity_of(bench: Bench) -> Identity:
    """Whose data the account holds, as the warehouse remembers."""
    (stored,) = bench.query("SELECT value FROM _kollect.state WHERE kind = 'identity'")
    found = identity_from(stored[0])
    assert found is not None
    return found


def owner_of(bench: Bench) -> str:
    """The owner of the account's data, as the warehouse remembers."""
    return identity_of(bench).owner


def with_another_credential(account: Account) -> tuple[Account, dict[str, str]]:
    """The account with other secrets, and what they have to be on the wire."""
    other = {part: f"other-{value}" for part, value in account.credential.items()}
    if "uid" in other:
        other["uid"] = "417"
    sent = {other[part]: value for part, value in account.credential.items()}
    return replace(account, credential=other), sent


@contextmanager
def carried(bench: Bench, owner: str | None) -> Iterator[Callable[..., AccountResult]]:
    """A sync with another credential: of the same owner, or of `owner`."""
    account, sent = with_another_credential(bench.account)
    answered = {}
    if owner is None:
        account = replace(account, credential={**account.credential, **_uid(bench.account)})
    elif bench.service in OWNER_IN_ANSWERS:
        answered = {owner_of(bench).split()[-1]: owner}
    with Carrier(sent, answered) as transport:
        runtime = replace(bench.runtime, transport=transport)
        yield lambda: sync_account(bench.settings, account, runtime=runtime)


def _uid(account: Account) -> dict[str, str]:
    return {part: value for part, value in account.credential.items() if part == "uid"}


@pytest.mark.parametrize("service", sampled("kinesis", "kippt"))
def test_a_credential_of_somebody_else_is_refused_before_anything_is_mixed(
    synced: Callable[..., Bench], service: str
) -> None:
    """The rows stay, nothing is listed as deleted, and the message shows the way to both."""
    at = synced(service, size=4)
    before = {table: at.rows(table) for table in at.account.tables}
    asked = at.stand_in.count()
    other = "8" * len(owner_of(at).split()[-1])
    with carried(at, other) as sync:
        for _ in range(2):
            result = sync()
            assert result.status == "failed"
            assert isinstance(result.error, BadSettings)
            said = str(result.error)
            assert "but this account holds those of" in said
            assert f"[accounts.{service}-2]" in said
            assert not any(row["deleted"] for row in result.tables.values())
    assert at.stand_in.count() - asked <= 2
    assert {table: at.rows(table) for table in at.account.tables} == before
    assert at.sync().status == "complete"
    at.assert_true()


def test_check_refuses_a_credential_of_somebody_else_as_a_sync_does(
    synced: Callable[..., Bench],
) -> None:
    at = synced("kippt", size=4)
    assert "the account of" in look(at.settings, at.account).sees
    account, sent = with_another_credential(at.account)
    owner = owner_of(at).split()[-1]
    with Carrier(sent, {owner: "8" * len(owner)}) as transport:
        runtime = replace(at.runtime, transport=transport)
        with pytest.raises(BadSettings, match="but this account holds those of"):
            look(at.settings, account, runtime)


def test_a_workspace_without_lists_that_name_it_is_known_by_its_views(
    made: Callable[..., Bench],
) -> None:
    """Kinescope: no playlist, event, file request or moderator, but somebody watched a video."""
    at = made("kinescope", size=4, include=["tags"])
    for table in ("playlists", "live_events", "file_requests", "moderators"):
        for row_id in list(at.world.account.records[table]):
            at.world.remove_record(table, row_id)
    assert at.sync().status == "complete"
    assert owner_of(at) == f"workspace {at.world.account.workspace_id}"
    assert at.stand_in.count("/v1/analytics") == 1


@pytest.mark.parametrize("service", sampled("kinesis", "kippt"))
def test_a_new_credential_of_the_same_owner_goes_on_and_is_asked_about_once(
    synced: Callable[..., Bench], service: str
) -> None:
    """Tokens are renewed: one question, then incremental syncs as before."""
    at = synced(service, size=4)
    at.world.change(3)
    with carried(at, None) as sync:
        first = sync()
        assert first.error is None
        # Where another token may see less, what did not come is kept for one sync, and said.
        assert not [row["reason"] for row in first.tables.values()
                    if not row["complete"] and "token is another one" not in row["reason"]]  # fmt: skip
        before = at.stand_in.count()
        assert sync().status == "complete"
        with_new = at.stand_in.count() - before
    with carried(at, None) as sync:
        before = at.stand_in.count()
        assert sync().status == "complete"
        assert at.stand_in.count() - before == with_new


def test_the_mark_of_a_credential_cannot_be_tried_out_on_a_copy_of_the_warehouse(
    synced: Callable[..., Bench], made: Callable[..., Bench]
) -> None:
    """It is keyed: the same credential leaves another mark in another warehouse, and the key is
    in a file that only its owner can read."""
    first, second = synced("kippt", size=4), made("kippt", size=4)
    second.sync()
    marks = {identity_of(at).credential for at in (first, second)}
    assert len(marks) == 2 and all(len(mark) == 32 for mark in marks)
    key = second.folder / ".kollect" / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes() not in second.warehouse.read_bytes()


@pytest.mark.parametrize("lost", [False, True])
def test_a_lost_key_of_marks_costs_one_question(synced: Callable[..., Bench], lost: bool) -> None:
    at = synced("kippt", size=4)
    if lost:
        (at.folder / ".kollect" / KEY_FILE).unlink()
    before = at.stand_in.count("/api/account")
    assert at.sync("notifications").status == "complete"
    assert at.stand_in.count("/api/account") - before == lost


def test_the_short_mark_of_an_older_kollect_is_taken_for_the_same_credential(
    synced: Callable[..., Bench],
) -> None:
    at = synced("kippt", size=4)
    parts = ["kippt", *sorted(at.account.credential.items())]
    short = hashlib.blake2b(msgspec.json.encode(parts), digest_size=2).hexdigest()
    older = msgspec.structs.replace(identity_of(at), credential=short)
    with opened_client(at.settings, at.account) as client:
        now = confirm_identity(
            at.account, client, Journal(at.folder / "pages.journal"), key=b"key", stored=older,
            staged=None, holds_rows=lambda: True, tell=pytest.fail,
        )  # fmt: skip
    assert now.owner == older.owner and len(now.credential) == 32
    assert at.stand_in.count() == 0


@pytest.mark.parametrize("service", sampled("kippt"))
def test_another_address_is_refused_unless_the_settings_say_that_it_moved(
    synced: Callable[..., Bench], service: str
) -> None:
    """Nothing is asked there; `moved_from` lets the same service go on elsewhere."""
    at = synced(service, size=4)
    old, before = at.account.moved_from, {t: at.rows(t) for t in at.account.tables}
    with Sandbox([service], size=4, limits=False) as elsewhere:
        there = elsewhere.stand_ins[service]
        (at.folder / "kollect.toml").write_text(
            elsewhere.settings(at.warehouse, more={service: FAST})
        )
        refused = at.sync()
        assert (refused.status, there.count()) == ("failed", 0)
        assert f"the account holds data from {old}" in str(refused.error)
        assert {table: at.rows(table) for table in at.account.tables} == before
        (at.folder / "kollect.toml").write_text(
            elsewhere.settings(at.warehouse, more={service: {**FAST, "moved_from": old}})
        )
        assert at.sync().status == "complete"
        (at.folder / "kollect.toml").write_text(
            elsewhere.settings(at.warehouse, more={service: FAST})
        )
        assert at.sync().status == "complete"


class Killed(BaseException):
    """Ends a sync where it stands."""


def killed_after(answers: int) -> Callable[[Progress], None]:
    """A listener that ends the sync after so many answers."""
    left = [answers]

    def listen(progress: Progress) -> None:
        if progress.fields.get("event") == "answer":
            left[0] -= 1
            if left[0] < 0:
                raise Killed

    return listen


def kill(at: Bench) -> None:
    """A first sync that is killed after its first answers."""
    with pytest.raises(Killed):
        at.sync(runtime=replace(at.runtime, progress=killed_after(3)))
    assert list(at.folder.rglob("*.journal"))
    at.progress.clear()


@pytest.mark.parametrize(
    "service",
    ["kitemaker", *(pytest.param(s, marks=pytest.mark.slow) for s in ("kinescope", "kinopio"))],
)
def test_pages_of_a_killed_sync_are_never_loaded_as_those_of_somebody_else(
    made: Callable[..., Bench], synced: Callable[..., Bench], service: str
) -> None:
    """Another credential after a kill: everything is asked anew, or the sync is refused where a
    family was loaded before the kill, and the old credential goes on."""
    calm = synced(service, size=4)
    at = made(service, size=4)
    kill(at)
    before = at.stand_in.count()
    account, sent = with_another_credential(at.account)
    owner = owner_of(calm).split()[-1]
    with Carrier(sent, {owner: "8" * len(owner)}) as transport:
        result = sync_account(
            at.settings, account, runtime=replace(at.runtime, transport=transport)
        )
    assert not [progress for progress in at.progress if progress.kind == "resumed"]
    if isinstance(result.error, BadSettings):
        assert at.stand_in.count() - before <= 1
        assert at.sync().status == "complete"
        at.assert_true()
    else:
        assert result.status == "complete"
        assert at.stand_in.count() - before >= calm.first_sync_requests
        assert owner_of(at) != owner_of(calm)


@pytest.mark.parametrize("service", sampled("kippt", "kinopio"))
def test_pages_of_a_killed_sync_are_never_loaded_as_those_of_another_address(
    made: Callable[..., Bench], service: str
) -> None:
    """Pointed elsewhere after a kill: the copy is that of the new place alone, or the sync is
    refused where a family was loaded before the kill, and the old place goes on."""
    at, there = made(service, size=4), made(service, size=4, seed=2)
    kill(at)
    there.folder = at.folder
    there.write_settings()
    result = there.sync()
    assert not [progress for progress in there.progress if progress.kind == "resumed"]
    if isinstance(result.error, BadSettings):
        assert there.stand_in.count() == 0
        at.write_settings()
        assert at.sync().status == "complete"
        at.assert_true()
    else:
        assert result.status == "complete", result.error
        there.assert_true()


def test_two_warehouses_in_one_folder_do_not_share_the_pages_of_an_account(
    made: Callable[..., Bench],
) -> None:
    """Two settings files, `[accounts.kippt]` in both; the first sync is killed."""
    first, second = made("kippt", size=12), made("kippt", size=12, seed=2)
    file = first.folder / "second.toml"
    file.write_text(second.box.settings(first.folder / "second.duckdb", more={"kippt": FAST}))
    with pytest.raises(Killed):
        first.sync(runtime=replace(first.runtime, progress=killed_after(8)))
    settings = read_settings(file, environ=second.box.environment())
    assert sync_account(settings, settings.accounts["kippt"]).status == "complete"
    rows = {row["id"] for row in second.world.truth()["clips"]}
    with duckdb.connect(str(first.folder / "second.duckdb"), read_only=True) as connection:
        found = connection.execute("SELECT id FROM kippt.clips").fetchall()
    assert {row[0] for row in found} == rows


def test_an_account_that_holds_no_rows_yet_may_become_that_of_somebody_else(
    made: Callable[..., Bench],
) -> None:
    """A first sync with the wrong settings failed before anything came: the right ones just work."""
    at, other = made("kitemaker", size=4), made("kitemaker", size=4, seed=2)
    at.stand_in.faults.add("status", status=500, times=None, after=1)
    assert at.sync().status == "failed"
    assert at.stand_in.faults.fired() > 0
    file = at.folder / "kollect.toml"
    file.write_text(other.box.settings(at.warehouse, more={"kitemaker": FAST}))
    settings = read_settings(file, environ=other.box.environment())
    assert sync_account(settings, settings.accounts["kitemaker"]).status == "complete"
    assert {key[0] for key in at.rows("spaces")} == {
        row["id"] for row in other.world.truth()["spaces"]
    }


def test_a_service_that_cannot_be_reached_is_not_tried_for_each_family(
    synced: Callable[..., Bench],
) -> None:
    """One family's attempts, then the account ends; nothing is told of tables that were not read."""
    at = synced("kippt", size=4, retry={"attempts": 2, "first_seconds": 0.01})
    at.progress.clear()
    at.box.__exit__(None, None, None)
    result = at.sync()
    assert result.status == "failed"
    assert len([news for news in at.progress if news.kind == "problem"]) == 1
    assert not [news for news in at.progress if news.kind == "loaded"]
