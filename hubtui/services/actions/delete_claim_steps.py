"""How far a run over claims has come: each of a few, of many those that move, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from hubtui.model.plan import Phase, Progress, Step, StepState
from hubtui.services.actions import Report

EACH: Final = 50
"""Claims up to which each has a line of its own."""

KIND: Final = "claim"

_SHOWN: Final = frozenset({StepState.MOVING, StepState.STUCK})


class Steps:
    """The lines of a run; each change is told."""

    def __init__(self, names: Sequence[str], report: Report) -> None:
        self._report = report
        self._steps = {name: Step(KIND, name, 0, 1) for name in names}
        self._trouble = ""

    @property
    def all(self) -> tuple[Step, ...]:
        """The lines that are shown."""
        return kept(tuple(self._steps.values()))

    def show(self, name: str, state: StepState, reason: str) -> None:
        """Where a claim is."""
        self._steps[name] = step(name, state, reason)
        self._tell()

    end = show

    def say(self, trouble: str) -> None:
        """Why the hub is waited for; "" when it is not."""
        self._trouble = trouble
        self._tell()

    def _tell(self) -> None:
        counts = Counter(each.state for each in self._steps.values())
        parts = [f"{counts[StepState.DONE]:,} of {len(self._steps):,} claims gone"]
        if counts[StepState.EXCUSED]:
            parts.append(f"{counts[StepState.EXCUSED]:,} skipped")
        if counts[StepState.STUCK]:
            parts.append(f"{counts[StepState.STUCK]:,} not deleted")
        note = "; ".join(part for part in (", ".join(parts), self._trouble) if part)
        self._report.progress(Progress(Phase.APPLYING, self.all, note))


def step(name: str, state: StepState, reason: str) -> Step:
    """The line of a claim."""
    gone = int(state is StepState.DONE)
    return Step(KIND, name, gone, 1, gone, state=state, reason=reason)


def kept(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The lines that are shown of all."""
    return steps if len(steps) <= EACH else tuple(s for s in steps if s.state in _SHOWN)
