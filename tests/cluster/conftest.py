"""Who a test is: a kubeconfig for each user of tests.testbed.users. And what a rollback needs."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import no_skips
from tests.cluster.claims import Claims, claims_in
from tests.cluster.clusters import Cluster
from tests.cluster.draining import a_yard
from tests.cluster.evidence import Asked, Evidence
from tests.cluster.read_only import USER
from tests.cluster.readers import Rights, rights_of_reader
from tests.cluster.small_release import SmallRelease, installed
from tests.testbed import MissingToolError, Testbed, exporters, monitoring, scraped
from tests.testbed.api import Api
from tests.testbed.exporters import Homes, NodeExporter
from tests.testbed.faults import FaultProxy
from tests.testbed.history import Past
from tests.testbed.kubelets import standard_nodes
from tests.testbed.prometheus import Prometheus, alone
from tests.testbed.scraped import Kubelets


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of the test's own."""
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def helm_major() -> int:
    """Which helm makes `small` and writes to it; `tests.cluster.either_helm` has it be both."""
    return 4


@pytest.fixture
def small(cluster: Cluster, tmp_path: Path, helm_major: int) -> Iterator[SmallRelease]:
    """A release with three revisions, in a namespace of its own."""
    with installed(cluster, tmp_path, helm_major) as release:
        yield release


@pytest.fixture
def keep(tmp_path: Path) -> Path:
    """The file for what `recover` replaces, not there yet."""
    return tmp_path / "kept.json"


@pytest.fixture
def hub(testbed: Testbed) -> Iterator[Testbed]:
    """The hub's release, put back as it was afterwards."""
    yield testbed
    testbed.reset()


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Api]:
    """Somebody else at work in the cluster, with every right."""
    with cluster.api() as api:
        yield api


@pytest.fixture
def claims(api: Api) -> Iterator[Claims]:
    """Claims of the hub's namespace for the test to make; they go at its end."""
    with claims_in(api) as claims:
        yield claims


@pytest.fixture
async def proxy(cluster: Cluster) -> AsyncIterator[FaultProxy]:
    """Between the test and the cluster."""
    async with FaultProxy(cluster.server, ca_file=cluster.ca_file) as proxy:
        yield proxy


