"""Several logs as one: merged by arrival, followed, resumed where they broke off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from hubtui.clients.gate import Call
from hubtui.errors import DeniedError, HubtuiError
from hubtui.model import kube
from hubtui.model.kinds import PODS
from hubtui.model.log_lines import LONGEST, LineSplitter, Resume, stamped
from hubtui.model.podstate import state_of
from hubtui.model.roles import Role, role_of
from hubtui.services.pods import TAIL_LINES

if TYPE_CHECKING:
    from hubtui.services.session import Session

STREAMS = 12
"""Logs that are followed at once: each holds a connection, and the client has 32."""

AGAIN = 2.0
"""Seconds until a log that broke off is opened again while it is followed."""

ROOM = 20_000
"""Lines that may wait to be taken; then the readers wait, and through TCP the kubelet."""

SLICE = 64 * 1024
"""Bytes that are taken apart at a time: a chunk of 2 MB would hold up the keys."""


class LogLine(NamedTuple):
    """One line: of which source, when (as the kubelet wrote it), and what."""

    source: int
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a log: `since` in seconds, `tail` lines at first; `container` "" is the first
    one of each pod. `again` opens a followed log anew when it breaks off or its container starts
    anew. `longest` bounds a line in bytes."""

    container: str = ""
    follow: bool = True
    previous: bool = False
    tail: int = TAIL_LINES
    since: int | None = None
    again: bool = True
    longest: int = LONGEST


@dataclass(slots=True)
class Source:
    """One container's log. `state` says what keeps it from coming, "" while it comes."""

    number: int
    pod: kube.Pod
    container: str
    state: str = "connecting"
    error: HubtuiError | None = None
    ended: bool = False
    resume: Resume = field(default_factory=Resume)

    @property
    def uid(self) -> str:
        """What tells a pod from the one that replaced it under the same name."""
        return self.pod.metadata.uid or self.pod.key


