"""A node that holds a hook up is cordoned: what lets the hook go on, on both clusters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    NotConfirmedError,
    NotFoundError,
    ReadOnlyError,
)
from hubtui.model.plan import Plan, Result
from hubtui.model.pulls import PULLERS_OFF, PullState
from hubtui.model.roles import Role
from hubtui.services.actions.cordon import CordonRequest
from hubtui.services.actions.uncordon import UncordonRequest
from hubtui.services.pullers import Pullers
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from tests.cluster.clusters import Cluster
from tests.cluster.parts import evidence, level
from tests.cluster.small_release import SmallRelease

pytestmark = pytest.mark.usefixtures("state")

Json = dict[str, Any]

NODE = "user-2"
LABELS = {"app": "jupyterhub", "component": "hook-image-puller"}
MISSING = "example.org/missing:1"
"""Nobody has it, on either cluster."""


@pytest.fixture
def small(cluster: Cluster, small: SmallRelease) -> Iterator[SmallRelease]:
    """The node is open again afterwards."""
    yield small
    with cluster.api() as api:
        path = f"/api/v1/nodes/{NODE}"
        taints = api.get(path)["spec"].get("taints") or []
        ours = [t for t in taints if t["key"] in (PULLERS_OFF.key, _UNSCHEDULABLE)]
        left = [t for t in taints if t not in ours]
        api.patch(path, {"spec": {"unschedulable": None, "taints": left}})


_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


def daemonset(image: str, tolerations: list[Json]) -> Json:
    """A hook's puller with one image."""
    spec = {
        "terminationGracePeriodSeconds": 0,
        "tolerations": tolerations,
        "initContainers": [{"name": "image-pull-singleuser", "image": image}],
        "containers": [{"name": "pause", "image": "registry.k8s.io/pause:3.10"}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "hook-image-puller", "labels": LABELS},
        "spec": {
            "selector": {"matchLabels": LABELS},
            "updateStrategy": {"type": "OnDelete"},
            "template": {"metadata": {"labels": LABELS}, "spec": spec},
        },
    }


class Hook:
    """A puller that has its image on all nodes but NODE."""

    def __init__(self, small: SmallRelease) -> None:
        self._cluster = small.cluster
        root = f"namespaces/{small.namespace}"
        self._sets, self.pods = f"/apis/apps/v1/{root}/daemonsets", f"/api/v1/{root}/pods"

    def begin(self, tolerations: list[Json] | None = None) -> None:
        """The pod on NODE is made from a template whose image is missing, all others before."""
        dedicated = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}
        tolerations = tolerations or [dedicated]
        with self._cluster.api() as api:
            api.request("POST", self._sets, daemonset("registry.k8s.io/pause:3.9", tolerations))
            api.wait_items(self.pods, lambda items: _ready(items) == 4, labelSelector=_PODS)
            image = {"name": "image-pull-singleuser", "image": MISSING}
            template = {"spec": {"template": {"spec": {"initContainers": [image]}}}}
            api.patch(f"{self._sets}/hook-image-puller", template)
            here = self.on_node(api.items(self.pods, labelSelector=_PODS))
            api.request("DELETE", f"{self.pods}/{here['metadata']['name']}")
            api.wait_items(
                self.pods,
                lambda items: _ready(items) == 3 and "ImagePullBackOff" in str(items),
                labelSelector=_PODS,
            )

    @staticmethod
    def on_node(items: Any) -> Json:
        return next(pod for pod in items if pod["spec"].get("nodeName") == NODE)

    def counts(self) -> tuple[int, int]:
        """What an awaiter goes by: ready, and those that have a pod."""
        with self._cluster.api() as api:
            status = api.get(f"{self._sets}/hook-image-puller")["status"]
        return status["numberReady"], status["currentNumberScheduled"]

    def nodes(self) -> list[str]:
        """The nodes that have a pod of it."""
        with self._cluster.api() as api:
            items = api.items(self.pods, labelSelector=_PODS)
        return sorted(pod["spec"]["nodeName"] for pod in items)


_PODS = "component=hook-image-puller"


def _ready(items: Any) -> int:
    return sum(
        any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"])
        for pod in items
        if pod.get("status", {}).get("conditions")
    )


async def planned(session: Session, node: str = NODE, *, off: bool = False) -> Plan:
    return await session.operations.plan("cordon", CordonRequest(node, off))


def node_of(small: SmallRelease) -> Json:
    with small.cluster.api() as api:
        spec: Json = api.get(f"/api/v1/nodes/{NODE}")["spec"]
    return spec


