"""Servers on their way out, against a hub that is only its list of users, with a clock that jumps.

A fake: it answers as JupyterHub's REST API does, as far as a stop asks. The real one is asked in
tests/cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from hubtui.clients.gate import WriteToken
from hubtui.errors import ApiError, DeniedError, HubtuiError, LimitedError, UnreachableError
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Progress, Result, StepState
from hubtui.services.actions import stopping, stopping_reason
from hubtui.services.actions.stopping import AT_ONCE, GONE_WITHIN, Stops, stop_all
from hubtui.services.actions.stopping_outcome import NAMED, outcome_of
from hubtui.services.actions.stopping_reason import Reason
from hubtui.services.actions.stopping_server import Fate, ToStop
from hubtui.services.actions.stopping_steps import EACH
from hubtui.services.patient_hub import AWAY
from tests.hub_of_users import Hub, jump, now

TOKEN = WriteToken("plan", frozenset())


@dataclass
class StoppingHub(Hub):
    """`slow` servers answer 202 and go after so many seconds; `trouble` is raised, one by one, by
    the next stops."""

    slow: dict[str, float] = field(default_factory=dict)
    trouble: list[HubtuiError] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    stops_under_way: int = 0
    most_stops: int = 0
    on_stop: Callable[[str], None] = lambda _name: None

    async def stop(self, key: ServerKey, token: WriteToken) -> bool:
        assert token is TOKEN
        self.stops_under_way += 1
        self.most_stops = max(self.most_stops, self.stops_under_way)
        try:
            await asyncio.sleep(1)
        finally:
            self.stops_under_way -= 1
        if self.trouble:
            raise self.trouble.pop(0)
        self.stopped.append(key.user)
        self.on_stop(key.user)
        if key.user not in self.slow:
            self.stops(key.user)
            return True
        started = self.users_by_name[key.user].servers[key.server].started
        self.runs(key.user, pending="stop", ready=False, started=started)
        loop = asyncio.get_running_loop()
        loop.call_later(self.slow[key.user], lambda: self.stops(key.user))
        return False


class Watched:
    """Where a run tells how far it is."""

    def __init__(self) -> None:
        self.interrupted = asyncio.Event()
        self.told: list[Progress] = []

    def progress(self, progress: Progress) -> None:
        self.told.append(progress)

    @property
    def words(self) -> str:
        return "\n".join(
            f"{p.note} {[(s.name, s.state.value, s.reason) for s in p.steps]}" for p in self.told
        )


async def stop(hub: StoppingHub, servers: Sequence[ToStop], watched: Watched) -> Stops:
    session: Any = SimpleNamespace(hub_link=hub)
    report: Any = watched
    return await stop_all(session, servers, TOKEN, report)


def idle(hub: StoppingHub, *names: str) -> list[ToStop]:
    """Servers that run for three hours and are idle for two, as a plan has them."""
    seen, started = now() - timedelta(hours=2), now() - timedelta(hours=3)
    for name in names:
        hub.runs(name, started=started, last_activity=seen)
    return [ToStop(ServerKey(name), started, seen) for name in names]


def fates(stops: Stops) -> dict[str, Fate]:
    return {end.key.user: end.fate for end in stops.ends}


Story = Callable[[StoppingHub, Watched], Coroutine[Any, Any, None]]


def tell(story: Story) -> None:
    async def run() -> None:
        await story(StoppingHub(), Watched())

    jump(run())


def test_many_are_stopped_five_at_once_and_counted() -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        names = [f"user-{n}" for n in range(120)]
        stops = await stop(hub, idle(hub, *names), watched)
        assert sorted(hub.stopped) == sorted(names)
        assert hub.most_stops == AT_ONCE
        assert max(len(p.steps) for p in watched.told) <= AT_ONCE < EACH
        assert watched.told[-1].note == "120 of 120 servers stopped"
        outcome = outcome_of(stops)
        assert (outcome.result, outcome.summary) == (Result.OK, "120 servers stopped")
        assert outcome.notes[0].endswith(f"and {120 - NAMED} more")

    tell(story)


def test_who_was_active_since_the_plan_keeps_the_server() -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        planned = idle(hub, "ana", "ben", "cat", "dan", "eve")
        hub.runs("ana", started=planned[0].started, last_activity=now())
        hub.runs("ben")  # another one than that of the plan
        hub.stops("cat")
        del hub.users_by_name["dan"]
        stops = await stop(hub, planned, watched)
        assert hub.stopped == ["eve"]
        assert fates(stops) == {
            "ana": Fate.SKIPPED,
            "ben": Fate.SKIPPED,
            "cat": Fate.GONE,
            "dan": Fate.GONE,
            "eve": Fate.STOPPED,
        }
        outcome = outcome_of(stops)
        assert outcome.result is Result.OK
        assert outcome.summary == "1 of 5 servers stopped, 2 gone before, 2 skipped"
        assert any(n.startswith("ana: it was active since the plan") for n in outcome.notes)
        assert "ben: it was started anew since the plan" in outcome.notes

    tell(story)


def test_a_slow_stop_is_followed_while_others_go_on() -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        slow = [f"slow-{n}" for n in range(AT_ONCE)]
        hub.slow = dict.fromkeys(slow, 60.0)
        stops = await stop(hub, idle(hub, *slow, "quick"), watched)
        assert set(fates(stops).values()) == {Fate.STOPPED}
        first = next(i for i, p in enumerate(watched.told) if "1 of 6" in p.note)
        assert "quick" in str([s for s in watched.told[first].steps if s.state is StepState.DONE])
        assert "stops for 30 s" in watched.words

    tell(story)


def test_one_that_does_not_go_is_told_with_its_pods_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def reason(session: Any, key: ServerKey) -> Reason:
        return Reason(f"pod of {key} is Terminating", "See to its node.")

    monkeypatch.setattr(stopping_reason, "of", reason)

    async def story(hub: StoppingHub, watched: Watched) -> None:
        hub.slow = {"ana": 3 * GONE_WITHIN}
        stops = await stop(hub, idle(hub, "ana", "ben"), watched)
        outcome = outcome_of(stops)
        assert outcome.result is Result.FAILED
        assert outcome.summary == "1 of 2 servers stopped, 1 not stopped"
        (failed,) = outcome.failed
        assert failed.name == "ana"
        assert failed.reason.startswith("its stop is still under way after 2 m")
        assert failed.reason.endswith("pod of ana is Terminating")
        assert outcome.next_steps == ("ana: See to its node.",)

    tell(story)


def test_a_server_that_comes_back_meanwhile_is_told_and_not_stopped_again() -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        hub.slow = {"ana": 1000.0}
        loop = asyncio.get_running_loop()

        def comes_back(name: str) -> None:
            loop.call_later(10, lambda: hub.runs(name))

        hub.on_stop = comes_back
        stops = await stop(hub, idle(hub, "ana"), watched)
        (end,) = stops.ends
        assert (end.fate, end.again) == (Fate.STOPPED, True)
        assert hub.stopped == ["ana"]
        assert "ana: it was started again while it was being stopped" in outcome_of(stops).notes

    tell(story)


def test_an_answer_that_is_lost_is_no_reason_to_stop_the_next_server() -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        planned = idle(hub, "ana")

        async def lost(key: ServerKey, token: WriteToken) -> bool:
            hub.stopped.append(key.user)
            hub.runs(key.user)  # stopped, and started again by its user
            raise UnreachableError("the hub does not answer in time")

        hub.stop = lost  # type: ignore[method-assign]
        (end,) = (await stop(hub, planned, watched)).ends
        assert hub.stopped == ["ana"]
        assert (end.fate, end.again) == (Fate.STOPPED, True)

    tell(story)


@pytest.mark.parametrize(
    "trouble",
    [
        [LimitedError("too much to do", status=429, wait=30.0)] * 3,
        [ApiError("an error of its own", status=500)] * 3,
        [UnreachableError("not up")] * 5,
    ],
    ids=["429", "500", "restarting"],
)
def test_a_hub_in_trouble_is_asked_again_and_said(trouble: list[HubtuiError]) -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        hub.trouble = list(trouble)
        stops = await stop(hub, idle(hub, "ana", "ben"), watched)
        assert set(fates(stops).values()) == {Fate.STOPPED}
        assert f"{trouble[0].what}; asks again in" in watched.words
        assert watched.told[-1].note == "2 of 2 servers stopped"

    tell(story)


def test_what_the_hub_keeps_failing_at_is_told_and_the_others_go_on() -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        real = hub.stop

        async def fails(key: ServerKey, token: WriteToken) -> bool:
            if key.user == "ana":
                raise ApiError("The hub: no such state", status=500)
            return await real(key, token)

        hub.stop = fails  # type: ignore[method-assign]
        stops = await stop(hub, idle(hub, "ana", "ben", "cat"), watched)
        assert fates(stops) == {"ana": Fate.FAILED, "ben": Fate.STOPPED, "cat": Fate.STOPPED}

    tell(story)


@pytest.mark.parametrize(
    "error",
    [DeniedError("The hub does not know this token"), UnreachableError("The hub is not up")],
    ids=["token revoked", "gone for good"],
)
def test_a_hub_that_is_lost_is_asked_no_further_and_what_was_done_is_told(
    error: HubtuiError,
) -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        def breaks(_name: str) -> None:
            if len(hub.stopped) == 7:
                hub.broken = error

        hub.on_stop = breaks
        began = asyncio.get_running_loop().time()
        stops = await stop(hub, idle(hub, *(f"user-{n:02}" for n in range(40))), watched)
        assert asyncio.get_running_loop().time() - began < 2 * AWAY
        outcome = outcome_of(stops)
        assert outcome.result is Result.FAILED
        assert outcome.summary.endswith("left: the hub was asked no further")
        assert outcome.notes[0] == str(error)
        done, left = len(stops.of(Fate.STOPPED)), len(stops.of(Fate.LEFT))
        assert done == len(hub.stopped) < 15
        assert left >= 25

    tell(story)


def test_an_interruption_ends_it_after_those_that_are_under_way() -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        hub.slow = {"user-00": 60.0}
        hub.on_stop = lambda _name: watched.interrupted.set()
        stops = await stop(hub, idle(hub, *(f"user-{n:02}" for n in range(30))), watched)
        assert fates(stops)["user-00"] is Fate.STOPPED
        assert len(hub.stopped) == AT_ONCE
        outcome = outcome_of(stops)
        assert outcome.result is Result.INTERRUPTED
        assert outcome.summary == "5 of 30 servers stopped, 25 left: it was interrupted"
        assert outcome.next_steps == ("Plan again: what is left is in the new plan.",)

    tell(story)


def test_one_look_at_a_time_follows_what_is_slow() -> None:
    async def story(hub: StoppingHub, watched: Watched) -> None:
        names = [f"user-{n}" for n in range(60)]
        hub.slow = dict.fromkeys(names, 100.0)
        await stop(hub, idle(hub, *names), watched)
        assert hub.most_under_way <= AT_ONCE + 1
        assert hub.takes < stopping.CADENCE

    tell(story)
