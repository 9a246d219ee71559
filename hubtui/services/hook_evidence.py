"""What a hook did, kept beyond its end: helm's delete policy takes Job, pods and logs away.

While helm waits for a hook, its Job and pods are watched and their logs followed; what was seen
last stays. Of an image awaiter the pullers that it waits for are kept too: when it fails, helm
deletes their DaemonSet, which was done before (`hook-succeeded`), and with it all trace of the node
that held it up. Events outlive their objects, so they are asked for at the end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from hubtui.clients.kube import KubeClient
from hubtui.clients.watch import Feed, follow
from hubtui.errors import ApiError, DecodeError, HubtuiError
from hubtui.model import kube
from hubtui.model.kinds import JOBS, PODS
from hubtui.model.pulls import PullState, pulls_of
from hubtui.model.redact import Redactor
from hubtui.model.release import Hook
from hubtui.model.roles import AWAITER, Role
from hubtui.model.text import one_line
from hubtui.services import hooks
from hubtui.services.hooks import LOG_LINES, PODS_TOLD, Evidence
from hubtui.services.pods import Pods
from hubtui.services.problems.signs import named

T = TypeVar("T", bound=kube.Object)

RUNS: Final = frozenset({"Job", "Pod"})
"""The kinds of hooks that helm waits for; others are done once they are made."""

PULLERS_TOLD: Final = 5
EVENTS_KEPT: Final = 8
LONGEST_LINE: Final = 300
"""Characters of a line that are kept."""

_LAST_WORDS: Final = 1.0
"""Seconds for which the logs of a hook that has ended may still come in."""


class _LastSeen(Generic[T]):
    """A sink that forgets nothing: each object as it was before it was deleted."""

    def __init__(self) -> None:
        self.objects: dict[str, T] = {}

    def listing(self) -> None: ...

    def page(self, objects: Iterable[T]) -> None:
        for each in objects:
            self.put(each)

    def listed(self) -> None: ...

    def put(self, thing: T) -> None:
        if thing.metadata.deletion_timestamp is None or thing.key not in self.objects:
            self.objects[thing.key] = thing

    def remove(self, key: str) -> None: ...

    def live(self) -> None: ...

    def failed(self, error: HubtuiError, retry_in: float) -> None: ...


class _PodsSeen(_LastSeen[kube.Pod]):
    """Follows the log of each pod that runs."""

    def __init__(self, kept: _Kept, pods: Pods) -> None:
        super().__init__()
        self._kept = kept
        self._pods = pods

    def put(self, thing: kube.Pod) -> None:
        super().put(thing)
        name = thing.metadata.name
        begun = thing.status.phase in ("Running", "Succeeded", "Failed")
        if begun and name not in self._kept.logs and len(self._kept.logs) < PODS_TOLD:
            self._kept.logs[name] = deque(maxlen=LOG_LINES)
            self._kept.spawn(self._follow(thing))

    async def _follow(self, pod: kube.Pod) -> None:
        lines, containers = self._kept.logs[pod.metadata.name], pod.spec.containers
        try:
            async for line in self._pods.logs(
                pod.metadata.namespace,
                pod.metadata.name,
                container=containers[0].name if containers else "",
                follow=True,
                tail=LOG_LINES,
            ):
                lines.append(one_line(line)[:LONGEST_LINE])
        except HubtuiError as error:
            lines.append(f"not readable: {error.what}"[:LONGEST_LINE])


@dataclass(slots=True)
class _Kept:
    """What was seen of one hook, and the tasks that look."""

    job: _LastSeen[kube.Job] = field(default_factory=_LastSeen)
    pods: _LastSeen[kube.Pod] = field(default_factory=_LastSeen)
    pullers: _LastSeen[kube.Pod] = field(default_factory=_LastSeen)
    logs: dict[str, deque[str]] = field(default_factory=dict)
    watches: list[asyncio.Task[None]] = field(default_factory=list)
    following: list[asyncio.Task[None]] = field(default_factory=list)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.following.append(asyncio.create_task(work, name="log of a hook"))


class HookEvidence:
    """Keeps what is seen of the hooks of one helm. `close` ends the looking, not what was kept."""

    def __init__(self, client: KubeClient, pods: Pods, namespace: str) -> None:
        self._client = client
        self._pods = pods
        self._namespace = namespace
        self._kept: dict[str, _Kept] = {}

    def see(self, hook: Hook) -> None:
        """helm waits for this hook: from here on it is looked at. Calling it again does nothing."""
        if hook.kind not in RUNS or hook.name in self._kept:
            return
        kept = self._kept[hook.name] = _Kept()
        kept.pods = _PodsSeen(kept, self._pods)
        name = f"metadata.name={hook.name}"
        if hook.kind == "Job":
            self._watch(kept, Feed(JOBS, self._namespace, fields=name), kept.job)
            pods = Feed(PODS, self._namespace, labels=f"job-name={hook.name}")
        else:
            pods = Feed(PODS, self._namespace, fields=name)
        self._watch(kept, pods, kept.pods)
        if hook.name.endswith(AWAITER):
            labels = f"component={Role.HOOK_PULLER}"
            self._watch(kept, Feed(PODS, self._namespace, labels=labels), kept.pullers)

    def _watch(self, kept: _Kept, feed: Feed, sink: _LastSeen[Any]) -> None:
        task = asyncio.create_task(follow(self._client, feed, sink), name=f"hook: {feed}")
        kept.watches.append(task)

    async def last(self, hook: Hook, redactor: Redactor) -> Evidence:
        """What there is to see of a hook, else what was seen, without secrets.

        `missing` says why it is not there any more; `there` whether anything is told at all.
        Raises UnreachableError.
        """
        present = await hooks.look_at(self._client, self._pods, hook, self._namespace)
        kept = self._kept.get(hook.name)
        if kept is None or not (kept.job.objects or kept.pods.objects):
            return replace(present, lines=_masked(present.lines, redactor))
        names = [hook.name, *(pod.metadata.name for pod in _told(kept))]
        states = present.lines
        if not present.there:
            states = (*_states(kept), *await self._events(names))
        log = _log(kept)
        lines = [each for each in states if not (log and each.startswith("log "))]
        events = (at for at, each in enumerate(lines) if each.startswith("event "))
        first = next(events, len(lines))
        lines = [*lines[:first], *_pullers(kept), *lines[first:], *log]
        return replace(present, there=True, lines=_masked(lines, redactor))

    async def _events(self, names: Iterable[str]) -> list[str]:
        found: list[str] = []
        for name in names:
            try:
                found += await hooks.events(self._client, self._namespace, name)
            except (ApiError, DecodeError):
                break
        return found[:EVENTS_KEPT]

    async def close(self) -> None:
        """Ends the looking; what logs still hold comes in before."""
        for kept in self._kept.values():
            if kept.following:
                await asyncio.wait(kept.following, timeout=_LAST_WORDS)
            tasks = [*kept.watches, *kept.following]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            kept.watches.clear()
            kept.following.clear()


def _told(kept: _Kept) -> list[kube.Pod]:
    """The newest pods of a hook."""
    pods = kept.pods.objects.values()
    newest = sorted(pods, key=lambda pod: str(pod.metadata.creation_timestamp), reverse=True)
    return newest[:PODS_TOLD]


def _states(kept: _Kept) -> list[str]:
    jobs = [hooks.job_line(job) for job in kept.job.objects.values()]
    return [*jobs, *(hooks.pod_line(pod) for pod in _told(kept))]


def _log(kept: _Kept) -> list[str]:
    """The log of the pod that ended last, of those that said something."""
    for pod in _told(kept):
        if lines := kept.logs.get(pod.metadata.name):
            return [f"log {line}" for line in lines]
    return []


def _pullers(kept: _Kept) -> list[str]:
    """The nodes that an awaiter waited for, with what they lacked; those that lacked the same for
    the same reason together."""
    nodes: dict[str, list[str]] = {}
    for pod in kept.pullers.objects.values():
        lacking = next((p for p in pulls_of(pod) if p.state is not PullState.DONE), None)
        if lacking is not None:
            words = f"{lacking.image} {lacking.words or lacking.state.value}"
            nodes.setdefault(words, []).append(pod.spec.node_name or "no node")
    found = [
        one_line(f"puller on {named(where)}: {words}")
        for words, where in sorted(nodes.items(), key=lambda each: (-len(each[1]), each))
    ]
    more = len(found) - PULLERS_TOLD
    rest = [f"puller for {more} more reasons"] if more > 0 else []
    return [*found[:PULLERS_TOLD], *rest]


def _masked(lines: Iterable[str], redactor: Redactor) -> tuple[str, ...]:
    return tuple(redactor.mask_text(line)[:LONGEST_LINE] for line in lines)
