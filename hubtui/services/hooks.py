"""What is left of a revision's hooks in the cluster: the object, its pods, events, log.

Helm's delete policy takes most of it away: that is said, and never taken for "fine".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError, DecodeError, HubtuiError, NotFoundError, ReadOnlyError
from hubtui.model import kube
from hubtui.model.kinds import DAEMONSETS, EVENTS, JOBS, PODS, Kind
from hubtui.model.podstate import state_of
from hubtui.model.release import Hook, Payload
from hubtui.model.text import one_line
from hubtui.services.pods import Pods

PODS_TOLD: Final = 3
EVENTS_TOLD: Final = 4
LOG_LINES: Final = 8
_CLOCKS_DIFFER: Final = timedelta(seconds=5)
_LEFT: Final[dict[str, Kind[kube.Object]]] = {"Job": JOBS, "Pod": PODS, "DaemonSet": DAEMONSETS}
"""The kinds of hooks that run something: of all others there is nothing to find out."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one hook beyond its definition: lines, or why there are none."""

    hook: Hook
    there: bool = False
    lines: tuple[str, ...] = ()
    missing: str = ""


async def evidence(client: KubeClient, pods: Pods, payload: Payload) -> tuple[Evidence, ...]:
    """Looks for each hook of a revision. Raises UnreachableError."""
    found = []
    for hook in sorted(payload.hooks, key=lambda hook: hook.weight):
        known = hook.kind in _LEFT
        found.append(
            await look_at(client, pods, hook, payload.namespace) if known else Evidence(hook)
        )
    return tuple(found)


async def look_at(client: KubeClient, pods: Pods, hook: Hook, namespace: str) -> Evidence:
    """Looks for one hook, as `evidence` does. Raises UnreachableError."""
    try:
        thing = await client.get(_LEFT[hook.kind], namespace, hook.name)
    except NotFoundError:
        return Evidence(hook, missing=removed(hook))
    except (ApiError, DecodeError, ReadOnlyError) as error:
        return Evidence(hook, missing=f"not readable: {error.what}")
    if not of_this_run(hook, thing.metadata.creation_timestamp):
        words = "evidence replaced: what is in the cluster is of another run"
        return Evidence(hook, missing=words)
    lines: list[str] = [job_line(thing)] if isinstance(thing, kube.Job) else []
    try:
        mine = await _pods(client, hook, namespace)
        lines += [pod_line(pod) for pod in mine[:PODS_TOLD]]
        for name in (hook.name, *(pod.metadata.name for pod in mine[:PODS_TOLD])):
            lines += await events(client, namespace, name)
        if mine and hook.kind != "DaemonSet":
            lines += await _log(pods, mine[0])
    except (ApiError, DecodeError) as error:
        lines.append(f"not readable: {error.what}")
    return Evidence(hook, there=True, lines=tuple(lines))


def of_this_run(hook: Hook, created: datetime | None) -> bool:
    """Whether an object was made in a hook's last run: other revisions use the same names."""
    run = hook.last_run
    if run is None or run.started is None or created is None:
        return True
    # The server cuts its times down to whole seconds, and has a clock of its own.
    early = created < run.started - _CLOCKS_DIFFER
    return not early and (run.completed is None or created <= run.completed + _CLOCKS_DIFFER)


def removed(hook: Hook) -> str:
    """Why nothing is there: never that all is well."""
    if hook.last_run is None:
        return "never run by this revision, and not in the cluster"
    policies = [each for each in hook.delete_policies if each != "before-hook-creation"]
    phase = hook.last_run.phase.lower()
    for policy in policies:
        if phase and policy == f"hook-{phase}":
            return f"evidence removed by the delete policy {policy}"
    if hook.delete_policies:
        return f"evidence removed: not in the cluster ({', '.join(hook.delete_policies)})"
    return "evidence removed: not in the cluster, by whom is not known"


async def _pods(client: KubeClient, hook: Hook, namespace: str) -> Sequence[kube.Pod]:
    if hook.kind == "Pod":
        return [await client.get(PODS, namespace, hook.name)]
    label = f"job-name={hook.name}" if hook.kind == "Job" else f"component={hook.name}"
    return await client.list(PODS, namespace, labels=label)


def job_line(job: kube.Job) -> str:
    """How far a Job is, or how it ended."""
    ended = next((c for c in job.status.conditions if c.status == "True" and c.reason), None)
    if ended is not None:
        return one_line(f"job {ended.type}: {ended.reason}: {ended.message}")
    status = job.status
    return f"job {status.active} active, {status.succeeded} succeeded, {status.failed} failed"


def pod_line(pod: kube.Pod) -> str:
    """The state of a hook's pod."""
    state = state_of(pod)
    words = f": {one_line(state.message)}" if state.message else ""
    return f"pod {pod.metadata.name} {state.status}{words}"


async def events(client: KubeClient, namespace: str, name: str) -> list[str]:
    """The newest events of an object; they outlive it for an hour. Raises ApiError."""
    found = await client.list(EVENTS, namespace, fields=f"involvedObject.name={name}")
    seen = [event for event in found if event.last_seen is not None]
    newest = sorted(seen, key=lambda event: str(event.last_seen), reverse=True)
    return [one_line(f"event {event.reason}: {event.message}") for event in newest[:EVENTS_TOLD]]


async def _log(pods: Pods, pod: kube.Pod) -> list[str]:
    containers = pod.spec.containers
    try:
        return [
            f"log {line}"
            async for line in pods.logs(
                pod.metadata.namespace,
                pod.metadata.name,
                container=containers[0].name if containers else "",
                tail=LOG_LINES,
            )
        ]
    except HubtuiError as error:
        return [f"log not readable: {error.what}"]
