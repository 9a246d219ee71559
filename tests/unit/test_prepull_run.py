"""A prepull judges what it saw at one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from hubtui.clients.gate import WriteToken
from hubtui.errors import DeniedError
from hubtui.model.brought import Wear
from hubtui.model.daemon_nodes import DaemonPod
from hubtui.model.prepull import Puller
from hubtui.model.prepulling import NodeState
from hubtui.model.pulls import Pull, PullState
from hubtui.services.actions.prepull_outcome import outcome_of
from hubtui.services.actions.prepull_run import Deed, Ended, Run

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


class Stuck:
    """Stands for what is seen: an image waits behind one that was given up."""

    complete, blind = True, ""

    def states(self, now: float) -> list[NodeState]:
        del now
        lost, waits = Pull(LOST, PullState.FAILED), Pull(GOOD, PullState.WAITING)
        return [NodeState("a", (lost, waits), frozenset({LOST}))]

    def stuck(self, states: Iterable[NodeState], sets: int) -> set[str]:
        """Stuck is a node with a pod of each DaemonSet that was made: here of one."""
        return {state.node for state in states if sets == 1}


async def test_a_further_daemonset_that_is_refused_ends_it_with_the_servers_words() -> None:
    async def refuse(*_: object, **__: object) -> bytes:
        raise DeniedError("exceeded quota: daemonsets", status=403)

    async def step(*_: object) -> None:
        pass

    session = SimpleNamespace(namespace="hub", client=SimpleNamespace(request=refuse))
    report = SimpleNamespace(step=step, progress=lambda _: None, interrupted=asyncio.Event())
    deed = Deed(PULLER, DaemonPod(), (LOST, GOOD), 60.0, ("one", "two"))
    run = Run(cast(Any, session), deed, WriteToken("p", frozenset()), cast(Any, report))
    run._seen = cast(Any, Stuck())
    run._made = ["one"]
    assert await run._followed(asyncio.get_running_loop().time()) is False
    assert (run._made, run._no_more) == (["one"], "exceeded quota: daemonsets")
    ended = Ended(run._states, deed.images, 1.0, short=run._no_more)
    assert "was not brought: exceeded quota: daemonsets" in outcome_of(ended).notes[0]
