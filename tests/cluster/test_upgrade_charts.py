"""An upgrade whose chart comes from a repository or from a registry, as most hubs' charts do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtui.model.deployment import ChartKind, ChartSource, ValuesMode
from hubtui.model.plan import Level, Plan, Result
from hubtui.services.session import Session
from tests.chart_servers import ChartRegistry, ChartRepository, chart_registry, chart_repository
from tests.cluster.clusters import Cluster
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.cluster.upgrading import check, planned, upgraded
from tests.testbed import Testbed

MAJORS = pytest.mark.parametrize("small", [3, 4], ids=["helm3", "helm4"], indirect=True)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of the test's own, and none of helm's own files."""
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "state"


@pytest.fixture
def small(
    request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path
) -> Iterator[SmallRelease]:
    with installed(cluster, tmp_path, getattr(request, "param", 4)) as release:
        yield release


@pytest.fixture
def repository(small: SmallRelease, tmp_path: Path) -> Iterator[ChartRepository]:
    """Five versions of the small release's chart, the newest one a pre-release."""
    with chart_repository(tmp_path / "repository") as found:
        found.add(small.chart, "0.2.0", "0.9.1", "0.10.0", "1.0.0", "2.0.0-rc.1")
        yield found


def of(repository: ChartRepository, version: str = "", name: str = NAME) -> ChartSource:
    """A chart as --chart, --version and --chart-repo name it."""
    return ChartSource(ChartKind.REPOSITORY, name, version, repository.url, name)


async def deployed_chart(session: Session) -> str:
    newest = (await session.releases.refresh(NAME))[0]
    return (await session.releases.payload(newest)).chart.label


async def with_chart(session: Session, chart: ChartSource, *sets: str) -> Plan:
    """A plan with another chart: the values that were set stay, its own defaults below them."""
    return await planned(session, *sets, mode=ValuesMode.RESET_THEN_REUSE, chart=chart)


def refusal(plan: Plan) -> str:
    """Why helm cannot render it; nothing passes that."""
    found = check(plan, "helm renders it")
    assert (found.level, found.overridable) == (Level.STOP, False)
    return found.evidence


@MAJORS
async def test_a_chart_of_a_repository_that_helm_was_never_told_of(
    small: SmallRelease, repository: ChartRepository, tmp_path: Path
) -> None:
    async with small.session() as session:
        plan = await with_chart(session, of(repository, "0.9.1"), "mark=four")
        assert {each.level for each in plan.checks} == {Level.OK}, plan.checks
        assert plan.targets == ("release small", "chart small-0.9.1")
        assert f" --version 0.9.1 --repo {repository.url} " in plan.command
        outcome = await upgraded(session, plan)
        assert outcome.result is Result.OK, outcome
        assert await deployed_chart(session) == "small-0.9.1"
    assert small.mark() == "four"
    assert "/charts/small-0.9.1.tgz" in repository.asked
    assert not (tmp_path / "config" / "helm" / "repositories.yaml").exists()


async def test_the_newest_version_is_the_one_that_was_shown(
    small: SmallRelease, repository: ChartRepository
) -> None:
    async with small.session() as session:
        plan = await with_chart(session, of(repository), "mark=four")
        assert plan.targets[1] == "chart small-1.0.0"
        repository.add(small.chart, "1.1.0")
        outcome = await upgraded(session, plan)
        assert outcome.result is Result.OK, outcome
        assert await deployed_chart(session) == "small-1.0.0"


@MAJORS
async def test_a_version_that_is_not_there_comes_with_those_that_are(
    small: SmallRelease, repository: ChartRepository
) -> None:
    async with small.session() as session:
        said = refusal(await with_chart(session, of(repository, "0.11.0")))
        assert f'"0.11.0" not found in {repository.url} repository' in said
        assert "it has 0.10.0, 0.9.1, 0.2.0, 1.0.0; name one of these with --version" in said
        said = refusal(await with_chart(session, of(repository, "2.0.0-rc.7")))
        assert "it has 2.0.0-rc.1, 1.0.0, 0.10.0, 0.9.1, 0.2.0; name one" in said
        said = refusal(await with_chart(session, of(repository, ">=7")))
        assert "it has 1.0.0, 0.10.0" in said


async def test_a_chart_that_is_not_there_comes_with_those_that_are(
    small: SmallRelease, repository: ChartRepository
) -> None:
    async with small.session() as session:
        said = refusal(await with_chart(session, of(repository, name="jupyterhub")))
    assert "it has small; check --chart and where it comes from" in said