@pytest.fixture
def yard(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A node of the test's own to empty, and two users."""
    with a_yard(cluster, monkeypatch):
        yield


@pytest.fixture
def reader(cluster: Cluster) -> Path:
    """Reads the hub's namespace, and on the real control plane nothing else: the demo has no
    roles."""
    user = "viewer" if isinstance(cluster, Testbed) else "readonly-admin"
    return cluster.kubeconfig_for(user)


@pytest.fixture
def reads_all(cluster: Cluster) -> Path:
    """Every right on either cluster, for sessions that write nothing."""
    return cluster.kubeconfig_for("readonly-admin")


@pytest.fixture
def admin(testbed: Testbed) -> Path:
    """Every right in the cluster."""
    return testbed.kubeconfig


@pytest.fixture
def readonly_admin(testbed: Testbed) -> Path:
    """Every right too, under a name of its own: its audit entries prove read-only."""
    return testbed.kubeconfig_for("readonly-admin")


@pytest.fixture
def viewer(testbed: Testbed) -> Path:
    """Reads the hub's namespace, Secrets too; nothing of the cluster."""
    return testbed.kubeconfig_for("viewer")


@pytest.fixture
def nosecrets(testbed: Testbed) -> Path:
    """Reads the hub's namespace without its Secrets."""
    return testbed.kubeconfig_for("nosecrets")


@pytest.fixture
def nobody(testbed: Testbed) -> Path:
    """Known to the apiserver, and without rights."""
    return testbed.kubeconfig_for("nobody")


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal and a configuration of the test's own."""
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HUBTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.delenv("HUBTUI_READ_ONLY", raising=False)
    monkeypatch.chdir(tmp_path)  # what is exported lands here
    (tmp_path / "config.toml").write_text("")
    return tmp_path


@pytest.fixture(scope="session")
def prometheus_of_run(testbed: Testbed) -> Prometheus:
    """The real Prometheus of the testbed; nothing in the cluster tells of it yet."""
    try:
        return testbed.prometheus()
    except MissingToolError as error:
        no_skips.missing(error)


@pytest.fixture
def prometheus(testbed: Testbed, prometheus_of_run: Prometheus) -> Iterator[Prometheus]:
    """The real Prometheus, found in the cluster by its Service and its pod while the test runs."""
    with testbed.api() as api:
        monitoring.show(testbed.site, api)
        yield prometheus_of_run
        # Others may be at work on a testbed that is not of this run.
        if "HUBTUI_TESTBED_USE" not in os.environ:
            monitoring.hide(api)


@pytest.fixture
def remembering(testbed: Testbed, tmp_path: Path) -> Iterator[Callable[[Past], Prometheus]]:
    """Starts a Prometheus of the test's own that remembers a past; no cluster tells of it, so its
    `url` goes into the settings."""
    with ExitStack() as running:

        def start(past: Past) -> Prometheus:
            try:
                return running.enter_context(alone(tmp_path / "prometheus", past))
            except MissingToolError as error:
                no_skips.missing(error)

        yield start


@pytest.fixture
def somebody(testbed: Testbed, prometheus: Prometheus) -> Iterator[Rights]:
    """Who has no right but those that a test gives where Prometheus is."""
    with rights_of_reader(testbed) as found:
        yield found


@pytest.fixture
async def between(prometheus: Prometheus) -> AsyncIterator[FaultProxy]:
    """TLS in front of Prometheus, by an authority that nobody knows."""
    async with FaultProxy(prometheus.url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def kubelets_of_run(prometheus_of_run: Prometheus) -> Iterator[Kubelets]:
    """A stand-in for the kubelets of the standard nodes; their being targets takes seconds."""
    nodes = [node["metadata"]["name"] for node in standard_nodes()]
    with scraped.kubelets(prometheus_of_run, *nodes) as found:
        yield found


@pytest.fixture
def kubelets(prometheus: Prometheus, kubelets_of_run: Kubelets) -> Iterator[Kubelets]:
    """What the nodes measure of claims: `kubelets.tell("user-1", VolumeUse(…))`."""
    yield kubelets_of_run
    kubelets_of_run.clear()


@pytest.fixture(scope="session")
def homes_of_run(
    prometheus_of_run: Prometheus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Homes]:
    """The dirsize exporter as a target; it does not run yet."""
    with exporters.dirsize(prometheus_of_run, tmp_path_factory.mktemp("homes")) as found:
        yield found


@pytest.fixture
def homes(prometheus: Prometheus, homes_of_run: Homes) -> Iterator[Homes]:
    """Real homes below `homes.folder`, for the real dirsize exporter: `homes.walk_again()`."""
    yield homes_of_run
    homes_of_run.stop()
    for home in homes_of_run.folder.iterdir():
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def home_nfs_of_run(
    prometheus_of_run: Prometheus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NodeExporter]:
    """The node exporter beside an NFS server as a target; it does not run yet."""
    with exporters.home_nfs(prometheus_of_run, tmp_path_factory.mktemp("home-nfs")) as found:
        yield found


@pytest.fixture
def home_nfs(prometheus: Prometheus, home_nfs_of_run: NodeExporter) -> Iterator[None]:
    """The real node exporter tells of the disk of home-nfs, which is this machine's."""
    with home_nfs_of_run.runs():
        yield


@pytest.fixture
def evidence(testbed: Testbed) -> Evidence:
    """What `readonly_admin` did on the real control plane, from now on."""
    return Evidence(testbed, USER)


@pytest.fixture
def asked(cluster: Cluster) -> Asked:
    """What who `reads_all` asked of the apiserver, from now on."""
    return Asked(cluster, USER)
