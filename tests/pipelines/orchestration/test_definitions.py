"""What Dagster loads: every table an asset that says what it is, who looks after it, how fresh."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from connectors import SERVICES
from connectors.core.errors import BadSettings
from pipelines.definitions import definitions
from pipelines.orchestration.sources import SANDBOX_VARIABLE, Project, read_project
from pipelines.orchestration.summary import check_account
from pipelines.status import account_status
from tests.kit.account import Bench
from tests.pipelines.conftest import NOTHING

ROOT = Path(__file__).parents[3]


def specs_of(project: Project) -> dict[tuple[str, ...], dg.AssetSpec]:
    defs = definitions(project)
    found = defs.resolve_all_asset_specs()
    assert {spec.key for spec in found} == defs.resolve_asset_graph().get_all_asset_keys()
    return {tuple(spec.key.path): spec for spec in found}


def names(project: Project) -> list[str]:
    return [source.account.name for source in project.sources]


SANDBOX = [f"sandbox_{service}" for service in SERVICES]


def test_in_an_empty_folder_every_service_of_the_sandbox_appears(sandbox_project: Project) -> None:
    """A newcomer sees it work, and sees that nothing of it is real."""
    assert names(sandbox_project) == SANDBOX
    for key, spec in specs_of(sandbox_project).items():
        assert "sandbox" in (spec.description or ""), key
    places = {source.settings.warehouse for source in sandbox_project.sources}
    assert places == {sandbox_project.settings.warehouse}
    assert ".dagster" in places.pop().parts


def test_jobs_and_assets_have_names_that_do_not_clash(sandbox_project: Project) -> None:
    """Dagster looks at that only when its UI starts: an op and a job of one name end it there."""
    repository = definitions(sandbox_project).get_repository_def()
    assert len(repository.get_all_jobs()) > len(SANDBOX)


def test_real_accounts_appear_alone_unless_the_sandbox_is_asked_for(tmp_path: Path) -> None:
    """`kollect ui --sandbox` shows both; the backup is of the real warehouse all the same."""
    credential = {**NOTHING, "KINOPIO_API_KEY": "abc"}
    alone = read_project(tmp_path, credential)
    assert names(alone) == ["kinopio"]
    both = read_project(tmp_path, {**credential, SANDBOX_VARIABLE: "1"})
    assert names(both) == ["kinopio", *SANDBOX]
    for project in (alone, both):
        assert project.settings.warehouse == tmp_path / "kollect.duckdb"
        deps = {dep.asset_key.path[0] for dep in specs_of(project)["backups", "newest"].deps}
        assert deps == {"kinopio"}


def test_settings_without_any_account_are_no_sandbox(tmp_path: Path) -> None:
    """Someone who wrote settings wants to see those; the definitions load all the same."""
    (tmp_path / "kollect.toml").write_text('[schedule]\nsync = "daily"\n')
    project = read_project(tmp_path, NOTHING)
    assert names(project) == []
    assert set(specs_of(project)) == {("backups", "newest"), ("report", "page")}


def test_an_account_without_credential_stays_and_says_what_to_set(tmp_path: Path) -> None:
    """Its assets name the variable, its summary fails, and no sandbox takes its place."""
    (tmp_path / "kollect.toml").write_text("[accounts.kinopio]\n")
    project = read_project(tmp_path, NOTHING)
    assert names(project) == ["kinopio"]
    assert "KINOPIO_API_KEY" in (specs_of(project)["kinopio", "cards"].description or "")


def test_an_account_of_the_warehouse_stays_when_its_credential_is_gone(
    made: Callable[..., Bench],
) -> None:
    """Without settings, accounts are those with a credential; a lost one is not forgotten."""
    bench = made("kinopio", size=3)
    bench.sync("favorite_colors")
    (bench.folder / "kollect.toml").unlink()
    project = read_project(bench.folder, NOTHING)
    assert names(project) == ["kinopio"]
    assert not project.is_sandbox
    failed = problems_of(project)
    assert "KINOPIO_API_KEY" in failed["is_the_credential_there"]


def test_an_unreadable_env_file_hides_no_account(tmp_path: Path) -> None:
    """The accounts stay, and each says why its credential cannot be read."""
    (tmp_path / "kollect.toml").write_text("[accounts.kinopio]\n")
    (tmp_path / ".env").write_bytes("KINOPIO_API_KEY=ä".encode("latin-1"))
    project = read_project(tmp_path, NOTHING)
    assert names(project) == ["kinopio"]
    assert "not saved in UTF-8" in problems_of(project)["is_the_credential_there"]


def problems_of(project: Project) -> dict[str, str]:
    """The checks of the first account's summary that fail, with their reasons."""
    source = project.sources[0]
    status = account_status(None, source.settings, source.account, datetime.now(UTC))
    results = check_account(source, status)
    return {r.key.name: r.outcome.reason for r in results if not r.outcome.passed}


def test_every_table_is_an_asset_that_explains_itself(sandbox_project: Project) -> None:
    """Owner, description, group, check, freshness, columns: nothing is left out."""
    defs = definitions(sandbox_project)
    graph = defs.resolve_asset_graph()
    checked = {key.asset_key for key in graph.asset_check_keys}
    specs = specs_of(sandbox_project)
    for source in sandbox_project.sources:
        service = source.service
        for table, _ in source.tables.values():
            spec = specs[f"sandbox_{service}", table.name]
            assert spec.description and table.meaning in spec.description
            assert spec.group_name == f"sandbox_{service}"
            assert spec.metadata["dagster/table_name"] == f"kollect.{service}.{table.name}"
            schema = spec.metadata["columns"]
            assert [c.name for c in schema.columns][: len(table.columns)] == [
                c.name for c in table.columns
            ]
            assert all(c.description for c in schema.columns)
    for key, spec in specs.items():
        assert spec.owners, key
        assert spec.description, key
        assert spec.tags, key
        assert spec.code_version, key
        # A summary is written anew when its data becomes stale: its age says nothing.
        assert (spec.freshness_policy is None) == (key[-1] == "summary"), key
        assert spec.key in checked, key


