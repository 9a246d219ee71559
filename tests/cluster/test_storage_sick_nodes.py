"""Half of the nodes are unreachable, one is slow and one refuses: each costs its own cells."""

from __future__ import annotations

from pathlib import Path

from hubtui.config import MetricsSource
from hubtui.services.kubelets import DENIED
from tests.cluster.claims import Claims
from tests.cluster.opened import session_of, until
from tests.testbed.faults import FaultProxy
from tests.testbed.kubelet_figures import NodeUse, PodUse, VolumeUse
from tests.testbed.kubelets import standard_nodes
from tests.testbed.sick_kubelets import half_are_down
from tests.testbed.users import NAMESPACE

GIB = 1 << 30
NO_PROMETHEUS = MetricsSource(prometheus=f"{NAMESPACE}/no-such-service")


async def test_half_of_the_nodes_are_unreachable(
    reads_all: Path, proxy: FaultProxy, claims: Claims
) -> None:
    nodes = [node["metadata"]["name"] for node in standard_nodes()]
    names = {node: f"claim-b-on-{node}" for node in nodes}
    for node, name in names.items():
        claims.make_user(name, f"b-on-{node}")
        claims.bound(name)
        claims.mount(f"b-on-{node}", name, node=node)
        pod = PodUse("p", namespace=NAMESPACE, volumes=(VolumeUse(name, GIB // 4, GIB),))
        proxy.stats[node] = NodeUse(pods=(pod,))
    sick = half_are_down(proxy, nodes, slow=1.0)
    settings = proxy.kubeconfig_from(reads_all)
    async with session_of(settings, namespace=NAMESPACE, metrics=NO_PROMETHEUS) as session:
        storage = session.storage
        storage.start("test")
        await storage.fill()

        def why_not(node: str) -> str:
            storage.update()
            row = storage.row(names[node])
            return row.why_not if row is not None else ""

        await until(lambda: session.disks.of(names[sick.slow]), "the slow one has answered")
        figures = session.disks.of(names[sick.slow])
        assert figures is not None
        assert figures.share == 0.25
        await session.disks.fill()
        for node in sick.down:
            assert session.disks.of(names[node]) is None
            assert f"node {node}: " in why_not(node)
        assert why_not(sick.denied).endswith(DENIED)
