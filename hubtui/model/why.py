"""What explains a pod that is not up, in one paragraph with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hubtui.model import why_container, why_ended, why_image, why_scheduling, why_volume
from hubtui.model.kube import Event, Pod
from hubtui.model.kube_needs import Quota, WholePod
from hubtui.model.podstate import Severity, state_of
from hubtui.model.why_facts import Cause, Evidence, Facts, Missing, Why, evidence_of, sentence

__all__ = ["Cause", "Evidence", "Facts", "Finding", "Missing", "Why", "explain", "grouped"]

EVENTS_SHOWN = 6
NEARLY = 90
"""Per cent of a quota from which it is told."""

_STEPS: Final[Sequence[Callable[[Facts], Why | None]]] = (
    why_ended.deleting,
    why_ended.ended,
    why_ended.on_a_lost_node,
    why_scheduling.unscheduled,
    why_image.not_pulled,
    why_volume.volumes,
    why_volume.sandbox,
    why_container.containers,
    why_image.pulling,
    why_container.not_ready,
)
"""The first that knows something explains the pod: what lies deeper comes first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One explanation for one pod or for several that suffer from the same."""

    why: Why
    pods: tuple[Pod, ...]
    severity: Severity


def explain(facts: Facts) -> Why:
    """What explains a pod."""
    found = next((why for step in _STEPS if (why := step(facts)) is not None), None)
    why = found or _quiet(facts)
    return replace(why, evidence=_told_once(why, facts), missing=facts.missing)


def _told_once(why: Why, facts: Facts) -> tuple[Evidence, ...]:
    """All evidence, without what only repeats the words of a piece before it."""
    told = list(why.evidence)
    for each in _evidence(facts, why):
        if not any(each.words in known.words or known.words in each.words for known in told):
            told.append(each)
    return tuple(told)


def _quiet(facts: Facts) -> Why:
    """A pod of which nothing is wrong, or nothing is known."""
    state = state_of(facts.pod)
    since = facts.since(state.since)
    if state.up:
        words, memory = why_container.restarted(facts)
        todo = "Raise its memory limit if that comes again." if memory else ""
        ready = "every container is ready" if state.containers > 1 else "its container is ready"
        return Why(Cause.UP, f"It is up: {ready}{f' since {since}' if since else ''}.", words, todo)
    if state.severity is Severity.PAST:
        return Why(Cause.DONE, "It has done its work.")
    unread = " Not everything could be read." if facts.missing else ""
    node = facts.pod.spec.node_name
    if node:
        placed = next((c for c in facts.pod.status.conditions if c.type == "PodScheduled"), None)
        took = facts.since(placed.last_transition_time) if placed else ""
        return Why(
            Cause.STARTING,
            f"It is on {node}{f' for {took}' if took else ''}; its state is {state.status}.",
            f"Nothing says yet what it waits for.{unread}",
            "Look again in a moment; the kubelet of that node starts it.",
        )
    return Why(Cause.STARTING, sentence(f"Its state is {state.status}. {state.message}".strip()))


def _evidence(facts: Facts, why: Why) -> Iterable[Evidence]:
    if why.cause is not Cause.UP:
        for each in facts.pod.status.conditions:
            if each.type == "ContainersReady":
                continue  # Ready says the same
            if each.status == "False" and (each.reason or each.message):
                words = f"{each.type} is False: {each.reason} {each.message}".rstrip(": ")
                yield Evidence("condition", words, each.last_transition_time)
    if why.cause is not Cause.NODE:
        yield from _node_evidence(facts)
    yield from quota_evidence(facts.quotas)
    yield from (evidence_of(event) for event in _told(facts.events))


def _told(events: Sequence[Event]) -> list[Event]:
    """The events worth telling: warnings first in choice, newest first in order."""
    chosen = sorted(events, key=lambda e: e.type != "Warning")[:EVENTS_SHOWN]
    return [event for event in events if event in chosen]


def _node_evidence(facts: Facts) -> Iterable[Evidence]:
    node = facts.node
    if node is None:
        return
    if node.spec.unschedulable:
        yield Evidence("node", f"{node.metadata.name} is cordoned")
    for each in node.status.conditions:
        pressing = each.type.endswith("Pressure") and each.status == "True"
        if pressing or (each.type == "Ready" and each.status != "True"):
            words = f"{node.metadata.name}: {each.type} is {each.status}: {each.message}"
            yield Evidence("node", words.rstrip(": "), each.last_transition_time, warning=True)


def quota_evidence(quotas: Iterable[Quota]) -> Iterable[Evidence]:
    """What of a quota is nearly used up."""
    for quota in quotas:
        for name, hard in sorted(quota.status.hard.items()):
            most = why_scheduling.quantity({name: hard}, name)
            used = why_scheduling.quantity(quota.status.used, name)
            if most > 0 and used * 100 >= most * NEARLY:
                much, limit = (why_scheduling.shown(name, amount) for amount in (used, most))
                words = f"{quota.metadata.name}: {much} of {limit} {name} used"
                yield Evidence("quota", words, warning=used >= most)


def refused_by_quota(events: Iterable[Event], quotas: Iterable[Quota]) -> Why | None:
    """Why a workload or the hub cannot make a pod at all: its events speak of a quota."""
    told = next((e for e in events if e.reason == "FailedCreate"), None)
    full = [each for each in quota_evidence(quotas) if each.warning]
    if told is None or "exceeded quota" not in told.message.lower():
        return None
    return Why(
        Cause.QUOTA,
        sentence(
            f"A pod is not made: {told.message.partition(': exceeded quota')[2] or told.message}"
        ),
        "The namespace's quota does not allow a further pod of this size.",
        "Raise the quota, ask for less, or stop idle servers.",
        (evidence_of(told), *full),
    )


def grouped(pods: Iterable[tuple[Why, WholePod]]) -> list[Finding]:
    """Findings, the worst first: pods with the same cause that ask for the same are one."""
    groups: dict[object, list[tuple[Why, WholePod]]] = {}
    for why, pod in pods:
        groups.setdefault(_alike(why, pod), []).append((why, pod))
    found = [
        Finding(
            _of_several(members),
            tuple(pod for _, pod in members),
            max(state_of(pod).severity for _, pod in members),
        )
        for members in groups.values()
    ]
    return sorted(found, key=lambda finding: (-finding.severity, -len(finding.pods)))


def _alike(why: Why, pod: WholePod) -> object:
    if not pod.spec.node_name and why.cause is not Cause.CLAIM:
        return (why.cause, why_scheduling.wants(pod), why.todo)
    return (why.cause, why.subject or why.happened, why.todo)


def _of_several(members: Sequence[tuple[Why, WholePod]]) -> Why:
    """The newest explanation, with what could not be read for any of them."""
    newest = max(members, key=lambda member: str(member[1].metadata.creation_timestamp))[0]
    missing = {each: None for why, _ in members for each in why.missing}
    return replace(newest, missing=tuple(missing))
