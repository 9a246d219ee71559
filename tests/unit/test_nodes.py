"""Nodes with what stands on them, whatever becomes of nodes and pods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.clients.answers import Page
from hubtui.clients.kube import KubeClient
from hubtui.errors import DeniedError, HubtuiError, UnreachableError
from hubtui.model import kube
from hubtui.model.kinds import NODE_METRICS, NODES, PODS
from hubtui.model.kube_needs import Node
from hubtui.model.node_facts import STARTING
from hubtui.model.packing import Share, requests
from hubtui.model.podstate import Severity
from hubtui.model.usage import NodeMetrics, Usage
from hubtui.services.feeds import Feeds
from hubtui.services.nodes import ELSEWHERE, USAGE, NodeRow, Nodes
from hubtui.services.store import Store
from hubtui.services.usage import UsageFeed

Json = dict[str, Any]

HUB, RELEASE = "hub", "hub"
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GIB = 2**30
NO_RIGHT = DeniedError("no right to list", status=403)

USER: Json = {"component": "singleuser-server", "app": "jupyterhub", "release": RELEASE}
PLACEHOLDER: Json = {"component": "user-placeholder", "app": "jupyterhub", "release": RELEASE}
CORE: Json = {"component": "hub", "app": "jupyterhub", "release": RELEASE}


def pod(
    name: str,
    on: str = "",
    labels: Json = USER,
    *,
    namespace: str = HUB,
    memory: str = "1Gi",
    phase: str = "Running",
) -> kube.Pod:
    container = {"name": "c", "resources": {"requests": {"memory": memory, "cpu": "100m"}}}
    return msgspec.convert(
        {
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"nodeName": on, "containers": [container]},
            "status": {"phase": phase},
        },
        kube.Pod,
    )


def node(
    name: str,
    pool: str = "users",
    *,
    ready: bool = True,
    memory: str = "8Gi",
    created: datetime = START - timedelta(days=1),
    cordoned: bool = False,
) -> Node:
    labels = {"cloud.google.com/gke-nodepool": pool} if pool else {}
    return msgspec.convert(
        {
            "metadata": {"name": name, "labels": labels, "creationTimestamp": created},
            "spec": {"unschedulable": cordoned},
            "status": {
                "allocatable": {"cpu": "2", "memory": memory, "pods": "10"},
                "conditions": [{"type": "Ready", "status": str(ready)}],
            },
        },
        Node,
    )


class Server:
    """An apiserver that knows the metrics of nodes only, and has no objects: a fake."""

    metrics: list[NodeMetrics] | HubtuiError = NO_RIGHT
    elsewhere: HubtuiError | None = None

    async def list(self, *_: object) -> list[NodeMetrics]:
        if isinstance(self.metrics, HubtuiError):
            raise self.metrics
        return self.metrics

    async def pages(self, *_: object, fields: str, **__: object) -> AsyncIterator[Page[kube.Pod]]:
        if fields and self.elsewhere is not None:
            raise self.elsewhere
        yield Page((), "1", "")


class Desk:
    """An operator's desk: stores that a test fills, and the rows."""

    def __init__(self, *, read: bool = True) -> None:
        self.server = Server()
        client = cast(KubeClient, self.server)
        self.feeds = Feeds(client, live=False)
        self.pods: Store[kube.Pod] = self.feeds.add(PODS, HUB)
        self.usage = UsageFeed(client, NODE_METRICS)
        self.now = START
        self.nodes = self.another()
        if read:
            fill(self.pods)
            fill(self.nodes.elsewhere)
            fill(self.nodes.store)

    def another(self) -> Nodes:
        """Somebody else who looks at the same stores for the first time."""
        return Nodes(self.feeds, self.pods, self.usage, HUB, RELEASE, now=lambda: self.now)

    def put(self, *things: kube.Pod | Node) -> set[str]:
        for each in things:
            if isinstance(each, Node):
                self.nodes.store.put(each)
            elif each.metadata.namespace == HUB:
                self.pods.put(each)
            else:
                self.nodes.elsewhere.put(each)
        return self.nodes.update()

    def row(self, name: str) -> NodeRow:
        found = self.nodes.row(name)
        assert found is not None
        return found


def fill(store: Store[Any], things: Iterable[Any] = ()) -> None:
    store.listing()
    store.page(things)
    store.listed()
    store.live()


# -- who sits where


