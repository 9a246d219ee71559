"""What the apiserver fills in of pods and of what describes them (core/v1 `SetDefaults_*`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hubtui.demo.storage import Json

_POD: Final = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
}
_CONTAINER: Final = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE: Final = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1}
_VOLUMES: Final[dict[str, Json]] = {
    "configMap": {"defaultMode": 420},
    "secret": {"defaultMode": 420},
    "projected": {"defaultMode": 420},
    "downwardAPI": {"defaultMode": 420},
    "hostPath": {"type": ""},
}
_SOON_GONE: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def fill(thing: Json, defaults: Json) -> None:
    """Sets what is not set, in place."""
    for key, value in defaults.items():
        if thing.get(key) is None:
            thing[key] = value


def pod_spec(spec: Json) -> None:
    """A pod's spec, or that of a template, in place."""
    fill(spec, _POD)
    fill(spec, {"securityContext": {}})
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        _container(container)
    for volume in spec.get("volumes") or ():
        _volume(volume)


def pod(spec: Json, *, priority: int) -> None:
    """What only a pod itself gets, from defaulting and admission, in place."""
    fill(spec, {"enableServiceLinks": True, "serviceAccountName": "default"})
    spec["serviceAccount"] = spec["serviceAccountName"]
    fill(spec, {"priority": priority, "preemptionPolicy": "PreemptLowerPriority"})
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        resources = container.get("resources") or {}
        for name, most in (resources.get("limits") or {}).items():
            resources.setdefault("requests", {}).setdefault(name, most)
    tolerations = spec.setdefault("tolerations", [])
    for key in _SOON_GONE:
        if not any(each.get("key") in (key, None) for each in tolerations):
            tolerations.append(
                {
                    "key": key,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                }
            )


def ports(items: Iterable[Json]) -> None:
    """The protocol of ports, in place."""
    for port in items:
        fill(port, {"protocol": "TCP"})


def quantities(amounts: Any) -> None:
    """Numbers as the API writes quantities: as text, in place."""
    for name, value in amounts.items() if isinstance(amounts, dict) else ():
        if isinstance(value, (int, float)):
            amounts[name] = str(value)


def _container(container: Json) -> None:
    fill(container, _CONTAINER)
    resources = container.setdefault("resources", {})
    quantities(resources.get("limits"))
    quantities(resources.get("requests"))
    image = str(container.get("image", ""))
    tag = image.rpartition("/")[2].partition(":")[2]
    latest = tag in ("", "latest") and "@" not in image
    fill(container, {"imagePullPolicy": "Always" if latest else "IfNotPresent"})
    ports(container.get("ports") or ())
    for name in _PROBES:
        if container.get(name):
            _probe(container[name])
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        if source.get("fieldRef"):
            fill(source["fieldRef"], {"apiVersion": "v1"})


def _probe(probe: Json) -> None:
    fill(probe, _PROBE)
    fill(probe, {"failureThreshold": 3})
    if probe.get("httpGet"):
        fill(probe["httpGet"], {"path": "/", "scheme": "HTTP"})


def _volume(volume: Json) -> None:
    if volume.keys() == {"name"}:
        volume["emptyDir"] = {}
    for kind, defaults in _VOLUMES.items():
        if isinstance(volume.get(kind), dict):
            fill(volume[kind], defaults)
    for source in (volume.get("projected") or {}).get("sources") or ():
        if source.get("serviceAccountToken"):
            fill(source["serviceAccountToken"], {"expirationSeconds": 3600})
