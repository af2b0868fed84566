"""What Dagster loads: every table an asset that says what it is, who looks after it, how fresh."""

from __future__ import annotations

import tomllib
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.metadata import CodeReferencesMetadataValue

from connectors import SERVICES, connector
from connectors.core.errors import BadSettings
from pipelines.definitions import definitions
from pipelines.orchestration.sources import Source, read_sources
from tests.pipelines.conftest import NOTHING

ROOT = Path(__file__).parents[3]


def specs_of(sources: list[Source]) -> dict[tuple[str, ...], dg.AssetSpec]:
    graph = definitions(sources).resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    found = definitions(sources).resolve_all_asset_specs()
    assert {spec.key for spec in found} == keys
    return {tuple(spec.key.path): spec for spec in found}


def test_without_credentials_every_service_of_the_sandbox_appears(tmp_path: Path) -> None:
    """A newcomer sees it work, and sees that nothing of it is real."""
    sources = read_sources(tmp_path, NOTHING)
    assert [s.account.name for s in sources] == [f"sandbox_{service}" for service in SERVICES]
    for key, spec in specs_of(sources).items():
        assert "sandbox" in (spec.description or ""), key
    assert not (tmp_path / "kollect.duckdb").exists()
    assert all(tmp_path / ".dagster" in s.settings.warehouse.parents for s in sources)


def test_with_a_credential_only_real_accounts_appear(tmp_path: Path) -> None:
    """One good credential ends the sandbox."""
    sources = read_sources(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"})
    assert [s.account.name for s in sources] == ["kinopio"]
    assert sources[0].settings.warehouse == tmp_path / "kollect.duckdb"


def test_an_account_without_credential_says_what_to_set(tmp_path: Path) -> None:
    """A declared account is shown, with the variable that it waits for."""
    (tmp_path / "kollect.toml").write_text("[accounts.kinopio]\n")
    specs = specs_of(read_sources(tmp_path, NOTHING))
    assert "KINOPIO_API_KEY" in (specs["kinopio", "cards"].description or "")
    assert ("sandbox_kinopio", "cards") in specs


def test_every_table_is_an_asset_that_explains_itself(sandbox_sources: list[Source]) -> None:
    """Owner, description, kinds, group, check, freshness, columns, code: nothing is left out."""
    defs = definitions(sandbox_sources)
    graph = defs.resolve_asset_graph()
    checked = {key.asset_key for key in graph.asset_check_keys}
    specs = specs_of(sandbox_sources)
    for service in SERVICES:
        for table in connector(service).tables.values():
            spec = specs[f"sandbox_{service}", table.name]
            assert spec.description and table.meaning in spec.description
            assert spec.kinds == {service, "duckdb"}
            assert spec.group_name == f"sandbox_{service}"
            assert spec.metadata["dagster/table_name"] == f"kollect.{service}.{table.name}"
            schema = spec.metadata["dagster/column_schema"]
            assert [c.name for c in schema.columns][: len(table.columns)] == [
                c.name for c in table.columns
            ]
            assert all(c.description for c in schema.columns)
            link = spec.metadata["dagster/code_references"]
            assert isinstance(link, CodeReferencesMetadataValue)
            place = link.code_references[0]
            lines = Path(place.file_path).read_text().splitlines()  # type: ignore[union-attr]
            near = lines[place.line_number - 1 : place.line_number + 2]  # type: ignore
            assert any(f'"{table.name}"' in line for line in near), (service, table.name)
    for key, spec in specs.items():
        assert spec.owners, key
        assert spec.description, key
        assert spec.tags, key
        assert spec.code_version, key
        assert spec.freshness_policy is not None, key
        assert spec.key in checked, key


def test_children_depend_on_their_parents(sandbox_sources: list[Source]) -> None:
    """The graph follows the declared references."""
    specs = specs_of(sandbox_sources)
    deps = {dep.asset_key.path[-1] for dep in specs["sandbox_kinopio", "cards"].deps}
    assert deps == {"spaces"}
    assert {d.asset_key.path[0] for d in specs["views", "recent_activity"].deps} >= {
        "sandbox_kinopio",
        "sandbox_kinescope",
    }


def test_a_changed_declaration_changes_the_code_version(sandbox_sources: list[Source]) -> None:
    """Each table has its own version, and it is the same at every load."""
    first, second = specs_of(sandbox_sources), specs_of(sandbox_sources)
    versions = {key: spec.code_version for key, spec in first.items()}
    assert versions == {key: spec.code_version for key, spec in second.items()}
    assert len(set(versions.values())) == len(versions)


def test_a_dash_in_a_name_stays_in_keys_and_becomes_plain_in_names_of_jobs(tmp_path: Path) -> None:
    """Dagster takes it in the one place and not in the other."""
    (tmp_path / "kollect.toml").write_text(
        '[accounts.my-kinopio]\nservice = "kinopio"\ninclude = ["users"]\n'
    )
    sources = read_sources(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"})
    assert [s.name for s in sources] == ["my_kinopio"]
    assert ("my-kinopio", "users") in specs_of(sources)


def test_only_included_tables_are_assets(tmp_path: Path) -> None:
    """What an account leaves out is not shown as missing."""
    (tmp_path / "kollect.toml").write_text('[accounts.kinopio]\ninclude = ["spaces", "cards"]\n')
    specs = specs_of(read_sources(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"}))
    assert {key for key in specs if key[0] == "kinopio"} == {
        ("kinopio", "spaces"),
        ("kinopio", "cards"),
    }


def test_only_what_would_spread_is_blocking(sandbox_sources: list[Source]) -> None:
    """Data never stops loading for a warning."""
    graph = definitions(sandbox_sources).resolve_asset_graph()
    blocking = {k.name for k in graph.asset_check_keys if graph.get(k).blocking}
    assert blocking == {"key_is_unique"}


def test_each_account_has_a_pool_and_jobs_of_its_own(sandbox_sources: list[Source]) -> None:
    """One account never runs twice at once; different ones run side by side."""
    defs = definitions(sandbox_sources)
    pools = [
        defs.resolve_assets_def(dg.AssetKey([s.account.name, next(iter(s.tables))])).op.pool
        for s in sandbox_sources
    ]
    assert len(set(pools)) == len(SERVICES)
    for source in sandbox_sources:
        for job in (f"sync_{source.name}", f"full_pass_{source.name}"):
            executor = defs.resolve_job_def(job).executor_def
            assert executor.name == "in_process"


def test_wrong_settings_say_so_when_definitions_load(tmp_path: Path) -> None:
    """The page of the code location then shows the one line that helps."""
    (tmp_path / "kollect.toml").write_text('[schedule]\nsync = "sometimes"\n')
    with pytest.raises(BadSettings, match="sometimes"):
        read_sources(tmp_path, NOTHING)


def test_the_code_location_has_the_same_name_however_it_is_started() -> None:
    """`dg dev`, `dagster dev` and `kollect ui` share one history."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tool["dg"]["project"]["code_location_name"] == "kollect"
    assert tool["dagster"]["code_location_name"] == "kollect"


def test_the_module_that_dagster_loads_is_short_wiring() -> None:
    """Whoever opens it sees everything at a glance."""
    assert len((ROOT / "pipelines" / "definitions.py").read_text().splitlines()) < 80