def test_users_placeholders_and_the_rest_are_told_apart() -> None:
    desk = Desk()
    desk.put(
        node("a"),
        pod("ana", "a"),
        pod("bo", "a", phase="Pending"),
        pod("seat-0", "a", PLACEHOLDER),
        pod("hub", "a", CORE),
        pod("cni", "a", {}, namespace="kube-system"),
        pod("cleo", "a", USER, namespace="other-hub"),
        pod("seat-0", "a", PLACEHOLDER, namespace="other-hub"),
    )
    row = desk.row("a")
    assert (row.users, row.guests, row.placeholders, row.pods) == (2, 1, 1, 7)
    assert {share: row.shares[share]["memory"] // GIB for share in Share} == {
        Share.USERS: 3,
        Share.PLACEHOLDERS: 2,
        Share.CORE: 2,
    }
    assert row.used == {"memory": 7 * GIB, "cpu": 700}
    assert (row.free("memory"), row.free("cpu"), row.free("pods")) == (GIB, 1300, 3)
    assert row.free("nvidia.com/gpu") == 0
    assert len(desk.nodes.pods_on("a")) == 7
    assert not row.at_least


def test_another_release_in_the_namespace_has_users_of_its_own() -> None:
    desk = Desk()
    desk.put(node("a"), pod("ana", "a"), pod("bo", "a", USER | {"release": "staging"}))
    assert (desk.row("a").users, desk.row("a").guests) == (1, 1)


def test_what_has_ended_takes_no_room_and_waits_for_none() -> None:
    desk = Desk()
    desk.put(node("a"), pod("ana", "a"), pod("job", "a", {}), pod("bo"), pod("cy", phase="Failed"))
    assert [waiting.metadata.name for waiting in desk.nodes.pending()] == ["bo"]
    assert desk.put(pod("job", "a", {}, phase="Succeeded"), pod("bo", "a")) == {"a"}
    assert (desk.row("a").pods, desk.row("a").users) == (2, 2)
    assert not desk.nodes.pending()
    assert desk.put(pod("ana", "a", phase="Failed")) == {"a"}
    assert (desk.row("a").pods, desk.row("a").used["memory"]) == (1, GIB)


def test_who_is_gone_when_the_right_to_see_them_goes_is_gone() -> None:
    desk = Desk()
    desk.put(node("a"), pod("ana", "a"), pod("bo"))
    desk.pods.remove(f"{HUB}/ana")
    desk.pods.remove(f"{HUB}/bo")
    desk.pods.failed(NO_RIGHT, 0)
    assert desk.nodes.update() == {"a"}
    assert (desk.row("a").users, desk.row("a").at_least) == (0, True)
    assert not desk.nodes.pending()


def test_only_the_node_of_a_changed_pod_changes() -> None:
    desk = Desk()
    desk.put(node("a"), node("b"), pod("ana", "a"), pod("bo", "b"))
    assert desk.put(pod("ana", "a")) == set()
    assert desk.put(pod("ana", "a", memory="2Gi")) == {"a"}
    seen = desk.nodes.subscribe()
    seen.drain()
    assert desk.put(pod("ana", "b")) == {"a", "b"}
    assert seen.drain() == (False, {"a", "b"})
    assert (desk.row("a").pods, desk.row("b").pods) == (0, 2)


# -- nodes that go, and that nobody may read


def test_a_node_that_is_gone_is_told_for_as_long_as_pods_name_it() -> None:
    desk = Desk()
    desk.put(node("a"), node("b"), pod("ana", "a"))
    desk.nodes.store.remove("/a")
    desk.nodes.store.remove("/b")
    assert desk.nodes.update() == {"a", "b"}
    row = desk.row("a")
    assert (row.node, row.known, row.standing.words) == (None, True, "gone")
    assert (row.users, row.allocatable, row.free("memory")) == (1, None, None)
    assert desk.nodes.row("b") is None
    assert (desk.nodes.totals().nodes, desk.nodes.totals().unknown) == (1, 1)
    desk.pods.remove(f"{HUB}/ana")
    assert desk.nodes.update() == {"a"}
    assert not desk.nodes.rows()
    assert desk.nodes.totals().nodes == 0


def test_without_the_right_to_list_nodes_there_are_users_by_node_and_nothing_is_0() -> None:
    desk = Desk(read=False)
    fill(desk.pods, [pod("ana", "a"), pod("bo", "b")])
    desk.nodes.store.failed(NO_RIGHT, 0)
    desk.nodes.elsewhere.failed(NO_RIGHT, 0)
    assert desk.nodes.update() == {"a", "b"}
    row = desk.row("a")
    assert (row.node, row.known, row.users, row.at_least) == (None, False, 1, True)
    assert (row.allocatable, row.usage, row.free("memory")) == (None, None, None)
    assert (row.standing.words, row.standing.ready) == ("?", None)
    totals = desk.nodes.totals()
    assert (totals.nodes, totals.unknown, totals.allocatable) == (2, 2, None)
    assert (totals.known, totals.at_least, totals.users) == (False, True, 2)
    assert [note.source for note in desk.nodes.notes()] == ["nodes", ELSEWHERE]


