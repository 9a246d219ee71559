"""The seats of a hub, joined from stores: what changes, what cannot be read, what binds."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hubtui.config import NodePools, Settings
from hubtui.errors import DeniedError, HubtuiError
from hubtui.model import kube
from hubtui.model.kinds import NODE_METRICS, PODS, STATEFULSETS, STORAGE_CLASSES
from hubtui.model.kube_needs import CsiNode, Node, Quota, WholePod
from hubtui.model.seats import Limit, Seats
from hubtui.model.volumes import StorageClass
from hubtui.services.feeds import Feeds
from hubtui.services.nodes import Nodes
from hubtui.services.seats import Seating
from hubtui.services.session import Session
from hubtui.services.usage import UsageFeed

NS = "hub"
USER = {"app": "jupyterhub", "component": "singleuser-server"}
HOLDER = {"app": "jupyterhub", "component": "user-placeholder"}


def values(**more: Any) -> dict[str, Any]:
    return {"singleuser": {"memory": {"guarantee": "1G"}, "storage": {"type": "none"}}, **more}


class Hub:
    """A session as far as seats ask it; nothing is asked of a cluster."""

    def __init__(self, given: dict[str, Any] | HubtuiError | None = None, **most: int) -> None:
        nothing = cast(Any, None)
        feeds = Feeds(nothing, live=False)
        self.pods = feeds.add(PODS, NS)
        self.nodes = Nodes(feeds, self.pods, UsageFeed(nothing, NODE_METRICS), NS, "")
        stores = SimpleNamespace(pods=self.pods, statefulsets=feeds.add(STATEFULSETS, NS))
        self._given = given or values()
        self.classes: dict[str, StorageClass] = {}
        session = SimpleNamespace(
            nodes=self.nodes,
            feeds=feeds,
            namespace=NS,
            release="",
            settings=Settings(nodes=NodePools(max=most)),
            hub_link=self,
            releases=SimpleNamespace(heads=lambda _: [], refresh=self._no_heads),
            client=self,
            pods=SimpleNamespace(stores=stores),
        )
        self.seating = Seating(cast(Session, session))
        self.waiting = self.seating._queue.store
        for store in (self.pods, self.nodes.store, self.nodes.elsewhere, self.waiting):
            store.live()

    async def values(self) -> dict[str, Any]:
        if isinstance(self._given, HubtuiError):
            raise self._given
        return self._given

    async def get(self, kind: object, namespace: str, name: str) -> Any:
        """The pod of a store, as a whole; or a class."""
        if kind is STORAGE_CLASSES:
            return self.classes[name]
        found = self.pods.get(f"{namespace}/{name}")
        return msgspec.convert(msgspec.to_builtins(found), WholePod)

    async def list(self, kind: object) -> Sequence[Any]:
        assert kind is STORAGE_CLASSES
        return tuple(self.classes.values())

    @staticmethod
    async def _no_heads(_release: str) -> Sequence[Any]:
        return []

    async def seats(self) -> Seats:
        await self.seating._asked.read()
        self.seating.update()
        assert self.seating.answer is not None, self.seating.missing
        return self.seating.answer


def node(name: str, memory: int = 8, pool: str = "", pods: int = 30, **spec: Any) -> Node:
    labels = {"agentpool": pool} if pool else {}
    written = {
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": {
            "allocatable": {"memory": f"{memory}Gi", "pods": str(pods)},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
    return msgspec.convert(written, Node)


def pod(name: str, on: str = "", memory: str = "1Gi", **more: Any) -> dict[str, Any]:
    labels, priority = more.get("labels", USER), more.get("priority", 0)
    return {
        "metadata": {
            "name": name,
            "namespace": more.get("namespace", NS),
            "labels": labels,
            "creationTimestamp": more.get("created"),
            "ownerReferences": more.get("owners", []),
        },
        "spec": {
            "nodeName": on,
            "priority": priority,
            "containers": [{"name": "c", "resources": {"requests": {"memory": memory}}}],
        },
        "status": {"phase": "Running" if on else "Pending"},
    }


def made(written: dict[str, Any]) -> kube.Pod:
    return msgspec.convert(written, kube.Pod)


async def test_seats_change_with_the_node_that_changed() -> None:
    hub = Hub()
    for name in ("a", "b"):
        hub.nodes.store.put(node(name))
    assert (await hub.seats()).by_node == {"a": 8, "b": 8}

    hub.pods.put(made(pod("jupyter-ada", "a", "3Gi")))
    hub.nodes.store.put(node("b", unschedulable=True))
    assert hub.seating.update()
    answer = hub.seating.answer
    assert answer is not None
    assert answer.by_node == {"a": 5, "b": 0}
    assert answer.usual.by_node["b"].off == "is cordoned"
    assert not hub.seating.update()


names = some.sampled_from(["a", "b", "c"])
events = some.one_of(
    some.tuples(some.just("pod"), some.integers(0, 5), some.one_of(names, some.just("")), names),
    some.tuples(some.just("gone"), some.integers(0, 5), names, names),
    some.tuples(some.just("node"), some.integers(0, 9), names, names),
    some.tuples(some.just("lost"), some.integers(0, 5), names, names),
)


@settings(max_examples=40)
@given(some.lists(events, max_size=15))
async def test_the_seats_are_the_same_however_the_cluster_came_to_be_so(
    happened: list[tuple[str, int, str, str]],
) -> None:
    watched, found = Hub(), Hub()
    await watched.seating._asked.read()
    for what, number, name, other in happened:
        happen(watched, what, number, name, other)
        watched.seating.update()
    watched.seating.update()
    for pod_ in watched.pods:
        found.pods.put(pod_)
    for node_ in watched.nodes.store:
        found.nodes.store.put(node_)
    await found.seating._asked.read()
    found.seating.update()
    seen, anew = watched.seating.answer, found.seating.answer

    assert seen is not None
    assert anew is not None
    assert (seen.by_node, seen.total, seen.giving_way, seen.held) == (
        anew.by_node, anew.total, anew.giving_way, anew.held
    )  # fmt: skip


def happen(hub: Hub, what: str, number: int, name: str, other: str) -> None:
    if what == "pod":
        labels, priority = (HOLDER, -10) if number % 2 else (USER, 0)
        memory = f"{number}Gi"
        hub.pods.put(made(pod(f"p{number}", name, memory, labels=labels, priority=priority)))
    elif what == "gone":
        hub.pods.remove(f"{NS}/p{number}")
    elif what == "node":
        hub.nodes.store.put(node(name, number, unschedulable=name == other))
    else:
        hub.nodes.store.remove(f"/{name}")


async def test_what_waits_comes_first_and_is_one_line() -> None:
    """Five hundred that ask for the same; placeholders take nobody's seat."""
    hub = Hub()
    hub.nodes.store.put(node("a", 8))
    for number in range(500):
        hub.waiting.put(msgspec.convert(pod(f"jupyter-{number}", memory="3Gi"), WholePod))
    holder = pod("user-placeholder-0", labels=HOLDER, priority=-10)
    hub.waiting.put(msgspec.convert(holder, WholePod))
    daemon = pod("puller-x", owners=[{"kind": "DaemonSet", "name": "puller", "controller": True}])
    hub.waiting.put(msgspec.convert(daemon, WholePod))

    answer = await hub.seats()

    assert [(each.count, each.fit, each.placeholders) for each in answer.pending] == [
        (500, 2, False),
        (1, 0, True),
    ]
    assert answer.total == 2


