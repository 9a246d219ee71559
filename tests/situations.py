"""Moments of a hub, made by hand: pods as the API sends them, and what was read besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from hubtui.model import kube
from hubtui.model.kube_needs import Node, Quota
from hubtui.model.release import RevisionHead, Status
from hubtui.model.roles import Role
from hubtui.services.problems.index import PodIndex
from hubtui.services.problems.situation import HelmHere, HookPuller, Situation
from hubtui.services.store import Store

NOW = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
FULL = "0/9 nodes are available: 9 Insufficient memory."

Json = dict[str, Any]


def ago(seconds: float) -> datetime:
    """A moment before NOW."""
    return NOW - timedelta(seconds=seconds)


def at(seconds: float) -> str:
    """The same as the API writes it."""
    return ago(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(name: str, component: str, seconds: float = 3600, **more: Any) -> kube.Pod:
    """A pod that is up for so long; `more` are `user`, `server`, `node`, `requests`, or parts of
    the status that replace its own."""
    server = more.pop("server", "")
    user, node = more.pop("user", ""), more.pop("node", "node-1")
    deleted, requests = more.pop("deleted", None), more.pop("requests", {"memory": "1Gi"})
    limits = more.pop("limits", {})
    container = {"name": "main", "image": more.pop("image", "img:1")}
    conditions = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": at(seconds)},
        {"type": "Ready", "status": "True", "lastTransitionTime": at(seconds)},
    ]
    status = {
        "phase": "Running",
        "conditions": conditions,
        "containerStatuses": [container_status({"running": {"startedAt": at(seconds)}})],
        **more,
    }
    meta: Json = {
        "name": name,
        "namespace": "hub",
        "uid": f"uid-{name}",
        "creationTimestamp": at(seconds),
        "labels": {"component": component, "app": "jupyterhub", "release": "hub"},
    }
    if user:
        named = {"hub.jupyter.org/servername": server} if server else {}
        meta["annotations"] = {"hub.jupyter.org/username": user, **named}
    if deleted is not None:
        meta["deletionTimestamp"] = at(deleted)
    resources = {"requests": requests, "limits": limits}
    spec = {"nodeName": node, "containers": [{**container, "resources": resources}]}
    return msgspec.convert({"metadata": meta, "spec": spec, "status": status}, kube.Pod)


def container_status(state: Json, *, restarts: int = 0, last: Json | None = None) -> Json:
    """The status of the only container, ready when it runs."""
    return {
        "name": "main",
        "ready": "running" in state,
        "restartCount": restarts,
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }


def waiting(
    name: str, component: str, reason: str, seconds: float = 60, message: str = "", **more: Any
) -> kube.Pod:
    """A pod on a node whose container waits; `restarts` and `last` are its history."""
    state = {"waiting": {"reason": reason, "message": message}}
    history = {key: more.pop(key) for key in ("restarts", "last") if key in more}
    conditions = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": at(seconds)},
        {"type": "Ready", "status": "False", "lastTransitionTime": at(seconds)},
    ]
    crashed = bool(history.get("restarts"))
    return pod(
        name, component, seconds, phase="Running" if crashed else "Pending",
        conditions=conditions, containerStatuses=[container_status(state, **history)], **more,
    )  # fmt: skip


def unscheduled(
    name: str, component: str, seconds: float, message: str = FULL, **more: Any
) -> kube.Pod:
    """A pod without a node for so long; without a message no scheduler has said anything."""
    placed = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "lastTransitionTime": at(seconds),
    }
    conditions = [placed] if message else []
    return pod(
        name, component, seconds, node="", phase="Pending", conditions=conditions,
        containerStatuses=[], **more,
    )  # fmt: skip


def silent(name: str, component: str, seconds: float, node: str, **more: Any) -> kube.Pod:
    """A pod that was up when its node was heard last, so long ago."""
    conditions = [{"type": "Ready", "status": "False", "lastTransitionTime": at(seconds)}]
    return pod(name, component, 7200, node=node, conditions=conditions, **more)


def node(name: str, ready: str = "True", seconds: float = 9000, **more: Any) -> Node:
    """A node whose kubelet is well, or (`Unknown`) silent for so long. `more` are its `images`,
    `labels`, `taints`, `unschedulable`, `allocatable`."""
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": at(seconds)}
    images = [{"names": [image]} for image in more.pop("images", ())]
    body = {
        "metadata": {"name": name, "labels": more.pop("labels", {})},
        "spec": {
            "unschedulable": more.pop("unschedulable", False),
            "taints": more.pop("taints", []),
        },
        "status": {"conditions": [condition], "images": images, **more},
    }
    return msgspec.convert(body, Node)


def mounting(found: kube.Pod, claim: str) -> kube.Pod:
    """The pod with a claim, a Secret and a token among its volumes."""
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": claim}}
    volumes = [volume, {"name": "config"}, {"name": "kube-api-access-x"}]
    parts = msgspec.convert(volumes, tuple[kube.PodVolume, ...])
    return msgspec.structs.replace(found, spec=msgspec.structs.replace(found.spec, volumes=parts))


def quota(hard: Mapping[str, str], used: Mapping[str, str], **spec: Any) -> Quota:
    """The namespace's quota."""
    body = {"metadata": {"name": "hub-quota"}, "spec": spec, "status": {"hard": hard, "used": used}}
    return msgspec.convert(body, Quota)


