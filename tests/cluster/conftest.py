"""Who a test is: a kubeconfig for each user of tests.testbed.users. And what a rollback needs."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.cluster.clusters import Cluster
from tests.cluster.evidence import Asked, Evidence
from tests.cluster.read_only import USER
from tests.cluster.small_release import SmallRelease, installed
from tests.testbed import Testbed
from tests.testbed.api import Api
from tests.testbed.faults import FaultProxy


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
async def proxy(cluster: Cluster) -> AsyncIterator[FaultProxy]:
    """Between the test and the cluster."""
    async with FaultProxy(cluster.server, ca_file=cluster.ca_file) as proxy:
        yield proxy


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


@pytest.fixture
def evidence(testbed: Testbed) -> Evidence:
    """What `readonly_admin` did on the real control plane, from now on."""
    return Evidence(testbed, USER)


@pytest.fixture
def asked(cluster: Cluster) -> Asked:
    """What who `reads_all` asked of the apiserver, from now on."""
    return Asked(cluster, USER)
