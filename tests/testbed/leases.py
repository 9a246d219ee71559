"""A node is lost when something else than KWOK holds its lease: no node and no pod of it moves.

KWOK itself runs on. Started anew it would have a new name, wait for its old leases to expire, and
drop what comes meanwhile, so that pods of nodes that were never lost could stay as they are.
"""

from datetime import UTC, datetime

from tests.testbed.api import Api, is_ready
from tests.testbed.errors import TestbedError
from tests.testbed.processes import wait_for

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_NODES = "/api/v1/nodes"
_HOLDER = "testbed"
_A_DAY = 24 * 60 * 60
_TOUCHED = "testbed.hubtui/touched"


def take(api: Api, node: str) -> None:
    """Holds a node's lease without renewing it."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": _HOLDER, "leaseDurationSeconds": _A_DAY, "renewTime": now}
    api.patch(f"{LEASES}/{node}", {"spec": spec})


def give_back(api: Api, node: str, seconds: float = 60) -> None:
    """Lets KWOK have the lease, and waits until it plays the node and its pods again."""
    api.patch(f"{LEASES}/{node}", {"spec": {"holderIdentity": None}})
    if not wait_for(lambda: is_ready(api.get(f"{_NODES}/{node}")), seconds):
        raise TestbedError(f"{node} is not Ready after {seconds} s")
    # KWOK looks at a pod when it changes, and forgets changes that came before it had the lease.
    for pod in api.items("/api/v1/pods", fieldSelector=f"spec.nodeName={node}"):
        meta = pod["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        api.patch(path, {"metadata": {"annotations": {_TOUCHED: meta["resourceVersion"]}}})
