"""What a pod's own fields tell, beyond its state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hubtui.model.kube import Condition, ContainerStatus, Pod, Terminated
from hubtui.model.problem import Evidence, Fix, Verb
from hubtui.model.quantity import parse
from hubtui.model.roles import server_of, user_of
from hubtui.model.why_facts import Why, without_keys
from hubtui.model.why_image import FAILING, image_in
from hubtui.services.pods import PodRow

CRASHING = "CrashLoopBackOff"
AGAIN = 2
"""Restarts from which a container that has just been started is not trusted."""
BETWEEN_CRASHES = timedelta(minutes=7)
"""The longest pause between two starts (5 minutes), and a start that takes its time."""
NAMES = 3
"""Names that a title has; the others are counted."""


@dataclass(frozen=True, slots=True)
class FailingImage:
    """An image that a pod's container waits for in vain."""

    image: str
    reason: str
    message: str


def statuses(pod: Pod) -> Sequence[ContainerStatus]:
    """The statuses of all containers, init steps first."""
    return (*pod.status.init_container_statuses, *pod.status.container_statuses)


def failing_image(pod: Pod) -> FailingImage | None:
    """The first image that cannot be pulled."""
    for status in statuses(pod):
        waiting = status.state.waiting
        if waiting is not None and waiting.reason in FAILING:
            return FailingImage(_image(pod, status), waiting.reason, waiting.message)
    return None


def _image(pod: Pod, status: ContainerStatus) -> str:
    containers = (*pod.spec.init_containers, *pod.spec.containers)
    asked = next((c.image for c in containers if c.name == status.name), "")
    message = status.state.waiting.message if status.state.waiting else ""
    return asked or status.image or image_in(message)


def waiting_image(pod: Pod) -> str:
    """The image of the first container that has not started yet; "" when all have."""
    for status in statuses(pod):
        if status.state.waiting is not None:
            return _image(pod, status)
    return ""


def looks_at(pod: str) -> tuple[Fix, Fix]:
    """What tells more of a pod and changes nothing."""
    return (
        Fix(Verb.WHY, pod, f"what explains {pod}"),
        Fix(Verb.EVENTS, pod, "the pod's events"),
    )


def condition(pod: Pod, kind: str) -> Condition | None:
    """One condition of a pod."""
    return next((c for c in pod.status.conditions if c.type == kind), None)


def unscheduled_since(pod: Pod) -> datetime | None:
    """Since when a pod waits for a node; None when it has one, or waits for nothing."""
    if pod.spec.node_name or pod.status.phase not in ("Pending", ""):
        return None
    if pod.metadata.deletion_timestamp is not None:
        return None
    placed = condition(pod, "PodScheduled")
    told = placed.last_transition_time if placed and placed.status == "False" else None
    return told or pod.metadata.creation_timestamp


def placed_at(pod: Pod) -> datetime | None:
    """When a pod got its node."""
    placed = condition(pod, "PodScheduled")
    told = placed.last_transition_time if placed and placed.status == "True" else None
    return told or pod.status.start_time or pod.metadata.creation_timestamp


def silent_since(row: PodRow) -> datetime | None:
    """Since when nobody vouches for a pod whose containers were ready: the node controller takes
    the condition Ready away when a kubelet is silent, and leaves all else as it was."""
    ready = condition(row.pod, "Ready")
    if ready is None or ready.status == "True" or ready.reason == "ReadinessGatesNotReady":
        return None
    return ready.last_transition_time if row.state.up else None


def began_at(pod: Pod) -> datetime | None:
    """When the last of a pod's containers was started."""
    began = (status.state.running for status in pod.status.container_statuses)
    times = (each.started_at for each in began if each is not None)
    return max((time for time in times if time is not None), default=None)


def last_end(pod: Pod) -> tuple[ContainerStatus, Terminated] | None:
    """The container that ended last before it was started again, or is about to be."""
    ends = [
        (status, end)
        for status in pod.status.container_statuses
        if (end := status.last_state.terminated or status.state.terminated) is not None
    ]
    return max(ends, key=lambda each: _when(each[1]), default=None)


def _when(end: Terminated) -> float:
    return end.finished_at.timestamp() if end.finished_at else 0.0


def memory_limit(pod: Pod) -> float | None:
    """The sum of the containers' limits in bytes; None where one has none."""
    total = 0.0
    for container in pod.spec.containers:
        try:
            total += float(parse(container.resources.limits.get("memory", "")))
        except ValueError:
            return None
    return total or None


def of_memory(
    pod: str, used: float | None, limit: float | None, near: float
) -> tuple[Evidence, ...]:
    """How much of its limit a pod uses; a warning from the part `near` on."""
    if used is None or not limit:
        return ()
    words = f"{pod} uses {used / 2**20:,.0f} of {limit / 2**20:,.0f} MiB"
    return (Evidence("memory", words, warning=used >= near * limit),)


def crashes(row: PodRow, now: datetime) -> bool:
    """Whether a container ends again and again, each time after it was started: also in the few
    seconds in which it runs."""
    return not row.state.up and any(_crashes(status, now) for status in statuses(row.pod))


def _crashes(status: ContainerStatus, now: datetime) -> bool:
    waiting, over, before = status.state.waiting, status.state.terminated, status.last_state
    if waiting is not None:
        return waiting.reason == CRASHING
    if over is not None:
        return status.restart_count > 0 and over.exit_code != 0
    last = before.terminated
    if last is None or last.exit_code == 0 or last.finished_at is None or status.ready:
        return False
    return status.restart_count >= AGAIN and now - last.finished_at < BETWEEN_CRASHES


def name_of(pod: Pod) -> str:
    """A pod as people call it: its user and server, else its own name."""
    user, server = user_of(pod), server_of(pod)
    return f"{user}/{server}" if user and server else user or pod.metadata.name


def named(names: Iterable[str]) -> str:
    """A few names, the others counted."""
    every = sorted(set(names))
    more = f" and {len(every) - NAMES} more" if len(every) > NAMES else ""
    return ", ".join(every[:NAMES]) + more


def counted(count: int, thing: str) -> str:
    """`1 server`, `2 servers`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """The first of those that are known."""
    return min((moment for moment in moments if moment is not None), default=None)


def todo_of(why: Why | None, otherwise: str) -> str:
    """What an explanation says is to be done, without the keys of another screen."""
    return (without_keys(why).todo if why else "") or otherwise


def with_why(told: Iterable[Evidence], why: Why | None) -> tuple[Evidence, ...]:
    """Evidence, followed by an explanation's sentences and what of its evidence is new."""
    found = list(told)
    if why is None:
        return tuple(found)
    bare = without_keys(why)
    found += [Evidence("finding", words) for words in (bare.happened, bare.means) if words]
    for each in why.evidence:
        if not any(each.words.rstrip(".") in known.words for known in found):
            found.append(each)
    return tuple(found)
