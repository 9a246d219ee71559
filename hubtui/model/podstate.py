"""What state a pod is in, in the words that kubectl uses, and how bad that is.

Source of the rules: the pod columns that kubectl prints are made by the apiserver's table printer;
tests/cluster compares both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from hubtui.model.kube import ContainerStatus, Pod, Terminated


class Severity(IntEnum):
    """How much a state asks for attention; the highest is the worst."""

    FINE = 0
    PAST = 1
    WAITING = 2
    SOON = 3
    NOW = 4


@dataclass(frozen=True, slots=True)
class PodState:
    """A pod in one line.

    `status` is kubectl's STATUS; `ready`/`containers` its READY; `restarts` its RESTARTS with the
    reason and time of the last one; `message` the words behind a waiting or failed state.
    """

    status: str
    ready: int
    containers: int
    restarts: int
    severity: Severity
    message: str = ""
    restart_reason: str = ""
    restarted_at: datetime | None = None
    since: datetime | None = None

    @property
    def up(self) -> bool:
        """Running with every container ready."""
        return self.severity is Severity.FINE and self.containers > 0


_QUIET_WAITING = frozenset({"ContainerCreating", "PodInitializing", ""})
_TRANSIENT = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating"})


def state_of(pod: Pod) -> PodState:
    """The state of a pod."""
    status, message = _status(pod)
    statuses = pod.status.container_statuses
    ready = sum(1 for s in statuses if s.ready and s.state.running is not None)
    sidecars = _sidecars(pod)
    ready += sum(1 for s in sidecars if s.ready and s.started)
    containers = len(pod.spec.containers) + sum(
        1 for c in pod.spec.init_containers if c.restart_policy == "Always"
    )
    restarts, last = _restarts(pod)
    return PodState(
        status=status,
        ready=ready,
        containers=containers,
        restarts=restarts,
        severity=_severity(pod, status, ready, containers),
        message=message,
        restart_reason=(last.reason or f"exit code {last.exit_code}") if last else "",
        restarted_at=last.finished_at if last else None,
        since=_since(pod),
    )


def _sidecars(pod: Pod) -> list[ContainerStatus]:
    names = {c.name for c in pod.spec.init_containers if c.restart_policy == "Always"}
    return [s for s in pod.status.init_container_statuses if s.name in names] if names else []


def _status(pod: Pod) -> tuple[str, str]:
    status, message = pod.status.reason or pod.status.phase or "Unknown", pod.status.message
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False":
            message = message or condition.message
            if condition.reason == "SchedulingGated":
                status = condition.reason
    initialising = _init_status(pod)
    initialised = any(c.type == "Initialized" and c.status == "True" for c in pod.status.conditions)
    if initialising is not None:
        status, message = initialising
    if initialising is None or initialised:
        status, message = _container_status(pod, status, message)
    if pod.metadata.deletion_timestamp is not None:
        if pod.status.reason == "NodeLost":
            status = "Unknown"
        elif pod.status.phase not in ("Succeeded", "Failed"):
            status = "Terminating"
    return status, message


def _init_status(pod: Pod) -> tuple[str, str] | None:
    """The state of the init step that is under way; None when all are done."""
    sidecars = {c.name for c in pod.spec.init_containers if c.restart_policy == "Always"}
    for index, status in enumerate(pod.status.init_container_statuses):
        ended = status.state.terminated
        if ended is not None and ended.exit_code == 0:
            continue
        if status.name in sidecars and status.started:
            continue
        if ended is not None:
            return f"Init:{_ended(ended)}", ended.message
        waiting = status.state.waiting
        if waiting is not None and waiting.reason not in ("", "PodInitializing"):
            return f"Init:{waiting.reason}", waiting.message
        return f"Init:{index}/{len(pod.spec.init_containers)}", ""
    return None


def _container_status(pod: Pod, status: str, message: str) -> tuple[str, str]:
    has_running = False
    for container in reversed(pod.status.container_statuses):
        state = container.state
        if state.waiting is not None and state.waiting.reason:
            status, message = state.waiting.reason, state.waiting.message
        elif state.terminated is not None:
            status, message = _ended(state.terminated), state.terminated.message
        elif container.ready and state.running is not None:
            has_running = True
    if status == "Completed" and has_running:
        ready = any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions)
        status = "Running" if ready else "NotReady"
    return status, message


def _ended(ended: Terminated) -> str:
    if ended.reason:
        return ended.reason
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"


def _restarts(pod: Pod) -> tuple[int, Terminated | None]:
    """Restarts as kubectl counts them, and the last end of a container.

    While init steps run kubectl counts those; afterwards the containers and the sidecars.
    """
    sidecars = {c.name for c in pod.spec.init_containers if c.restart_policy == "Always"}
    initialised = _init_status(pod) is None or any(
        c.type == "Initialized" and c.status == "True" for c in pod.status.conditions
    )
    counted = [
        s for s in pod.status.init_container_statuses if not initialised or s.name in sidecars
    ]
    if initialised:
        counted += pod.status.container_statuses
    ends = [s.last_state.terminated for s in counted if s.last_state.terminated is not None]
    last = max(
        ends, key=lambda e: e.finished_at.timestamp() if e.finished_at else 0.0, default=None
    )
    return sum(s.restart_count for s in counted), last


def _finished(ended: Terminated) -> float:
    return ended.finished_at.timestamp() if ended.finished_at else 0.0


def _severity(pod: Pod, status: str, ready: int, containers: int) -> Severity:
    if status == "Running":
        return Severity.FINE if ready >= containers else Severity.SOON
    if status in ("Completed", "Succeeded"):
        return Severity.PAST
    bare = status.removeprefix("Init:")
    if status in _TRANSIENT or bare[:1].isdigit() or bare in _QUIET_WAITING:
        unschedulable = any(
            c.type == "PodScheduled" and c.status == "False" for c in pod.status.conditions
        )
        return Severity.SOON if unschedulable else Severity.WAITING
    return Severity.NOW


def _since(pod: Pod) -> datetime | None:
    """When the present state began, as far as the conditions tell."""
    if pod.metadata.deletion_timestamp is not None:
        return pod.metadata.deletion_timestamp
    ready = next((c for c in pod.status.conditions if c.type == "Ready"), None)
    if ready is not None and ready.last_transition_time is not None:
        return ready.last_transition_time
    return pod.metadata.creation_timestamp
