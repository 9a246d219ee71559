"""The finder: what it takes in, when it decides again, what it reads and what it leaves alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hubtui.errors import DeniedError
from hubtui.model import kube
from hubtui.model.hub import HubServer, ServerKey
from hubtui.model.problem import Counts, Incident, Level, Problem
from hubtui.model.roles import Role, role_of
from hubtui.services.problems.finder import Problems
from hubtui.services.problems.index import EventIndex, PodIndex
from hubtui.services.problems.situation import HubSeen, Situation
from hubtui.services.session import Session
from hubtui.services.store import Store
from tests import situations
from tests.tui import prepared, world
from tests.tui.prepared import PreparedClient
from tests.tui.world import NOW, World

USER = "singleuser-server"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Beats:
    """A session whose problems are looked for by hand."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.clock = Clock()
        self.now = NOW
        self.problems = Problems(session, self.clock)

    async def beat(self, seconds: float = 1.0) -> None:
        """So much later; what is being read then is in."""
        self.clock.seconds += seconds
        self.problems.look(self.now)
        if self.problems._work is not None:
            await self.problems._work

    async def settle(self) -> None:
        """Enough beats for everything that one suspicion calls for."""
        for _ in range(6):
            await self.beat(3)

    @property
    def found(self) -> list[tuple[Incident, Level]]:
        return [(each.incident, each.level) for each in self.problems.found]

    @property
    def calls(self) -> Counter[str]:
        client = self.session.client
        assert isinstance(client, PreparedClient)
        return Counter(str(call) for call in client.calls)

    def put(self, pod: kube.Pod) -> None:
        self.session.pods.stores.pods.put(pod)


def calm() -> World:
    """The prepared hub without the two who wait."""
    known = world.hub()
    waiting = ("jupyter-ana", "jupyter-bo")
    known.objects["pods"] = [
        p for p in known.objects["pods"] if p["metadata"]["name"] not in waiting
    ]
    return known


@pytest.fixture
async def beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Beats]:
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    prepared.freeze(monkeypatch)
    session = prepared.session(prepared.settings(tmp_path), calm())
    session.nodes.store = Store("nodes")  # nobody looks at nodes
    found = Beats(session)
    found.problems._reading.storage._began = float("inf")  # nor at disks
    yield found
    await found.problems.close()
    await session.close()


def ana(seconds: float = 60) -> kube.Pod:
    return situations.waiting("jupyter-ana", USER, "ImagePullBackOff", seconds, user="ana")


async def test_a_calm_hub_costs_two_lists_and_one_look_for_a_token(beats: Beats) -> None:
    assert beats.problems.counts is None
    for _ in range(8):
        await beats.beat()
    assert beats.problems.counts == Counts(0, 0)
    assert beats.calls == {
        "list resourcequotas in namespace hub": 1,
        "list pods.metrics.k8s.io in namespace hub": 1,
        "get secrets sh.helm.release.v1.hub.v12 in namespace hub": 1,
        "get secrets hub in namespace hub": 1,
    }


async def test_nothing_is_decided_again_while_nothing_changes(
    beats: Beats, monkeypatch: pytest.MonkeyPatch
) -> None:
    await beats.settle()
    decided: list[Situation] = []

    def decide(seen: Situation) -> tuple[Problem, ...]:
        decided.append(seen)
        return ()

    monkeypatch.setattr("hubtui.services.problems.finder.problems_of", decide)
    for _ in range(5):
        await beats.beat()
    assert decided == []
    beats.put(situations.pod("jupyter-eve", USER, user="eve"))
    await beats.beat()
    assert len(decided) == 1


async def test_decisions_are_a_second_apart_at_least(beats: Beats) -> None:
    await beats.settle()
    beats.put(ana())
    await beats.beat(0.25)
    beats.put(situations.waiting("jupyter-bo", USER, "ImagePullBackOff", user="bo"))
    await beats.beat(0.25)
    assert "1 server" in beats.problems.found[0].title
    await beats.beat(1.0)
    assert "2 servers" in beats.problems.found[0].title


async def test_a_sign_is_found_with_the_next_beat_and_explained_soon_after(beats: Beats) -> None:
    await beats.settle()
    beats.put(ana())
    await beats.beat()
    assert beats.found == [(Incident.IMAGE_PULL, Level.NOW)]
    assert beats.problems.counts == Counts(1, 0)
    version = beats.problems.version
    await beats.settle()
    assert beats.calls["list events in namespace hub"] == 1
    assert beats.calls["get pods jupyter-ana in namespace hub"] == 1
    assert beats.problems.version <= version + 1


