"""A prepull judges what it saw at one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from hubtui.clients.gate import WriteToken
from hubtui.model.brought import Wear
from hubtui.model.daemon_nodes import DaemonPod
from hubtui.model.prepull import Puller
from hubtui.model.prepulling import NodeState
from hubtui.model.pulls import Pull, PullState
from hubtui.services.actions.prepull_run import Deed, Run

LOST, GOOD = "reg.io/lost:1", "reg.io/good:1"
UNTIL = datetime(2026, 11, 27, 12, tzinfo=UTC) + timedelta(minutes=20)
PULLER = Puller("hub", "R", "20261127t1200-ab", "ana@here", UNTIL, Wear("it"))


class Watched:
    """Stands for what is seen: the last image comes while the journal is written."""

    complete, blind = True, ""

    def __init__(self) -> None:
        self.came = False

    def states(self, now: float) -> list[NodeState]:
        """One node that has failed, one on which an image is being pulled until it came."""
        del now
        good = Pull(GOOD, PullState.DONE if self.came else PullState.PULLING)
        lost, given_up = Pull(LOST, PullState.FAILED), frozenset({LOST})
        done = Pull(GOOD, PullState.DONE)
        return [NodeState("a", (lost, done), given_up), NodeState("b", (lost, good), given_up)]

    def stuck(self, states: Iterable[NodeState], sets: int) -> set[str]:
        """A node whose pods have brought what they had to has nothing more to bring."""
        del sets
        return {state.node for state in states if self.came or state.node == "a"}


async def test_an_image_that_comes_while_it_writes_its_journal_is_told_as_there() -> None:
    seen = Watched()

    async def step(words: str, done: object) -> None:
        del words, done
        seen.came = True

    report = SimpleNamespace(step=step, progress=lambda _: None, interrupted=asyncio.Event())
    deed = Deed(PULLER, DaemonPod(), (LOST, GOOD), 60.0, ("one",))
    run = Run(cast(Any, SimpleNamespace()), deed, WriteToken("p", frozenset()), cast(Any, report))
    run._seen = cast(Any, seen)
    run._made = ["one"]
    assert await run._followed(asyncio.get_running_loop().time()) is False
    assert [state.settled for state in run._states] == [True, True]
