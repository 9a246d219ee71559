"""The details of one pod: containers, conditions, events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from hubtui.model import kube
from hubtui.model.age import age
from hubtui.model.podstate import state_of
from hubtui.model.roles import server_of, user_of
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.document import Hung, fact, heading
from hubtui.views.pods import chart_of
from hubtui.views.signs import sign_of, tone_of

Events = Sequence[kube.Event] | str
"""The events of a pod, or why there are none to show."""


def pod_details(pod: kube.Pod, events: Events, now: datetime) -> Iterator[Cell | Hung]:
    """The lines of a pod's details."""
    state = state_of(pod)
    words = cell(state.status, tone_of(state.severity))
    yield join(sign_of(state.severity), words, cell(state.message))
    yield from _identity(pod, now)
    yield ()
    yield heading("Containers")
    statuses = {
        s.name: s for s in (*pod.status.init_container_statuses, *pod.status.container_statuses)
    }
    for container in pod.spec.init_containers:
        yield from _container(container, statuses.get(container.name), "init", now)
    for container in pod.spec.containers:
        yield from _container(container, statuses.get(container.name), "", now)
    yield ()
    yield heading("Conditions")
    for condition in pod.status.conditions:
        yield _condition(condition, now)
    yield ()
    yield heading("Events")
    yield from event_facts(events, now)


def _identity(pod: kube.Pod, now: datetime) -> Iterator[Cell | Hung]:
    meta = pod.metadata
    if user := user_of(pod):
        yield fact("user", join(cell(user), cell(server_of(pod), Tone.MUTED)))
    yield fact("pod", cell(f"{meta.namespace}/{meta.name}"))
    yield fact("node", cell(pod.spec.node_name or "none yet"))
    if pod.status.pod_ip:
        yield fact("address", cell(pod.status.pod_ip))
    yield fact("age", cell(age(meta.creation_timestamp, now)))
    if chart := chart_of(pod):
        yield fact("chart", cell(chart))
    for volume in pod.spec.volumes:
        if volume.persistent_volume_claim is not None:
            claim = volume.persistent_volume_claim.claim_name
            yield fact("claim", join(cell(claim), cell(f"as {volume.name}", Tone.MUTED)))


def _container(
    container: kube.Container, status: kube.ContainerStatus | None, kind: str, now: datetime
) -> Iterator[Cell | Hung]:
    name = f"{kind} {container.name}".strip()
    yield fact(name, _container_state(status, now))
    yield fact("", cell(container.image, Tone.MUTED))
    if asked := _resources(container):
        yield fact("", cell(asked, Tone.MUTED))
    if status is not None and status.last_state.terminated is not None:
        last = status.last_state.terminated
        why = last.reason or f"exit code {last.exit_code}"
        ago = age(last.finished_at, now)
        yield fact("", cell(f"{status.restart_count} restarts, last: {why} {ago} ago", Tone.SOON))


def _container_state(status: kube.ContainerStatus | None, now: datetime) -> Cell:
    if status is None:
        return cell("not started", Tone.MUTED)
    state = status.state
    if state.running is not None:
        since = age(state.running.started_at, now)
        tone = Tone.FINE if status.ready else Tone.SOON
        return cell(f"running {since}{'' if status.ready else ', not ready'}", tone)
    if state.waiting is not None:
        return join(cell(state.waiting.reason, Tone.SOON), cell(state.waiting.message))
    if state.terminated is not None:
        ended = state.terminated
        tone = Tone.MUTED if ended.exit_code == 0 else Tone.NOW
        words = f"{ended.reason} (exit code {ended.exit_code}) {age(ended.finished_at, now)} ago"
        return join(cell(words, tone), cell(ended.message))
    return cell("unknown", Tone.MUTED)


def _resources(container: kube.Container) -> str:
    parts = []
    for title, values in (
        ("requests", container.resources.requests),
        ("limits", container.resources.limits),
    ):
        if values:
            parts.append(f"{title} " + ", ".join(f"{k} {v}" for k, v in sorted(values.items())))
    return " · ".join(parts)


def _condition(condition: kube.Condition, now: datetime) -> Hung:
    good = condition.status == "True"
    words = join(
        cell(condition.status, Tone.FINE if good else Tone.SOON),
        cell(age(condition.last_transition_time, now), Tone.MUTED),
        cell(condition.reason, Tone.MUTED),
        cell(condition.message),
    )
    return fact(condition.type, words, width=26)


def event_facts(events: Events, now: datetime) -> Iterator[Cell | Hung]:
    """A pod's events, a line each."""
    if isinstance(events, str):
        yield fact("", cell(events, Tone.MUTED), width=0)
        return
    if not events:
        yield fact(
            "", cell("none in the last hour or so (the cluster forgets them)", Tone.MUTED), 0
        )
    for event in events:
        tone = Tone.SOON if event.type == "Warning" else Tone.PLAIN
        times = f"×{event.times}" if event.times > 1 else ""
        yield fact(
            age(event.last_seen, now),
            join(cell(event.reason, tone), cell(times, Tone.MUTED), cell(event.message)),
            width=6,
        )
