"""The objects of a hub that is nowhere: what a prepared session holds, as the API would send it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from tests import releases

NOW = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)

NAMESPACE = RELEASE = "hub"
SECRET = releases.CLIENT_SECRET

Json = dict[str, Any]

CULL = {"enabled": True, "timeout": 3600, "every": 600}

_DAY = 24 * 60
LOG = [
    "[I 2026-11-23 13:59:58 JupyterHub app:3352] JupyterHub is now running",
    "[I 2026-11-23 14:01:07 JupyterHub base:1192] User carla took 3.1 seconds to start",
    "[W 2026-11-23 14:02:11 JupyterHub base:1074] User ana is slow to start",
    "[I 2026-11-23 14:02:40 JupyterHub log:192] 200 GET /hub/api/users?limit=200 41.34ms",
]


@dataclass(frozen=True)
class Measure:
    """A number that Prometheus has now, and by how much it grows a day."""

    metric: str
    labels: Mapping[str, str]
    value: float
    per_day: float = 0.0


@dataclass
class World:
    """Objects by resource (`pods`, `deployments.apps`), and what the server says besides; `users`
    as the hub tells them, `measures` are what Prometheus has, where there is one."""

    objects: dict[str, list[Json]] = field(default_factory=dict)
    measures: list[Measure] = field(default_factory=list)
    users: list[Json] = field(default_factory=list)
    log: list[str] = field(default_factory=lambda: list(LOG))

    def add(self, resource: str, *objects: Json) -> None:
        self.objects.setdefault(resource, []).extend(objects)


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def hub(name: str = RELEASE) -> World:
    """A hub of chart 4.4.0 at revision 12, with a few servers of which two do not come."""
    world = World()
    _nodes(world)
    _parts(world, name)
    _users(world, name)
    _releases(world, name)
    return world


def _meta(name: str, component: str, release: str, minutes: float, **more: Any) -> Json:
    labels = {"component": component, "app": "jupyterhub", "release": release}
    return {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{name}",
        "resourceVersion": "1",
        "creationTimestamp": ago(minutes),
        "labels": labels,
        **more,
    }


def pod(name: str, component: str, release: str, minutes: float, **more: Any) -> Json:
    """A pod that is up; `more` goes into its metadata."""
    node = more.pop("node", "core-1")
    started = {"running": {"startedAt": ago(minutes)}}
    state = {"name": component, "ready": True, "state": started, "restartCount": 0}
    return {
        "metadata": _meta(name, component, release, minutes, **more),
        "spec": {"nodeName": node, "containers": [{"name": component, "image": "image:1"}]},
        "status": {
            "phase": "Running",
            "startTime": ago(minutes),
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(minutes)}],
            "containerStatuses": [state],
        },
    }


def pending(name: str, component: str, release: str, minutes: float, **more: Any) -> Json:
    """A pod without a node."""
    found = pod(name, component, release, minutes, **more)
    found["spec"]["nodeName"] = ""
    message = "0/9 nodes are available: 9 Insufficient memory."
    found["status"] = {
        "phase": "Pending",
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": message,
                "lastTransitionTime": ago(minutes),
            }
        ],
    }
    return found


def node(name: str, pool: str, minutes: float) -> Json:
    """A node that is ready: four cores, 16 GiB, and every image that the release ever had."""
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": ago(minutes)}
    labels = {
        "cloud.google.com/gke-nodepool": pool,
        "topology.kubernetes.io/zone": "europe-west1-b",
        "node.kubernetes.io/instance-type": "n2-highmem-4",
    }
    return {
        "metadata": {"name": name, "creationTimestamp": ago(minutes), "labels": labels},
        "spec": {},
        "status": {
            "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"},
            "conditions": [ready],
            "images": [
                {"names": [f"quay.io/uni/ds-image:{tag}"], "sizeBytes": 3 * 2**30}
                for _, _, _, _, tag, _ in HISTORY
            ],
            "nodeInfo": {"kubeletVersion": "v1.36.2"},
        },
    }


def _nodes(world: World) -> None:
    """Three nodes of users and one of the core."""
    world.add("nodes", node("core-1", "core", 6 * _DAY))
    world.add("nodes", *(node(f"user-{n}", "users", _DAY) for n in range(3)))
    for each in world.objects["nodes"]:
        use = {"cpu": "400m", "memory": "5Gi"}
        world.add("nodes.metrics.k8s.io", {"metadata": each["metadata"], "usage": use})


def _parts(world: World, release: str) -> None:
    six_days = 6 * _DAY + 4  # the culler runs each ten minutes: six from now
    for component, count in (("hub", 1), ("proxy", 1), ("autohttps", 1), ("user-scheduler", 2)):
        world.add("deployments.apps", _workload(component, release, count))
        names = [f"{component}-6d9c7f{n}" for n in range(count)]
        world.add("pods", *(pod(name, component, release, six_days) for name in names))
    restarted = world.objects["pods"][2]["status"]["containerStatuses"][0]
    ended = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": ago(2 * _DAY)}
    restarted |= {"restartCount": 1, "lastState": {"terminated": ended}}
    world.add("statefulsets.apps", _workload("user-placeholder", release, 5))
    for n in range(5):
        make = pod if n < 3 else pending
        world.add("pods", make(f"user-placeholder-{n}", "user-placeholder", release, 600))
    puller = "continuous-image-puller"
    world.add("daemonsets.apps", _workload(puller, release, 3))
    for n in range(3):
        name = f"{puller}-{n}"
        world.add("pods", pod(name, puller, release, six_days, node=f"user-{n}"))


def _workload(name: str, release: str, count: int) -> Json:
    return {
        "metadata": _meta(name, name, release, 40 * _DAY),
        "spec": {"replicas": count},
        "status": {"replicas": count, "desiredNumberScheduled": count, "numberReady": count},
    }


def _users(world: World, release: str) -> None:
    server = "singleuser-server"

    def who(user: str, servername: str = "") -> Json:
        prefix = "hub.jupyter.org"
        named = {f"{prefix}/servername": servername} if servername else {}
        return {"annotations": {f"{prefix}/username": user, **named}}

    for n, (user, idle, used) in enumerate(WORKING, 1):
        started = n * 55
        more: Json = {**who(f"{user}@uni.example"), "node": f"user-{n % 3}"}
        found = pod(f"jupyter-{user}", server, release, started, **more)
        found["spec"]["containers"][0]["resources"] = {"limits": {"memory": "2147483648"}}
        usage = {"name": server, "usage": {"memory": used, "cpu": f"{n * 110}m"}}
        metrics = {"metadata": {"name": f"jupyter-{user}"}, "containers": [usage]}
        world.add("pods", found)
        world.add("pods.metrics.k8s.io", metrics)
        ready = hub_server("", started, idle, user_options={"profile": "datascience"})
        world.users.append(hub_user(f"{user}@uni.example", ready, admin=user == "carla"))
    ana = pod("jupyter-ana", server, release, 4, **who("ana@uni.example", "gpu"), node="user-2")
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "ds-image:2026.11"'}
    status = {"name": "notebook", "ready": False, "state": {"waiting": waiting}}
    ana["status"] = {"phase": "Pending", "startTime": ago(4), "containerStatuses": [status]}
    world.add("pods", ana, pending("jupyter-bo", server, release, 6, **who("bo@uni.example")))
    spawning: Json = {"pending": "spawn", "ready": False}
    world.users.append(hub_user("ana@uni.example", hub_server("gpu", 4, None, **spawning)))
    world.users.append(hub_user("bo@uni.example", hub_server("", 6, None, **spawning)))
    world.users.append(hub_user("grace@uni.example"))


WORKING = (
    ("carla", 0, "1717986918"),
    ("dmitri", 5, "644245094"),
    ("eve", 48, "429496730"),
    ("farid", 66, "214748365"),
)
"""Users with a server that runs: name, minutes without activity, bytes in use."""


def hub_server(name: str, started: float, idle: float | None, **more: Any) -> Json:
    """A server that is ready, as the hub tells it."""
    return {
        "name": name,
        "started": ago(started),
        "last_activity": None if idle is None else ago(idle),
        "ready": True,
        "pending": None,
        "user_options": {},
        **more,
    }


def hub_user(name: str, *servers: Json, admin: bool = False) -> Json:
    """A user as the hub tells them."""
    return {
        "name": name,
        "admin": admin,
        "groups": ["data-101"],
        "created": ago(90 * _DAY),
        "last_activity": ago(3 * _DAY) if not servers else servers[0]["last_activity"],
        "servers": {server["name"]: server for server in servers},
    }


HISTORY = (
    (7, "superseded", 34 * _DAY, "4.3.3", "2026.05", "profile list: GPU"),
    (8, "superseded", 34 * _DAY - 60, "4.3.3", "2026.04", "Rollback to 6"),
    (9, "superseded", 21 * _DAY, "4.3.3", "2026.06", "Upgrade complete"),
    (10, "failed", 9 * _DAY + 30, "4.4.0", "2026.08", "pre-upgrade hooks failed: timed out"),
    (11, "superseded", 9 * _DAY, "4.4.0", "2026.09", "more memory for R class"),
    (12, "deployed", 3 * _DAY, "4.4.0", "2026.11", "bump image 2026.11 (a1b2c3d)"),
)
"""Revisions of the hub: number, status, minutes ago, chart, image tag, description."""


def _releases(world: World, release: str) -> None:
    for row in HISTORY:
        number, status, minutes, *_ = row
        packed = _revision(release, "4G" if number == HISTORY[-1][0] else "2G", *row)
        world.add("secrets", _secret(release, number, status, minutes, packed))
    for name, chart in (("prometheus", "27.1.0"), ("home-nfs", "1.2.0")):
        document = releases.release(1, {}, chart, others=0, name=name, manifest="", hooks=[])
        document["chart"] = {"metadata": {"name": name, "version": chart, "appVersion": chart}}
        document["info"] = _info("deployed", 40 * _DAY, "Install complete")
        world.add("secrets", _stored(document, "deployed", 40 * _DAY))
    data = {
        "hub.config.JupyterHub.cookie_secret": releases.b64(releases.COOKIE),
        "hub.services.hubtui.apiToken": releases.b64(releases.TOKEN),
    }
    meta = _meta("hub", "hub", release, 40 * _DAY)
    world.add("secrets", {"metadata": meta, "type": "Opaque", "data": data})


@cache
def _revision(  # each test has the same ones
    release: str,
    limit: str,
    number: int,
    status: str,
    minutes: float,
    chart: str,
    tag: str,
    words: str,
) -> str:
    values = releases.values(tag, limit) | {"cull": CULL}
    document = releases.release(number, values, chart, others=6, name=release, info={})
    return releases.packed(document | {"info": _info(status, minutes, words)})


def _info(status: str, minutes: float, words: str) -> Json:
    return {"status": status, "description": words, "last_deployed": ago(minutes)}


def _stored(document: Json, status: str, minutes: float) -> Json:
    packed = releases.packed(document)
    return _secret(document["name"], document["version"], status, minutes, packed)


def _secret(name: str, number: int, status: str, minutes: float, packed: str) -> Json:
    meta = _meta(f"sh.helm.release.v1.{name}.v{number}", "", "", minutes)
    meta["labels"] = {"owner": "helm", "name": name, "version": str(number), "status": status}
    return {"metadata": meta, "type": "helm.sh/release.v1", "data": {"release": packed}}
