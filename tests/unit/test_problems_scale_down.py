"""Nodes that stay for nobody who works: what is said of them, and when nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from hubtui.model import kube
from hubtui.model.autoscaler import Autoscaler, NodeGroup
from hubtui.model.hub import HubServer, ServerKey
from hubtui.model.kube_needs import Node
from hubtui.model.problem import Incident, Level, Problem, Verb
from hubtui.services.problems import scale_down
from hubtui.services.problems.index import PodIndex
from hubtui.services.problems.situation import HubSeen, Situation
from hubtui.services.store import Store
from tests.situations import NOW, ago, at, core, pod, situation

USER = "singleuser-server"
OFF = {"enabled": False}
DEFAULT = {"enabled": True, "timeout": 3600, "every": 600}
LONG = {"enabled": True, "timeout": 8 * 3600, "every": 600}
CONTROLLED = [{"kind": "ReplicaSet", "name": "r", "controller": True}]


def node(name: str, pool: str = "users", **more: Any) -> Node:
    """A node of a pool that is well; `more` goes into its spec."""
    labels = {"cloud.google.com/gke-nodepool": pool}
    labels["hub.jupyter.org/node-purpose"] = "core" if pool == "core" else "user"
    body = {
        "metadata": {"name": name, "labels": more.pop("labels", labels)},
        "spec": more,
        "status": {
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": at(9000)}],
            "allocatable": {"cpu": "16", "memory": "58Gi"},
        },
    }
    return msgspec.convert(body, Node)


def idle(seconds: float, **more: Any) -> HubServer:
    return HubServer(ready=True, started=ago(90_000), last_activity=ago(seconds), **more)


def stray(name: str = "debug", on: str = "n2", seconds: float = 3600) -> kube.Pod:
    """Somebody's `kubectl run` in the hub's namespace."""
    return pod(name, "", seconds, node=on)


def look(
    pods: list[kube.Pod],
    servers: Mapping[str, HubServer],
    cull: Mapping[str, Any] | None = OFF,
    nodes: tuple[Node, ...] = (node("n1"), node("n2"), node("c1", "core")),
    **more: Any,
) -> Situation:
    """The hub as the finder would see it: the nodes to look at are those that it would choose."""
    known = {ServerKey.parse(name): server for name, server in servers.items()}
    hub = HubSeen(at=NOW, servers=known, cull=cull)
    store: Store[kube.Pod] = Store("pods")
    store.page(pods)
    index = PodIndex(store, "hub")
    index.update()
    names = scale_down.candidates(index.on_nodes, hub, NOW, "hub")
    held = {name: index.on_nodes[name].values() for name in names}
    by_name = {each.metadata.name: each for each in nodes}
    return situation(*pods, hub=hub, nodes=by_name, nodes_at=NOW, held=held, **more)


def found(*args: Any, **more: Any) -> list[Problem]:
    return scale_down.find(look(*args, **more))


BUSY = [pod(f"jupyter-u{n}", USER, user=f"u{n}", node="n1") for n in range(5)]
WORKING = {f"u{n}": idle(60) for n in range(5)}
ANA = pod("jupyter-ana", USER, user="ana", node="n2")
BO = pod("jupyter-bo--gpu", USER, user="bo", server="gpu", node="n2")


def test_one_idle_server_keeps_a_node_and_the_culler_never_comes() -> None:
    (problem,) = found([*core(), *BUSY, ANA], {**WORKING, "ana": idle(7200)})
    assert (problem.incident, problem.level) == (Incident.SCALE_DOWN, Level.SOON)
    assert problem.title == "Node n2 stays for 1 server that nobody uses (ana)"
    assert problem.since == ago(7200)
    assert "16 cores, 58G" in problem.effect
    assert problem.todo.startswith("The culler never frees it")
    assert any("culling is off" in each.words for each in problem.evidence)
    assert [fix.command for fix in problem.fixes] == [
        "hubtui stop ana", "hubtui cordon n2", "hubtui drain n2", "hubtui why node/n2",
    ]  # fmt: skip
    assert problem.missing == ()


def test_two_idle_servers_are_stopped_together_and_the_time_of_the_culler_is_told() -> None:
    servers = {**WORKING, "ana": idle(7200), "bo/gpu": idle(3600)}
    (problem,) = found([*core(), *BUSY, ANA, BO], servers, LONG)
    stop = problem.fix(Verb.STOP)
    assert stop is not None
    assert stop.targets == ("ana", "bo/gpu")
    assert stop.command == "hubtui stop ana bo/gpu"
    assert problem.since == ago(3600)
    assert problem.todo.startswith("The culler frees it ")
    assert "(in 7 h" in problem.todo


def test_nodes_of_one_pool_are_one_problem_and_one_seat_is_left() -> None:
    pods = [pod(f"jupyter-g{n}", USER, user=f"g{n}", node=f"g{n}") for n in range(3)]
    servers = {f"g{n}": idle(9000) for n in range(3)}
    nodes = tuple(node(f"g{n}", "gpu") for n in range(3))
    (problem,) = found([*core(), *pods], servers, nodes=nodes)
    assert problem.title == "2 nodes stay (g0, g1) for 2 servers that nobody uses (g0, g1)"
    (problem,) = found([*core(), *pods], servers, nodes=(*nodes, node("n1")))
    assert problem.title.startswith("3 nodes stay")
    assert problem.subject == "gpu"


def test_a_stray_pod_keeps_a_node_for_users() -> None:
    (problem,) = found([*core(), *BUSY, stray()], WORKING)
    assert problem.title == "Node n2 stays for 1 stray pod (hub/debug)"
    assert problem.since == ago(3600)
    assert [fix.verb for fix in problem.fixes] == [Verb.CORDON, Verb.DRAIN, Verb.WHY, Verb.EVENTS]


def test_a_cordoned_node_that_the_culler_never_frees_is_told_without_a_cordon() -> None:
    nodes = (node("n1"), node("n2", unschedulable=True))
    (problem,) = found([*core(), *BUSY, ANA], {**WORKING, "ana": idle(7200)}, nodes=nodes)
    assert [fix.verb for fix in problem.fixes] == [Verb.STOP, Verb.DRAIN, Verb.WHY]


def test_the_size_of_the_group_is_told() -> None:
    known = Autoscaler("NoCandidates", (NodeGroup("gke-x-users-1-grp", 2, 0, 9),))
    (problem,) = found([*core(), *BUSY, ANA], {**WORKING, "ana": idle(7200)}, autoscaler=known)
    assert "gke-x-users-1-grp has 2 nodes, from 0 to 9" in problem.evidence[-1].words


def test_what_is_not_known_of_an_autoscaler_is_said() -> None:
    denied = {"autoscaler": "no right to get configmaps"}
    (problem,) = found([*core(), *BUSY, ANA], {**WORKING, "ana": idle(7200)}, missing=denied)
    assert [each.source for each in problem.missing] == ["autoscaler"]


QUIET: dict[str, dict[str, Any]] = {
    "somebody works alone on a node": {"servers": {"ana": idle(60)}},
    "a break": {"servers": {"ana": idle(1200)}},
    "the culler takes it soon": {"servers": {"ana": idle(3000)}, "cull": DEFAULT},
    "the culler is late": {"servers": {"ana": idle(30_000)}, "cull": DEFAULT},
    "a long timeout that is nearly over": {"servers": {"ana": idle(7.5 * 3600)}, "cull": LONG},
    "the culler's rule is not known": {"servers": {"ana": idle(5400)}, "cull": None},
    "the hub does not know the server": {"servers": {}},
    "it is being stopped": {"servers": {"ana": idle(7200, pending="stop")}},
    "one of two works": {
        "pods": [*core(), *BUSY, ANA, BO], "servers": {"ana": idle(7200), "bo/gpu": idle(30)},
    },
    "more than a few": {
        "pods": [*core(), *BUSY, ANA, BO, pod("jupyter-cy", USER, user="cy", node="n2")],
        "servers": {"ana": idle(7200), "bo/gpu": idle(7200), "cy": idle(7200)},
    },
    "placeholders are there as well": {
        "pods": [*core(), *BUSY, ANA, pod("user-placeholder-0", "user-placeholder", node="n2")],
        "servers": {"ana": idle(7200)},
    },
    "the core is there as well": {
        "pods": [*core("hub"), pod("hub-1", "hub", node="n2"), *BUSY, ANA],
        "servers": {"ana": idle(7200)},
    },
    "dask works there": {
        "pods": [*core(), *BUSY, pod("dask-worker-1", "dask-worker", node="n2")], "servers": {},
    },
    "no other node is left": {
        "servers": {"ana": idle(7200)}, "nodes": (node("n2"), node("c1", "core")),
    },
    "the others are cordoned": {
        "servers": {"ana": idle(7200)}, "nodes": (node("n1", unschedulable=True), node("n2")),
    },
    "the autoscaler has marked it": {
        "servers": {"ana": idle(7200)},
        "nodes": (
            node("n1"),
            node("n2", taints=[{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}]),
        ),
    },
    "it is cordoned, and the culler comes": {
        "servers": {"ana": idle(7200)}, "cull": LONG,
        "nodes": (node("n1"), node("n2", unschedulable=True)),
    },
    "the nodes are not read, or denied": {"servers": {"ana": idle(7200)}, "nodes": ()},
    "there is no autoscaler": {"servers": {"ana": idle(7200)}, "no_autoscaler": True},
    "the group is at its minimum": {
        "servers": {"ana": idle(7200)},
        "autoscaler": Autoscaler("NoCandidates", (NodeGroup("gke-x-users-1-grp", 2, 2, 9),)),
    },
    "Karpenter may move the server": {
        "servers": {"ana": idle(7200)},
        "nodes": (node("n1"), node("n2", labels={"karpenter.sh/nodepool": "users"})),
    },
    "a stray pod of a moment ago": {"pods": [*core(), *BUSY, stray(seconds=60)], "servers": {}},
    "a stray pod on a node that is not for users": {
        "pods": [*core(), *BUSY, stray(on="c1")], "servers": {},
    },
    "pods of somebody's own": {
        "pods": [*core(), *BUSY, *(stray(f"job-{n}") for n in range(3))], "servers": {},
    },
}  # fmt: skip


@pytest.mark.parametrize("case", QUIET.values(), ids=QUIET)
def test_nothing_is_said(case: dict[str, Any]) -> None:
    more = {"pods": [*core(), *BUSY, ANA], **case}
    more["servers"] = {**WORKING, **more["servers"]}
    assert found(**more) == []