async def test_a_cordon_alone_leaves_the_hook_waiting_and_says_so(small: SmallRelease) -> None:
    hook = Hook(small)
    hook.begin()
    async with small.session() as session:
        plan = await planned(session)
        assert level(plan, "image puller") == "warn"
        assert "--pullers-off keeps them off" in evidence(plan, "image puller")
        assert (plan.confirm, plan.targets) == (NODE, (f"node {NODE}",))
        with pytest.raises(NotConfirmedError):
            await session.operations.start(plan, "small")
        outcome = await (await session.operations.start(plan, NODE)).wait()
        assert (outcome.result, outcome.summary) == (Result.OK, f"{NODE} takes no new pods")
        again = await planned(session)
        assert level(again, "node") == "stop"
    assert node_of(small)["unschedulable"] is True
    assert hook.counts() == (3, 4)
    assert NODE in hook.nodes()


async def test_with_pullers_off_the_hook_goes_on_and_uncordon_takes_it_back(
    small: SmallRelease,
) -> None:
    hook = Hook(small)
    hook.begin()
    before = node_of(small)
    async with small.session() as session:
        plan = await planned(session, off=True)
        assert "3 instead of 4 nodes are waited for" in evidence(plan, "image puller")
        assert "kubectl taint node user-2 hubtui/pullers-off=:NoSchedule" in plan.command
        outcome = await (await session.operations.start(plan, NODE)).wait()
        assert outcome.result is Result.OK, outcome
        assert outcome.summary.endswith("the hook goes on: hook-image-puller: 3 of 3 nodes ready")
        assert hook.counts() == (3, 3)
        assert hook.nodes() == ["core-1", "user-1", "user-3"]
        back = await session.operations.plan("uncordon", UncordonRequest(NODE))
        outcome = await (await session.operations.start(back, NODE)).wait()
        assert outcome.summary == f"{NODE} takes new pods again"
        entries = session.operations.journal.read().entries
    after = node_of(small)
    assert not after.get("unschedulable")
    assert [t["key"] for t in after["taints"] if t["key"] != _UNSCHEDULABLE] == [
        t["key"] for t in before["taints"]
    ]
    assert [entry.action for entry in entries] == ["uncordon", "cordon"]


async def test_the_matrix_names_the_node_and_the_registrys_words(small: SmallRelease) -> None:
    Hook(small).begin()
    async with small.session() as session:
        stores = session.pods.stores
        await session.feeds.fill(stores.pods, stores.daemonsets, session.jobs)
        pullers = Pullers(session)
        assert pullers.update()
        (matrix,) = pullers.matrices(utc_now(), timedelta(minutes=10))
    assert matrix.role is Role.HOOK_PULLER
    assert (matrix.ready, matrix.current, matrix.awaited) == (3, 4, None)
    (blocked,) = matrix.lacking
    pull = blocked.current
    assert pull is not None
    assert (blocked.node, pull.image, pull.state) == (NODE, MISSING, PullState.FAILED)
    assert pull.words.startswith("ImagePullBackOff")
    assert matrix.rows[0] is blocked


async def test_a_puller_that_tolerates_everything_cannot_be_kept_off(small: SmallRelease) -> None:
    hook = Hook(small)
    hook.begin([{"operator": "Exists"}])
    async with small.session() as session:
        plan = await planned(session, off=True)
        assert "only a node that is gone" in evidence(plan, "image puller")
        with pytest.raises(CheckStopsError):
            await session.operations.start(plan, NODE)
    assert not node_of(small).get("unschedulable")


async def test_what_is_no_node_or_may_not_be_written_is_said(small: SmallRelease) -> None:
    async with small.session(read_only=True) as session:
        plan = await planned(session)
        with pytest.raises(ReadOnlyError):
            await session.operations.start(plan, NODE)
        with pytest.raises(NotFoundError, match="nowhere"):
            await planned(session, "nowhere")
    async with small.session() as session:
        plan = await planned(session)
        with small.cluster.api() as api:
            api.patch(f"/api/v1/nodes/{NODE}", {"spec": {"unschedulable": True}})
        with pytest.raises(ChangedSinceError, match="cordoned: no → yes"):
            await session.operations.start(plan, NODE)


async def test_it_runs_beside_an_operation_on_the_release(small: SmallRelease) -> None:
    async with small.session() as session:
        locks = session.operations._locks
        held = locks.take(session.context.server, session.namespace, "small", "an upgrade")
        try:
            plan = await planned(session)
            outcome = await (await session.operations.start(plan, NODE)).wait()
        finally:
            held.release()
    assert outcome.result is Result.OK
