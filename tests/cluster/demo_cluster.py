"""The demo as a cluster of tests: in a thread of the test's process, asked over HTTP only."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from subprocess import CompletedProcess
from typing import Any, Final, TypeVar

import yaml
from aiohttp import web

from hubtui.demo import kubeconfig
from hubtui.demo.api.server import make_app, runner_of
from hubtui.demo.hub.hub import Hub
from hubtui.demo.hub.rest import make_app as make_hub
from hubtui.demo.life import attach
from hubtui.demo.resources import NAMESPACES, NODES, PODS
from hubtui.demo.scenarios import support
from hubtui.demo.world import World
from tests.cluster import demo_stages
from tests.cluster.demo_audit import Audit
from tests.cluster.demo_hub import SharedLogs, admit, all_ready
from tests.cluster.parts import Place
from tests.testbed import places, release
from tests.testbed.api import Api, is_ready, wait_for_pods
from tests.testbed.build import unpack_helm
from tests.testbed.errors import TestbedError
from tests.testbed.hub import EARLY, PEOPLE, Person, secret
from tests.testbed.kubelets import standard_nodes
from tests.testbed.monitoring import SERVICE, SUPPORT
from tests.testbed.processes import wait_for
from tests.testbed.release import Revision
from tests.testbed.stages import MISSING, SLOW, SLOWLY
from tests.testbed.users import NAMESPACE, RELEASE

T = TypeVar("T")

SPEED: Final = 20.0
ADMIN: Final = "admin"
USERS: Final = (ADMIN, "readonly-admin")
"""Users of the testbed with every right: the demo has no other."""


@dataclass(frozen=True)
class Running:
    """What lives in the demo's thread, and where it is asked."""

    world: World
    hub: Hub
    logs: SharedLogs
    audit: Audit
    stages: dict[str, str]
    loop: asyncio.AbstractEventLoop
    ending: asyncio.Event

    def port(self, user: str) -> int:
        """The port of a user."""
        return next(port for port, name in self.audit.users.items() if name == user)

    def call(self, do: Callable[[], T]) -> T:
        """Has something done in the demo's thread, between two requests."""

        async def run() -> T:
            return do()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result()


