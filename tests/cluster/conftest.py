"""Who a test is: a kubeconfig for each user of tests.testbed.users."""

from pathlib import Path

import pytest

from tests.cluster.clusters import Cluster
from tests.testbed import Testbed


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
def operator(testbed: Testbed) -> Path:
    """Kubernetes' own `admin` role in the hub's namespace."""
    return testbed.kubeconfig_for("operator")


@pytest.fixture
def nobody(testbed: Testbed) -> Path:
    """Known to the apiserver, and without rights."""
    return testbed.kubeconfig_for("nobody")


@pytest.fixture
def invalid_token(testbed: Testbed) -> Path:
    """A token that the apiserver refuses with 401."""
    return testbed.kubeconfig_invalid()