def test_sums_are_a_lower_bound_until_the_pods_elsewhere_are_read() -> None:
    desk = Desk(read=False)
    fill(desk.pods, [pod("ana", "a")])
    fill(desk.nodes.store, [node("a")])
    desk.nodes.update()
    assert desk.row("a").at_least
    fill(desk.nodes.elsewhere, [pod("cni", "a", {}, namespace="kube-system")])
    assert desk.nodes.update() == {"a"}
    assert (desk.row("a").at_least, desk.row("a").pods) == (False, 2)
    assert not desk.nodes.totals().at_least


def test_a_new_node_that_does_not_become_ready_is_told_though_nothing_changes() -> None:
    desk = Desk()
    desk.put(node("a", ready=False, created=START))
    assert desk.row("a").standing.severity is Severity.WAITING
    desk.now += STARTING - timedelta(seconds=1)
    assert desk.nodes.update() == set()
    desk.now += timedelta(seconds=1)
    assert desk.nodes.update() == {"a"}
    assert desk.row("a").standing.severity is Severity.NOW
    assert desk.nodes.update() == set()


# -- pools


def test_pools_have_the_sums_of_their_nodes_and_follow_a_label() -> None:
    desk = Desk()
    desk.put(node("a"), node("b", cordoned=True), node("c", "core", memory="4Gi", ready=False))
    desk.put(node("d", ""), pod("ana", "a"), pod("bo", "b"), pod("hub", "c", CORE), pod("x", "e"))
    pools = {pool.name: pool for pool in desk.nodes.pools()}
    assert list(pools) == ["", "core", "users"]
    users = pools["users"]
    assert (users.nodes, users.ready, users.cordoned, users.users) == (2, 2, 1, 2)
    assert users.allocatable == {"cpu": 4000, "memory": 16 * GIB, "pods": 20}
    assert (users.free("memory"), users.free("pods")) == (14 * GIB, 18)
    assert (pools["core"].severity, pools["core"].shares[Share.CORE]["memory"]) == (
        Severity.NOW,
        GIB,
    )
    nameless = pools[""]
    assert (nameless.nodes, nameless.unknown, nameless.users) == (2, 1, 1)
    desk.put(node("a", "core"))
    pools = {pool.name: pool for pool in desk.nodes.pools()}
    assert (pools["core"].users, pools["core"].nodes, pools["users"].users) == (1, 2, 1)
    totals = desk.nodes.totals()
    assert (totals.nodes, totals.users, totals.pods, totals.unknown) == (5, 3, 4, 1)


# -- what is used


def measured(name: str, memory: str, cpu: str = "1") -> NodeMetrics:
    body = {"metadata": {"name": name}, "usage": {"cpu": cpu, "memory": memory}}
    return msgspec.convert(body, NodeMetrics)


async def test_what_nodes_use_is_theirs_and_their_pools() -> None:
    desk = Desk()
    desk.put(node("a"), node("b"), node("c", "core"))
    desk.server.metrics = [measured("a", "1Gi"), measured("b", "2Gi"), measured("other", "1Gi")]
    await desk.usage.fill()
    assert desk.nodes.update() == {"a", "b"}
    usage, totals = desk.row("a").usage, desk.nodes.totals()
    assert usage is not None
    assert usage.memory == GIB
    assert (totals.usage, totals.measured) == (Usage(Decimal(2), 3 * GIB), 2)
    assert desk.row("c").usage is None
    desk.server.metrics = NO_RIGHT
    await desk.usage.fill()
    assert [note.source for note in desk.nodes.notes()] == [USAGE]


async def test_pods_elsewhere_that_cannot_be_had_are_a_note_and_no_failure() -> None:
    desk = Desk(read=False)
    desk.server.elsewhere = UnreachableError("cut")
    await desk.nodes.fill()
    assert [note.source for note in desk.nodes.notes()] == [ELSEWHERE, USAGE]
    desk.nodes.update()
    assert desk.nodes.totals().at_least


async def test_who_looks_after_the_end_begins_nothing() -> None:
    feeds = Feeds(cast(KubeClient, Server()))
    store = feeds.add(NODES, "", follow=False)
    before = asyncio.all_tasks()
    await feeds.close()
    feeds.look(store)
    assert asyncio.all_tasks() == before


# -- any sequence of events