async def test_placeholders_give_way_by_their_priority_alone() -> None:
    hub = Hub()
    hub.nodes.store.put(node("a", 8))
    hub.pods.put(made(pod("user-placeholder-0", "a", "2Gi", labels=HOLDER, priority=-10)))
    hub.pods.put(made(pod("user-placeholder-1", "a", "3Gi", labels=HOLDER)))

    answer = await hub.seats()

    assert (answer.total, answer.giving_way, answer.held) == (3, 5, 1)


async def test_a_quota_and_the_hubs_own_limit_bind() -> None:
    hub = Hub(values(hub={"activeServerLimit": 4}))
    hub.nodes.store.put(node("a", 8))
    hub.pods.put(made(pod("jupyter-ada", "a", "1Gi")))
    answer = await hub.seats()
    assert (answer.total, answer.binds) == (3, "hub.activeServerLimit 4")

    quota = {"metadata": {"name": "q"}, "status": {"hard": {"pods": "2"}, "used": {"pods": "1"}}}
    hub.seating.quotas.put(msgspec.convert(quota, Quota))
    assert hub.seating.update()
    answer = await hub.seats()
    assert (answer.total, answer.binds) == (1, "ResourceQuota q: pods")


async def test_a_pool_that_may_grow_adds_seats_without_what_daemons_take() -> None:
    hub = Hub(None, users=3)
    hub.nodes.store.put(node("a", 8, "users"))
    owner = {"kind": "DaemonSet", "name": "d", "controller": True}
    hub.nodes.elsewhere.put(made(pod("d-1", "a", "2Gi", namespace="kube-system", owners=[owner])))
    hub.pods.put(made(pod("jupyter-ada", "a", "1Gi")))

    usual = (await hub.seats()).usual

    assert (usual.total, usual.scaled) == (5, 5 + 2 * 6)


