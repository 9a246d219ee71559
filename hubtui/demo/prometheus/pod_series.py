"""What kube-state-metrics and the kubelets' cAdvisor tell of pods (facts.md §8.1).

Labels and annotations are those of the allow-lists that jupyterhub/grafana-dashboards asks for. Of
`kube_pod_status_reason` there are only series that are 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from hubtui.demo.life.amounts import amount
from hubtui.demo.life.reading import labels_of, node_of
from hubtui.demo.prometheus.lines import Line
from hubtui.demo.prometheus.silence import silent_since
from hubtui.demo.prometheus.stays import Seen, stays, uid
from hubtui.demo.resources import NODES
from hubtui.demo.storage import Json
from hubtui.demo.world import World

KSM: Final = {
    "job": "kubernetes-service-endpoints",
    "instance": "10.244.0.250:8080",
    "service": "support-kube-state-metrics",
}
_CADVISOR: Final = "kubernetes-nodes-cadvisor"
_LABELS: Final = (
    *("app", "component", "hub.jupyter.org/username", "hub.jupyter.org/servername", "release"),
    *("app.kubernetes.io/component", "app.kubernetes.io/instance", "app.kubernetes.io/name"),
)
_NOTE: Final = "hub.jupyter.org/username"
_PHASES: Final = ("Pending", "Succeeded", "Failed", "Unknown", "Running")
_UNITS: Final = {"cpu": "core", "memory": "byte", "ephemeral_storage": "byte"}

Made = Iterator[Line]
Make = Callable[[World, str, Seen], Made]


def pod_lines(world: World, metric: str) -> Made:
    """The series of a metric of pods, of all when none is named."""
    wanted = {metric: _MADE[metric]} if metric in _MADE else {} if metric else _MADE
    if wanted:
        for seen in stays(world):
            for name, make in wanted.items():
                yield from make(world, name, seen)


def mangled(label: str) -> str:
    """A label of Kubernetes as Prometheus has it."""
    return "".join(letter if letter.isalnum() else "_" for letter in label)


def constant(
    labels: dict[str, str], value: float, begin: float = float("-inf"), end: float = float("inf")
) -> Line:
    """A series that has one value all the time."""
    return Line(
        labels, lambda _: value, begin, end, lambda times: [value] * len(times), steady=True
    )


def _named(name: str, seen: Seen, more: dict[str, str]) -> dict[str, str]:
    return {"__name__": name, **KSM, **seen.common, "uid": uid(seen), **more}


def _ksm(name: str, seen: Seen, more: dict[str, str], value: float = 1.0) -> Line:
    return constant(_named(name, seen, more), value, seen.begin, seen.end)


def _info(_world: World, name: str, seen: Seen) -> Made:
    status, owners = seen.pod.get("status") or {}, seen.pod["metadata"].get("ownerReferences") or ()
    kind, by = (owners[0]["kind"], owners[0]["name"]) if owners else ("", "")
    told = {
        "node": node_of(seen.pod),
        "pod_ip": status.get("podIP", ""),
        "host_ip": status.get("hostIP", ""),
        "created_by_kind": kind,
        "created_by_name": by,
    }
    yield _ksm(name, seen, told)


def _labels(_world: World, name: str, seen: Seen) -> Made:
    known = labels_of(seen.pod)
    told = {f"label_{mangled(key)}": known[key] for key in _LABELS if known.get(key)}
    yield _ksm(name, seen, told)


def _annotations(_world: World, name: str, seen: Seen) -> Made:
    value = (seen.pod["metadata"].get("annotations") or {}).get(_NOTE)
    yield _ksm(name, seen, {f"annotation_{mangled(_NOTE)}": value} if value else {})


def _created(_world: World, name: str, seen: Seen) -> Made:
    created = datetime.fromisoformat(seen.pod["metadata"]["creationTimestamp"]).timestamp()
    yield _ksm(name, seen, {}, created)


def _phase(_world: World, name: str, seen: Seen) -> Made:
    for phase in _PHASES:
        many = partial(seen.is_in, phase)
        labels = _named(name, seen, {"phase": phase})
        yield Line(labels, partial(_one, many), seen.begin, seen.end, many, steady=True)


def _one(many: Callable[[Sequence[float]], list[float]], when: float) -> float:
    return many((when,))[0]


def _scheduled(_world: World, name: str, seen: Seen) -> Made:
    is_there = bool(node_of(seen.pod))
    for condition in ("true", "false", "unknown"):
        value = float(condition == ("true" if is_there else "false"))
        yield _ksm(name, seen, {"condition": condition}, value)


def _reason(_world: World, name: str, seen: Seen) -> Made:
    reason = (seen.pod.get("status") or {}).get("reason")
    if reason:
        yield _ksm(name, seen, {"reason": str(reason)})


def _containers(seen: Seen) -> Iterator[tuple[Json, Json]]:
    """Each container with its status, which may be empty."""
    known = (seen.pod.get("status") or {}).get("containerStatuses") or ()
    statuses = {each["name"]: each for each in known}
    for container in seen.pod["spec"].get("containers") or ():
        yield container, statuses.get(container["name"], {})


def _container_info(_world: World, name: str, seen: Seen) -> Made:
    for container, status in _containers(seen):
        told = {
            "container": container["name"],
            "image": container["image"],
            "image_spec": container["image"],
            "image_id": status.get("imageID", ""),
            "container_id": status.get("containerID", ""),
        }
        yield _ksm(name, seen, told)


def _asked(kind: str, _world: World, name: str, seen: Seen) -> Made:
    for container, _ in _containers(seen):
        asked = (container.get("resources") or {}).get(kind) or {}
        for resource, text in asked.items():
            value = amount(resource, str(text)) / (1000 if resource == "cpu" else 1)
            told = {"resource": mangled(resource), "container": container["name"]}
            told |= {"node": node_of(seen.pod), "unit": _UNITS.get(mangled(resource), "integer")}
            yield _ksm(name, seen, told, value)


def _restarts(_world: World, name: str, seen: Seen) -> Made:
    for container, status in _containers(seen):
        count = float(status.get("restartCount", 0))
        running = (status.get("state") or {}).get("running") or {}
        began = running.get("startedAt")
        since = datetime.fromisoformat(began).timestamp() if began else 0.0
        labels = _named(name, seen, {"container": container["name"]})

        def value(when: float, count: float = count, since: float = since) -> float:
            return count if when >= since else max(0.0, count - 1)

        yield Line(labels, value, seen.begin, seen.end)


def _terminated(_world: World, name: str, seen: Seen) -> Made:
    for container, status in _containers(seen):
        last = (status.get("lastState") or {}).get("terminated")
        if last:
            since = datetime.fromisoformat(last["finishedAt"]).timestamp()
            told = {"container": container["name"], "reason": last.get("reason", "")}
            labels = _named(name, seen, told)
            yield constant(labels, 1.0, max(seen.begin, since), seen.end)


def _cgroups(world: World, name: str, seen: Seen) -> Iterator[tuple[dict[str, str], float]]:
    """The labels of each cgroup of a pod that runs, and its share of what the pod uses."""
    node = node_of(seen.pod)
    if not node or seen.ran >= seen.end:
        return
    purposes = {"job": _CADVISOR, "instance": node, "node": node, **_purpose(world, node)}
    labels = {"__name__": name, **purposes, **seen.common, "id": f"/kubepods/pod{uid(seen)}"}
    yield labels, 1.0
    part = 0.94
    for container, status in _containers(seen):
        known = str(status.get("containerID", "")).rpartition("/")[2] or container["name"]
        told = {"container": container["name"], "image": container["image"], "name": known}
        # The first container has the work, the others are beside it.
        yield {**labels, **told, "id": f"{labels['id']}/{known}"}, part
        part = 0.02


def _purpose(world: World, node: str) -> dict[str, str]:
    found = world.objects.find(NODES, "", node)
    purpose = labels_of(found).get("hub.jupyter.org/node-purpose") if found else None
    return {"hub_jupyter_org_node_purpose": purpose} if purpose else {}


def _running(
    world: World, labels: dict[str, str], seen: Seen, of: Callable[[float], float]
) -> Line:
    silent = silent_since(world, node_of(seen.pod))

    def many(times: Sequence[float]) -> list[float]:
        return [of(when) for when in times]

    end = min(seen.end, silent)
    return Line(labels, of, seen.ran, end, many, steady=True)


def _memory(world: World, name: str, seen: Seen) -> Made:
    for labels, part in _cgroups(world, name, seen):
        yield _running(world, labels, seen, partial(_bytes, seen, part))


def _bytes(seen: Seen, part: float, when: float) -> float:
    return float(int(part * seen.memory(when)))


def _cpu(world: World, name: str, seen: Seen) -> Made:
    for labels, part in _cgroups(world, name, seen):
        yield _running(world, labels, seen, partial(_spent, seen, part))


def _network(each: float, world: World, name: str, seen: Seen) -> Made:
    for labels, part in _cgroups(world, name, seen):
        if part == 1.0:
            here = {**labels, "interface": "eth0"}
            yield _running(world, here, seen, partial(_spent, seen, each))


def _spent(seen: Seen, part: float, when: float) -> float:
    return part * seen.taste.spent(seen.ran, when)


_MADE: Final[dict[str, Make]] = {
    "kube_pod_info": _info,
    "kube_pod_labels": _labels,
    "kube_pod_annotations": _annotations,
    "kube_pod_created": _created,
    "kube_pod_status_phase": _phase,
    "kube_pod_status_scheduled": _scheduled,
    "kube_pod_status_reason": _reason,
    "kube_pod_container_info": _container_info,
    "kube_pod_container_resource_requests": partial(_asked, "requests"),
    "kube_pod_container_resource_limits": partial(_asked, "limits"),
    "kube_pod_container_status_restarts_total": _restarts,
    "kube_pod_container_status_last_terminated_reason": _terminated,
    "container_memory_working_set_bytes": _memory,
    "container_cpu_usage_seconds_total": _cpu,
    "container_network_receive_bytes_total": partial(_network, 4.1e6),
    "container_network_transmit_bytes_total": partial(_network, 1.6e6),
}
NAMES: Final = tuple(_MADE)
