"""An upgrade that waits for its hook image puller: a node that cannot pull holds it up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from hubtui.model import kube
from hubtui.model.age import short
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.roles import Role, component_of
from hubtui.model.why_facts import evidence_of
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import (
    condition,
    counted,
    failing_image,
    named,
    placed_at,
    silent_since,
    unscheduled_since,
    waiting_image,
)
from hubtui.services.problems.situation import HookPuller, Situation
from hubtui.services.pullers import awaiter_of

LATE: Final = 2 / 3
"""Part of the timeout after which a puller that still pulls is worth a word."""

PLACED: Final = 30.0
"""Seconds in which a pod of the puller, which asks for nothing, should have its node."""

_RESCUE: Final = "the revision becomes failed ('pre-upgrade hooks failed'), and what runs stays."


def find(seen: Situation) -> list[Problem]:
    """The hook image puller, while a pending revision waits for it."""
    hook = seen.hook
    newest = seen.heads[0] if seen.heads else None
    if hook is None or newest is None or not newest.status.pending or hook.ready >= hook.wanted:
        return []
    rows = [row for row in seen.troubled if row.role is Role.HOOK_PULLER]
    stuck = [row for row in rows if _is_stuck(seen, row)]
    began = hook.since or newest.modified or newest.created
    late = timedelta(seconds=seen.seconds(began)) >= LATE * seen.timeout
    if not stuck and not late:
        return []
    return [_problem(seen, hook, stuck or rows, began, stuck=bool(stuck))]


def at_work(
    daemonsets: Iterable[kube.DaemonSet], jobs: Iterable[kube.Job], release: str
) -> HookPuller | None:
    """The hook image puller that an awaiter waits for; None when there is no such hook."""
    awaiter = awaiter_of(jobs)
    if awaiter is None:
        return None
    for each in daemonsets:
        labels = each.metadata.labels
        if component_of(labels) == Role.HOOK_PULLER and labels.get("release") in (None, release):
            since = awaiter.status.start_time or awaiter.metadata.creation_timestamp
            status = each.status
            name = each.metadata.name
            return HookPuller(status.number_ready, status.desired_number_scheduled, since, name)
    return None


def is_at_work(seen: Situation) -> bool:
    """Whether its pods are this incident's business, and no other one's."""
    newest = seen.heads[0] if seen.heads else None
    return seen.hook is not None and newest is not None and newest.status.pending


def _is_stuck(seen: Situation, row: PodRow) -> bool:
    waits = unscheduled_since(row.pod)
    return (
        failing_image(row.pod) is not None
        or silent_since(row) is not None
        or (waits is not None and seen.seconds(waits) > PLACED)
    )


def _problem(
    seen: Situation,
    hook: HookPuller,
    rows: Sequence[PodRow],
    began: datetime | None,
    *,
    stuck: bool,
) -> Problem:
    nodes = [row.pod.spec.node_name for row in rows if row.pod.spec.node_name]
    held = _held_up(rows) if stuck else f"{_images(rows)} is still being pulled{_on(rows)}"
    newest = seen.heads[0]
    return Problem(
        incident=Incident.HOOK_PULLER,
        level=Level.NOW if stuck else Level.SOON,
        title=f"Revision {newest.revision} waits for its hook image puller: {held}",
        effect="Nothing is changed for users yet: what runs goes on, the upgrade does not begin. "
        f"When helm's timeout ends it, {_RESCUE}",
        todo=_todo(rows, stuck=stuck),
        evidence=_evidence(seen, hook, rows, began),
        since=began,
        missing=seen.unread("events", "jobs"),
        targets=(
            *(Target("pod", row.pod.metadata.name) for row in rows),
            *(Target("node", name) for name in sorted(set(nodes))),
        ),
        fixes=(
            *_left_out(hook, sorted(set(nodes))),
            Fix(Verb.WHY, Role.HOOK_PULLER, "which node waits for which image, and why"),
            *(Fix(Verb.EVENTS, row.pod.metadata.name, "the pod's events") for row in rows[:1]),
        ),
    )


def _held_up(rows: Sequence[PodRow]) -> str:
    """What holds the pods up that do not get on by themselves."""
    failing = [row for row in rows if failing_image(row.pod)]
    if failing:
        return f"{_images(failing)} cannot be pulled{_on(failing)}"
    silent = {row.pod.spec.node_name for row in rows if silent_since(row) is not None}
    if len(silent) == 1:
        return f"node {named(silent)} does not answer"
    if silent:
        return f"nodes {named(silent)} do not answer"
    return "its pod finds no node" if len(rows) == 1 else f"{len(rows)} of its pods find no node"


def _images(rows: Sequence[PodRow]) -> str:
    images = {image for row in rows if (image := _image(row))}
    return f"image {named(images)}" if images else "an image"


def _on(rows: Sequence[PodRow]) -> str:
    nodes = [row.pod.spec.node_name for row in rows if row.pod.spec.node_name]
    return f" on {named(nodes)}" if nodes else ""


def _left_out(hook: HookPuller, nodes: Sequence[str]) -> Iterable[Fix]:
    """A node can be left out while others have the images: on all of them it is the image."""
    if nodes and len(nodes) <= max(1, hook.wanted // 2) and len(nodes) < hook.wanted:
        yield Fix(
            Verb.CORDON,
            nodes[0],
            f"leave {nodes[0]} out: the hook goes on without it",
            pullers_off=True,
        )


def _image(row: PodRow) -> str:
    failing = failing_image(row.pod)
    return failing.image if failing else waiting_image(row.pod)


def _todo(rows: Sequence[PodRow], *, stuck: bool) -> str:
    if any(failing_image(row.pod) for row in rows):
        return (
            "Check the image's name, tag and pull secret. If only one node fails, leave it out: a "
            "cordon alone does not, its pullers must be kept off too."
        )
    if stuck and any(unscheduled_since(row.pod) for row in rows):
        return "Make room where the scheduler finds none, or leave that node out."
    if stuck:
        return "Look at that node: its kubelet, its disk, its taints; or leave it out."
    return (
        "A large image takes its time; if that is not enough, leave slow nodes out, or upgrade "
        "with a longer timeout."
    )


def _evidence(
    seen: Situation, hook: HookPuller, rows: Sequence[PodRow], began: datetime | None
) -> tuple[Evidence, ...]:
    words = f"{hook.daemonset}: {hook.ready} of {counted(hook.wanted, 'node')} ready"
    found = [Evidence("hook", words, hook.since, warning=True)]
    left = seen.timeout - timedelta(seconds=seen.seconds(began))
    timeout = f"helm's timeout of {short(seen.timeout.total_seconds())}"
    if left > timedelta(0):
        found.append(Evidence("helm", f"{short(left.total_seconds())} left of {timeout}"))
    else:
        found.append(Evidence("helm", f"{timeout} is over, if that is the one that was given"))
    for row in rows[:3]:
        failing = failing_image(row.pod)
        said = f"{failing.reason} {failing.message}" if failing else _said(row)
        where = row.pod.spec.node_name or "no node"
        words = f"{row.pod.metadata.name} on {where}: {said}".strip()
        found.append(Evidence("pod", words, placed_at(row.pod), warning=failing is not None))
        event = seen.newest(row, "Failed", "FailedScheduling", "Pulling")
        if event is not None:
            found.append(evidence_of(event))
    return tuple(found)


def _said(row: PodRow) -> str:
    """What the scheduler says of a pod without a node; of another its state."""
    placed = condition(row.pod, "PodScheduled")
    told = placed.message if placed is not None and placed.status == "False" else ""
    return told or row.state.status
