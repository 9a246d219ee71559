"""The hub's pod as a wire: which pod is asked, and when another one is looked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from hubtui.clients.http import Response
from hubtui.clients.kube import KubeClient
from hubtui.errors import UnreachableError
from hubtui.model import kube
from hubtui.services import hub_pod
from hubtui.services.hub_health import HubAddress
from hubtui.services.hub_pod import HubPod
from hubtui.services.store import Store

DAY = datetime(2026, 5, 2, tzinfo=UTC)


def pod(name: str, uid: str = "", **more: Any) -> kube.Pod:
    meta = kube.Meta(name=name, namespace="hub", uid=uid or name, creation_timestamp=DAY, **more)
    return kube.Pod(metadata=meta, status=kube.PodStatus(phase="Running"))


class Pods:
    """A fake of the one request that is made: the pods of the hub."""

    def __init__(self, *pods: kube.Pod) -> None:
        self.pods = list(pods)
        self.lists = 0

    async def list(self, *_: object, **__: object) -> list[kube.Pod]:
        self.lists += 1
        await asyncio.sleep(0)
        return self.pods


class Wire:
    """A fake of a port-forward: a pod in `dead` does not answer, and `held` holds answers back."""

    dead: set[str]
    held: asyncio.Event | None
    arrived: asyncio.Event
    closed: list[str]

    def __init__(self, _client: object, _namespace: str, name: str, *_: object) -> None:
        self.name = self.where = name

    @asynccontextmanager
    async def send(self, *_: object, **__: object) -> AsyncIterator[Response]:
        if self.name in self.dead:
            raise UnreachableError(f"{self.name} does not answer")
        self.arrived.set()
        if self.held is not None:
            await self.held.wait()
        yield Response(200, {"from": self.name}, _nothing())

    async def close(self) -> None:
        self.closed.append(self.name)


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


@pytest.fixture(autouse=True)
def wires(monkeypatch: pytest.MonkeyPatch) -> type[Wire]:
    Wire.dead, Wire.held, Wire.closed = set(), None, []
    Wire.arrived = asyncio.Event()
    monkeypatch.setattr(hub_pod, "PodWire", Wire)
    return Wire


async def ask(wire: HubPod) -> str:
    async with wire.send("GET", "/user", {}, timeout=1) as answer:
        return answer.headers["from"]


async def at() -> HubAddress:
    return HubAddress("hub", "hub")


def wire_of(pods: Pods, store: Store[kube.Pod] | None = None) -> HubPod:
    return HubPod(cast(KubeClient, pods), at, Store("pods") if store is None else store, "hub")


async def test_the_pod_is_looked_for_once_for_all_who_ask() -> None:
    pods = Pods(pod("hub-1"))
    wire = wire_of(pods)
    assert await asyncio.gather(*(ask(wire) for _ in range(10))) == ["hub-1"] * 10
    assert pods.lists == 1
    assert wire.where == "hub-1"


async def test_who_asks_after_an_answer_that_did_not_come_gets_the_next_pod() -> None:
    pods = Pods(pod("hub-1"))
    wire = wire_of(pods)
    await ask(wire)
    Wire.dead.add("hub-1")
    pods.pods = [pod("hub-2")]
    with pytest.raises(UnreachableError, match="hub-1"):
        await ask(wire)
    assert await ask(wire) == "hub-2"
    assert Wire.closed == ["hub-1"]


async def test_while_no_pod_runs_it_is_looked_for_each_time() -> None:
    pods = Pods()
    wire = wire_of(pods)
    with pytest.raises(UnreachableError, match="no hub pod that runs"):
        await ask(wire)
    pods.pods = [pod("hub-2")]
    assert await ask(wire) == "hub-2"


@pytest.mark.parametrize(
    "now",
    [None, pod("hub-1", "another"), pod("hub-1", deletion_timestamp=DAY)],
    ids=["gone", "same name", "terminating"],
)
async def test_a_pod_that_is_seen_to_be_replaced_is_not_asked(now: kube.Pod | None) -> None:
    store: Store[kube.Pod] = Store("pods")
    pods = Pods(pod("hub-1"))
    wire = wire_of(pods, store)
    store.put(pods.pods[0])
    store.live()
    await ask(wire)
    await ask(wire)
    assert pods.lists == 1
    store.remove("hub/hub-1") if now is None else store.put(now)
    pods.pods = [pod("hub-2")]
    assert await ask(wire) == "hub-2"
    assert Wire.closed == ["hub-1"]


async def test_what_is_under_way_ends_before_its_connection_does() -> None:
    pods = Pods(pod("hub-1"))
    wire = wire_of(pods)
    Wire.held = asyncio.Event()
    slow = asyncio.create_task(ask(wire))
    await Wire.arrived.wait()
    Wire.dead.add("hub-1")
    with pytest.raises(UnreachableError):
        await ask(wire)
    pods.pods = [pod("hub-2")]
    assert Wire.closed == []
    Wire.held.set()
    assert await slow == "hub-1"
    assert Wire.closed == ["hub-1"]
    assert await ask(wire) == "hub-2"
