"""Evicts pods through the eviction API: what a budget refuses is asked for again, then named.

An eviction is a deletion with the pod's own time to end that the budgets let through. Source: the
Kubernetes docs, "API-initiated Eviction": 429 when a PodDisruptionBudget refuses, 500 when more
than one counts the pod.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hubtui.clients.gate import Call, WriteToken
from hubtui.errors import ApiError, DeniedError, HubtuiError, NotFoundError
from hubtui.model.age import precise
from hubtui.model.kinds import PODS
from hubtui.model.plan import FailedObject, Step, StepState
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions.common import counted
from hubtui.services.actions.drain_choice import ToEvict
from hubtui.services.actions.drain_lines import Lines
from hubtui.services.actions.drain_outcome import Why
from hubtui.services.actions.drain_watch import Seen, Watch

CADENCE: Final = 1.0
"""Seconds between two looks at the node."""

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0
"""Seconds until an eviction that was refused is tried again; doubled each time."""

GONE_WITHIN: Final = 60.0
"""Seconds beyond its time to end in which a pod is gone."""

TRIES: Final = 5
"""How often the apiserver may fail at one eviction."""

KIND: Final = "pod"
_REFUSED, _CHANGED = 429, 409


class Fate(StrEnum):
    """How far the eviction of a pod is."""

    WAITING = "waiting"
    LEAVING = "evicted"
    GONE = "gone"
    FAILED = "failed"
    LEFT = "left"


@dataclass(slots=True)
class Eviction:
    """One pod on its way out; times are the loop's."""

    pod: ToEvict
    fate: Fate = Fate.WAITING
    words: str = ""
    tries: int = 0
    failures: int = 0
    next_try: float = 0.0
    refused_since: float | None = None
    left_at: float = 0.0

    @property
    def over(self) -> bool:
        return self.fate in (Fate.GONE, Fate.FAILED, Fate.LEFT)

    @property
    def step(self) -> Step:
        """Its line."""
        state = _STATES[self.fate]
        gone = int(self.fate is Fate.GONE)
        waits = self.fate is Fate.WAITING and self.refused_since is not None
        state = StepState.MOVING if waits else state
        return Step(KIND, self.pod.title, gone, 1, gone, state=state, reason=self.words)


_STATES: Final = {
    Fate.WAITING: StepState.WAITING,
    Fate.LEAVING: StepState.MOVING,
    Fate.GONE: StepState.DONE,
    Fate.FAILED: StepState.STUCK,
    Fate.LEFT: StepState.WAITING,
}


@dataclass(slots=True)
class Evictions:
    """The evictions of one drain. `failed` are the pods that did not leave, with the reason."""

    session: ActionSession
    watch: Watch
    report: Report
    lines: Lines
    token: WriteToken
    patience: float
    failed: list[FailedObject] = field(default_factory=list)

    async def run(self, pods: Sequence[ToEvict]) -> Why:
        """Evicts pods until each is gone, has failed, or its turn does not come any more.

        What is evicted is followed to its end. Raises DeniedError, RefusedError.
        """
        evictions: list[Eviction] | None = None
        while True:
            seen = await self.watch.patiently(self.lines.say)
            if seen is None:
                return Why.ASKED
            if seen.gone:
                return Why.GONE
            if evictions is None:
                evictions = [Eviction(each) for each in pods if each.uid in seen.pods]
            before = {each.pod.uid for each in evictions if each.over}
            for each in evictions:
                await self._go_on(each, seen)
                self._tell(evictions)
            await self._journal(e for e in evictions if e.over and e.pod.uid not in before)
            if all(each.over for each in evictions):
                return self._became(evictions, seen)
            await self.watch.pause(CADENCE)

    async def _go_on(self, each: Eviction, seen: Seen) -> None:
        """What comes next for a pod, by how it is now."""
        there = seen.pods.get(each.pod.uid)
        if each.over:
            return
        if there is None:
            self._is_gone(each)
        elif there.metadata.deletion_timestamp is not None:
            self._is_leaving(each)
        elif self.report.interrupted.is_set() or seen.open:
            each.fate, each.words = Fate.LEFT, "its turn did not come"
        elif each.next_try <= _time():
            await self._ask(each)

    def _tell(self, evictions: Sequence[Eviction]) -> None:
        gone = sum(each.fate is Fate.GONE for each in evictions)
        note = f"{gone} of {counted(len(evictions), 'pod')} gone"
        self.lines.put((each.step for each in evictions), note)

    async def _journal(self, ended: Iterable[Eviction]) -> None:
        for each in ended:
            if each.fate is Fate.GONE:
                await self.report.step(f"{each.pod.title} is gone", (f"pod {each.pod.title}",))
            elif each.fate is Fate.FAILED:
                await self.report.step(f"{each.pod.title}: {each.words}")

    def _became(self, evictions: Sequence[Eviction], seen: Seen) -> Why:
        failed = [each for each in evictions if each.fate is Fate.FAILED]
        self.failed += [FailedObject(KIND, each.pod.title, each.words) for each in failed]
        if seen.open:
            return Why.OPEN
        if failed:
            return Why.FAILED
        left = any(each.fate is Fate.LEFT for each in evictions)
        return Why.ASKED if left or self.report.interrupted.is_set() else Why.DONE

    def _is_gone(self, each: Eviction) -> None:
        words = "gone" if each.fate is Fate.LEAVING else "it was not there any more"
        each.fate, each.words = Fate.GONE, words

    def _is_leaving(self, each: Eviction) -> None:
        if each.fate is not Fate.LEAVING:
            each.fate, each.left_at = Fate.LEAVING, _time()
        took = _time() - each.left_at
        each.words = f"evicted, ends for {precise(took)}"
        if took > each.pod.grace + GONE_WITHIN:
            each.fate = Fate.FAILED
            each.words = f"evicted, and still there after {precise(took)}"

    async def _ask(self, each: Eviction) -> None:
        """One eviction; what comes of it is in the eviction."""
        each.tries += 1
        try:
            await self._post(each.pod)
        except NotFoundError:
            self._is_gone(each)
        except DeniedError as error:
            each.fate, each.words = Fate.FAILED, error.what
        except ApiError as error:
            self._refused(each, error)
        except HubtuiError as error:
            each.words = error.what
            each.next_try = _time() + FIRST_PAUSE
        else:
            each.fate, each.left_at, each.words = Fate.LEAVING, _time(), "evicted"

    def _refused(self, each: Eviction, error: ApiError) -> None:
        if error.status == _CHANGED:
            each.fate, each.words = Fate.GONE, "another pod has its name by now"
            return
        now, why = _time(), error.what.partition(": ")[2] or error.what
        if error.status == _REFUSED:
            each.refused_since = now if each.refused_since is None else each.refused_since
            names = ", ".join(each.pod.budgets) or "a budget"
            why = f"PodDisruptionBudget {names} refuses: {why}"
            over = now - each.refused_since >= self.patience
        else:
            each.failures += 1
            over = each.failures >= TRIES
        pause = min(FIRST_PAUSE * 2 ** min(each.tries - 1, 4), LONGEST_PAUSE)
        each.next_try = now + pause
        each.words = why if over else f"{why}; tried again in {pause:.0f} s"
        if over:
            each.fate = Fate.FAILED

    async def _post(self, pod: ToEvict) -> None:
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
            "deleteOptions": {"preconditions": {"uid": pod.uid}},
        }
        call = Call("create", PODS.resource, pod.namespace, pod.name, "eviction")
        await self.session.client.request(call, kind=PODS, body=body, token=self.token)


def _time() -> float:
    return asyncio.get_running_loop().time()