async def test_what_goes_away_is_no_problem_any_more(beats: Beats) -> None:
    beats.put(ana())
    await beats.settle()
    beats.session.pods.stores.pods.remove("hub/jupyter-ana")
    await beats.beat()
    assert beats.found == []


async def test_a_threshold_passes_without_any_change(beats: Beats) -> None:
    beats.put(situations.unscheduled("jupyter-bo", USER, 50, user="bo"))
    await beats.settle()
    assert beats.found == []
    beats.now = situations.ago(-11)
    await beats.beat(2)
    assert beats.found == [(Incident.PENDING_USER, Level.NOW)]


async def test_many_that_look_the_same_cost_one_question(beats: Beats) -> None:
    for n in range(300):
        beats.put(situations.unscheduled(f"jupyter-u{n}", USER, 90, user=f"u{n}"))
    await beats.settle()
    assert len(beats.problems.found) == 1
    asked = [call for call in beats.calls.elements() if call.startswith("get pods ")]
    assert len(asked) == 1
    assert beats.calls["list nodes"] == 1


async def test_nodes_that_somebody_looks_at_are_not_asked_for_again(beats: Beats) -> None:
    nodes = beats.session.nodes.store
    labels = {"hub.jupyter.org/node-purpose": "core"}
    nodes.page([situations.node("node-1", labels=labels)])
    nodes.live()
    beats.put(situations.unscheduled("jupyter-bo", USER, 90, user="bo"))
    await beats.settle()
    beats.put(situations.unscheduled("hub-9", "hub", 30))
    await beats.settle()
    assert {incident for incident, _ in beats.found} == {Incident.PENDING_USER, Incident.CORE}
    assert beats.calls["list nodes"] == beats.calls["list pods"] == 0
    assert beats.problems._reading.nodes.keys() == {"node-1"}


async def test_what_fills_the_core_node_is_read_while_a_part_has_no_node(beats: Beats) -> None:
    client = beats.session.client
    assert isinstance(client, PreparedClient)
    labels = {"hub.jupyter.org/node-purpose": "core"}
    client.known.add("nodes", {"metadata": {"name": "core-9", "labels": labels}})
    beats.put(situations.unscheduled("hub-9", "hub", 30))
    await beats.settle()
    (found,) = [each for each in beats.problems.found if each.incident is Incident.CORE]
    assert any("pod slots asked for" in each.words for each in found.evidence)
    assert beats.calls["list pods"] == 1
    beats.session.pods.stores.pods.remove("hub/hub-9")
    await beats.settle()
    assert beats.found == []
    assert beats.calls["list pods"] == 1


async def test_a_server_that_nobody_uses_costs_one_look_for_an_autoscaler(beats: Beats) -> None:
    beats.put(situations.pod("jupyter-idle", USER, user="idle", node="user-9"))
    beats.problems._reading.hub._next["hub"] = float("inf")
    beats.problems._reading.hub.seen = HubSeen(
        at=NOW,
        servers={ServerKey("idle"): HubServer(ready=True, last_activity=situations.ago(9000))},
        cull={"enabled": False},
    )
    await beats.settle()
    assert beats.problems._suspects.held == ("user-9",)
    assert beats.calls["get configmaps cluster-autoscaler-status in namespace kube-system"] == 1
    assert beats.found == []


async def test_the_budget_holds_while_trouble_lasts(beats: Beats) -> None:
    beats.put(situations.unscheduled("jupyter-bo", USER, 90, user="bo"))
    for _ in range(60):
        await beats.beat()
        changed = situations.unscheduled(
            "jupyter-bo", USER, 90, f"0/9 nodes are available: {beats.clock.seconds:.0f} x.",
            user="bo",
        )  # fmt: skip
        beats.put(changed)
    assert beats.calls["list nodes"] <= 3
    assert beats.calls["list resourcequotas in namespace hub"] <= 7
    assert beats.calls["get pods jupyter-bo in namespace hub"] <= 21


async def test_the_log_of_a_hub_is_read_once_for_each_restart(beats: Beats) -> None:
    def crashed(restarts: int) -> kube.Pod:
        last = {"exitCode": 1, "reason": "Error", "finishedAt": situations.at(20)}
        return situations.waiting("hub-6d9c7f0", "hub", "CrashLoopBackOff", 60, restarts=restarts,
                                  last=last)  # fmt: skip

    def logs() -> int:
        client = beats.session.client
        assert isinstance(client, PreparedClient)
        return sum(1 for call in client.calls if call.subresource == "log")

    client = beats.session.client
    assert isinstance(client, PreparedClient)
    client.known.log = ["Can't locate revision identified by 'abc'", "password=hunter2hunter2"]
    beats.put(crashed(2))
    await beats.settle()
    assert (beats.found, logs()) == ([(Incident.DB_SCHEMA, Level.NOW)], 1)
    beats.put(crashed(3))
    await beats.settle()
    assert logs() == 2
    assert "hunter2" not in str(beats.problems._reading.log)


