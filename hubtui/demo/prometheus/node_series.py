"""What kube-state-metrics tells of nodes, Services and workloads, what the node exporters tell, and
`up` of all that is scraped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Final

from hubtui.demo.life.amounts import amount
from hubtui.demo.life.reading import (
    component_of,
    is_ready,
    labels_of,
    name_of,
    namespace_of,
    node_of,
    uid_of,
)
from hubtui.demo.prometheus import hub_series
from hubtui.demo.prometheus.lines import Line
from hubtui.demo.prometheus.measured import LONG
from hubtui.demo.prometheus.pod_series import KSM, constant, mangled
from hubtui.demo.prometheus.silence import silent_since
from hubtui.demo.prometheus.stays import Seen, stays, uid
from hubtui.demo.resources import DEPLOYMENTS, NODES, PODS, SERVICES, STATEFULSETS
from hubtui.demo.storage import Json
from hubtui.demo.world import World

Made = Iterator[Line]

_RESOURCES: Final = {"cpu": "core", "memory": "byte", "pods": "integer"}
_BASE_CPU, _POD_CPU = 0.06, 0.045
_BASE_MEMORY, _POD_MEMORY = 700 * 2**20, 420 * 2**20
_MODES: Final = {"user": 0.72, "system": 0.25, "iowait": 0.03}


def node_lines(world: World, metric: str) -> Made:
    """The series of a metric of nodes and workloads, of all when none is named."""
    for names, make in _MADE.items():
        if not metric or metric in names:
            for line in make(world):
                if metric in ("", line.labels["__name__"]):
                    yield line


def _since(thing: Json) -> float:
    return datetime.fromisoformat(thing["metadata"]["creationTimestamp"]).timestamp()


def _nodes(world: World) -> Made:
    for node in world.objects.all(NODES):
        status, begin = node.get("status") or {}, _since(node)
        named = {**KSM, "node": name_of(node)}
        info = status.get("nodeInfo") or {}
        told = {
            "kubelet_version": info.get("kubeletVersion", ""),
            "os_image": info.get("osImage", ""),
            "internal_ip": _address(node),
        }
        yield constant({"__name__": "kube_node_info", **named, **told}, 1.0, begin)
        labels = {f"label_{mangled(key)}": value for key, value in labels_of(node).items()}
        yield constant({"__name__": "kube_node_labels", **named, **labels}, 1.0, begin)
        yield constant({"__name__": "kube_node_created", **named}, begin, begin)
        shut = float(bool((node.get("spec") or {}).get("unschedulable")))
        yield constant({"__name__": "kube_node_spec_unschedulable", **named}, shut, begin)
        for kind in ("capacity", "allocatable"):
            for resource, unit in _RESOURCES.items():
                value = amount(resource, str((status.get(kind) or {}).get(resource, "0")))
                here = {"__name__": f"kube_node_status_{kind}", **named, "resource": resource}
                value_of = value / (1000 if resource == "cpu" else 1)
                yield constant({**here, "unit": unit}, value_of, begin)
        for condition in status.get("conditions") or ():
            for state in ("true", "false", "unknown"):
                value = int(str(condition["status"]).lower() == state)
                here = {"__name__": "kube_node_status_condition", **named, "status": state}
                yield constant({**here, "condition": condition["type"]}, float(value), begin)


def _address(node: Json) -> str:
    found = (node.get("status") or {}).get("addresses") or ()
    return next((str(each["address"]) for each in found if each["type"] == "InternalIP"), "")


def _services(world: World) -> Made:
    for service in world.objects.all(SERVICES):
        named = {**KSM, "namespace": namespace_of(service), "service": name_of(service)}
        labels = labels_of(service)
        kept = ("app", "component", "app.kubernetes.io/component", "app.kubernetes.io/name")
        told = {f"label_{mangled(key)}": labels[key] for key in kept if labels.get(key)}
        yield constant({"__name__": "kube_service_labels", **named, **told}, 1.0, _since(service))
        yield constant({"__name__": "kube_service_info", **named}, 1.0, _since(service))


def _workloads(world: World) -> Made:
    for resource, kind in ((DEPLOYMENTS, "deployment"), (STATEFULSETS, "statefulset")):
        for thing in world.objects.all(resource):
            named = {**KSM, "namespace": namespace_of(thing), kind: name_of(thing)}
            status, begin = thing.get("status") or {}, _since(thing)
            wanted = float((thing.get("spec") or {}).get("replicas", 1))
            there = float(status.get("readyReplicas") or 0)
            spec = "kube_deployment_spec_replicas"
            ready = "kube_deployment_status_replicas_available"
            if kind == "statefulset":
                spec, ready = "kube_statefulset_replicas", "kube_statefulset_status_replicas_ready"
            yield constant({"__name__": spec, **named}, wanted, begin)
            yield constant({"__name__": ready, **named}, there, begin)


class _Load:
    """How many pods ran on a node from a time on, and for how long all of them did."""

    def __init__(self, changes: list[tuple[float, int]]) -> None:
        number, steps = 0, []
        for at, change in sorted(changes):
            number += change
            steps.append((at, number))
        self._at = [at for at, _ in steps]
        self._pods = [count for _, count in steps]
        self._sums = [0.0]
        for (before, count), (at, _) in pairwise(steps):
            self._sums.append(self._sums[-1] + count * (at - before))

    def pods(self, when: float) -> int:
        """How many at a time."""
        place = bisect_right(self._at, when) - 1
        return self._pods[place] if place >= 0 else 0

    def seconds(self, when: float) -> float:
        """Seconds of all of them up to a time."""
        place = bisect_right(self._at, when) - 1
        if place < 0:
            return 0.0
        return self._sums[place] + self._pods[place] * (when - self._at[place])


def _loads(world: World) -> dict[str, _Load]:
    changes: dict[str, list[tuple[float, int]]] = {}
    for seen in stays(world):
        if seen.ran < seen.end and node_of(seen.pod):
            mine = changes.setdefault(node_of(seen.pod), [])
            mine.append((seen.ran, 1))
            if seen.end < float("inf"):
                mine.append((seen.end, -1))
    return {node: _Load(found) for node, found in changes.items()}


def _exporter(node: Json) -> dict[str, str]:
    return {
        "job": "kubernetes-service-endpoints",
        "service": "support-prometheus-node-exporter",
        "namespace": "support",
        "node": name_of(node),
        "instance": f"{_address(node)}:9100",
    }


def _processors(world: World) -> Made:
    loads = _loads(world)
    for node in world.objects.all(NODES):
        begin, load = _since(node), loads.get(name_of(node), _Load([]))
        end = silent_since(world, name_of(node))
        capacity = (node.get("status") or {}).get("capacity") or {}
        cores = max(1, amount("cpu", str(capacity.get("cpu", "1"))) // 1000)
        named = {"__name__": "node_cpu_seconds_total", **_exporter(node)}

        def busy(when: float, begin: float = begin, load: _Load = load, n: int = cores) -> float:
            used = _BASE_CPU * (when - begin) + _POD_CPU * (
                load.seconds(when) - load.seconds(begin)
            )
            return min(used / n, when - begin)

        for cpu in range(cores):
            for mode, part in _MODES.items():
                of = partial(_scaled, busy, part)
                yield _steady({**named, "cpu": str(cpu), "mode": mode}, of, begin, end)
            idle = partial(_idle, busy, begin)
            yield _steady({**named, "cpu": str(cpu), "mode": "idle"}, idle, begin, end)


def _scaled(of: Callable[[float], float], part: float, when: float) -> float:
    return of(when) * part


def _idle(busy: Callable[[float], float], begin: float, when: float) -> float:
    return when - begin - busy(when)


def _memory(world: World) -> Made:
    loads = _loads(world)
    for node in world.objects.all(NODES):
        begin, load = _since(node), loads.get(name_of(node), _Load([]))
        end = silent_since(world, name_of(node))
        capacity = (node.get("status") or {}).get("capacity") or {}
        total = float(amount("memory", str(capacity.get("memory", "0"))))
        cached, buffers = 0.16 * total, 0.01 * total

        def used(when: float, load: _Load = load, most: float = 0.82 * total) -> float:
            return float(int(min(most, _BASE_MEMORY + _POD_MEMORY * load.pods(when))))

        named, ends = _exporter(node), "node_memory_{}_bytes"
        for name, value in (("MemTotal", total), ("Cached", cached), ("Buffers", buffers)):
            yield constant({"__name__": ends.format(name), **named}, value, begin, end)
        free = partial(_less, total - cached - buffers, used)
        yield _steady({"__name__": ends.format("MemFree"), **named}, free, begin, end)
        available = partial(_less, total, used)
        yield _steady({"__name__": ends.format("MemAvailable"), **named}, available, begin, end)
        yield constant({"__name__": "node_vmstat_oom_kill", **named}, 0.0, begin, end)


def _less(whole: float, used: Callable[[float], float], when: float) -> float:
    return max(0.0, whole - used(when))


def _steady(labels: dict[str, str], of: Callable[[float], float], begin: float, end: float) -> Line:
    return Line(labels, of, begin, end, lambda times: [of(when) for when in times], steady=True)


def targets(world: World) -> Iterator[tuple[dict[str, str], bool]]:
    """What it scrapes: the labels of each target, and whether it answers."""
    for pod in world.objects.all(PODS, component="hub"):
        if node_of(pod):
            yield hub_series.labels(pod), is_ready(pod)
    lost = world.faults.lost_nodes
    for node in world.objects.all(NODES):
        name = name_of(node)
        for job in ("kubernetes-nodes", "kubernetes-nodes-cadvisor"):
            yield {"job": job, "instance": name}, name not in lost
        yield _exporter(node), name not in lost
    yield {**KSM, "namespace": "support"}, True
    yield {"job": "prometheus", "instance": "localhost:9090"}, True


def _up(world: World) -> Made:
    for seen in stays(world):
        if component_of(seen.pod) == "hub" and node_of(seen.pod):
            labels = {"__name__": "up", **hub_series.labels(seen.pod)}
            yield Line(labels, partial(_serves, world, seen), seen.ran, seen.end)
    for labels, _ in targets(world):
        if labels.get("service") != "hub":
            silent = silent_since(world, labels.get("node", labels["instance"]))
            yield Line({"__name__": "up", **labels}, partial(_before, silent))


def _before(silent: float, when: float) -> float:
    return float(when < silent)


def _serves(world: World, seen: Seen, when: float) -> float:
    """Whether the hub's process in a pod serves."""
    mine = [each for each in world.history.processes if uid_of(each.pod) == uid(seen)]
    # Before life began there was no trouble that anybody noted.
    is_earlier = when < world.history.begun + 900 and seen.begin < world.history.begun - LONG / 2
    return float(is_earlier or any(each.begin <= when < each.end for each in mine))


_MADE: Final[dict[tuple[str, ...], Callable[[World], Made]]] = {
    (
        *("kube_node_info", "kube_node_labels", "kube_node_created"),
        *("kube_node_spec_unschedulable", "kube_node_status_capacity"),
        *("kube_node_status_allocatable", "kube_node_status_condition"),
    ): _nodes,
    ("kube_service_labels", "kube_service_info"): _services,
    (
        *("kube_deployment_spec_replicas", "kube_deployment_status_replicas_available"),
        *("kube_statefulset_replicas", "kube_statefulset_status_replicas_ready"),
    ): _workloads,
    ("node_cpu_seconds_total",): _processors,
    (
        *("node_memory_MemTotal_bytes", "node_memory_MemFree_bytes", "node_memory_Cached_bytes"),
        *("node_memory_Buffers_bytes", "node_memory_MemAvailable_bytes", "node_vmstat_oom_kill"),
    ): _memory,
    ("up",): _up,
}
NAMES: Final = tuple(name for names in _MADE for name in names)
