"""A hub in the middle of an upgrade: the hook's puller at work, node by image."""

from __future__ import annotations

from typing import Any

from hubtui.model.plan import Basis, Phase, Plan, Progress
from hubtui.services.operation import Operation
from hubtui.services.session import Session
from tests.tui.world import NAMESPACE, RELEASE, Json, World, ago, hub

PULLER, AWAITER = "hook-image-puller", "hook-image-awaiter"
SAMPLE, COURSE = "quay.io/jupyter/scipy-notebook:2026.11", "quay.io/uni/course:2026.11"
PAUSE = "registry.k8s.io/pause:3.10"
WAITS = {"waiting": {"reason": "PodInitializing"}}
NO_TAG = {
    "waiting": {
        "reason": "ErrImagePull",
        "message": "rpc error: code = NotFound desc = manifest unknown",
    }
}


def ended(minutes: float) -> Json:
    times = {"startedAt": ago(minutes), "finishedAt": ago(minutes)}
    return {"terminated": {"reason": "Completed", "exitCode": 0, **times}}


def upgrading() -> World:
    """user-0 and core-1 have all images, user-1 pulls the second, user-2 cannot pull it."""
    world = hub()
    runs = {"running": {"startedAt": ago(5)}}
    pods = (
        puller("core-1", ended(7), ended(6), runs),
        puller("user-0", ended(7), ended(6), runs),
        puller("user-1", ended(6.5), WAITS, WAITS),
        puller("user-2", ended(6), NO_TAG, WAITS),
    )
    world.add("pods", *pods)
    counts = {"desiredNumberScheduled": 4, "currentNumberScheduled": 4, "numberReady": 2}
    world.add("daemonsets.apps", {"metadata": _meta(PULLER, PULLER), "status": counts})
    status = {"active": 1, "startTime": ago(7)}
    world.add("jobs.batch", {"metadata": _meta(AWAITER, "image-puller"), "status": status})
    spec: Json = {"taints": [{"key": "hub.jupyter.org/dedicated", "effect": "NoSchedule"}]}
    ready = [{"type": "Ready", "status": "True"}]
    world.objects["nodes"].clear()
    for name in ("core-1", "user-0", "user-1", "user-2"):
        meta = {"name": name, "uid": f"uid-{name}", "resourceVersion": "7"}
        node = {"metadata": meta, "spec": dict(spec), "status": {"conditions": ready}}
        world.add("nodes", node)
    return world


def puller(node: str, *states: Json) -> Json:
    """A pod of the hook's puller, its containers in these states."""
    names = ("image-pull-singleuser", "image-pull-course", "pause")
    images = (SAMPLE, COURSE, PAUSE)
    containers = [{"name": n, "image": i} for n, i in zip(names, images, strict=True)]
    found = [{"name": n, "state": s} for n, s in zip(names, states, strict=True)]
    ready = "running" in states[-1]
    meta = _meta(f"{PULLER}-{node}", PULLER)
    meta["ownerReferences"] = [{"kind": "DaemonSet", "name": PULLER, "controller": True}]
    return {
        "metadata": meta,
        "spec": {
            "nodeName": node,
            "initContainers": containers[:2],
            "containers": containers[2:],
        },
        "status": {
            "phase": "Running" if ready else "Pending",
            "startTime": ago(8),
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "initContainerStatuses": found[:2],
            "containerStatuses": found[2:],
        },
    }


def _meta(name: str, component: str) -> Json:
    labels = {"component": component, "app": "jupyterhub", "release": RELEASE}
    return {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{name}",
        "creationTimestamp": ago(8),
        "labels": labels,
    }


def operation(session: Session, **more: Any) -> Operation:
    """An upgrade that waits in its hook."""
    plan = Plan(
        id="one", action="upgrade", title="Upgrade hub to chart 4.4.1",
        summary="revision 13: chart 4.4.0 → 4.4.1", context=session.context.name,
        server=session.context.server, namespace=NAMESPACE, release=RELEASE, targets=(),
        checks=(), confirm=RELEASE, basis=Basis(), command="", details=(("timeout", "10m"),),
        **more,
    )  # fmt: skip
    running = Operation("one", plan)
    note = f"helm waits for the pre-upgrade hook Job/{AWAITER}"
    running.advance(Progress(Phase.HOOKS, (), note))
    return running
