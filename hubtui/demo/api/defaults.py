"""What the apiserver fills in, by kind: defaulting, and the admission that hubtui or helm see.

From the API's `SetDefaults_*` functions and the admission plugins that are on by default.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

from hubtui.demo.api import pod_defaults
from hubtui.demo.api.pod_defaults import fill
from hubtui.demo.resources import CLASSES, PRIORITIES
from hubtui.demo.storage import Json, copied
from hubtui.demo.world import World

_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
_RBAC: Final = "rbac.authorization.k8s.io"


def filled(world: World, thing: Json, before: Json | None = None) -> Json:
    """A copy of an object with its defaults; `before` is what is stored, None for a new one."""
    made: Json = _without_nulls(copied(thing))
    fill_in = _BY_KIND.get(thing["kind"])
    if fill_in is not None:
        fill_in(world, made, before)
    return made


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _pod(world: World, thing: Json, before: Json | None) -> None:
    spec = thing.setdefault("spec", {})
    pod_defaults.pod_spec(spec)
    if before is None:
        thing["status"] = {"phase": "Pending", "qosClass": _service_class(spec)}
        pod_defaults.pod(spec, priority=_priority(world, spec))


def _priority(world: World, spec: Json) -> int:
    name = spec.get("priorityClassName")
    found = world.objects.find(PRIORITIES, "", name) if name else None
    return int(found["value"]) if found else 0


def _service_class(spec: Json) -> str:
    resources = [each.get("resources") or {} for each in spec.get("containers") or ()]
    if not any(each.get("limits") or each.get("requests") for each in resources):
        return "BestEffort"
    same = all(
        {"cpu", "memory"} <= (each.get("limits") or {}).keys()
        and each.get("limits") == each.get("requests")
        for each in resources
    )
    return "Guaranteed" if same else "Burstable"


def _template(thing: Json) -> Json:
    spec: Json = thing.setdefault("spec", {})
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    pod_defaults.pod_spec(template.setdefault("spec", {}))
    return spec


def _deployment(_world: World, thing: Json, _before: Json | None) -> None:
    spec = _template(thing)
    fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = spec.setdefault("strategy", {})
    fill(strategy, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        fill(strategy.setdefault("rollingUpdate", {}), dict.fromkeys(_SURGE, "25%"))


_SURGE: Final = ("maxUnavailable", "maxSurge")


def _replicaset(_world: World, thing: Json, _before: Json | None) -> None:
    fill(_template(thing), {"replicas": 1})


def _statefulset(_world: World, thing: Json, _before: Json | None) -> None:
    spec = _template(thing)
    fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady"})
    fill(
        spec.setdefault("persistentVolumeClaimRetentionPolicy", {}),
        {"whenDeleted": "Retain", "whenScaled": "Retain"},
    )
    strategy = spec.setdefault("updateStrategy", {})
    fill(strategy, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        fill(strategy.setdefault("rollingUpdate", {}), {"partition": 0})


def _daemonset(_world: World, thing: Json, _before: Json | None) -> None:
    spec = _template(thing)
    fill(spec, {"revisionHistoryLimit": 10})
    strategy = spec.setdefault("updateStrategy", {})
    fill(strategy, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        fill(strategy.setdefault("rollingUpdate", {}), {"maxSurge": 0, "maxUnavailable": 1})


def _job(_world: World, thing: Json, _before: Json | None) -> None:
    spec = _template(thing)
    fill(spec, {"completions": 1, "parallelism": 1, "backoffLimit": 6, "suspend": False})
    fill(spec, {"completionMode": "NonIndexed", "podReplacementPolicy": "TerminatingOrFailed"})
    fill(spec, {"manualSelector": False})


def _service(world: World, thing: Json, before: Json | None) -> None:
    spec = thing.setdefault("spec", {})
    fill(spec, {"type": "ClusterIP", "sessionAffinity": "None"})
    thing.setdefault("status", {"loadBalancer": {}})
    for port in spec.get("ports") or ():
        fill(port, {"protocol": "TCP", "targetPort": port.get("port")})
    if spec["type"] == "ExternalName":
        return
    fill(spec, {"internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"]})
    fill(spec, {"ipFamilyPolicy": "SingleStack"})
    old = (before or {}).get("spec") or {}
    fill(spec, {"clusterIP": old.get("clusterIP") or _address(world, thing)})
    fill(spec, {"clusterIPs": [spec["clusterIP"]]})
    if spec["type"] in ("NodePort", "LoadBalancer"):
        fill(spec, {"externalTrafficPolicy": "Cluster"})
        _node_ports(world, thing, old)
    if spec["type"] == "LoadBalancer":
        fill(spec, {"allocateLoadBalancerNodePorts": True})


def _address(world: World, thing: Json) -> str:
    metadata = thing["metadata"]
    dice = world.chance.of("service", metadata.get("namespace"), metadata.get("name"))
    return f"10.43.{dice.randrange(256)}.{dice.randrange(2, 254)}"


def _node_ports(world: World, thing: Json, old: Json) -> None:
    given = {each.get("port"): each.get("nodePort") for each in old.get("ports") or ()}
    for port in thing["spec"].get("ports") or ():
        metadata = thing["metadata"]
        dice = world.chance.of("node port", metadata.get("name"), port.get("port"))
        fill(port, {"nodePort": given.get(port.get("port")) or dice.randrange(30000, 32768)})


def _claim(world: World, thing: Json, before: Json | None) -> None:
    spec = thing.setdefault("spec", {})
    fill(spec, {"volumeMode": "Filesystem"})
    pod_defaults.quantities((spec.get("resources") or {}).get("requests"))
    if before is None:
        fill(thing, {"status": {"phase": "Pending"}})
        default = next(
            (
                each["metadata"]["name"]
                for each in world.objects.all(CLASSES)
                if (each["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
            ),
            None,
        )
        if default:
            fill(spec, {"storageClassName": default})


def _volume(_world: World, thing: Json, before: Json | None) -> None:
    spec = thing.setdefault("spec", {})
    fill(spec, {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"})
    if before is None:
        fill(thing, {"status": {"phase": "Pending"}})


def _secret(_world: World, thing: Json, _before: Json | None) -> None:
    fill(thing, {"type": "Opaque"})
    data = thing.get("data") or {}
    for key, text in (thing.pop("stringData", None) or {}).items():
        data[key] = base64.b64encode(str(text).encode()).decode()
    if data:
        thing["data"] = data


def _namespace(_world: World, thing: Json, before: Json | None) -> None:
    metadata = thing["metadata"]
    metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata.get("name")
    fill(thing.setdefault("spec", {}), {"finalizers": ["kubernetes"]})
    if before is None:
        thing["status"] = {"phase": "Active"}


def _node(_world: World, thing: Json, _before: Json | None) -> None:
    fill(thing, {"spec": {}, "status": {}})


def _policy(_world: World, thing: Json, _before: Json | None) -> None:
    spec = thing.setdefault("spec", {})
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        pod_defaults.ports(rule.get("ports") or ())
    fill(spec, {"policyTypes": ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]})


def _ingress(_world: World, thing: Json, _before: Json | None) -> None:
    fill(thing, {"status": {"loadBalancer": {}}})


def _binding(_world: World, thing: Json, _before: Json | None) -> None:
    fill(thing.get("roleRef") or {}, {"apiGroup": _RBAC})
    for subject in thing.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            fill(subject, {"apiGroup": _RBAC})


def _priority_class(_world: World, thing: Json, _before: Json | None) -> None:
    fill(thing, {"preemptionPolicy": "PreemptLowerPriority"})
    if thing.get("globalDefault") is False:
        del thing["globalDefault"]


def _storage_class(_world: World, thing: Json, _before: Json | None) -> None:
    fill(thing, {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"})


_BY_KIND: Final[dict[str, Callable[[World, Json, Json | None], None]]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replicaset,
    "StatefulSet": _statefulset,
    "DaemonSet": _daemonset,
    "Job": _job,
    "Service": _service,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "Secret": _secret,
    "Namespace": _namespace,
    "Node": _node,
    "NetworkPolicy": _policy,
    "Ingress": _ingress,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "PriorityClass": _priority_class,
    "StorageClass": _storage_class,
}
