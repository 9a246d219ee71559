"""What the join of nodes costs, in this process alone: `python -m tests.bench.nodes`.

250 nodes and the user pods of `tests.testbed.load_objects`, 5,000 of them, with what a cluster runs
on each node beside them, decoded from JSON as the apiserver writes it. No cluster is needed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import time
from collections.abc import Callable
from typing import Any, Final, cast

import msgspec

from hubtui.clients.kube import KubeClient
from hubtui.model import kube
from hubtui.model.kinds import NODE_METRICS, PODS
from hubtui.model.kube_needs import Node
from hubtui.services.feeds import Feeds
from hubtui.services.nodes import Nodes
from hubtui.services.store import Store
from hubtui.services.usage import UsageFeed
from tests.bench.machine import percentile
from tests.testbed.load_objects import NAMESPACE, Hub, Pods, node, node_name

NODES: Final = 250
USERS: Final = 5_000
SYSTEM: Final = ("cni", "proxy", "metrics", "logs", "csi", "gpu")
CHANGES: Final = 5_000
WITHIN: Final = 0.001
"""Seconds that one changed pod may cost (issue 8)."""

Json = dict[str, Any]


def main() -> None:
    """Measures and prints; ends with an error where the median is over `WITHIN`."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nodes", description=__doc__)
    parser.add_argument("--changes", type=int, default=CHANGES)
    options = parser.parse_args()
    of_users, of_system, of_nodes = users(), system(), machines()
    joined, nodes, own = opened(of_users, of_system, of_nodes)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{NODES} nodes, {len(of_users):,} + {len(of_system):,} pods; load average {load}")
    print(f"first join      {joined * 1000:8.1f} ms")
    turns = changes(of_users, options.changes)
    median = told("one pod changed", [timed(own, pod, nodes.update) for pod in turns])

    def with_sums() -> None:
        nodes.update()
        nodes.pools()
        nodes.totals()

    turns = changes(of_users, options.changes)
    told("… and the sums", [timed(own, pod, with_sums) for pod in turns])
    if median > WITHIN:
        raise SystemExit(f"over {WITHIN * 1000:g} ms")


def opened(
    of_users: list[kube.Pod], of_system: list[kube.Pod], of_nodes: list[Node]
) -> tuple[float, Nodes, Store[kube.Pod]]:
    """The seconds of the first join of all that was read, and who made it."""
    client = cast(KubeClient, None)  # nothing is asked
    feeds = Feeds(client, live=False)
    own = feeds.add(PODS, NAMESPACE)
    nodes = Nodes(feeds, own, UsageFeed(client, NODE_METRICS), NAMESPACE, Hub().release)
    _fill(own, of_users)
    _fill(nodes.elsewhere, of_system)
    _fill(nodes.store, of_nodes)
    gc.collect()
    gc.freeze()
    began = time.perf_counter()
    nodes.update()
    joined = time.perf_counter() - began
    totals = nodes.totals()
    assert (totals.nodes, totals.users, totals.unknown) == (NODES, USERS, 0)
    return joined, nodes, own


def _fill(store: Store[Any], things: list[Any]) -> None:
    store.listing()
    store.page(things)
    store.listed()
    store.live()


def timed(own: Store[kube.Pod], pod: kube.Pod, do: Callable[[], object]) -> float:
    """The seconds that something takes when a pod has changed."""
    own.put(pod)
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def told(what: str, took: list[float]) -> float:
    """Prints how long it took; the median."""
    median, most = percentile(took, 0.50), percentile(took, 0.99)
    print(f"{what:<15} {median * 1000:8.3f} ms, {most * 1000:.3f} ms at the 99th percentile")
    return median


def changes(of_users: list[kube.Pod], count: int) -> list[kube.Pod]:
    """Pods that start anew on another node, or end there."""
    chance = random.Random(8)
    found = []
    for _ in range(count):
        pod = chance.choice(of_users)
        spec = msgspec.structs.replace(pod.spec, node_name=node_name(chance.randrange(NODES)))
        phase = chance.choice(("Running", "Running", "Pending", "Succeeded"))
        status = msgspec.structs.replace(pod.status, phase=phase)
        found.append(msgspec.structs.replace(pod, spec=spec, status=status))
    return found


def users() -> list[kube.Pod]:
    """The servers, as many on each node."""
    made = Pods()
    pods = [made.pod(number, node_name(number % NODES)) for number in range(USERS)]
    return [_decoded(_running(pod), kube.Pod) for pod in pods]


def _running(pod: Json) -> Json:
    for container in pod["spec"]["containers"]:
        asked = container["resources"]["requests"]
        asked |= {name: str(number) for name, number in asked.items()}  # as the apiserver answers
    return pod | {"status": {"phase": "Running"}}


def system() -> list[kube.Pod]:
    """What a cluster runs on each node."""
    return [
        _decoded(_daemon_pod(name, node_name(number)), kube.Pod)
        for number in range(NODES)
        for name in SYSTEM
    ]


def _daemon_pod(name: str, on: str) -> Json:
    resources = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    return {
        "metadata": {"name": f"{name}-{on}", "namespace": "kube-system", "labels": {"app": name}},
        "spec": {"nodeName": on, "containers": [{"name": name, "resources": resources}]},
        "status": {"phase": "Running"},
    }


def machines() -> list[Node]:
    """The nodes."""
    return [_decoded(_ready(node(number)), Node) for number in range(NODES)]


def _ready(machine: Json) -> Json:
    machine["metadata"]["creationTimestamp"] = "2026-11-01T08:00:00Z"
    machine["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    return machine


def _decoded(body: Json, struct: type[Any]) -> Any:
    metadata: Json = {"namespace": NAMESPACE if struct is kube.Pod else ""}
    whole = body | {"metadata": metadata | body["metadata"]}
    return msgspec.json.decode(json.dumps(whole), type=struct)


if __name__ == "__main__":
    main()