async def test_a_pool_without_a_node_tells_no_number() -> None:
    hub = Hub(None, gpu=3)
    hub.nodes.store.put(node("a", 8, "users"))
    answer = await hub.seats()

    assert answer.usual.scaled is None
    assert "pool gpu has no node" in answer.notes[0]


async def test_pods_elsewhere_that_may_not_be_read_make_it_an_upper_bound() -> None:
    hub = Hub()
    hub.nodes.store.put(node("a", 8))
    denied = DeniedError("no right to list pods", resource="pods", status=403)
    hub.nodes.elsewhere.failed(denied, 0)

    assert (await hub.seats()).at_most
    assert "no right to list pods" in [each.reason for each in hub.seating.notes()]


@pytest.mark.parametrize("what", ["nodes", "values"])
async def test_without_nodes_or_values_there_is_a_reason_and_no_number(what: str) -> None:
    denied = DeniedError(f"no right to list {what}", resource=what, status=403)
    hub = Hub(denied if what == "values" else None)
    if what == "nodes":
        hub.nodes.store.failed(denied, 0)
    await hub.seating._asked.read()
    hub.seating.update()

    assert hub.seating.answer is None
    assert hub.seating.missing == f"no right to list {what}"
    assert hub.seating.simulate(3) is None


async def test_the_newest_servers_pod_is_trusted() -> None:
    hub = Hub()
    hub.nodes.store.put(node("a", 8))
    hub.pods.put(made(pod("jupyter-ada", "a", "2Gi", created="2026-11-01T08:00:00Z")))
    answer = await hub.seats()

    assert (answer.total, answer.usual.offer.wanting.requests) == (3, {"memory": 2 * 2**30})
    assert "the newest server's pod jupyter-ada asks for memory 2G" in answer.notes[0]


EBS, EFS = "ebs.csi.aws.com", "efs.csi.aws.com"


def storage_class(name: str, provisioner: str, default: str = "false") -> StorageClass:
    meta = {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": default}}
    return msgspec.convert({"metadata": meta, "provisioner": provisioner}, StorageClass)


@pytest.mark.parametrize(
    ("chosen", "limits", "seats", "doubt"),
    [
        ("disks", {EBS: 25, EFS: None}, 25, False),
        ("in-tree", {EBS: 25, EFS: None}, 25, False),
        ("", {EBS: 25, EFS: None}, 25, False),
        ("homes", {EBS: 25, EFS: None}, 60, False),
        ("disks", {EBS: 5, "another": 16}, 5, False),
        ("own", {EBS: 5, "another": 16}, 60, True),
        ("own", {EBS: 25}, 25, False),
    ],
)
async def test_volumes_are_counted_against_the_limit_of_their_own_driver(
    chosen: str, limits: dict[str, int | None], seats: int, doubt: bool
) -> None:
    dynamic = {"storageClass": chosen} if chosen else {}
    storage = {"type": "dynamic", "dynamic": dynamic}
    hub = Hub({"singleuser": {"memory": {"guarantee": "1G"}, "storage": storage}})
    told = (("disks", EBS), ("in-tree", "kubernetes.io/aws-ebs"), ("homes", EFS), ("own", "nfs.me"))
    hub.classes = {name: storage_class(name, driver) for name, driver in told}
    hub.classes["default"] = storage_class("default", EBS, default="true")
    hub.nodes.store.put(node("a", 60, pods=200))
    drivers = [
        {"name": name, **({"allocatable": {"count": most}} if most else {})}
        for name, most in limits.items()
    ]
    hub.seating.drivers.put(
        msgspec.convert({"metadata": {"name": "a"}, "spec": {"drivers": drivers}}, CsiNode)
    )
    hub.seating.drivers.live()
    found = await hub.seats()
    assert found.total == seats
    assert any("which of a node's limits" in each for each in found.notes) is doubt


async def test_a_quota_ends_what_placeholders_promise() -> None:
    hub = Hub()
    hub.nodes.store.put(node("a", 20))
    hard = {"metadata": {"name": "q", "namespace": NS}, "status": {
        "hard": {"pods": "6"}, "used": {"pods": "4"},
    }}  # fmt: skip
    hub.seating.quotas.put(msgspec.convert(hard, Quota))
    assert (await hub.seats()).total == 2
    found = hub.seating.simulate(10)
    assert found is not None
    assert (found.at_once, found.bound) == (2, "ResourceQuota q: pods")
    assert hub.seating.quota_for(3) == Limit("ResourceQuota q: pods", 2)
    assert hub.seating.quota_for(2) is None
