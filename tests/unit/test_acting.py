"""Who presses ctrl-c while a command works: once ends it between two targets, twice leaves it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hubtui.headless import acting
from hubtui.model.plan import Basis, Outcome, Plan, Result
from hubtui.services.operation import Operation


class Said:
    """What a command says on stderr, in place of its output."""

    def __init__(self) -> None:
        self.out = self
        self.words: list[str] = []

    def say(self, words: str) -> None:
        self.words.append(words)

    def progress(self, words: str) -> None:
        """Not looked at here."""


def operation(*, interruptible: bool) -> Operation:
    return Operation(
        "id",
        Plan(
            id="id",
            action="stop",
            title="Stop 3 servers",
            summary="",
            context="test",
            server="https://example.org",
            namespace="hub",
            release="hub",
            targets=(),
            checks=(),
            confirm="3",
            basis=Basis(),
            command="",
            interruptible=interruptible,
        ),
    )


def watched(said: Any, running: Operation, signals: asyncio.Semaphore) -> asyncio.Task[Any]:
    return asyncio.create_task(acting._watched(said, running, signals))


async def test_once_ends_it_early_and_its_outcome_is_told() -> None:
    said, running, signals = Said(), operation(interruptible=True), asyncio.Semaphore(0)
    task = watched(said, running, signals)
    signals.release()
    await running.interrupted.wait()
    outcome = Outcome(Result.INTERRUPTED, "1 of 3 servers stopped, 2 left: it was interrupted")
    running.end(outcome)
    assert await task == outcome
    assert said.words == [acting.ENDS_EARLY]


@pytest.mark.parametrize(("interruptible", "presses"), [(True, 2), (False, 1)])
async def test_twice_leaves_it_and_once_what_cannot_end_early(
    interruptible: bool, presses: int
) -> None:
    said, running = Said(), operation(interruptible=interruptible)
    signals = asyncio.Semaphore(presses)
    assert await watched(said, running, signals) is None
    assert running.interrupted.is_set() is interruptible
    assert "nothing more is begun" in acting.goes_on(running.plan) or not interruptible


@pytest.mark.parametrize("interruptible", [True, False])
def test_in_a_demo_nothing_goes_on(interruptible: bool) -> None:
    plan = operation(interruptible=interruptible).plan
    assert acting.goes_on(plan, demo=True).endswith("the demo ends, and this with it.")
