"""Which Prometheus a session asks: the one that is named, or the first that answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from hubtui.clients.gate import Gate
from hubtui.clients.http import Response
from hubtui.clients.kube import KubeClient
from hubtui.clients.prometheus import SlowError
from hubtui.config import Demo, MetricsSource, Settings
from hubtui.errors import ConfigError, DeniedError, HubtuiError, UnreachableError
from hubtui.model import kube
from hubtui.model.kube_services import Service, ServicePort, ServiceSpec
from hubtui.services import prometheus, prometheus_places
from hubtui.services.prometheus import VARIABLE, PrometheusLink
from hubtui.services.prometheus_places import Looked

FORWARD, PROXY = "port-forward to {}", "service proxy to {}"
DENIED = DeniedError("no right to it")
DOWN = UnreachableError("it is down")


@dataclass
class Scene:
    """A fake of the cluster: which services there are, and what is wrong with each way to one."""

    services: list[Service] = field(default_factory=list)
    wrong: dict[str, HubtuiError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    """The headers Authorization."""
    closed: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        spec = ServiceSpec(selector={"app": name}, ports=(ServicePort(port=80),))
        meta = kube.Meta(name=name, namespace="support")
        self.services.append(Service(metadata=meta, spec=spec))


@dataclass
class Wire:
    """A fake of a way."""

    scene: Scene
    where: str

    @asynccontextmanager
    async def send(
        self, _method: str, _path: str, headers: Mapping[str, str], **_: object
    ) -> AsyncIterator[Response]:
        self.scene.asked.append(self.where)
        if self.where in self.scene.wrong:
            raise self.scene.wrong[self.where]
        self.scene.sent.append(headers.get("authorization", ""))
        yield Response(200, {}, _body())

    async def close(self) -> None:
        self.scene.closed.append(self.where)


async def _body() -> AsyncIterator[bytes]:
    yield b'{"status": "success", "data": {"version": "2.42.0", "resultType": "vector"}}'


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("hubtui.clients.prometheus.time", found)
    monkeypatch.setattr(prometheus, "time", found)
    return found


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    found = Scene()

    async def look(*_: object) -> Looked:
        found.asked.append("look")
        return Looked(found.services, "all namespaces")

    async def named(_: object, place: Any) -> Service:
        return next(each for each in found.services if each.metadata.name == place.service)

    def forward(_: object, service: Service, __: object) -> Wire:
        return Wire(found, FORWARD.format(service.metadata.name))

    def proxy(_: object, __: object, service: str, ___: object) -> Wire:
        return Wire(found, PROXY.format(service))

    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(prometheus_places, "look", look)
    monkeypatch.setattr(prometheus_places, "named", named)
    monkeypatch.setattr(prometheus, "ServicePod", forward)
    monkeypatch.setattr(prometheus, "ServiceWire", proxy)
    return found


class Client:
    """A fake of the apiserver's client: it has a gate and nothing else is asked of it."""

    gate = Gate("because")


def link_of(named: str = "", **settings: Any) -> PrometheusLink:
    chosen = Settings(metrics=MetricsSource(prometheus=named), **settings)
    return PrometheusLink(chosen, cast(KubeClient, Client()), "hub")


@pytest.mark.parametrize(
    ("wrong", "asked"),
    [
        ({}, [FORWARD.format("a")]),
        ({FORWARD.format("a"): DENIED}, [FORWARD.format("a"), PROXY.format("a")]),
        (
            {FORWARD.format("a"): DENIED, PROXY.format("a"): DOWN},
            [*(FORWARD.format("a"), PROXY.format("a")), FORWARD.format("b")],
        ),
    ],
    ids=["port-forward", "service proxy", "another service"],
)
async def test_the_first_way_that_leads_there_is_taken(
    scene: Scene, wrong: dict[str, HubtuiError], asked: list[str]
) -> None:
    scene.add("a")
    scene.add("b")
    scene.wrong = wrong
    link = link_of()
    await link.open()
    assert list(dict.fromkeys(scene.asked)) == ["look", *asked]
    assert (link.where, link.version, link.missing) == (asked[-1], "2.42.0", "")
    assert set(scene.closed) == set(asked[:-1])


