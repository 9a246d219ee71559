"""The demo as a cluster of tests: in a thread of the test's process, asked over HTTP only."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from subprocess import CompletedProcess
from typing import Any, Final

from aiohttp import web

from hubtui.demo import kubeconfig
from hubtui.demo.api.server import make_app, runner_of
from hubtui.demo.life import attach
from hubtui.demo.resources import NAMESPACES, NODES
from hubtui.demo.world import World
from tests.testbed import release
from tests.testbed.api import Api
from tests.testbed.build import unpack_helm
from tests.testbed.kubelets import standard_nodes
from tests.testbed.users import NAMESPACE

SPEED: Final = 20.0
MISSING: Final = "missing"
"""In an image's name: nobody has it, as for the testbed's stages."""


class DemoCluster:
    """A running demo with the testbed's nodes. Use `running`."""

    def __init__(self, folder: Path, port: int, token: str) -> None:
        self._folder = folder
        self._server = f"http://127.0.0.1:{port}"
        self._token = token
        self._tools = unpack_helm()

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[DemoCluster]:
        """A demo for as long as the context lasts; its files are in the folder."""
        token = secrets.token_urlsafe(24)
        told: SimpleQueue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event] | BaseException]
        told = SimpleQueue()
        thread = threading.Thread(target=_run, args=(token, told), name="demo", daemon=True)
        thread.start()
        started = told.get()
        if isinstance(started, BaseException):
            raise started
        port, loop, ending = started
        try:
            kubeconfig.write(folder / "kubeconfig", port, token, NAMESPACE)
            yield cls(folder, port, token)
        finally:
            loop.call_soon_threadsafe(ending.set)
            thread.join()

    @property
    def name(self) -> str:
        """Which cluster it is."""
        return "demo"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of the demo's only user, who has every right."""
        return self._folder / "kubeconfig"

    @property
    def kubectl(self) -> Path:
        """The kubectl binary."""
        return self._tools.path("helm4", "kubectl")

    def api(self) -> Api:
        """A small client for what a test sets up or looks up."""
        return Api(self._server, self._token)

    def helm(self, major: int = 4) -> Path:
        """The helm binary of a major version."""
        return self._tools.helm(major)

    def helm_environment(self) -> dict[str, str]:
        """The environment of a helm that a test starts by itself."""
        return release.environment_of(self.kubeconfig, self._folder / "helm")

    def run_helm(
        self,
        *arguments: str,
        major: int = 4,
        values: Mapping[str, Any] | None = None,
        check: bool = True,
    ) -> CompletedProcess[str]:
        """Runs helm in the hub's namespace."""
        environment = self.helm_environment()
        return release.run(self.helm(major), environment, *arguments, values=values, check=check)


def _run(token: str, told: SimpleQueue[Any]) -> None:
    try:
        asyncio.run(_serve(token, told))
    except BaseException as error:
        told.put(error)  # raised where the cluster is waited for
        raise


async def _serve(token: str, told: SimpleQueue[Any]) -> None:
    """Serves a world until it is told to end; tells where it is, and how to end it."""
    world = _world()
    runner = runner_of(make_app(world, token, hub_socket=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    life = asyncio.create_task(world.timeline.live())
    ending = asyncio.Event()
    told.put((runner.addresses[0][1], asyncio.get_running_loop(), ending))
    await ending.wait()
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    await runner.cleanup()


def _world() -> World:
    """The testbed's nodes, an hour old."""
    now = datetime.now(UTC)
    world = World.make(now - timedelta(hours=1), speed=SPEED)
    world.faults.missing_images.add(MISSING)
    attach(world)
    meta = {"name": NAMESPACE}
    world.objects.create(NAMESPACES, {"metadata": meta, "status": {"phase": "Active"}})
    for node in standard_nodes():
        world.objects.create(NODES, node)
    world.timeline.run_until(now)
    return world
