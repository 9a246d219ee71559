"""A large hub's load on the testbed's real JupyterHub: users by the thousand, servers that run.

Two thousand spawns would take long, and be of one moment. So the rows of users and of servers are
written through JupyterHub's own ORM while the hub is stopped, each server beside a pod of
`load_objects` that runs. What follows is the hub's own doing, as after any restart: it polls each
pod (KubeSpawner finds it by the name in its state), asks each server over HTTP and gives it a
route. What a real spawn leaves and these rows lack: the server's API token and its OAuth client.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from tests.testbed import hub
from tests.testbed.load import LoadError, Progress, fill, silent
from tests.testbed.load_objects import LOAD, Hub, Pods, user_name
from tests.testbed.processes import wait_for
from tests.testbed.testbed import Testbed
from tests.testbed.users import NAMESPACE

USERS = 5_000
SERVERS = 2_000
PODS_ON_A_NODE = 25

# All servers are asked at once at the hub's start: on a busy machine the last one is late, and
# a hub stops what did not answer in time. Until then it does not listen.
_PATIENT = ("--KubeSpawner.http_timeout=300", "--JupyterHub.init_spawners_timeout=-1")
_READY_WITHIN = 400.0


def fill_hub(
    testbed: Testbed,
    *,
    users: int = USERS,
    servers: int = SERVERS,
    progress: Progress = silent,
) -> None:
    """Adds users, and servers for the first of them; returns when the hub finds all ready."""
    token = testbed.token("testbed-setup")
    nodes = -(-servers // PODS_ON_A_NODE)
    made = fill(
        testbed.server, token, testbed.ca_file,
        nodes=nodes, pods=servers, releases=0,
        hub=Hub(port=testbed.site.port("singleuser")), progress=progress,
    )  # fmt: skip
    asyncio.run(made)
    _write(testbed, range(users), servers, progress)


def add_users(
    testbed: Testbed, first: int, count: int, servers: int, *, progress: Progress = silent
) -> None:
    """Adds users without servers. `servers` run meanwhile: returns when they are ready again."""
    _write(testbed, range(first, first + count), 0, progress, routes=servers)


def _write(
    testbed: Testbed, numbers: range, servers: int, progress: Progress, *, routes: int = 0
) -> None:
    """Writes rows while the hub is stopped: it keeps what it read."""
    began = time.monotonic()
    testbed.stop("hub")
    _write_rows(testbed, numbers, servers)
    progress(f"{len(numbers)} users and {servers} servers in the hub's database")
    part = testbed.parts.all()["hub"]
    patient = replace(part, argv=(*(word for word in part.argv if word not in _PATIENT), *_PATIENT))
    health = hub.health(testbed.site)
    testbed.parts.start(patient, lambda: hub.answers(health), seconds=_READY_WITHIN)
    with testbed.hub_client() as client:
        _all_routed(client, servers or routes)
    progress(f"the hub serves them all ({time.monotonic() - began:.1f} s later)")


def total_users(client: httpx.Client, state: str = "") -> int:
    """How many users the hub knows; with `state` active, those with servers."""
    query = {"limit": "1"} | ({"state": state} if state else {})
    return _total(client, "/users", query)


def _write_rows(testbed: Testbed, numbers: range, servers: int) -> None:
    from jupyterhub import orm

    addresses = _addresses(testbed)
    port = testbed.site.port("singleuser")
    names = Pods()
    session = orm.new_session_factory(f"sqlite:///{testbed.site.file('jupyterhub.sqlite')}")()
    try:
        role = orm.Role.find(session, "user")
        for number, seen in zip(numbers, _moments(), strict=False):
            user = orm.User(name=user_name(number), created=seen - timedelta(days=90))
            user.last_activity = seen
            user.roles.append(role)
            if number < servers:
                pod = names.name(number)
                user._orm_spawners.append(_server(orm, user.name, pod, addresses[pod], port, seen))
            session.add(user)
        session.commit()
    finally:
        session.close()


def _server(orm: Any, user: str, pod: str, address: str, port: int, seen: datetime) -> Any:
    """The rows of one server that runs, as the hub leaves them after a spawn (6.1)."""
    from kubespawner import __version__

    state = {
        "kubespawner_version": __version__,
        "pod_name": pod,
        "namespace": NAMESPACE,
        "dns_name": f"{pod}.{NAMESPACE}.svc.cluster.local",
    }
    server = orm.Server(proto="http", ip=address, port=port, base_url=path_of(user))
    return orm.Spawner(
        name="", server=server, state=state, user_options={},
        started=seen - timedelta(hours=2), last_activity=seen,
    )  # fmt: skip


def path_of(user: str) -> str:
    """Where the proxy has a user's default server: JupyterHub's own escape of the name."""
    return f"/user/{quote(user, safe='@~')}/"


def _moments() -> Iterator[datetime]:
    """Times of last activity: within the last hour, no two alike; naive UTC, as the ORM has it."""
    now = datetime.now(UTC).replace(tzinfo=None)
    step = 0
    while True:
        yield now - timedelta(seconds=step * 7.3 % 3600)
        step += 1


def _addresses(testbed: Testbed) -> dict[str, str]:
    with testbed.api() as api:
        path = f"/api/v1/namespaces/{NAMESPACE}/pods"
        pods: Sequence[Any] = api.items(path, labelSelector=f"{LOAD}=true")
    return {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in pods}


def _all_routed(client: httpx.Client, servers: int) -> None:
    """The hub adds routes after it has begun to listen."""
    if not wait_for(lambda: _total(client, "/proxy", {"limit": "1"}) > servers, 300, every=1):
        raise LoadError(f"the proxy has fewer than {servers} routes")
    active = total_users(client, "active")
    if active < servers:
        raise LoadError(f"of {servers} servers the hub took {active} for running")


def _total(client: httpx.Client, path: str, query: dict[str, str]) -> int:
    answer = client.get(
        path, params=query, headers={"Accept": "application/jupyterhub-pagination+json"}
    )
    answer.raise_for_status()
    total: int = answer.json()["_pagination"]["total"]
    return total
