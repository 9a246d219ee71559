"""What a user's server does, in a word or two: the hub's word, and the step of its pod."""

from __future__ import annotations

from typing import Final

from hubtui.model.hub import HubServer
from hubtui.model.kube import Pod
from hubtui.model.podstate import Severity, state_of

READY: Final = "ready"
SPAWNING: Final = "spawning"
STOPPING: Final = "stopping"
NOT_READY: Final = "not ready"
LOST: Final = "lost"
STOPPED: Final = "stopped"
NONE: Final = "no server"

_CREATING: Final = frozenset({"ContainerCreating", "PodInitializing", "Pending"})
_CREATED_AS: Final = {"True": "pulling image", "False": "volumes and network"}


def server_state(server: HubServer | None, pod: Pod | None, *, pods_known: bool) -> str:
    """The state of a server: `ready`, `spawning: pulling image`, `stopping`, `not ready`.

    `lost`: the hub takes it for ready, and there is no pod. `pods_known`: all pods of the
    namespace are known at this moment, so one that is missing is not there.
    """
    if server is None:
        return NONE
    if server.stopped:
        return STOPPED
    if server.pending == "spawn":
        return f"{SPAWNING}: {spawn_step(pod, pods_known=pods_known)}".removesuffix(": ")
    if server.pending == "stop":
        return STOPPING
    if server.ready and not server.pending:
        return LOST if pod is None and pods_known else READY
    return NOT_READY


def spawn_step(pod: Pod | None, *, pods_known: bool = True) -> str:
    """How far a spawn is, from its pod; empty where nothing tells.

    A kubelet says ContainerCreating from the first volume to the last byte of an image; from
    Kubernetes 1.29 on a condition tells when volumes and network are there, and what is left then
    is the image (Kubernetes, "Pod Lifecycle": PodReadyToStartContainers).
    """
    if pod is None:
        return "no pod yet" if pods_known else ""
    if pod.metadata.deletion_timestamp is not None:
        return "the pod before ends"
    state = state_of(pod)
    if not pod.spec.node_name:
        return "scheduling" if state.status == "Pending" else state.status
    if state.status.startswith("Init:"):
        step = state.status.removeprefix("Init:")
        return f"init step {step}" if step[:1].isdigit() else f"init step: {step}"
    if state.status in _CREATING:
        told = (c.status for c in pod.status.conditions if c.type == "PodReadyToStartContainers")
        return _CREATED_AS.get(next(told, ""), "creating the container")
    if state.status == "Running" and state.severity is not Severity.NOW:
        return "starting"
    return state.status
