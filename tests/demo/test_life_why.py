"""What hubtui says about pods of the demo: the words of its components are understood."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from hubtui.demo.faults import Crash
from hubtui.demo.resources import CLAIMS, EVENTS, NODES, PODS
from hubtui.model.kube import Event, Pod
from hubtui.model.kube_needs import Claim, Node, WholePod
from hubtui.model.roles import Role
from hubtui.model.why import Why, explain
from hubtui.model.why_facts import Cause, Facts
from tests.demo.life_world import NAMESPACE, USER_TAINT, Cluster, container, requests

IMAGE = "quay.io/jupyter/scipy-notebook:2026-11-01"


def ana(cluster: Cluster, memory: str = "1Gi", **spec: object) -> None:
    """Ana's pod."""
    main = container(IMAGE, resources=requests(memory=memory)) | {"name": "notebook"}
    cluster.pod("jupyter-ana", component="singleuser-server", containers=[main], **spec)


def why(cluster: Cluster, name: str = "jupyter-ana") -> Why:
    """hubtui's explanation of a pod."""
    events = [
        each
        for each in cluster.objects.all(EVENTS, NAMESPACE)
        if each["involvedObject"]["name"] == name
    ]
    found = [msgspec.convert(each, Event) for each in events]
    found.sort(key=lambda each: str(each.last_seen), reverse=True)
    return explain(
        Facts(
            pod=msgspec.convert(cluster.get(PODS, name), WholePod),
            now=cluster.world.timeline.now,
            role=Role.USERS,
            events=tuple(found),
            nodes=tuple(msgspec.convert(each, Node) for each in cluster.objects.all(NODES)),
            claims=tuple(msgspec.convert(each, Claim) for each in cluster.objects.all(CLAIMS)),
            schedulers=tuple(msgspec.convert(p, Pod) for p in cluster.pods("user-scheduler")),
        )
    )


def no_image(cluster: Cluster) -> None:
    cluster.world.faults.missing_images.add("scipy")
    ana(cluster)
    cluster.run(60)


def slow_pull(cluster: Cluster) -> None:
    cluster.world.faults.slow_pulls["scipy"] = 200
    ana(cluster)
    cluster.run(60)


def crash(cluster: Cluster) -> None:
    cluster.world.faults.crashes_by_image["scipy"] = Crash(code=3)
    ana(cluster)
    cluster.run(120)


def memory(cluster: Cluster) -> None:
    cluster.world.faults.crashes_by_image["scipy"] = Crash("OOMKilled", 137)
    ana(cluster)
    cluster.run(120)


def full(cluster: Cluster) -> None:
    cluster.pod("other", containers=[container(resources=requests(memory="7Gi"))])
    cluster.run(10)
    ana(cluster, "2Gi")
    cluster.run(10)


def too_large(cluster: Cluster) -> None:
    ana(cluster, "64Gi")
    cluster.run(10)


def tainted(cluster: Cluster) -> None:
    cluster.objects.change(
        NODES, "", "node-0", lambda node: node["spec"].update(taints=[USER_TAINT])
    )
    ana(cluster)
    cluster.run(10)


def no_claim(cluster: Cluster) -> None:
    claim = {"persistentVolumeClaim": {"claimName": "claim-ana"}}
    ana(cluster, volumes=[{"name": "home", **claim}])
    cluster.run(10)


def no_scheduler(cluster: Cluster) -> None:
    ana(cluster, schedulerName="hub-user-scheduler")
    cluster.run(60)


def lost_node(cluster: Cluster) -> None:
    ana(cluster)
    cluster.run(60)
    cluster.world.faults.lost_nodes.add("node-0")
    cluster.run(60)


def stuck(cluster: Cluster) -> None:
    lost_node(cluster)
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-ana")
    cluster.run(60)


def well(cluster: Cluster) -> None:
    ana(cluster)
    cluster.run(90)


@pytest.mark.parametrize(
    ("happens", "cause", "words"),
    [
        (no_image, Cause.IMAGE, "The registry has no such image or tag."),
        (slow_pull, Cause.PULLING, f"node-0 pulls image {IMAGE}"),
        (crash, Cause.CRASH, "exit code 3"),
        (memory, Cause.MEMORY, "OOMKilled"),
        (full, Cause.FULL, "1 has too little free memory"),
        (too_large, Cause.TOO_LARGE, "the largest node that may take it, node-0, has 8G"),
        (tainted, Cause.NO_NODE, "is kept for user pods"),
        (no_claim, Cause.CLAIM, "Its claim claim-ana does not exist."),
        (no_scheduler, Cause.SCHEDULER, "it asks for hub-user-scheduler, and it has no pod"),
        (lost_node, Cause.NODE, "Kubelet stopped posting node status"),
        (stuck, Cause.STUCK, "Node node-0 is not ready"),
        (well, Cause.UP, "its container is ready"),
    ],
)
def test_hubtui_understands_what_the_demo_tells(
    happens: Callable[[Cluster], None], cause: Cause, words: str
) -> None:
    cluster = Cluster()
    cluster.node("node-0")
    cluster.run(5)
    happens(cluster)
    found = why(cluster)
    assert found.cause is cause
    assert words in found.paragraph
