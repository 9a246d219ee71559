"""Makes the DaemonSet of a prepull, follows it, and takes it away again whatever happens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from hubtui.clients.gate import Call, WriteToken
from hubtui.errors import ApiError, DeniedError, HubtuiError, NotFoundError, UnreachableError
from hubtui.model.daemon_nodes import DaemonPod
from hubtui.model.kinds import DAEMONSETS
from hubtui.model.plan import Phase, Progress
from hubtui.model.prepull import Puller, daemonset
from hubtui.model.prepulling import NodeState, behind
from hubtui.services.actions import ActionSession, Report, following
from hubtui.services.actions.prepull_outcome import counts, node_words, steps
from hubtui.services.actions.prepull_seen import Seen

TICK: Final = 0.5
"""Seconds between two looks."""

MADE_WITHIN: Final = 60.0
"""Seconds in which the server takes a DaemonSet, or it is not tried any more."""

GONE_WITHIN: Final = 120.0
"""Seconds in which it takes its end."""

LEAVING: Final = 15.0
"""The same when hubtui is about to end."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done: `names` are those that DaemonSets may have, `seconds` how long it may
    take."""

    puller: Puller
    pod: DaemonPod
    images: tuple[str, ...]
    seconds: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went. `refused` is why no DaemonSet was made, `short` why no further one was, `left`
    why one is still there; `blind` is what could not be looked at last."""

    states: tuple[NodeState, ...]
    images: tuple[str, ...]
    seconds: float
    refused: str = ""
    left: str = ""
    blind: str = ""
    short: str = ""
    late: bool = False
    interrupted: bool = False


class Run:
    """One prepull, from its first write to its last."""

    def __init__(
        self, session: ActionSession, deed: Deed, token: WriteToken, report: Report
    ) -> None:
        self._session = session
        self._deed = deed
        self._token = token
        self._report = report
        self._seen = Seen(session, deed.puller.operation, deed.pod, deed.images)
        self._made: list[str] = []
        self._refused: list[str] = []
        self._no_more = ""
        """Why no further DaemonSet was made."""
        self._told: set[str] = set()
        self._states: tuple[NodeState, ...] = ()
        self._stuck: set[str] = set()

    async def to_the_end(self) -> Ended:
        """Pulls until each node has each image or has failed, until the time is over, or until it
        is interrupted; what was made is deleted then, also when this is cancelled."""
        interrupted, late, began = self._report.interrupted, False, _time()
        try:
            if refused := await self._make(self._deed.images):
                left = await self._away(GONE_WITHIN)
                return Ended((), self._deed.images, _time() - began, refused=refused, left=left)
            async with self._seen.followed(self._deed.names[0]):
                late = await self._followed(began)
            left = await self._away(GONE_WITHIN)
        except BaseException:
            await self._away(LEAVING)
            raise
        return Ended(
            self._states,
            self._deed.images,
            _time() - began,
            left=left,
            blind=self._seen.blind,
            short=self._no_more,
            late=late,
            interrupted=interrupted.is_set() and not late and not self._is_over,
        )

    @property
    def _is_over(self) -> bool:
        """Whether nothing is left to wait for, or what is left waits behind what was given up and
        no further DaemonSet may bring it."""
        left = [state for state in self._states if not state.settled]
        if not left or not self._seen.complete:
            return self._seen.complete
        if len(self._made) < len(self._deed.names) and not self._no_more:
            return False
        return {state.node for state in left} <= self._stuck

    async def _followed(self, began: float) -> bool:
        """Looks until nothing is left to wait for; whether the time was over first."""
        stop = asyncio.create_task(self._report.interrupted.wait())
        try:
            while True:
                self._states = tuple(self._seen.states(_time()))
                # Of the same moment: what is stuck by now may have brought what it had to.
                self._stuck = self._seen.stuck(self._states, len(self._made))
                await self._tell()
                if self._is_over or stop.done():
                    return False
                if _time() - began > self._deed.seconds:
                    return True
                await self._go_on()
                await asyncio.wait({stop}, timeout=TICK)
        finally:
            stop.cancel()

    async def _tell(self) -> None:
        """Shows how far it is, and notes each node that is through."""
        words = counts(self._states)
        if self._seen.blind:
            words = f"{words}; {self._seen.blind}"
        progress = Progress(Phase.APPLYING, steps(self._states, self._deed.images), words)
        self._report.progress(progress)
        for state in self._states:
            if state.settled and state.node not in self._told:
                self._told.add(state.node)
                await self._report.step(node_words(state), (state.node,) if state.done else ())

    async def _go_on(self) -> None:
        """Brings what waits in vain behind an image that was given up."""
        if self._no_more or len(self._made) >= len(self._deed.names):
            return
        if images := behind(self._states, self._stuck):
            self._no_more = await self._make(images)

    async def _make(self, images: tuple[str, ...]) -> str:
        """Makes the next DaemonSet; why it was not, or nothing."""
        name = self._deed.names[len(self._made)]
        self._made.append(name)
        refused = await self._sent(name, images)
        if refused:
            self._made.remove(name)
            self._refused.append(name)
        return refused

    async def _sent(self, name: str, images: tuple[str, ...]) -> str:
        call = Call("create", DAEMONSETS.resource, self._session.namespace, name)
        body = daemonset(self._deed.puller, name, images)
        end = _time() + MADE_WITHIN
        while True:
            try:
                await self._session.client.request(
                    call, kind=DAEMONSETS, body=body, token=self._token
                )
            except UnreachableError as error:
                if _time() > end:
                    return error.what
                await asyncio.sleep(following.CADENCE)
            except ApiError as error:
                # Nobody else has that name: the server took it and its answer was lost.
                return "" if error.status == _THERE else error.what
            else:
                return ""

    async def _away(self, limit: float) -> str:
        """Deletes what was made; why something is left, when for so many seconds it could not
        be."""
        self._report.progress(
            Progress(Phase.VERIFYING, steps(self._states, self._deed.images), "takes itself away")
        )
        made = (*self._made, *self._refused)  # whose answer was lost may be there, too
        kept = [await remove(self._session, name, self._token, limit) for name in made]
        return "; ".join(dict.fromkeys(words for words in kept if words))


_THERE: Final = 409


async def remove(
    session: ActionSession, name: str, token: WriteToken, limit: float, uid: str = ""
) -> str:
    """Deletes one DaemonSet and with it its pods; why it was not."""
    options: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        **({"preconditions": {"uid": uid}} if uid else {}),
    }
    call = Call("delete", DAEMONSETS.resource, session.namespace, name)
    end = _time() + limit
    while True:
        try:
            await session.client.request(call, kind=DAEMONSETS, body=options, token=token)
        except NotFoundError:
            return ""
        except DeniedError as error:
            return f"{name}: {error.what}"
        except HubtuiError as error:
            if _time() > end or (uid and isinstance(error, ApiError) and error.status == _THERE):
                return f"{name}: {error.what}"
            await asyncio.sleep(following.CADENCE)
        else:
            return ""


def _time() -> float:
    return asyncio.get_running_loop().time()
