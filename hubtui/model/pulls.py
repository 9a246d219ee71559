"""How far a pod of an image puller has come: each image that it brings to its node.

A puller's init containers do nothing but name the images, one after the other; its last container
waits (facts.md §1.4). So an image is there once its container has started, and is being pulled
while its container is the first that has not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hubtui.model.kube import ContainerStatus, Pod
from hubtui.model.kube_needs import Taint
from hubtui.model.why_image import FAILING, registry_words

PULLERS_OFF: Final = Taint("hubtui/pullers-off", "", "NoSchedule")
"""What keeps image pullers off a node: a cordon does not, all daemon pods tolerate that."""

_NOT_STARTED: Final = frozenset({"", "PodInitializing", "ContainerCreating"})
"""Reasons of a container that waits for its turn or its image; at others the image is there."""


_NO_WORDS: Final = "Back-off pulling image"
"""What older kubelets say in a back-off, without the registry's words."""


class PullState(StrEnum):
    """What is known of one image on one node."""

    WAITING = "waiting"
    """Its turn has not come."""
    PULLING = "pulling"
    DONE = "done"
    FAILED = "failed"


_AS_FAR: Final = {
    state: place
    for place, state in enumerate(
        (PullState.WAITING, PullState.FAILED, PullState.PULLING, PullState.DONE)
    )
}


@dataclass(frozen=True, slots=True)
class Pull:
    """One image on one node: `since` when it is in this state, as far as the pod tells; `words`
    are the registry's, or the reason, where it failed."""

    image: str
    state: PullState
    since: datetime | None = None
    words: str = ""


def pulls_of(pod: Pod) -> tuple[Pull, ...]:
    """Every image of a pod once, in the order in which they are pulled."""
    statuses = {
        each.name: each
        for each in (*pod.status.init_container_statuses, *pod.status.container_statuses)
    }
    turn = pod.status.start_time if pod.spec.node_name else None
    at_work = turn is not None
    found: dict[str, Pull] = {}
    for container in (*pod.spec.init_containers, *pod.spec.containers):
        pull = _pull(container.image, statuses.get(container.name), turn, at_work=at_work)
        before = found.get(container.image)
        if before is None or before.state is PullState.DONE:
            found[container.image] = pull if before is None else _later(before, pull)
        status = statuses.get(container.name)
        at_work = at_work and pull.state is PullState.DONE and not holds_up(status)
        turn = _ended(statuses.get(container.name)) or turn
    return tuple(found.values())


def _pull(
    image: str, status: ContainerStatus | None, turn: datetime | None, *, at_work: bool
) -> Pull:
    waiting = status.state.waiting if status is not None else None
    if waiting is not None and waiting.reason in FAILING:
        words = registry_words(waiting.message)
        if words.startswith(_NO_WORDS):
            words = ""
        return Pull(image, PullState.FAILED, turn, f"{waiting.reason}: {words}".rstrip(": "))
    if status is not None and _has_image(status):
        return Pull(image, PullState.DONE, _started(status))
    return Pull(image, PullState.PULLING, turn) if at_work else Pull(image, PullState.WAITING)


def _later(before: Pull, pull: Pull) -> Pull:
    """An image that a later container needs too: once pulled, it is there for all."""
    return pull if pull.state is PullState.FAILED else before


def holds_up(status: ContainerStatus | None) -> bool:
    """Whether an image is there and its container cannot be run: what comes after it waits."""
    waiting = status.state.waiting if status is not None else None
    return (
        waiting is not None and waiting.reason not in _NOT_STARTED and waiting.reason not in FAILING
    )


def merged(many: Iterable[Iterable[Pull]]) -> tuple[Pull, ...]:
    """The pulls of several pods on one node, each image as far as any of them has come."""
    found: dict[str, Pull] = {}
    for pull in (each for pulls in many for each in pulls):
        before = found.get(pull.image)
        if before is None or _AS_FAR[pull.state] > _AS_FAR[before.state]:
            found[pull.image] = pull
    return tuple(found.values())


def _has_image(status: ContainerStatus) -> bool:
    state = status.state
    if state.running is not None or state.terminated is not None:
        return True
    if status.last_state.terminated is not None:
        return True
    return state.waiting is not None and state.waiting.reason not in _NOT_STARTED


def _started(status: ContainerStatus) -> datetime | None:
    state = status.state.terminated or status.state.running or status.last_state.terminated
    return state.started_at if state is not None else None


def _ended(status: ContainerStatus | None) -> datetime | None:
    ended = status.state.terminated if status is not None else None
    return ended.finished_at if ended is not None else None
