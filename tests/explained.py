"""A pod that is to be explained, as the API sends it, and what was read besides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from hubtui.model import kube
from hubtui.model.kube_needs import Node, WholePod
from hubtui.model.roles import Role
from hubtui.model.why_facts import Facts

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
IMAGE = "quay.io/ds/notebook:2026.11"
FULL = "0/2 nodes are available: 2 Insufficient memory."
MOUNTS = [{"name": "home", "persistentVolumeClaim": {"claimName": "claim-ana"}}]

Json = dict[str, Any]


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def pod(status: Json | None = None, *, node: str = "user-1", **more: Any) -> WholePod:
    """A user's pod; `more` goes into its spec, but for `meta`."""
    meta = {"name": "jupyter-ana", "namespace": "hub", "uid": "u", "creationTimestamp": ago(240)}
    container = {"name": "notebook", "image": IMAGE, "resources": more.pop("resources", {})}
    meta |= more.pop("meta", {})
    spec = {"nodeName": node, "containers": [container], "schedulerName": "hub-user-scheduler"}
    document = {
        "metadata": meta,
        "spec": spec | more,
        "status": {"phase": "Pending", **(status or {})},
    }
    return msgspec.convert(document, WholePod)


def event(reason: str, message: str, seconds: float = 60, type_: str = "Warning") -> kube.Event:
    return msgspec.convert(
        {"reason": reason, "message": message, "type": type_, "lastTimestamp": ago(seconds)},
        kube.Event,
    )


def node(name: str, memory: str = "64Gi", **spec: Any) -> Node:
    ready = spec.pop("ready", {"status": "True"})
    images = spec.pop("images", [])
    conditions = [{"type": "Ready", "lastTransitionTime": ago(400), **ready}]
    status = {"allocatable": {"memory": memory, "cpu": "16"}, "conditions": conditions}
    status["images"] = images
    return msgspec.convert({"metadata": {"name": name}, "spec": spec, "status": status}, Node)


def facts(found: WholePod, **more: Any) -> Facts:
    return Facts(pod=found, now=NOW, **{"role": Role.USERS, "nodes": (node("user-1"),), **more})


def waiting(reason: str, message: str = "", **more: Any) -> Json:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{"name": "notebook", "state": state, **more}]}


def ended(code: int, reason: str = "Error", **more: Any) -> Json:
    return {"terminated": {"exitCode": code, "reason": reason, "finishedAt": ago(20), **more}}


def unschedulable(message: str) -> Json:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    return {"conditions": [{**condition, "message": message, "lastTransitionTime": ago(100)}]}
