"""The objects of a small hub: two revisions, one broken, its workloads, pods and users."""

from __future__ import annotations

from typing import Any

from hubtui.model import manifest
from tests.releases import filler, hub_objects, packed, release, values
from tests.releases import manifest as joined

EVIL = "[red]eve[/red]\x1b]52;c;aGk=\x07"
"""A user whose name is markup, an escape sequence and a clipboard write."""

SECRET = "opensesame-of-the-live-secret"

MARKS = {"meta.helm.sh/release-name": "hub", "meta.helm.sh/release-namespace": "hub"}
"""What Helm writes on all that it applies."""


def helm_secret(revision: int, status: str, payload: str, name: str = "hub") -> dict[str, Any]:
    return {
        "kind": "Secret",
        "metadata": {
            "name": f"sh.helm.release.v1.{name}.v{revision}",
            "namespace": "hub",
            "uid": f"{name}-{revision}",
            "resourceVersion": str(revision),
            "creationTimestamp": "2026-05-02T13:04:05Z",
            "labels": {"owner": "helm", "name": name, "version": str(revision), "status": status},
        },
        "type": "helm.sh/release.v1",
        "data": {"release": payload},
    }


def with_more(revision: int, status: str, tag: str, *bodies: dict[str, Any]) -> dict[str, Any]:
    """A stored revision of the hub whose manifest has further objects."""
    given = values(tag=tag)
    further = [("jupyterhub/templates/more.yaml", body) for body in bodies]
    whole = joined([*hub_objects(given), *filler(1, "4.4.0", 4), *further])
    return helm_secret(revision, status, packed(release(revision, given, manifest=whole)))


def workload(kind: str, component: str, replicas: int = 1) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {
            "name": component,
            "namespace": "hub",
            "labels": {
                "component": component,
                "app": "jupyterhub",
                "release": "hub",
                "chart": "jupyterhub-4.4.0",
            },
        },
        "spec": {"replicas": replicas},
        "status": {"desiredNumberScheduled": replicas},
    }


def pod(name: str, component: str, *, user: str = "", waiting: str = "") -> dict[str, Any]:
    state: dict[str, Any] = {"running": {"startedAt": "2026-05-02T13:04:05Z"}}
    if waiting:
        state = {"waiting": {"reason": waiting, "message": "back-off pulling the image"}}
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "hub",
            "uid": name,
            "creationTimestamp": "2026-05-02T13:04:05Z",
            "labels": {"component": component, "app": "jupyterhub", "release": "hub"},
            "annotations": {"hub.jupyter.org/username": user} if user else {},
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": "img:1"}]},
        "status": {
            "phase": "Pending" if waiting else "Running",
            "containerStatuses": [
                {"name": "main", "ready": not waiting, "restartCount": 2, "state": state}
            ],
        },
    }


def as_applied() -> list[dict[str, Any]]:
    """The objects of the second revision's manifest, as Helm leaves them in the cluster."""
    found = []
    for item in manifest.read(release(2, values(tag="2026.11"), others=1)["manifest"]):
        assert isinstance(item, manifest.Resource)
        metadata = {**item.body["metadata"], "namespace": "hub", "annotations": dict(MARKS)}
        found.append({**item.body, "kind": item.kind, "metadata": metadata})
    return found


def hub() -> list[dict[str, Any]]:
    """Everything in the namespace `hub`."""
    older = release(1, values(tag="2026.09"), others=1)
    newer = release(2, values(tag="2026.11"), others=1)
    other = {**release(4, others=0, manifest=""), "name": "support"}
    other["chart"] = {"metadata": {"name": "support", "version": "1.2.3", "appVersion": "9"}}
    return [
        {"kind": "Namespace", "metadata": {"name": "hub"}},
        helm_secret(1, "superseded", packed(older)),
        helm_secret(2, "deployed", packed(newer)),
        helm_secret(4, "deployed", packed(other), "support"),
        workload("Deployment", "hub"),
        workload("Deployment", "proxy"),
        workload("DaemonSet", "continuous-image-puller", 3),
        pod("hub-7d9", "hub"),
        pod("proxy-5c4", "proxy", waiting="ImagePullBackOff"),
        pod("jupyter-alice", "singleuser-server", user="alice"),
        pod("jupyter-eve", "singleuser-server", user=EVIL),
    ]