class DemoCluster:
    """A running demo with the testbed's nodes, release and users of the hub. Use `running`."""

    def __init__(self, folder: Path, token: str, demo: Running) -> None:
        self._folder = folder
        self._token = token
        self._demo = demo
        self._tools = unpack_helm()
        for user in USERS:
            kubeconfig.write(self.kubeconfig_for(user), demo.port(user), token, NAMESPACE)
        kubeconfig.write(self.kubeconfig_invalid(), demo.port(ADMIN), "never-valid", NAMESPACE)

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[DemoCluster]:
        """A demo for as long as the context lasts; its files are in the folder."""
        token = secrets.token_urlsafe(24)
        told: SimpleQueue[Running | BaseException] = SimpleQueue()
        arguments = (token, folder / "hub.sock", told)
        thread = threading.Thread(target=_run, args=arguments, name="demo", daemon=True)
        thread.start()
        started = told.get()
        if isinstance(started, BaseException):
            raise started
        try:
            cluster = cls(folder, token, started)
            cluster._install()
            yield cluster
        finally:
            started.loop.call_soon_threadsafe(started.ending.set)
            thread.join()

    @property
    def name(self) -> str:
        """Which cluster it is."""
        return "demo"

    @property
    def server(self) -> str:
        """The apiserver's URL, for `admin`; with it a caller needs nothing else."""
        return f"http://127.0.0.1:{self._demo.port(ADMIN)}/{self._token}"

    @property
    def ca_file(self) -> Path | None:
        """None: the demo speaks plain HTTP."""
        return None

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of `admin`."""
        return self.kubeconfig_for(ADMIN)

    def kubeconfig_for(self, user: str) -> Path:
        """The kubeconfig of one of `USERS`."""
        if user not in USERS:
            raise KeyError(user)
        return self._folder / f"{user}.kubeconfig"

    def kubeconfig_with(self, name: str, credentials: dict[str, object]) -> Path:
        """A kubeconfig with credentials of a test's own: the token is not in the server's path, so
        it is for hubtui alone. helm and kubectl send none over plain HTTP."""
        path = self._folder / f"{name}.kubeconfig"
        port = self._demo.port(ADMIN)
        document = yaml.safe_load(self.kubeconfig.read_text())
        document["clusters"][0]["cluster"]["server"] = f"http://127.0.0.1:{port}"
        document["users"][0]["user"] = credentials
        path.touch(0o600)
        path.write_text(yaml.safe_dump(document))
        return path

    def token(self, user: str) -> str:
        """The token of one of `USERS`, who share it."""
        if user not in USERS:
            raise KeyError(user)
        return self._token

    def kubeconfig_invalid(self) -> Path:
        """A kubeconfig whose token the apiserver does not know: 401."""
        return self._folder / "invalid.kubeconfig"

    @property
    def kubectl(self) -> Path:
        """The kubectl binary."""
        return self._tools.path("helm4", "kubectl")

    def api(self) -> Api:
        """A small client for what a test sets up or looks up; it is not audited."""
        return Api(f"http://127.0.0.1:{self._demo.port(ADMIN)}", self._token)

    def audit_entries(self, user: str) -> list[dict[str, Any]]:
        """What a user asked for, oldest first."""
        entries = tuple(self._demo.audit.entries)
        return [entry for entry in entries if entry["user"]["username"] == user]

    def helm(self, major: int = 4) -> Path:
        """The helm binary of a major version."""
        return self._tools.helm(major)

    def helm_environment(self) -> dict[str, str]:
        """The environment of a helm that a test starts by itself; it lives too short a time to
        collect its garbage, which is a fifth of what it costs."""
        environment = release.environment_of(self.kubeconfig, self._folder / "helm")
        return {**environment, "GOGC": "off"}

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

    def upgrade(self, revision: Revision, major: int = 4) -> None:
        """Makes a further revision of the hub's release."""
        arguments = release.upgrade_arguments(revision)
        self.run_helm(*arguments, major=major, values=revision.values)

    @property
    def hub_token(self) -> str:
        """The token of the service `hubtui`, from the chart's Secret."""
        with self.api() as api:
            return secret(api)["hub.services.hubtui.apiToken"]

    def add_user(self, name: str, *, admin: bool = False) -> None:
        """Somebody more in the hub's database, without a server."""
        self._demo.call(lambda: self._demo.hub.add_user(name, admin=admin))

    def work(self, name: str) -> None:
        """A user does something on their default server, and the hub hears of it."""
        hub = self._demo.hub
        self._demo.call(lambda: setattr(hub.users[name].servers[""], "seen", hub.now))

    def remove_user(self, name: str) -> None:
        """Stops the servers of a user, and takes them out of the hub's database."""
        hub = self._demo.hub
        user = self._demo.call(lambda: hub.users[name])
        for server in user.active:
            self._demo.call(partial(hub.spawner.stop, server))
        self._until(lambda: not user.active, f"{name} has no server")
        self._demo.call(lambda: hub.remove_user(user))

    def lose_route(self, name: str) -> None:
        """The proxy forgets the route of a user's default server."""
        hub = self._demo.hub
        self._demo.call(lambda: hub.routes.table.pop(hub.users[name].path))

    @contextmanager
    def trouble(self, user: str, stage: str) -> Iterator[None]:
        """The servers of a user go wrong from the start, as a stage of the testbed tells."""
        self._demo.call(lambda: self._demo.stages.update({user: stage}))
        try:
            yield
        finally:
            self._demo.call(lambda: demo_stages.mend(self._demo.world, self._demo.stages, user))

    @contextmanager
    def monitored(self) -> Iterator[None]:
        """The demo's small Prometheus is in the cluster, and found, until the block ends."""
        world = self._demo.world
        self._demo.call(lambda: support.install(world))
        try:
            self._until(lambda: _ready(world), "Prometheus is ready")
            yield
        finally:
            with self.api() as api:
                inside = f"namespaces/{SUPPORT}"
                api.request("DELETE", f"/apis/apps/v1/{inside}/deployments/{SERVICE}")
                api.request("DELETE", f"/api/v1/{inside}/services/{SERVICE}")
            self._until(lambda: not world.objects.all(PODS, SUPPORT), "Prometheus is gone")
            with self.api() as api:
                api.request("DELETE", f"/api/v1/{inside}")

    def write_log(self, container: str, *lines: str, previous: bool = False) -> None:
        """Adds lines to the logs of all containers of a name, those to come too."""
        logs = self._demo.logs
        self._demo.call(lambda: logs.write(container, lines, previous=previous))

    def clear_log(self, container: str) -> None:
        """Containers to come have nothing of what was written."""
        self._demo.call(lambda: self._demo.logs.clear(container))

    def wait_for_pods(self, selector: str, count: int = 1, seconds: float = 60) -> None:
        """Waits until exactly so many pods of the hub are there and Ready."""
        with self.api() as api:
            wait_for_pods(api, selector, count, seconds)

    def lose_node(self, name: str) -> None:
        """The node's kubelet falls silent: NotReady after the grace time."""
        self._demo.call(lambda: self._demo.world.faults.lost_nodes.add(name))

    def find_node(self, name: str) -> None:
        """The node's kubelet is back; returns when the node is Ready."""
        self._demo.call(lambda: self._demo.world.faults.lost_nodes.discard(name))
        nodes = self._demo.world.objects
        self._until(lambda: is_ready(nodes.get(NODES, "", name)), f"{name} is Ready")

    def _install(self) -> None:
        """The hub's release with the testbed's revisions, and the servers of its users."""
        first, *others = release.REVISIONS
        self.upgrade(first)
        self._start_servers(person for person in PEOPLE if person.name in EARLY)
        for revision in others:
            self.upgrade(revision)
        self.run_helm("upgrade", "--install", "support", str(places.HERE / "support"))
        Place(self, NAMESPACE).available("hub")
        self._start_servers(person for person in PEOPLE if person.name not in EARLY)

    def _start_servers(self, people: Iterable[Person]) -> None:
        hub = self._demo.hub
        self._until(lambda: hub.is_up, "the hub answers")
        self._demo.call(lambda: admit(hub, people))
        self._until(lambda: all_ready(hub), "all servers are ready")

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        if not wait_for(lambda: self._demo.call(condition), 60):
            raise TestbedError(f"the demo: never came: {what}")


