"""Who a test is: a kubeconfig for each user of tests.testbed.users. And what a rollback needs."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.cluster.clusters import Cluster
from tests.cluster.small_release import SmallRelease, installed
from tests.testbed import Testbed
from tests.testbed.faults import FaultProxy


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of the test's own."""
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def helm_major() -> int:
    """Which helm makes `small` and rolls it back; `EITHER_HELM` has a test run with both."""
    return 4


@pytest.fixture
def small(cluster: Cluster, tmp_path: Path, helm_major: int) -> Iterator[SmallRelease]:
    """A release with three revisions, in a namespace of its own."""
    with installed(cluster, tmp_path, helm_major) as release:
        yield release


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
