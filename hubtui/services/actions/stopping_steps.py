"""How far a run over servers has come: each of a few, of many those that move, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from hubtui.model.hub import ServerKey
from hubtui.model.plan import Phase, Progress, Step, StepState
from hubtui.services.actions.stopping_server import End, Fate

EACH: Final = 50
"""Servers up to which each has a line of its own."""

KIND: Final = "server"

_STATES: Final = {
    Fate.STOPPED: StepState.DONE,
    Fate.GONE: StepState.DONE,
    Fate.SKIPPED: StepState.EXCUSED,
    Fate.FAILED: StepState.STUCK,
    Fate.LEFT: StepState.WAITING,
}
_SHOWN: Final = frozenset({StepState.MOVING, StepState.STUCK})


def step_of(end: End) -> Step:
    """The line of a server that has ended."""
    state = _STATES[end.fate]
    down = int(state is StepState.DONE)
    return Step(KIND, str(end.key), down, 1, down, state=state, reason=end.words)


def steps_of(ends: Sequence[End]) -> tuple[Step, ...]:
    """The lines that are kept of servers that have ended."""
    steps = tuple(step_of(end) for end in ends)
    return steps if len(steps) <= EACH else tuple(s for s in steps if s.state is StepState.STUCK)


class Steps:
    """The lines of a run; each change is told."""

    def __init__(self, keys: Sequence[ServerKey], tell: Callable[[Progress], None]) -> None:
        self._tell = tell
        self._steps = {key: Step(KIND, str(key), 0, 1) for key in keys}
        self._ended: Counter[Fate] = Counter()
        self._trouble = ""

    def show(self, key: ServerKey, state: StepState, reason: str) -> None:
        """Where a server is."""
        self._steps[key] = Step(KIND, str(key), 0, 1, state=state, reason=reason)
        self._told()

    def end(self, end: End) -> None:
        """What became of a server."""
        self._steps[end.key] = step_of(end)
        self._ended[end.fate] += 1
        self._told()

    def say(self, trouble: str) -> None:
        """Why the hub is waited for; "" when it is not."""
        self._trouble = trouble
        self._told()

    def _told(self) -> None:
        steps = tuple(self._steps.values())
        if len(steps) > EACH:
            steps = tuple(step for step in steps if step.state in _SHOWN)
        note = "; ".join(part for part in (self._counts(), self._trouble) if part)
        self._tell(Progress(Phase.APPLYING, steps, note))

    def _counts(self) -> str:
        of, ended = len(self._steps), self._ended
        parts = [f"{ended[Fate.STOPPED] + ended[Fate.GONE]} of {of} servers stopped"]
        parts += [f"{ended[f]} {f.value}" for f in (Fate.SKIPPED, Fate.FAILED) if ended[f]]
        return ", ".join(parts)
