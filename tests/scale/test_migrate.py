"""`kollect migrate --to-scale`: an existing warehouse goes on as shards, history included."""

from __future__ import annotations

import duckdb
import pytest

from tests.scale.test_shards import Deployment, deployment

__all__ = ["deployment"]


@pytest.mark.slow
def test_an_existing_warehouse_goes_on_in_shards(deployment: Deployment) -> None:
    """Syncs are refused until it has moved; then history is there, and nothing is read again."""
    one = deployment.machine("one")
    text = (one / "kollect.toml").read_text()
    (one / "kollect.toml").write_text(text.partition("[scale]")[0])
    assert deployment.run(one, "sync").returncode == 0
    deployment.box.services["kippt"].change(1)
    assert deployment.run(one, "sync", "--full").returncode == 0
    with duckdb.connect(str(one / "kollect.duckdb"), read_only=True) as file:
        ended = file.execute("SELECT count(*) FROM kippt.clips_history").fetchall()[0][0]
    assert ended

    (one / "kollect.toml").write_text(text)
    refused = deployment.run(one, "sync")
    assert "run `kollect migrate --to-scale`" in refused.stderr
    moved = deployment.run(one, "migrate", "--to-scale")
    assert "tables hold the same rows" in moved.stdout, moved.stderr
    again = deployment.run(one, "migrate", "--to-scale")
    assert "tables hold the same rows" in again.stdout, again.stderr

    two = deployment.machine("two")
    after = deployment.sync(two, full=False)
    assert {result.status for result in after.values()} == {"complete"}
    changes = [
        row["inserted"] + row["deleted"] for r in after.values() for row in r.tables.values()
    ]
    assert not any(changes)
    deployment.assert_true(two)
    shown = deployment.run(
        two, "query", "--format", "csv", "SELECT count(*) n FROM kippt.clips_history"
    )
    assert shown.stdout.split() == ["n", str(ended)]
