"""Looks at one spawn from all sides: the hub's own steps, the pod, the pod's events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from hubtui.clients import watch
from hubtui.clients.watch import Feed
from hubtui.errors import ApiError, DeniedError, HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.hub import ServerKey
from hubtui.model.kinds import EVENTS, WHOLE_PODS
from hubtui.model.kube_needs import WholePod
from hubtui.model.roles import SERVERS_SELECTOR, server_of, user_of
from hubtui.model.spawn import OF_POD, Part, Trace, parts_of, pull_words
from hubtui.model.text import one_line
from hubtui.services.actions import ActionSession

AGAIN: Final = 1.0
"""Seconds until the hub is asked again when it broke off, or knows nothing yet."""


CERTAIN: Final = 2.0
"""Seconds after which a server that the hub calls ready is, though its pod was not seen to be."""


class Spawn:
    """What is seen of one spawn. `moved` is set whenever that is more than before."""

    def __init__(self, session: ActionSession, key: ServerKey) -> None:
        self.key = key
        self.trace = Trace()
        self.pod: WholePod | None = None
        self.failed = ""
        """Why the hub gave it up; "" while it has not."""
        self.moved = asyncio.Event()
        self._session = session
        self._began = _time()
        self._events: dict[str, kube.Event] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def now(self) -> float:
        """Seconds since the request."""
        return _time() - self._began

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Follows what becomes of pods from now on: for the request, and until the end."""
        feed = Feed(WHOLE_PODS, self._session.namespace, labels=SERVERS_SELECTOR)
        try:
            version = await watch.version_of(self._session.client, feed)
        except DeniedError as denied:
            self.trace = Trace(unseen=denied.what)
        else:
            self._do(watch.follow(self._session.client, feed, _Pods(self), version=version))
        self._began = _time()
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def requested(self) -> None:
        """The hub has taken the request: from here on it is asked how far it is."""
        self.reach((Part.REQUESTED,))
        self._do(self._ask())

    def reach(self, parts: Iterable[Part]) -> None:
        """These parts are seen now."""
        self.trace = self.trace.reach(parts, self.now)
        self.moved.set()

    def see(self, pod: WholePod) -> None:
        """A server's pod has come or changed."""
        if (user_of(pod), server_of(pod)) != (self.key.user, self.key.server):
            return
        if pod.metadata.deletion_timestamp is not None:
            return  # one that was in the way, or ours that goes: as it was says more
        new = self.pod is None or self.pod.metadata.uid != pod.metadata.uid
        self.pod = pod
        if new:
            self._events.clear()
            about = f"involvedObject.name={pod.metadata.name}"
            fields = f"{about},involvedObject.uid={pod.metadata.uid}"
            feed = Feed(EVENTS, self._session.namespace, fields=fields)
            self._do(watch.follow(self._session.client, feed, _Events(self)))
        self._look()

    def hear(self, event: kube.Event) -> None:
        """Something is said about its pod."""
        if self.pod is not None and event.involved_object.uid == self.pod.metadata.uid:
            self._events[event.key] = event
            self._look()

    def blind(self, error: HubtuiError, retry_in: float) -> None:
        """Pods cannot be looked at: for a while, or not at all where that is denied."""
        if isinstance(error, DeniedError):
            self.trace = replace(self.trace, unseen=error.what)
        elif part := self.trace.waits_for:
            self.trace = self.trace.tell(part, f"{error.what}; again in {retry_in:.0f} s")
        self.moved.set()

    def _look(self) -> None:
        pod, events = self.pod, tuple(self._events.values())
        if pod is None or self.trace.ready:
            return
        self.reach(parts_of(pod, events))
        self.trace = self.trace.tell(Part.CREATED, pod.metadata.name)
        if pod.spec.node_name:
            self.trace = self.trace.tell(Part.SCHEDULED, f"on {pod.spec.node_name}")
        self.trace = self.trace.tell(Part.PULLED, pull_words(pod, events))

    async def _ask(self) -> None:
        """Follows the hub's own steps; when they break off it is asked anew."""
        while not self.trace.ready and not self.failed:
            try:
                await self._listen()
            except HubtuiError as error:
                self.trace = self.trace.tell(Part.READY, error.what)
                if not isinstance(error, ApiError):
                    await self._session.hub_link.drop()
            if not self.trace.ready and not self.failed:
                await asyncio.sleep(AGAIN)

    async def _listen(self) -> None:
        hub = await self._session.hub_link.open()
        try:
            async for event in hub.progress(self.key):
                if event.ready:
                    await self._look_it_up()
                elif event.failed:
                    self._fail(one_line(event.message))
                else:
                    self.trace = self.trace.tell(Part.READY, one_line(event.message))
                    self.moved.set()
        except ApiError as error:
            if isinstance(error, DeniedError):
                raise
            await self._look_it_up()

    async def _look_it_up(self) -> None:
        """The hub has no steps to tell: it has ended, one way or the other."""
        hub = await self._session.hub_link.open()
        try:
            user = await hub.user(self.key.user)
        except NotFoundError as error:
            self._fail(error.what)
            return
        server = user.servers.get(self.key.server)
        if server is None or server.stopped:
            self._fail("the hub has given it up; its log says why")
        elif server.ready:
            await self._ready_or_not()

    async def _ready_or_not(self) -> None:
        """A server is ready when its containers run or it is ready still after a while: the hub
        says so for a second of one whose start is cancelled, too (JupyterHub 6.1)."""
        at = self.now
        if Part.STARTED not in self.trace.reached:
            await asyncio.sleep(CERTAIN)
            hub = await self._session.hub_link.open()
            server = (await hub.user(self.key.user)).servers.get(self.key.server)
            if server is None or not server.ready:
                return
        # What of the pod was not seen yet must have come before.
        parts = (Part.READY,) if self.trace.unseen else (*OF_POD, Part.READY)
        self.trace = self.trace.reach(parts, at).tell(Part.READY, "")
        self.moved.set()

    def _fail(self, words: str) -> None:
        self.failed = words.removeprefix("Spawn failed: ")
        self.moved.set()

    def _do(self, work: Any) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"spawn check of {self.key}"))


class _Changes:
    """Where changes go that nobody keeps a list of."""

    def __init__(self, spawn: Spawn) -> None:
        self._spawn = spawn

    def listing(self) -> None:
        """A list begins."""

    def listed(self) -> None:
        """The list is complete."""

    def remove(self, key: str) -> None:
        """An object is gone."""

    def live(self) -> None:
        """The watch is open."""


class _Pods(_Changes):
    """The pods of users' servers."""

    def page(self, objects: Iterable[WholePod]) -> None:
        """What is there when the watch had to begin anew."""
        for pod in objects:
            self._spawn.see(pod)

    def put(self, thing: WholePod) -> None:
        """A pod has come or changed."""
        self._spawn.see(thing)

    def failed(self, error: HubtuiError, retry_in: float) -> None:
        """Nothing comes at present."""
        self._spawn.blind(error, retry_in)


class _Events(_Changes):
    """The events of the pod; without the right to see them its containers tell enough."""

    def page(self, objects: Iterable[kube.Event]) -> None:
        """What was said before it was looked at."""
        for event in objects:
            self._spawn.hear(event)

    def put(self, thing: kube.Event) -> None:
        """Something is said."""
        self._spawn.hear(thing)

    def failed(self, error: HubtuiError, retry_in: float) -> None:
        """Nothing comes at present."""


def _time() -> float:
    return asyncio.get_running_loop().time()