def event(name: str, reason: str, message: str = "", seconds: float = 5) -> kube.Event:
    """What the cluster said of a pod so long ago."""
    body = {
        "metadata": {"name": f"{name}.{reason}", "namespace": "hub"},
        "involvedObject": {"kind": "Pod", "name": name},
        "type": "Normal",
        "reason": reason,
        "message": message,
        "lastTimestamp": at(seconds),
    }
    return msgspec.convert(body, kube.Event)


def former(told: kube.Event) -> kube.Event:
    """The same of another pod, which had the name before."""
    about = msgspec.structs.replace(told.involved_object, uid="of another")
    return msgspec.structs.replace(told, involved_object=about)


def heads(*statuses: str, seconds: float = 9 * 86400) -> tuple[RevisionHead, ...]:
    """The revisions of the release from 1 on, newest first; the newest is so old."""
    found = [
        RevisionHead(
            "hub", number, Status(status), "hub", ago(seconds + 3600 * (len(statuses) - number)),
            None, f"v{number}", f"uid-{number}", "1",
        )
        for number, status in enumerate(statuses, 1)
    ]  # fmt: skip
    return tuple(reversed(found))


def core(*without: str) -> list[kube.Pod]:
    """The core, up; without the parts that are named."""
    parts = ("hub", "proxy", "user-scheduler")
    return [pod(f"{part}-1", part) for part in parts if part not in without]


EXPECTED = {Role.HUB: 1, Role.PROXY: 1, Role.USER_SCHEDULER: 1}
QUIET = HelmHere(quiet_since=ago(60))


def hook(ready: int, wanted: int, seconds: float) -> HookPuller:
    """The hook image puller, waited for so long."""
    return HookPuller(ready, wanted, ago(seconds))


def situation(*pods: kube.Pod, events: Iterable[kube.Event] = (), **more: Any) -> Situation:
    """The hub with these pods. Nothing explains one, but it was asked."""
    store: Store[kube.Pod] = Store("pods")
    store.page(pods)
    index = PodIndex(store, "hub")
    index.update()
    by_name: dict[str, list[kube.Event]] = {}
    for each in sorted(events, key=lambda each: str(each.last_seen), reverse=True):
        by_name.setdefault(each.involved_object.name, []).append(each)
    facts: Json = {
        "now": NOW,
        "release": "hub",
        "namespace": "hub",
        "heads": heads("superseded", "deployed"),
        "expected": EXPECTED,
        "helm": QUIET,
        "whys": {row.pod.key: None for row in (*index.troubled, *index.core)},
        "server": index.server,
        **more,
    }
    return Situation(troubled=list(index.troubled), core=list(index.core), events=by_name, **facts)
