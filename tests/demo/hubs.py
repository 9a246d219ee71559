"""A simulated hub on a cluster without life: a stub of a kubelet starts the users' pods."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import yaml
from aiohttp.test_utils import TestServer

from hubtui.demo.hub.hub import Hub
from hubtui.demo.hub.rest import make_app
from hubtui.demo.resources import NAMESPACES, PODS, SECRETS
from hubtui.demo.storage import Change, Json
from hubtui.demo.world import World

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TOKEN = "t" * 32
VIEWER = (
    *("list:users", "read:users", "read:servers", "read:users:activity", "list:groups"),
    *("read:groups", "list:services", "read:services", "read:hub", "read:metrics", "proxy"),
)
OPERATOR = (*VIEWER, "delete:servers", "servers")


@dataclass
class Kubelet:
    """Makes user pods ready after so many seconds, None for never; a stop takes `ends` seconds."""

    world: World
    ready: float | None = 5.0
    ends: float = 2.0
    bound: bool = True
    seen: list[str] = field(default_factory=list)

    def see(self, change: Change) -> None:
        pod = change.object
        labels = pod["metadata"].get("labels", {})
        if change.resource is not PODS or labels.get("component") != "singleuser-server":
            return
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if change.type == "ADDED":
            self.seen.append(name)
            if self.ready is not None:
                self.world.timeline.after(self.ready, lambda: run(self.world, namespace, name))
            elif self.bound:
                self.world.timeline.soon(lambda: bind(self.world, namespace, name))
        elif "deletionTimestamp" in pod["metadata"] and change.type == "MODIFIED":
            before = change.before or {"metadata": {}}
            if "deletionTimestamp" not in before["metadata"]:
                self.world.timeline.after(self.ends, lambda: finish(self.world, namespace, name))


def finish(world: World, namespace: str, name: str) -> None:
    """The pod is gone."""
    world.objects.finish(PODS, namespace, name)


def bind(world: World, namespace: str, name: str) -> None:
    """The scheduler finds a node."""
    world.objects.change(PODS, namespace, name, lambda pod: pod["spec"].update(nodeName="node-1"))


def run(world: World, namespace: str, name: str) -> None:
    """The pod runs and is ready."""

    def how(pod: Json) -> None:
        pod["spec"]["nodeName"] = "node-1"
        pod["status"] = {
            "phase": "Running",
            "podIP": "10.1.0.9",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [
                {"name": each["name"], "ready": True, "restartCount": 0}
                for each in pod["spec"]["containers"]
            ],
        }

    world.objects.change(PODS, namespace, name, how)


def start_hub_pod(world: World, name: str = "hub-1") -> None:
    """A pod of the component hub that is ready."""
    labels = {"component": "hub", "app": "jupyterhub", "release": "hub"}
    spec = {"containers": [{"name": "hub", "image": "k8s-hub"}]}
    metadata = {"name": name, "namespace": "hub", "labels": labels}
    world.objects.create(PODS, {"metadata": metadata, "spec": spec})
    run(world, "hub", name)


def stop_hub_pod(world: World, name: str = "hub-1") -> None:
    world.objects.finish(PODS, "hub", name)


def put_values(world: World, values: Json, app: str = "5.5.0", chart: str = "4.4.0") -> None:
    """The chart's Secret."""
    merged = {"Chart": {"Name": "jupyterhub", "Version": chart, "AppVersion": app}, **values}
    plain = {"values.yaml": yaml.safe_dump(merged), "hub.services.hubtui.apiToken": TOKEN}
    data = {key: base64.b64encode(text.encode()).decode() for key, text in plain.items()}
    head = {"name": "hub", "namespace": "hub"}
    if world.objects.find(SECRETS, "hub", "hub") is None:
        world.objects.create(SECRETS, {"metadata": head, "data": data})
    else:
        world.objects.change(SECRETS, "hub", "hub", lambda secret: secret.update(data=data))


def values(scopes: tuple[str, ...] = OPERATOR, **hub: object) -> Json:
    roles = {"hubtui": {"services": ["hubtui"], "scopes": list(scopes)}}
    return {"hub": {"loadRoles": roles, "services": {"hubtui": {}}, **hub}}


@dataclass
class Stage:
    """A world, its hub, its stub of a kubelet."""

    world: World
    hub: Hub
    kubelet: Kubelet

    def pass_by(self, seconds: float) -> None:
        """Lets time pass at once."""
        self.world.timeline.run_until(self.world.timeline.now + timedelta(seconds=seconds))

    def log(self) -> str:
        lines = self.world.logs.of("hub", "hub-1", "hub").lines
        return "\n".join(text for _, text in lines)


def stage(config: Json | None = None, app: str = "5.5.0", **more: object) -> Stage:
    """A hub that is up, before time goes live."""
    world = World.make(START, speed=50.0)
    world.objects.create(NAMESPACES, {"metadata": {"name": "hub"}})
    put_values(world, (config if config is not None else values()) | more, app)
    kubelet = Kubelet(world)
    world.storage.listen(kubelet.see)
    hub = Hub(world, "hub", "hub")
    start_hub_pod(world)
    made = Stage(world, hub, kubelet)
    made.pass_by(1)
    return made


@asynccontextmanager
async def client(hub: Hub, token: str = TOKEN) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the hub over HTTP."""
    async with TestServer(make_app(hub)) as server:
        headers = {"Authorization": f"token {token}"} if token else {}
        url = f"http://{server.host}:{server.port}/hub/api"
        async with httpx.AsyncClient(base_url=url, headers=headers) as asking:
            yield asking


@asynccontextmanager
async def live(made: Stage, token: str = TOKEN) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the hub over HTTP while time follows the clock, fifty times as fast."""
    living = asyncio.create_task(made.world.timeline.live())
    try:
        async with client(made.hub, token) as asking:
            yield asking
    finally:
        living.cancel()
        await asyncio.wait([living])
