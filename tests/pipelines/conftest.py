"""Fixtures of the Dagster tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from pipelines.orchestration.sources import Project, Source, read_project
from tests.kit.account import Bench

ROOT = Path(__file__).parents[2]
NOTHING = {"KOLLECT_KEYRING": "0", "TZ": "Europe/Berlin"}
"""An environment without any credential."""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance that lives in memory."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture(scope="session")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """The instance that dagster.yaml describes, in a folder of its own."""
    home = tmp_path_factory.mktemp("instance") / ".dagster"
    home.mkdir()
    text = (ROOT / "dagster.yaml").read_text()
    (home / "dagster.yaml").write_text(text.replace(" .dagster", f" {home}"))
    with dg.DagsterInstance.from_config(str(home)) as made:
        yield made


@pytest.fixture
def sandbox_project(tmp_path: Path) -> Project:
    """What Dagster shows in an empty folder without credentials."""
    return read_project(tmp_path, NOTHING)


@pytest.fixture
def source_of() -> Callable[[Bench], Source]:
    """A bench's account as Dagster shows it."""

    def make(bench: Bench) -> Source:
        return Source(bench.settings, bench.account, bench.service, 0)

    return make


@pytest.fixture
def project_of(tmp_path: Path) -> Callable[[Bench], Project]:
    """The project of a bench's account alone, with a folder of backups of this test's own."""

    def make(bench: Bench) -> Project:
        settings = replace(bench.settings, backup_dir=tmp_path / "backups")
        return Project(settings, [Source(settings, bench.account, bench.service, 0)])

    return make