def test_children_depend_on_their_parents(sandbox_project: Project) -> None:
    """The graph follows the declared references."""
    specs = specs_of(sandbox_project)
    deps = {dep.asset_key.path[-1] for dep in specs["sandbox_kinopio", "cards"].deps}
    assert deps == {"spaces"}
    assert {d.asset_key.path[0] for d in specs["views", "profiles"].deps} >= {
        "sandbox_kinopio",
        "sandbox_kinescope",
    }


def test_a_changed_declaration_changes_the_code_version(sandbox_project: Project) -> None:
    """Each table has its own version, and it is the same at every load."""
    first, second = specs_of(sandbox_project), specs_of(sandbox_project)
    versions = {key: spec.code_version for key, spec in first.items()}
    assert versions == {key: spec.code_version for key, spec in second.items()}
    tables = [version for key, version in versions.items() if key[1] not in ("summary", "newest")]
    assert len(set(tables)) == len(tables)


def test_a_dash_in_a_name_stays_in_keys_and_becomes_plain_in_names_of_jobs(tmp_path: Path) -> None:
    """Dagster takes it in the one place and not in the other."""
    (tmp_path / "kollect.toml").write_text(
        '[accounts.my-kinopio]\nservice = "kinopio"\ninclude = ["users"]\n'
    )
    project = read_project(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"})
    assert [s.name for s in project.sources] == ["my_kinopio"]
    assert ("my-kinopio", "users") in specs_of(project)


def test_accounts_whose_names_differ_in_dashes_or_case_alone_are_shown_side_by_side(
    tmp_path: Path,
) -> None:
    """One keeps the name that it has alone; the names do not depend on the order in the file."""
    accounts = ["a-b", "a_b", "A_B", "views", "views-account", "sandbox-kippt"]
    for names in (accounts, accounts[::-1]):
        text = "".join(
            f'[accounts.{name}]\nservice = "kippt"\ninclude = ["clips"]\n' for name in names
        )
        (tmp_path / "kollect.toml").write_text(text)
        known = {**NOTHING, "KIPPT_TOKEN": "abc", SANDBOX_VARIABLE: "1"}
        project = read_project(tmp_path, known)
        assert {(name, "clips") for name in names} <= specs_of(project).keys()
        shown = {source.account.name: source.name for source in project.sources}
        assert len({name.lower() for name in shown.values()}) == len(accounts) + len(SERVICES)
        assert (shown["A_B"], shown["views"]) == ("A_B", "views_account")


def test_only_included_tables_are_assets(tmp_path: Path) -> None:
    """What an account leaves out is not shown as missing."""
    (tmp_path / "kollect.toml").write_text('[accounts.kinopio]\ninclude = ["spaces", "cards"]\n')
    specs = specs_of(read_project(tmp_path, {**NOTHING, "KINOPIO_API_KEY": "abc"}))
    tables = {key[1] for key in specs if key[0] == "kinopio"}
    assert tables == {"spaces", "cards", "summary"}


def test_only_what_would_spread_is_blocking(sandbox_project: Project) -> None:
    """Data never stops loading for a warning."""
    graph = definitions(sandbox_project).resolve_asset_graph()
    blocking = {k.name for k in graph.asset_check_keys if graph.get(k).blocking}
    assert blocking == {"is_every_key_unique"}


def test_each_account_has_a_pool_and_jobs_of_its_own(sandbox_project: Project) -> None:
    """One account never runs twice at once; different ones run side by side."""
    defs = definitions(sandbox_project)
    pools = [
        defs.resolve_assets_def(dg.AssetKey([s.account.name, next(iter(s.tables))])).op.pool
        for s in sandbox_project.sources
    ]
    assert len(set(pools)) == len(SERVICES)
    for source in sandbox_project.sources:
        for job in (f"sync_{source.name}", f"full_pass_{source.name}"):
            executor = defs.resolve_job_def(job).executor_def
            assert executor.name == "in_process"


def test_wrong_settings_say_so_when_definitions_load(tmp_path: Path) -> None:
    """The page of the code location then shows the one line that helps."""
    (tmp_path / "kollect.toml").write_text('[schedule]\nsync = "sometimes"\n')
    with pytest.raises(BadSettings, match="sometimes"):
        read_project(tmp_path, NOTHING)


def test_the_code_location_has_the_same_name_however_it_is_started() -> None:
    """`dg dev`, `dagster dev` and `kollect ui` share one history."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tool["dg"]["project"]["code_location_name"] == "kollect"
    assert tool["dagster"]["code_location_name"] == "kollect"


def test_the_module_that_dagster_loads_is_short_wiring() -> None:
    """Whoever opens it sees everything at a glance."""
    assert len((ROOT / "pipelines" / "definitions.py").read_text().splitlines()) < 80


def test_a_list_of_the_sandbox_that_came_empty_is_believed_at_once(tmp_path: Path) -> None:
    """Its stand-ins delete for good: nobody has to wait a day until the account is proved again."""
    project = read_project(tmp_path, NOTHING)
    assert {s.settings.guard.confirm_empty_hours for s in project.sources} == {0}