async def test_a_repository_that_ends_between_plan_and_upgrade_changes_nothing(
    small: SmallRelease, tmp_path: Path
) -> None:
    async with small.session() as session:
        with chart_repository(tmp_path / "gone") as repository:
            repository.add(small.chart, "0.2.0")
            plan = await with_chart(session, of(repository), "mark=four")
        outcome = await upgraded(session, plan)
    assert outcome.result is Result.FAILED
    assert "cannot be reached" in outcome.words
    assert (max(small.statuses()), small.mark()) == (3, "three")


async def test_an_added_repository_is_known_by_its_name_and_what_helm_knows_of_it(
    small: SmallRelease, repository: ChartRepository
) -> None:
    source = ChartSource(ChartKind.REPOSITORY, f"hubs/{NAME}", "0.11.0", name=NAME)
    async with small.session() as session:
        said = refusal(await with_chart(session, source))
        assert "repo hubs not found" in said
        repository.add_to_helm("hubs")
        said = refusal(await with_chart(session, source))
    assert "it has 0.10.0, 0.9.1, 0.2.0, 1.0.0; name one of these" in said


# A registry: a real one, of Go, so that these need the testbed's tools.


@pytest.fixture
def registry(
    testbed: Testbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ChartRegistry]:
    """An empty registry that helm trusts."""
    with chart_registry(tmp_path / "registry") as found:
        monkeypatch.setenv("SSL_CERT_FILE", str(found.authority))
        yield found


def oci(reference: str, version: str = "") -> ChartSource:
    return ChartSource(ChartKind.OCI, reference, version, name=reference.rpartition("/")[2])


@pytest.fixture
def real(testbed: Testbed, tmp_path: Path) -> Iterator[SmallRelease]:
    """The small release on the real control plane."""
    with installed(testbed, tmp_path, 4) as release:
        yield release


async def test_a_chart_of_a_registry(real: SmallRelease, registry: ChartRegistry) -> None:
    reference = registry.push(real.chart, "0.9.1", "0.10.0", "1.0.0+build.5")
    async with real.session() as session:
        plan = await with_chart(session, oci(reference), "mark=four")
        assert {each.level for each in plan.checks} == {Level.OK}, plan.checks
        assert f"helm upgrade {NAME} {reference} " in plan.command
        assert " --version 1.0.0+build.5 " in plan.command
        outcome = await upgraded(session, plan)
        assert outcome.result is Result.OK, outcome
        assert await deployed_chart(session) == "small-1.0.0+build.5"
        plan = await with_chart(session, oci(reference, "0.9.1"), "mark=five")
        outcome = await upgraded(session, plan)
        assert outcome.result is Result.OK, outcome
        assert await deployed_chart(session) == "small-0.9.1"
    assert real.mark() == "five"


async def test_helm_3_takes_a_chart_of_a_registry_too(
    testbed: Testbed, registry: ChartRegistry, tmp_path: Path
) -> None:
    with installed(testbed, tmp_path, 3) as small:
        registry.push(small.chart, "0.9.1")
        reference = f"oci://{registry.plain_host}/charts/{NAME}"
        async with small.session() as session:
            plan = await with_chart(session, oci(reference, "0.9.1"), "mark=four")
            outcome = await upgraded(session, plan)
            assert outcome.result is Result.OK, outcome
            missing = await with_chart(session, oci(reference, "9.9.9"))
        assert small.mark() == "four"
    assert "it has 0.9.1; name one of these with --version" in refusal(missing)


@pytest.mark.parametrize("version", ["0.11.0", ">=7"])
async def test_a_version_that_the_registry_lacks(
    real: SmallRelease, registry: ChartRegistry, version: str
) -> None:
    reference = registry.push(real.chart, "0.9.1", "0.10.0", "1.0.0+build.5")
    async with real.session() as session:
        said = refusal(await with_chart(session, oci(reference, version)))
    assert version in said
    assert "0.10.0" in said
    assert "1.0.0+build.5" in said
    assert said.endswith("name one of these with --version)")


async def test_a_registry_that_is_not_trusted_or_lacks_the_chart(
    real: SmallRelease, registry: ChartRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = registry.push(real.chart, "0.9.1")
    async with real.session() as session:
        said = refusal(await with_chart(session, oci(f"{reference}er", "0.9.1")))
        assert "it has no such chart; check --chart" in said
        monkeypatch.delenv("SSL_CERT_FILE")
        said = refusal(await with_chart(session, oci(reference, "0.9.1")))
        assert "certificate signed by unknown authority" in said
        assert "SSL_CERT_FILE" in said
