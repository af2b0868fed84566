"""Kitemaker: no token reaches the warehouse, the stage, a message or a result."""

from __future__ import annotations

from pathlib import Path

from connectors.core.journal import Journal
from tests.kit.kitemaker import items_of, synced
from tests.kit.written import everything_below


def test_no_secret_is_written_anywhere(tmp_path: Path) -> None:
    """A run that fails half-way leaves its stage behind; a token in a link inside of a text is
    cut away, the text stays."""
    with synced(tmp_path) as kitemaker:
        (personal, application) = kitemaker.world.secrets()
        item = items_of(kitemaker, "KM")[0]
        kitemaker.world.edit_work_item(
            item.id, description=f"[log](https://files.example/1.txt?token={application})"
        )
        faults = kitemaker.stand_in.faults
        faults.add("status", match="/graphql", status=500, times=None, after=4)
        failed = kitemaker.sync(full=True)
        assert failed.status != "complete"
        stage = next(kitemaker.folder.rglob("*.journal"))
        assert len(Journal(stage)) > 3
        written = everything_below(kitemaker.folder)
        assert b"Sign-in fails on the second try" in written
        assert b"[log](https://files.example/1.txt)" in written
        told = f"{failed} {kitemaker.progress}"
        for secret in (personal, application):
            assert secret.encode() not in written
            assert secret not in told
