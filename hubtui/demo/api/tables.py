"""Tables, as kubectl shows lists: the columns that a real apiserver prints for the main kinds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from hubtui.demo.api import pod_columns
from hubtui.demo.storage import Json

Cells = Callable[[Json], list[Any]]


def table(
    kind: str, metadata: Json, items: list[Json], now: datetime, *, whole: bool
) -> Json | None:
    """A list as a Table (meta/v1); None for a kind that has no columns of its own."""
    known = _KINDS.get(kind)
    if known is None:
        return None
    names, cells = known
    columns = [
        {"name": name, "type": "string", "format": "name" * (name == "Name"), "priority": 0}
        for name in ("Name", *names, "Age")
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns,
        "rows": [
            {
                "cells": [each["metadata"]["name"], *cells(each), _age(each, now)],
                "object": each if whole else _head(each),
            }
            for each in items
        ],
    }


def _head(thing: Json) -> Json:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": thing["metadata"],
    }


def _age(thing: Json, now: datetime) -> str:
    """As apimachinery's `duration.HumanDuration` has it, in its largest unit."""
    made = datetime.fromisoformat(thing["metadata"]["creationTimestamp"])
    seconds = max(int((now - made).total_seconds()), 0)
    for unit, size, least in (("d", 86400, 2), ("h", 3600, 3), ("m", 60, 2)):
        if seconds >= size * least:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _deployment(thing: Json) -> list[Any]:
    status = thing.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{thing['spec'].get('replicas', 0)}"
    return [ready, status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]


def _statefulset(thing: Json) -> list[Any]:
    return _deployment(thing)[:1]


def _daemonset(thing: Json) -> list[Any]:
    status = thing.get("status") or {}
    fields = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady")
    return [status.get(field, 0) for field in (*fields, "updatedNumberScheduled")]


def _node(node: Json) -> list[Any]:
    status = node.get("status") or {}
    ready = any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in status.get("conditions") or ()
    )
    words = "Ready" if ready else "NotReady"
    if node.get("spec", {}).get("unschedulable"):
        words += ",SchedulingDisabled"
    return [words, (status.get("nodeInfo") or {}).get("kubeletVersion", "")]


def _service(thing: Json) -> list[Any]:
    spec = thing["spec"]
    ingress = (thing.get("status", {}).get("loadBalancer") or {}).get("ingress") or []
    outside = ",".join(each.get("ip") or each.get("hostname", "") for each in ingress)
    pending = "<pending>" if spec.get("type") == "LoadBalancer" else "<none>"
    ports = [f"{each['port']}/{each.get('protocol', 'TCP')}" for each in spec.get("ports") or ()]
    return [spec.get("type"), spec.get("clusterIP", "None"), outside or pending, ",".join(ports)]


def _claim(thing: Json) -> list[Any]:
    spec, status = thing["spec"], thing.get("status") or {}
    size = (status.get("capacity") or {}).get("storage", "")
    return [
        *(status.get("phase", ""), spec.get("volumeName", ""), size),
        *(_modes(status), spec.get("storageClassName", ""), _UNSET),
    ]


_UNSET: Final = "<unset>"
_MODES: Final = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX"}


def _modes(part: Json) -> str:
    return ",".join(_MODES.get(mode, "RWOP") for mode in part.get("accessModes") or ())


def _volume(thing: Json) -> list[Any]:
    spec, status = thing["spec"], thing.get("status") or {}
    owner = spec.get("claimRef") or {}
    claim = f"{owner.get('namespace', '')}/{owner['name']}" if owner else ""
    return [
        *((spec.get("capacity") or {}).get("storage", ""), _modes(spec)),
        *(spec.get("persistentVolumeReclaimPolicy", ""), status.get("phase", ""), claim),
        *(spec.get("storageClassName", ""), _UNSET, status.get("reason", "")),
    ]


def _class(thing: Json) -> list[Any]:
    expands = str(bool(thing.get("allowVolumeExpansion"))).lower()
    fields = ("provisioner", "reclaimPolicy", "volumeBindingMode")
    return [*(thing.get(field, "") for field in fields), expands]


def _attachment(thing: Json) -> list[Any]:
    spec = thing["spec"]
    attached = str(bool((thing.get("status") or {}).get("attached"))).lower()
    volume = (spec.get("source") or {}).get("persistentVolumeName", "")
    return [spec.get("attacher", ""), volume, spec.get("nodeName", ""), attached]


def _event(event: Json) -> list[Any]:
    of = event.get("involvedObject") or {}
    name = f"{str(of.get('kind', '')).lower()}/{of.get('name', '')}"
    return [event.get("type"), event.get("reason"), name, event.get("message")]


def _phase(thing: Json) -> list[Any]:
    return [thing.get("status", {}).get("phase", "")]


def _secret(thing: Json) -> list[Any]:
    return [thing.get("type"), len(thing.get("data") or {})]


def _map(thing: Json) -> list[Any]:
    return [len(thing.get("data") or {})]


_KINDS: Final[dict[str, tuple[tuple[str, ...], Cells]]] = {
    "Pod": (("Ready", "Status", "Restarts"), pod_columns.columns),
    "Deployment": (("Ready", "Up-to-date", "Available"), _deployment),
    "StatefulSet": (("Ready",), _statefulset),
    "DaemonSet": (("Desired", "Current", "Ready", "Up-to-date"), _daemonset),
    "Node": (("Status", "Version"), _node),
    "Service": (("Type", "Cluster-IP", "External-IP", "Port(s)"), _service),
    "PersistentVolumeClaim": (
        (
            *("Status", "Volume", "Capacity", "Access Modes", "StorageClass"),
            "VolumeAttributesClass",
        ),
        _claim,
    ),
    "PersistentVolume": (
        (
            *("Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim", "StorageClass"),
            *("VolumeAttributesClass", "Reason"),
        ),
        _volume,
    ),
    "StorageClass": (
        ("Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion"),
        _class,
    ),
    "VolumeAttachment": (("Attacher", "PV", "Node", "Attached"), _attachment),
    "Event": (("Type", "Reason", "Object", "Message"), _event),
    "Namespace": (("Status",), _phase),
    "Secret": (("Type", "Data"), _secret),
    "ConfigMap": (("Data",), _map),
}