def _ready(world: World) -> bool:
    pods = world.objects.all(PODS, SUPPORT)
    return bool(pods) and all(map(is_ready, pods))


def _run(token: str, socket: Path, told: SimpleQueue[Running | BaseException]) -> None:
    try:
        asyncio.run(_serve(token, socket, told))
    except BaseException as error:
        told.put(error)  # raised where the cluster is waited for
        raise


async def _serve(token: str, socket: Path, told: SimpleQueue[Running | BaseException]) -> None:
    """Serves a world until it is told to end; tells where it is, and how to end it."""
    stages: dict[str, str] = {}
    world = _world(stages)
    hub, logs, audit = Hub(world, NAMESPACE, RELEASE), SharedLogs(world), Audit(token)
    rest = web.AppRunner(make_hub(hub), access_log=None, shutdown_timeout=0.1)
    await rest.setup()
    await web.UnixSite(rest, socket).start()
    app = make_app(world, token, hub_socket=socket)
    app.middlewares.append(audit.note)
    runner = runner_of(app)
    await runner.setup()
    for _ in USERS:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    ports = [address[1] for address in runner.addresses]
    audit.users = dict(zip(ports, USERS, strict=True))
    life = asyncio.create_task(world.timeline.live())
    ending = asyncio.Event()
    told.put(Running(world, hub, logs, audit, stages, asyncio.get_running_loop(), ending))
    await ending.wait()
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    await asyncio.gather(runner.cleanup(), rest.cleanup())


def _world(stages: Mapping[str, str]) -> World:
    """The testbed's nodes, an hour old; `stages` say with whose servers what goes wrong."""
    now = datetime.now(UTC)
    world = World.make(now - timedelta(hours=1), speed=SPEED)
    world.faults.missing_images.add(MISSING)
    world.faults.slow_pulls[SLOW] = SLOWLY * SPEED
    attach(world)
    demo_stages.attach(world, stages)
    meta = {"name": NAMESPACE}
    world.objects.create(NAMESPACES, {"metadata": meta, "status": {"phase": "Active"}})
    for node in standard_nodes():
        world.objects.create(NODES, node)
    world.timeline.run_until(now)
    return world