async def test_a_node_that_nobody_asked_for_is_not_called_gone(beats: Beats) -> None:
    client = beats.session.client
    assert isinstance(client, PreparedClient)
    pods = world.hub().objects["pods"]
    there = next(each for each in pods if each["metadata"]["name"] == "jupyter-ana")
    client.known.add("pods", there)
    beats.put(msgspec.convert(there, kube.Pod))
    await beats.settle()
    (found,) = beats.problems.found
    assert beats.calls["list nodes"] == 0
    assert any("cannot be pulled" in each.words for each in found.evidence)
    assert not any("not in the cluster" in each.words for each in found.evidence)
    assert found.missing == ()


async def test_a_pod_is_not_explained_by_what_was_said_of_a_former_one(beats: Beats) -> None:
    client = beats.session.client
    assert isinstance(client, PreparedClient)
    pods = world.hub().objects["pods"]
    client.known.add("pods", next(p for p in pods if p["metadata"]["name"] == "jupyter-ana"))
    told = situations.former(situations.event("jupyter-ana", "Failed", "manifest unknown"))
    client.known.add("events", msgspec.to_builtins(told))
    beats.put(ana())
    await beats.settle()
    (found,) = beats.problems.found
    assert not any("manifest unknown" in each.words for each in found.evidence)


@pytest.mark.parametrize("denied", ["nodes", "events", "resourcequotas"])
async def test_a_denied_source_is_named_and_the_rest_is_found(beats: Beats, denied: str) -> None:
    client = beats.session.client
    assert isinstance(client, PreparedClient)
    answer = client._answer

    def refuse(call: Any) -> Any:
        if call.resource == denied:
            raise DeniedError(f"no right to list {denied}", status=403)
        return answer(call)

    client._answer = refuse  # type: ignore[method-assign]
    beats.put(situations.unscheduled("jupyter-bo", USER, 400, user="bo"))
    await beats.settle()
    assert [incident for incident, _ in beats.found] == [Incident.PENDING_USER]
    assert any(denied in each.reason for each in beats.problems.missing)


async def test_pods_that_may_not_be_listed_make_no_zero(beats: Beats) -> None:
    store = beats.session.pods.stores.pods
    store.failed(DeniedError("no right to list pods", status=403), 30)
    await beats.settle()
    assert beats.problems.counts is None
    assert [each.source for each in beats.problems.missing] == ["pods"]


async def test_who_looks_once_gets_all_there_is(beats: Beats) -> None:
    await beats.session.problems.gather()
    assert beats.session.problems.counts == Counts(0, 0)


def test_a_changed_pod_costs_that_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    store: Store[kube.Pod] = Store("pods")
    store.page(situations.pod(f"u{n}", USER) for n in range(5000))
    index = PodIndex(store, "hub")
    assert index.update()
    looked: list[str] = []

    def look(pod: kube.Pod, release: str) -> Role:
        looked.append(pod.metadata.name)
        return role_of(pod, release)

    monkeypatch.setattr("hubtui.services.problems.index.role_of", look)
    assert not index.update()
    assert looked == []
    store.put(situations.waiting("u17", USER, "ErrImagePull"))
    assert index.update()
    assert looked == ["u17"]
    assert [row.pod.metadata.name for row in index.troubled] == ["u17"]
    store.put(situations.pod("u17", USER))
    index.update()
    assert not index.troubled


def test_events_are_known_by_their_object_newest_first() -> None:
    store: Store[kube.Event] = Store("events")
    index = EventIndex(store)
    first = situations.event("a", "Pulling", seconds=20)
    store.put(first)
    store.put(situations.event("a", "Pulled", seconds=2))
    store.put(situations.event("b", "Started"))
    assert index.update()
    assert [each.reason for each in index.of(["a", "none"])["a"]] == ["Pulled", "Pulling"]
    store.put(msgspec.structs.replace(first, last_timestamp=situations.ago(1)))
    store.remove("hub/a.Pulled")
    index.update()
    assert [each.reason for each in index.of(["a"])["a"]] == ["Pulling"]


async def test_closing_ends_what_is_being_read(beats: Beats) -> None:
    client = beats.session.client
    assert isinstance(client, PreparedClient)
    client.hold = asyncio.Event()
    beats.clock.seconds += 5
    beats.problems.look(NOW)
    await client.held.wait()
    await beats.problems.close()
    assert beats.problems._work is not None
    assert beats.problems._work.cancelled()