async def test_a_way_that_is_allowed_says_more_than_one_that_is_not(scene: Scene) -> None:
    scene.add("a")
    scene.wrong = {FORWARD.format("a"): DENIED, PROXY.format("a"): DOWN}
    with pytest.raises(UnreachableError, match="it is down"):
        await link_of().open()


async def test_one_that_is_slow_is_not_asked_by_every_way(scene: Scene) -> None:
    scene.add("a")
    scene.add("b")
    scene.wrong = {FORWARD.format("a"): SlowError("not within 20 s")}
    with pytest.raises(SlowError):
        await link_of().open()
    assert set(scene.asked) == {"look", FORWARD.format("a")}


async def test_a_token_goes_to_the_one_that_is_named_and_to_no_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "it")
    scene.add("a")
    await link_of().open()
    assert scene.sent == [""]
    await link_of("support/a").open()
    assert scene.sent == ["", "Bearer it"]


async def test_a_token_is_not_sent_by_the_service_proxy(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "it")
    scene.add("a")
    scene.wrong = {FORWARD.format("a"): DeniedError("no right to it")}
    with pytest.raises(DeniedError):
        await link_of("support/a").open()
    assert set(scene.asked) == {FORWARD.format("a")}


async def test_that_none_was_found_is_remembered_for_a_minute(scene: Scene, clock: Clock) -> None:
    link = link_of()
    for _ in range(3):
        with pytest.raises(ConfigError, match="No Prometheus found: looked for its labels in all"):
            await link.open()
    assert (scene.asked, "No Prometheus found" in link.missing) == (["look"], True)
    scene.add("a")
    clock.now += 61
    await link.open()
    assert link.missing == ""


async def test_who_does_not_want_to_wait_asks_at_once(scene: Scene, clock: Clock) -> None:
    link = link_of()
    with pytest.raises(ConfigError):
        await link.open()
    scene.add("a")
    link.retry()
    await link.open()
    assert link.missing == ""


async def test_one_that_is_gone_for_good_is_looked_for_anew(scene: Scene, clock: Clock) -> None:
    scene.add("old")
    link = link_of()
    client = await link.open()
    scene.services.clear()
    scene.add("new")
    scene.wrong = {FORWARD.format("old"): DOWN}
    with pytest.raises(UnreachableError):
        await client.query("up")
    assert (await link.open() is client, link.missing) == (True, "it is down")  # it rests
    clock.now += 6
    assert await link.open() is not client
    assert link.where == FORWARD.format("new")
    assert FORWARD.format("old") in scene.closed


async def test_one_that_was_slow_for_a_while_is_kept(scene: Scene, clock: Clock) -> None:
    scene.add("a")
    link = link_of()
    client = await link.open()
    scene.wrong = {FORWARD.format("a"): DOWN}
    with pytest.raises(UnreachableError):
        await client.query("up")
    scene.wrong = {}
    clock.now += 6
    assert await link.open() is client
    assert (link.missing, scene.asked.count("look")) == ("", 1)


async def test_the_operators_matchers_stand_in_each_selector(scene: Scene) -> None:
    settings = Settings(metrics=MetricsSource(matchers={"cluster": "prod"}))
    link = PrometheusLink(settings, cast(KubeClient, Client()), "hub")
    assert link.selector("up", job="a") == 'up{job="a",cluster="prod"}'
    demo = Settings(metrics=settings.metrics, demo=Demo(story="calm"))
    assert PrometheusLink(demo, cast(KubeClient, Client()), "hub").selector("up") == "up"


async def test_in_the_demo_ones_own_prometheus_does_not_count(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "it")
    scene.add("a")
    link = link_of("https://prometheus.example.org", demo=Demo(story="calm"))
    await link.open()
    assert (link.where, scene.sent) == (FORWARD.format("a"), [""])