NAMES = st.sampled_from("abcd")
PLACES = st.sampled_from(["", "n1", "n2", "n3"])
PODS_OF_ALL = st.builds(
    pod,
    NAMES,
    PLACES,
    st.sampled_from([USER, PLACEHOLDER, CORE, {}, USER | {"release": "staging"}]),
    namespace=st.sampled_from([HUB, "kube-system", "other"]),
    memory=st.sampled_from(["1Gi", "512Mi", "0"]),
    phase=st.sampled_from(["Running", "Running", "Pending", "Succeeded", "Failed"]),
)
NODES_OF_ALL = st.builds(
    node,
    st.sampled_from(["n1", "n2", "n3"]),
    st.sampled_from(["users", "core", ""]),
    ready=st.booleans(),
    memory=st.sampled_from(["8Gi", "8G"]),
    cordoned=st.booleans(),
    created=st.sampled_from([START, START - timedelta(days=1)]),
)
SOURCES = st.sampled_from(["nodes", "elsewhere", "pods"])
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), PODS_OF_ALL),
        st.tuples(st.just("put"), PODS_OF_ALL),
        st.tuples(st.just("put"), NODES_OF_ALL),
        st.tuples(st.just("remove"), st.one_of(PODS_OF_ALL, NODES_OF_ALL)),
        st.tuples(st.sampled_from(["denied", "live"]), SOURCES),
        st.tuples(st.sampled_from(["later", "look", "look"]), st.none()),
    ),
    max_size=30,
)


@given(EVENTS)
def test_after_any_events_the_rows_are_those_of_who_looks_for_the_first_time(
    events: list[tuple[str, Any]],
) -> None:
    desk = Desk(read=False)
    stores: dict[str, Store[Any]] = {
        "pods": desk.pods,
        "elsewhere": desk.nodes.elsewhere,
        "nodes": desk.nodes.store,
    }
    shown: dict[str, NodeRow] = {}
    for verb, what in [*events, ("look", None)]:
        if verb != "look":
            happen(desk, stores, verb, what)
            continue
        for name in desk.nodes.update():
            show(shown, desk.nodes, name)
        compare(desk.nodes, shown, desk.another())
        check(desk, [*desk.pods, *desk.nodes.elsewhere])


def happen(desk: Desk, stores: dict[str, Store[Any]], verb: str, what: Any) -> None:
    match verb:
        case "put" | "remove":
            own = what.metadata.namespace == HUB
            source = "nodes" if isinstance(what, Node) else "pods" if own else "elsewhere"
            if verb == "put":
                stores[source].put(what)
            else:
                stores[source].remove(what.key)
        case "denied":
            stores[what].failed(NO_RIGHT, 0)
        case "live":
            stores[what].live()
        case "later":
            desk.now += STARTING / 2


def show(shown: dict[str, NodeRow], nodes: Nodes, name: str) -> None:
    """What a pane holds that repaints only what it is told."""
    row = nodes.row(name)
    if row is None:
        shown.pop(name, None)
    else:
        shown[name] = row


def compare(nodes: Nodes, shown: dict[str, NodeRow], fresh: Nodes) -> None:
    """What is shown, and all that is answered, against who has just come."""
    fresh.update()
    rows = {row.name: row for row in fresh.rows()}
    assert {row.name: row for row in nodes.rows()} == rows
    assert shown == rows
    assert nodes.pools() == fresh.pools()
    assert nodes.totals() == fresh.totals()
    assert keys(nodes.pending()) == keys(fresh.pending())


def check(desk: Desk, pods: list[kube.Pod]) -> None:
    """Every row, counted from the pods in the plainest way."""
    there = [each for each in pods if each.status.phase in ("Running", "Pending")]
    named = {each.spec.node_name for each in there if each.spec.node_name}
    assert {row.name for row in desk.nodes.rows()} == named | {
        each.metadata.name for each in desk.nodes.store
    }
    for row in desk.nodes.rows():
        on = [each for each in there if each.spec.node_name == row.name]
        assert keys(desk.nodes.pods_on(row.name)) == keys(on)
        own = [each for each in on if each.metadata.namespace == HUB]
        ours = [each for each in own if each.metadata.labels.get("release") == RELEASE]
        users = [each for each in ours if each.metadata.labels["component"] == USER["component"]]
        assert (row.pods, row.users) == (len(on), len(users))
        assert row.used.get("memory", 0) == sum(requests(each)["memory"] for each in on)
        assert sum(row.shares[share].get("cpu", 0) for share in Share) == row.used.get("cpu", 0)


def keys(pods: Iterable[kube.Pod]) -> set[str]:
    return {each.key for each in pods}


@pytest.mark.parametrize("label", ["team", ""])
def test_the_label_of_choice_groups_the_nodes(label: str) -> None:
    desk = Desk()
    chosen = Nodes(desk.feeds, desk.pods, desk.usage, HUB, RELEASE, pool_label=label)
    labels = {"team": "bio", "cloud.google.com/gke-nodepool": "users"}
    found = node("a")
    meta = msgspec.structs.replace(found.metadata, labels=labels)
    desk.put(msgspec.structs.replace(found, metadata=meta))
    chosen.update()
    assert [pool.name for pool in chosen.pools()] == ["bio" if label else "users"]
