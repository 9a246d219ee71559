"""Follows an expansion until it is through, or until waiting alone is of no use."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model.claims import size_of
from hubtui.model.expansion import Stage, Standing, Way, exact, standing_of
from hubtui.model.kinds import CLAIMS
from hubtui.model.kube import Event, Pod
from hubtui.model.kube_needs import Claim
from hubtui.model.plan import Outcome, Phase, Progress, Result
from hubtui.services.actions import ActionSession, Report, following
from hubtui.services.actions.expand_checks import ends, who
from hubtui.services.actions.expand_facts import events_of, pods_with

WITHIN: Final = 600.0
"""Seconds in which a driver enlarges what it can; it goes on by itself afterwards."""

TAKEN_UP: Final = 60.0
"""Seconds in which somebody takes it up, if anybody does."""

FAILS_FOR: Final = 45.0
"""Seconds in which a driver that failed may succeed at its next try."""

ON_NODE: Final = 120.0
"""Seconds in which a kubelet enlarges the file system of a volume that is mounted."""

EVENTS_EVERY: Final = 3.0
PODS_EVERY: Final = 5.0


class Follower:
    """One expansion of a claim to `wanted` bytes; `way` is what its driver can."""

    def __init__(
        self, session: ActionSession, claim: str, wanted: int, way: Way, report: Report
    ) -> None:
        self._session = session
        self._name = claim
        self._wanted = wanted
        self._way = way
        self._report = report
        self._events: Sequence[Event] = ()
        self._events_at = float("-inf")
        self._known: set[str] = set()
        self._pods: tuple[Pod, ...] | None = None
        self._pods_at = float("-inf")
        self._stage = Stage.ASKED
        self._since = self._began = _time()

    async def to_the_end(self, before: frozenset[str]) -> Outcome:
        """How it ended; `before` are the events that were there before it began."""
        self._known = set(before)
        while True:
            error = ""
            standing = Standing(self._stage)
            try:
                claim = await self._session.client.get(CLAIMS, self._session.namespace, self._name)
                await self._read_events()
                standing = standing_of(claim, self._wanted, self._new_events())
            except NotFoundError:
                return Outcome(Result.FAILED, f"Claim {self._name} is gone")
            except HubtuiError as problem:
                error = problem.what
            else:
                if (over := await self._over(claim, standing)) is not None:
                    return over
            self._tell(standing, error)
            if _time() - self._began > WITHIN:
                return self._late(standing, error)
            await asyncio.sleep(following.CADENCE)

    async def _read_events(self) -> None:
        if _time() - self._events_at < EVENTS_EVERY:
            return
        self._events_at = _time()
        try:
            self._events = await events_of(self._session, self._name)
        except HubtuiError:
            self._events = ()  # conditions tell most of it

    def _new_events(self) -> list[Event]:
        return [event for event in self._events if event_key(event) not in self._known]

    async def _over(self, claim: Claim, standing: Standing) -> Outcome | None:
        """The end, if this is one."""
        if standing.stage is not self._stage:
            self._stage, self._since = standing.stage, _time()
            if standing.stage is not Stage.ASKED:
                await self._report.step(f"{self._name}: {standing.stage}")
        lasted = _time() - self._since
        if standing.stage is Stage.DONE:
            return Outcome(Result.OK, f"{self._name} has {exact(size_of(claim) or 0)}")
        if standing.stage is Stage.INFEASIBLE:
            return self._refused(standing)
        if standing.stage is Stage.FAILING and lasted > FAILS_FOR:
            return self._failing(standing)
        if standing.stage is Stage.ASKED and lasted > TAKEN_UP:
            return self._ignored()
        if standing.stage in (Stage.NODE_PENDING, Stage.NODE):
            return await self._on_node(lasted)
        return None

    async def _on_node(self, lasted: float) -> Outcome | None:
        """A volume that is larger already: who has to restart, if its file system does not follow
        by itself."""
        pods = await self._mounting()
        head = f"The volume of {self._name} has {exact(self._wanted)}"
        if pods is not None and not pods:
            words = f"{head}; its file system grows when the next pod mounts it"
            return Outcome(Result.OK, words)
        if lasted < (ON_NODE if self._way is not Way.OFFLINE else following.CADENCE):
            return None
        if pods is None:
            words = f"{head}, its file system waits for the node; who mounts it may not be read"
            return Outcome(
                Result.UNVERIFIED, words, next_steps=("Restart the pods that mount it.",)
            )
        return Outcome(
            Result.UNVERIFIED,
            f"{head}, but its file system grows only when these restart: {who(pods)}",
            next_steps=ends(pods, self._session.release),
        )

    async def _mounting(self) -> tuple[Pod, ...] | None:
        """The pods that mount it, not older than PODS_EVERY; None where they may not be read."""
        if _time() - self._pods_at >= PODS_EVERY:
            self._pods_at = _time()
            try:
                self._pods = await pods_with(self._session, self._name)
            except HubtuiError:
                self._pods = None
        return self._pods

    def _tell(self, standing: Standing, error: str) -> None:
        words = error or (f"{standing.stage}: {standing.said}" if standing.said else standing.stage)
        self._report.progress(Progress(Phase.VERIFYING, note=f"{self._name}: {words}"))

    def _refused(self, standing: Standing) -> Outcome:
        return Outcome(
            Result.FAILED,
            f"The driver cannot give {self._name} {exact(self._wanted)}",
            words=standing.said,
            next_steps=(
                "Ask for less: a smaller size that is more than it has replaces this one.",
            ),
        )

    def _failing(self, standing: Standing) -> Outcome:
        return Outcome(
            Result.FAILED,
            f"The driver fails to enlarge {self._name}; it keeps trying",
            words=standing.said,
            next_steps=("hubtui storage says how large it is.",),
        )

    def _ignored(self) -> Outcome:
        return Outcome(
            Result.UNVERIFIED,
            f"{self._name} asks for {exact(self._wanted)}, and nobody has taken it up in "
            f"{int(TAKEN_UP)} s",
            words=next((event.message for event in self._new_events()), ""),
            next_steps=("Look whether the driver's controller runs (its csi-resizer).",),
        )

    def _late(self, standing: Standing, error: str) -> Outcome:
        words = f"{self._name} is not larger after {int(WITHIN / 60)} minutes: {standing.stage}"
        return Outcome(
            Result.UNVERIFIED, error or words, words=standing.said,
            next_steps=("It goes on by itself; hubtui storage says how large it is.",),
        )  # fmt: skip


def event_key(event: Event) -> str:
    """An event as often as it was seen: the same one counts on."""
    return f"{event.metadata.uid or event.metadata.name} {event.times} {event.last_seen}"


def _time() -> float:
    return asyncio.get_running_loop().time()
