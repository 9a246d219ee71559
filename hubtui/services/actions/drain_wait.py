"""Waits until no server is left on a node, and tells when that will be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from hubtui.model.draining import Kind
from hubtui.model.hub import ServerKey
from hubtui.model.kube import Pod
from hubtui.model.plan import Step, StepState
from hubtui.model.roles import server_of, user_of
from hubtui.services import journal
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions.common import counted
from hubtui.services.actions.drain_eta import eta
from hubtui.services.actions.drain_facts import Aboard, ask_hub, known
from hubtui.services.actions.drain_lines import Lines
from hubtui.services.actions.drain_outcome import Why
from hubtui.services.actions.drain_watch import Seen, Watch
from hubtui.services.actions.stopping_steps import KIND
from hubtui.services.culler import Culler

LOOK_EVERY: Final = 3.0
"""Seconds between two looks at the node."""

ASK_EVERY: Final = 60.0
"""Seconds between two questions to the hub for what it knows of those that are waited for."""

ASK_AGAIN: Final = 10.0
"""The same where it has not told of all of them yet."""


@dataclass(slots=True)
class Waiting:
    """A node whose servers end by themselves. `waits` are they, as last told by the hub."""

    session: ActionSession
    watch: Watch
    report: Report
    lines: Lines
    culler: Culler
    waits: tuple[Aboard, ...]

    async def run(self) -> Why:
        """Looks until no server is there, the node is gone or open, or it is asked to end.

        Raises DeniedError, RefusedError.
        """
        asked = float("-inf")
        while True:
            seen = await self.watch.patiently(self.lines.say)
            if seen is None:
                return Why.ASKED
            why = await self._judged(seen)
            if why is not None:
                return why
            if _time() - asked >= (ASK_EVERY if self._knows(seen) else ASK_AGAIN):
                await self._ask(seen)
                asked = _time()
            self._show(seen.of(Kind.SERVER))
            await self.watch.pause(LOOK_EVERY)

    async def _judged(self, seen: Seen) -> Why | None:
        """Why it ends with this look; None while it goes on."""
        if seen.gone:
            return Why.GONE
        servers = seen.of(Kind.SERVER)
        await self._tell_gone(servers)
        if not servers:
            return Why.DONE
        if seen.open:
            return Why.OPEN
        return Why.ASKED if self.report.interrupted.is_set() else None

    def _knows(self, seen: Seen) -> bool:
        """Whether the hub has told of all that are there."""
        told = {each.uid for each in self.waits}
        return all(pod.metadata.uid in told for pod in seen.of(Kind.SERVER))

    async def _ask(self, seen: Seen) -> None:
        """What the hub says now of those that are left; what it said before while it is away."""
        aboard = [Aboard(pod, Kind.SERVER, _key(pod)) for pod in seen.of(Kind.SERVER)]
        names = {each.key.user for each in aboard if each.key is not None}
        users, unasked = await ask_hub(self.session, names)
        if not unasked:
            now = journal.now()
            self.waits = tuple(known(each, users, self.culler, now) for each in aboard)

    async def _tell_gone(self, servers: Sequence[Pod]) -> None:
        """Tells the journal which servers went since the last look."""
        here = {str(_key(pod)) for pod in servers}
        gone = [
            line
            for line in self.lines.all
            if line.kind == KIND and not line.ready and line.name not in here
        ]
        if not gone:
            return
        self.lines.put(replace(e, ready=1, state=StepState.DONE, reason="gone") for e in gone)
        names = ", ".join(line.name for line in gone)
        done = tuple(f"server {line.name}" for line in gone)
        await self.report.step(f"gone: {names}; {counted(len(here), 'server')} left", done)

    def _show(self, servers: Sequence[Pod]) -> None:
        """Each server that is waited for, and when the last one goes."""
        here = {pod.metadata.uid for pod in servers}
        left = [each for each in self.waits if each.uid in here]
        goes = {each.uid: each.goes for each in left}
        steps = []
        for pod in servers:
            found = goes.get(pod.metadata.uid)
            words = found.words if found is not None else "is waited for"
            words = words if pod.metadata.deletion_timestamp is None else "ends"
            name = str(_key(pod))
            steps.append(Step(KIND, name, 0, 1, state=StepState.WAITING, reason=words))
        note = f"waits for {counted(len(servers), 'server')}"
        when = eta(left).words(journal.now()) if len(left) == len(servers) else ""
        self.lines.put(steps, f"{note}: {when}" if when else note)


def _key(pod: Pod) -> ServerKey:
    return ServerKey(user_of(pod), server_of(pod))


def _time() -> float:
    return asyncio.get_running_loop().time()
