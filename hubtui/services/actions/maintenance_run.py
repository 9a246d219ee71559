"""Carries a maintenance out: one batch after the other, each told to the journal when it is
through, and the spawn check at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hubtui.clients.gate import WriteToken
from hubtui.errors import HubtuiError
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Outcome, Phase, Progress, Result, Step, StepState
from hubtui.model.spawn import Trace
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions import spawn_check_facts as canary_facts
from hubtui.services.actions.common import counted
from hubtui.services.actions.maintenance_facts import MaintenanceRequest
from hubtui.services.actions.spawn_check_outcome import in_words, part_words
from hubtui.services.actions.spawn_check_run import Canary, Checked, run
from hubtui.services.actions.stopping import Stops, stop_all
from hubtui.services.actions.stopping_outcome import outcome_of
from hubtui.services.actions.stopping_server import End, Fate, ToStop

RESUME: Final = "hubtui maintenance --resume goes on with what is left."

THROUGH: Final = (Fate.STOPPED, Fate.GONE, Fate.SKIPPED)
"""What is not tried again when the maintenance is gone on with."""


class Maintenance:
    """One run."""

    def __init__(
        self,
        session: ActionSession,
        request: MaintenanceRequest,
        servers: Sequence[ToStop],
        token: WriteToken,
        report: Report,
    ) -> None:
        self._session = session
        self._request = request
        self._servers = servers
        self._token = token
        self._report = report
        size = request.batch
        self._batches = [servers[at : at + size] for at in range(0, len(servers), size)]
        self._lines = [_line(n, StepState.WAITING) for n in range(1, len(self._batches) + 1)]
        self._ends: list[End] = []
        self._refused = ""

    async def run(self) -> Outcome:
        """Stops the batches, then starts the canary; ends early when it is asked to."""
        told = f"; users are told: {self._request.message}" if self._request.message else ""
        await self._report.step(f"begun: {counted(len(self._servers), 'server')} to stop{told}")
        for number, batch in enumerate(self._batches, 1):
            if number > 1:
                await self._pause(number)
            if self._report.interrupted.is_set() or self._refused:
                break
            await self._stop(number, batch)
        stops = self._stops()
        if stops.refused or stops.interrupted:
            return await self._ended_early(stops)
        checked, words = await self._canary()
        return _outcome(stops, checked, words)

    async def _stop(self, number: int, batch: Sequence[ToStop]) -> None:
        """Stops one batch, and tells the journal what became of it."""

        def tell(progress: Progress) -> None:
            self._lines[number - 1] = _line(number, StepState.MOVING, progress.note)
            self._tell(Phase.APPLYING, progress.steps, f"batch {number} of {len(self._batches)}")

        stops = await stop_all(self._session, batch, self._token, self._report, tell)
        self._ends += [end for end in stops.ends if end.fate is not Fate.LEFT]
        self._refused = stops.refused
        done = tuple(str(end.key) for end in stops.of(*THROUGH))
        failed = len(stops.of(Fate.FAILED))
        words = _counts(stops)
        self._lines[number - 1] = _line(
            number, StepState.STUCK if failed else StepState.DONE, words
        )
        left = len(self._servers) - len(self._ends)
        batches = f"batch {number} of {len(self._batches)}"
        await self._report.step(f"{batches}: {words}; {left:,} to come", done)

    async def _pause(self, number: int) -> None:
        """Waits between two batches, no longer than until it is asked to end."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._request.pause
        while not self._refused and (rest := end - loop.time()) > 0:
            self._tell(Phase.APPLYING, (), f"pauses: batch {number} begins in {rest:.0f} s")
            try:
                async with asyncio.timeout(min(1.0, rest)):
                    await self._report.interrupted.wait()
            except TimeoutError:
                continue
            return

    async def _canary(self) -> tuple[Checked | None, str]:
        """The spawn check at the end: how it went, and in words."""
        if not self._request.spawn_check:
            return None, ""
        key = ServerKey(self._request.spawn_check)

        def tell(trace: Trace, now: float, note: str) -> None:
            self._tell(Phase.VERIFYING, trace.steps(now), note or f"spawn check as {key}")

        checked: Checked | None = None
        try:
            user = await canary_facts.user_of(self._session, key)
            server = user.servers.get(key.server) if user else None
            if self._report.interrupted.is_set():
                words = "not made, it was interrupted"
            elif user is None:
                words = f"the hub has no user {key}"
            elif server is not None and not server.stopped:
                words = f"{key} {canary_facts.state_of(server)}, and is no canary"
            else:
                interrupted = self._report.interrupted
                checked = await run(self._session, Canary(key), self._token, tell, interrupted)
                words = in_words(checked)
        except HubtuiError as error:
            words = error.what
        parts = f" ({part_words(checked.trace)})" if checked and not checked.failed else ""
        await self._report.step(f"spawn check: {words}{parts}")
        return checked, words

    async def _ended_early(self, stops: Stops) -> Outcome:
        outcome = outcome_of(stops)
        left = len(stops.of(Fate.LEFT, Fate.FAILED))
        await self._report.step(f"ended early: {counted(left, 'server')} left")
        return replace(
            outcome,
            result=Result.FAILED if stops.refused else Result.INTERRUPTED,
            next_steps=(*_without_plan_again(outcome.next_steps), RESUME),
        )

    def _stops(self) -> Stops:
        """What became of all servers of the plan."""
        ended = {end.key: end for end in self._ends}
        ends = tuple(
            ended.get(each.key) or End(each.key, Fate.LEFT, "its turn did not come")
            for each in self._servers
        )
        left = len(ended) < len(ends)
        return Stops(ends, self._refused, interrupted=left and not self._refused)

    def _tell(self, phase: Phase, steps: Sequence[Step], note: str) -> None:
        self._report.progress(Progress(phase, (*self._lines, *steps), note))


def _outcome(stops: Stops, checked: Checked | None, words: str) -> Outcome:
    outcome = outcome_of(stops)
    if outcome.result is Result.FAILED:
        steps = (*_without_plan_again(outcome.next_steps), RESUME)
        outcome = replace(outcome, next_steps=steps)
    if not words:
        return outcome
    bad = checked is None or bool(checked.failed or checked.left)
    parts = checked.trace.steps(checked.ended, stuck=checked.failed) if checked else ()
    more = (
        (f"hubtui stop {checked.canary.key} takes the canary away.",)
        if (checked is not None and checked.left)
        else ()
    )
    return replace(
        outcome,
        result=Result.FAILED if bad else outcome.result,
        summary=f"{outcome.summary}. Spawn check: {words}",
        steps=(*outcome.steps, *parts),
        next_steps=(*outcome.next_steps, *more),
    )


def _without_plan_again(steps: tuple[str, ...]) -> tuple[str, ...]:
    """A maintenance is gone on with, and not planned anew."""
    return tuple(step for step in steps if not step.startswith("Plan again"))


def _counts(stops: Stops) -> str:
    parts = [
        f"{len(ends):,} {fate.value}"
        for fate in Fate
        if (ends := stops.of(fate)) and fate is not Fate.LEFT
    ]
    return ", ".join(parts) or "nothing stopped"


def _line(number: int, state: StepState, words: str = "") -> Step:
    return Step("", f"batch {number}", 0, 0, state=state, reason=words)