class Logs:
    """The logs of some pods in one queue. `follow` gives the pods, again whenever they change."""

    def __init__(self, session: Session, wanted: Wanted) -> None:
        self._session = session
        self.wanted = wanted
        self.sources: list[Source] = []
        self.left_out = 0
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._pending: list[LogLine] = []
        self._came = asyncio.Event()
        self._room = asyncio.Event()

    def follow(self, pods: Iterable[kube.Pod]) -> list[Source]:
        """These are the pods now: starts a log for each new one; gives those that began."""
        every = list(pods)
        known = {source.uid for source in self.sources}
        present = {pod.metadata.uid or pod.key for pod in every}
        new = [pod for pod in every if (pod.metadata.uid or pod.key) not in known]
        busy = sum(1 for s in self.sources if not s.ended and s.uid in present)
        new.sort(key=_urgency)
        begun = [self._begin(pod) for pod in new[: max(0, STREAMS - busy)]]
        self.left_out = len(new) - len(begun)
        return begun

    def _begin(self, pod: kube.Pod) -> Source:
        names = [c.name for c in (*pod.spec.containers, *pod.spec.init_containers)]
        asked = self.wanted.container
        container = asked if asked in names else (names[0] if names else "")
        source = Source(len(self.sources), pod, container)
        self.sources.append(source)
        task = asyncio.create_task(self._read(source), name=f"log of {pod.key}")
        self._tasks[source.number] = task
        return source

    def drain(self) -> list[LogLine]:
        """The lines that came since the last call; those of several logs in the order in which
        they were written, as far as they came together."""
        lines, self._pending = self._pending, []
        self._came.clear()
        self._room.set()
        if len(self.sources) > 1 and all(line.at for line in lines):
            lines.sort(key=lambda line: line.at)
        return lines

    async def more(self) -> list[LogLine]:
        """Waits for lines; an empty list says that every log has ended."""
        while not self._pending:
            if all(task.done() for task in self._tasks.values()):
                return []
            waiting = asyncio.ensure_future(self._came.wait())
            try:
                await asyncio.wait(
                    [waiting, *self._tasks.values()], return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                waiting.cancel()
            if not self._pending and not all(task.done() for task in self._tasks.values()):
                await asyncio.sleep(0.05)  # one of several has ended, the others go on
        return self.drain()

    async def close(self) -> None:
        """Ends every stream."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, source: Source) -> None:
        """Reads a log to its end; one that is followed is opened again when it breaks off."""
        while True:
            try:
                async for line in self._lines(source):
                    source.state = ""
                    await self._put(source, line)
                source.state, source.error = "ended", None
            except HubtuiError as error:
                source.state, source.error = error.what, error
            if not self._again(source):
                source.ended = True
                self._came.set()
                return
            source.resume.broke()
            await asyncio.sleep(AGAIN)

    def _again(self, source: Source) -> bool:
        """Whether a log that ended or broke off is worth another try."""
        wanted = self.wanted
        if not (wanted.follow and wanted.again) or wanted.previous:
            return False
        now = self._session.pods.stores.pods.get(source.pod.key)
        if now is None or now.metadata.uid != source.pod.metadata.uid:
            source.state, source.error = "ended", None  # with its pod, whatever was said last
            return False
        return not isinstance(source.error, DeniedError)

    async def _put(self, source: Source, line: str) -> None:
        at, text = stamped(line)
        if not source.resume.takes(at, line):
            return  # it came before the stream broke off
        while len(self._pending) >= ROOM:
            self._room.clear()
            await self._room.wait()
        self._pending.append(LogLine(source.number, at, text))
        self._came.set()

    async def _lines(self, source: Source) -> AsyncIterator[str]:
        wanted, meta = self.wanted, source.pod.metadata
        query = {"timestamps": "true"}
        if since := source.resume.since:
            query["sinceTime"] = since
        else:
            query["tailLines"] = str(wanted.tail)
            if wanted.since is not None:
                query["sinceSeconds"] = str(wanted.since)
        for name, asked in (("follow", wanted.follow), ("previous", wanted.previous)):
            if asked and not (name == "follow" and wanted.previous):
                query[name] = "true"
        if source.container:
            query["container"] = source.container
        call = Call("get", PODS.resource, meta.namespace, meta.name, "log", query)
        timeout = None if "follow" in query else 30.0
        splitter = LineSplitter(wanted.longest)
        async with self._session.client.stream(call, kind=PODS, read_timeout=timeout) as content:
            source.state = ""
            async for chunk in content.iter_any():
                for start in range(0, len(chunk), SLICE):
                    for line in splitter.feed(chunk[start : start + SLICE]):
                        yield line
                    if start:
                        await asyncio.sleep(0)
            for line in splitter.end():
                yield line


def _urgency(pod: kube.Pod) -> tuple[int, float]:
    """Pods that are not up come first, then the youngest."""
    created = pod.metadata.creation_timestamp
    return -state_of(pod).severity, -(created.timestamp() if created else 0.0)


class Members:
    """The pods of a role, or of some names, as they come and go."""

    def __init__(
        self, session: Session, role: Role | None = None, keys: Sequence[str] = ()
    ) -> None:
        self._session = session
        self._role = role
        self._keys = frozenset(keys)
        self._pods: dict[str, kube.Pod] = {}
        self._store = session.pods.stores.pods
        self._seen = self._store.subscribe()

    @property
    def pods(self) -> list[kube.Pod]:
        """The pods as of the last look."""
        return list(self._pods.values())

    def look(self) -> list[kube.Pod] | None:
        """The pods, when something may have changed since the last look; else None."""
        everything, keys = self._seen.drain()
        if everything:
            keys = {pod.key for pod in self._store} | set(self._pods)
        if not keys:
            return None
        for key in keys:
            pod = self._store.get(key)
            self._pods.pop(key, None)
            if pod is not None and self._is_member(pod):
                self._pods[key] = pod
        return self.pods

    def _is_member(self, pod: kube.Pod) -> bool:
        if self._role is not None:
            return role_of(pod, self._session.release) is self._role
        return pod.key in self._keys

    def close(self) -> None:
        """Nothing more is to be noted for it."""
        self._store.unsubscribe(self._seen)
