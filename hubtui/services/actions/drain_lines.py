"""How far a drain has come: a line for the node, each server and each pod."""

from __future__ import annotations

from collections.abc import Iterable

from hubtui.model.plan import Phase, Progress, Step
from hubtui.services.actions import Report


class Lines:
    """The lines by their titles; each change is told."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._steps: dict[str, Step] = {}
        self._note = ""

    @property
    def all(self) -> tuple[Step, ...]:
        """All lines, in the order in which they came."""
        return tuple(self._steps.values())

    def put(self, steps: Iterable[Step], note: str | None = None) -> None:
        """Where some objects are; `note` is what is waited for, None for the same as before."""
        self._steps |= {step.title: step for step in steps}
        self._note = self._note if note is None else note
        self._report.progress(Progress(Phase.APPLYING, self.all, self._note))

    def say(self, note: str) -> None:
        """What is waited for."""
        self.put((), note)
