"""Carries a drain out: the cordon, the stops through the hub, the evictions or the waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hubtui.clients.gate import WriteToken
from hubtui.errors import ChangedSinceError, HubtuiError
from hubtui.model.draining import Kind
from hubtui.model.kube_needs import Node
from hubtui.model.plan import FailedObject, Outcome, Progress, Result, Step, StepState
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions.cordon_facts import is_marked
from hubtui.services.actions.cordon_patch import mark
from hubtui.services.actions.drain_back import Back
from hubtui.services.actions.drain_choice import Choice, DrainRequest, Way
from hubtui.services.actions.drain_evict import KIND as POD
from hubtui.services.actions.drain_evict import Evictions
from hubtui.services.actions.drain_lines import Lines
from hubtui.services.actions.drain_outcome import LEAVE, Run, Why, outcome_of
from hubtui.services.actions.drain_wait import Waiting
from hubtui.services.actions.drain_watch import Watch
from hubtui.services.actions.stopping import stop_all
from hubtui.services.actions.stopping_server import Fate, ToStop
from hubtui.services.culler import Culler


class Drain:
    """One run."""

    def __init__(
        self,
        session: ActionSession,
        request: DrainRequest,
        choice: Choice,
        culler: Culler,
        node: Node,
        token: WriteToken,
        report: Report,
    ) -> None:
        self._session = session
        self._request = request
        self._choice = choice
        self._culler = culler
        self._node = node
        self._token = token
        self._report = report
        name, uid = node.metadata.name, node.metadata.uid
        self._watch = Watch(session, name, uid, report.interrupted)
        self._lines = Lines(report)
        self._failed: list[FailedObject] = []
        self._notes: list[str] = []

    async def run(self) -> Outcome:
        """Cordons the node, then empties it the way that was asked for."""
        refused = await self._cordon()
        if refused is not None:
            return refused
        try:
            why = await self._empty()
        except HubtuiError as error:
            self._notes.append(str(error))
            why, self._watch.seen = Why.FAILED, None
        return outcome_of(
            Run(
                self._request,
                why,
                self._watch.seen,
                steps=self._lines.all,
                failed=tuple(self._failed),
                notes=tuple(self._notes),
            )
        )

    async def _empty(self) -> Why:
        if self._request.way is not Way.EVICT:
            await self._stop(self._choice.idle, "idle servers")
            return await self._wait()
        left = await self._stop(self._choice.idle, "idle servers")
        guarded = {each.key for each in self._choice.evict if each.budgets}
        again = [replace(each, in_use=True) for each in left if each.key not in guarded]
        await self._stop((*again, *self._choice.in_use), "servers in use")
        return await self._evict()

    async def _cordon(self) -> Outcome | None:
        """Marks the node; the outcome when that was refused."""
        name, node = self._node.metadata.name, self._node
        if node.spec.unschedulable:
            self._cordoned("cordoned before")
            return None
        self._lines.say(f"cordons {name}")
        try:
            await mark(self._session, node, self._token, cordoned=True, pullers_off=is_marked(node))
        except ChangedSinceError:
            raise
        except HubtuiError as error:
            return Outcome(Result.FAILED, f"{name} was not cordoned: {error.what}")
        self._cordoned("cordoned")
        await self._report.step(f"{name} is cordoned", (f"node {name}",))
        return None

    def _cordoned(self, words: str) -> None:
        name = self._node.metadata.name
        self._lines.put([Step("node", name, 1, 1, 1, state=StepState.DONE, reason=words)])

    async def _stop(self, servers: Sequence[ToStop], which: str) -> list[ToStop]:
        """Stops servers through the hub; those of them that run on."""
        if not servers or self._report.interrupted.is_set():
            return list(servers)

        def tell(progress: Progress) -> None:
            self._lines.put(progress.steps, f"{which}: {progress.note}")

        stops = await stop_all(self._session, servers, self._token, self._report, tell)
        gone = {end.key for end in stops.of(Fate.STOPPED, Fate.GONE)}
        skipped = stops.of(Fate.SKIPPED)
        words = f"{which}: {len(gone)} of {len(servers)} stopped"
        words += f", {len(skipped)} in use since" if skipped else ""
        self._notes += [f"{end.key}: {end.words}" for end in stops.of(Fate.SKIPPED, Fate.FAILED)]
        if stops.refused:
            self._notes.append(f"The hub was asked no further: {stops.refused}")
        await self._report.step(words, tuple(f"server {key}" for key in sorted(gone)))
        return [planned for planned in servers if planned.key not in gone]

    async def _wait(self) -> Why:
        waits = self._choice.waits
        return await Waiting(
            self._session, self._watch, self._report, self._lines, self._culler, waits
        ).run()

    async def _evict(self) -> Why:
        """Evicts what is left of the plan; parts of the hub when all else is gone."""
        evictions = Evictions(
            self._session,
            self._watch,
            self._report,
            self._lines,
            self._token,
            self._request.patience,
            self._failed,
        )
        core = [each for each in self._choice.evict if each.kind is Kind.CORE]
        others = [each for each in self._choice.evict if each.kind is not Kind.CORE]
        for pods in (others, core):
            why = await evictions.run(pods)
            if why is not Why.DONE:
                return why
        why = await self._at_last()
        return await self._back() if why is Why.DONE and core else why

    async def _back(self) -> Why:
        """Whether the parts of the hub that were on the node are ready elsewhere."""
        parts = dict.fromkeys(each.part for each in self._choice.evict if each.part)
        look = await Back(self._session, self._watch, self._lines, tuple(parts)).run()
        names = " and ".join(parts)
        if look.complete:
            await self._report.step(f"{names} ready elsewhere")
            return Why.DONE
        if look.unseen:
            self._notes.append(f"whether {names} is ready again is not known: {look.unseen}")
            return Why.DONE
        self._failed += look.failed
        return Why.AWAY

    async def _at_last(self) -> Why:
        """Whether the node is empty, at a last look."""
        seen = await self._watch.patiently(self._lines.say)
        if seen is None:
            return Why.ASKED
        if seen.gone:
            return Why.GONE
        came = seen.of(*LEAVE)
        self._failed += [FailedObject(POD, p.key, "it came after the plan was made") for p in came]
        return Why.FAILED if came else Why.DONE
