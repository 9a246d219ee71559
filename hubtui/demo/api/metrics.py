"""metrics.k8s.io: what the pods and nodes use at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubtui.demo.api import selectors
from hubtui.demo.api.asked import no_such_path
from hubtui.demo.objects import stamp
from hubtui.demo.refusals import RefusedError
from hubtui.demo.resources import NODES, PODS
from hubtui.demo.storage import Json
from hubtui.demo.world import World

PREFIX: Final = "/apis/metrics.k8s.io/v1beta1"
_WINDOW: Final = "15s"
_IDLE_CPU, _IDLE_MEMORY = 0.06, 700 * 1024 * 1024
"""What a node uses without its pods: its own kubelet, runtime and system."""


def metrics(world: World, path: str, query: Mapping[str, str]) -> Json:
    """The answer to a GET below `PREFIX`. Raises RefusedError: 400, 404."""
    parts = [part for part in path.removeprefix(PREFIX).split("/") if part]
    namespace = ""
    if len(parts) > 2 and parts[0] == "namespaces":
        namespace, parts = parts[1], parts[2:]
    match parts:
        case ["nodes"]:
            return _list("NodeMetricsList", _selected(_nodes(world), query))
        case ["pods"]:
            return _list("PodMetricsList", _selected(_pods(world, namespace), query))
        case ["nodes" | "pods" as plural, name]:
            known = _nodes(world) if plural == "nodes" else _pods(world, namespace)
            for each in known:
                if each["metadata"]["name"] == name:
                    return each
            raise RefusedError(404, "NotFound", f'{plural}.metrics.k8s.io "{name}" not found')
        case _:
            raise no_such_path()


def _list(kind: str, items: list[Json]) -> Json:
    return {"kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}


def _selected(found: list[Json], query: Mapping[str, str]) -> list[Json]:
    match = selectors.labels(query.get("labelSelector", ""))
    return [each for each in found if match(each)]


def _pods(world: World, namespace: str) -> list[Json]:
    from hubtui.demo.life.usage import usage_of

    found = []
    for pod in world.objects.all(PODS, namespace):
        if pod.get("status", {}).get("phase") != "Running":
            continue
        usage = usage_of(world, pod)
        first, *others = [each["name"] for each in pod["spec"].get("containers") or ()]
        containers = [{"name": first, "usage": _usage(usage.cpu, usage.memory)}]
        containers += [{"name": name, "usage": _usage(0, 0)} for name in others]
        found.append(_head(world, "PodMetrics", pod) | {"containers": containers})
    return found


def _nodes(world: World) -> list[Json]:
    from hubtui.demo.life.usage import usage_of

    sums = {
        each["metadata"]["name"]: [_IDLE_CPU, _IDLE_MEMORY] for each in world.objects.all(NODES)
    }
    for pod in world.objects.all(PODS):
        node = pod["spec"].get("nodeName")
        if node in sums and pod.get("status", {}).get("phase") == "Running":
            usage = usage_of(world, pod)
            sums[node][0] += usage.cpu
            sums[node][1] += usage.memory
    return [
        _head(world, "NodeMetrics", node) | {"usage": _usage(*sums[node["metadata"]["name"]])}
        for node in world.objects.all(NODES)
        if node["metadata"]["name"] not in world.faults.lost_nodes
    ]


def _head(world: World, kind: str, thing: Json) -> Json:
    now = stamp(world.timeline.now)
    kept = ("name", "namespace", "labels")
    metadata = {key: thing["metadata"][key] for key in kept if key in thing["metadata"]}
    return {
        "kind": kind,
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": metadata | {"creationTimestamp": now},
        "timestamp": now,
        "window": _WINDOW,
    }


def _usage(cpu: float, memory: float) -> Json:
    return {"cpu": f"{round(cpu * 1e9)}n", "memory": f"{round(memory / 1024)}Ki"}
