"""What each way to empty a node does with whom, and when it says that the node is empty."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
import pytest

from hubtui.errors import UsageError
from hubtui.model.draining import Fit, Kind
from hubtui.model.hub import HubServer, HubUser, ServerKey
from hubtui.model.idle import CullRule, Grid, forecast
from hubtui.model.kube_changes import Budget
from hubtui.model.kube_needs import Node, WholePod
from hubtui.services.actions.drain_choice import Choice, DrainRequest, Way, choose
from hubtui.services.actions.drain_eta import eta
from hubtui.services.actions.drain_facts import Aboard, Facts, Room
from hubtui.services.culler import Culler
from tests.situations import NOW, ago

RULE = CullRule(timeout=3600, every=600)


def a_pod(name: str, kind: Kind = Kind.SERVER, **labels: str) -> WholePod:
    owner = [] if kind is Kind.SERVER else [{"kind": "ReplicaSet", "name": "x", "controller": True}]
    meta = {
        "name": name, "namespace": "hub", "uid": f"uid-{name}", "labels": labels,
        "ownerReferences": owner,
    }  # fmt: skip
    return msgspec.convert({"metadata": meta, "spec": {"nodeName": "n1"}}, WholePod)


def a_server(name: str, idle: float | None = 60, *, rule: CullRule = RULE, **more: Any) -> Aboard:
    """A server that is idle for so many seconds; None for one that the hub does not know."""
    labels = more.pop("labels", {})
    pod, key = a_pod(name, **labels), ServerKey(name)
    if idle is None:
        return Aboard(pod, Kind.SERVER, key)
    server = HubServer(started=ago(9000), last_activity=ago(idle), ready=True)
    server = msgspec.structs.replace(server, **more)
    goes = forecast(server, rule, NOW, Grid(NOW, rule.every))
    user = HubUser(name=name, servers={"": server})
    return Aboard(pod, Kind.SERVER, key, user, server, goes)


def facts(*aboard: Aboard, budgets: tuple[Budget, ...] = ()) -> Facts:
    node = msgspec.convert({"metadata": {"name": "n1", "uid": "u"}}, Node)
    return Facts(
        now=NOW, node=node, aboard=aboard, hidden=False, budgets=budgets, room=Room(NOW, Fit()),
        caller=None, unasked="", culler=cast("Culler", None), namespace="hub", hub="", cluster={},
    )  # fmt: skip


def chosen(way: Way, *aboard: Aboard, **more: Any) -> Choice:
    keep = more.pop("keep", ())
    return choose(facts(*aboard, **more), DrainRequest("n1", way, idle=1800.0), keep)


IDLE, WORKS = a_server("idle", 2000), a_server("works", 60)
CORE = Aboard(a_pod("hub", Kind.CORE, component="hub"), Kind.CORE)
WEB = Aboard(a_pod("web", Kind.OTHER, app="web"), Kind.OTHER)
PULLER = Aboard(a_pod("puller", Kind.STAYS), Kind.STAYS)


def names(planned: Any) -> list[str]:
    return [str(each.key or each.name) for each in planned]


def test_who_waits_waits_for_all_and_writes_to_none() -> None:
    found = chosen(Way.WAIT, IDLE, WORKS, CORE)
    assert (found.stops, found.evict) == ((), ())
    assert [each.key for each in found.waits] == [ServerKey("idle"), ServerKey("works")]


def test_the_idle_ones_are_stopped_but_for_those_that_are_kept_or_starting() -> None:
    starting = a_server("starting", 2000, ready=False, pending="spawn")
    found = chosen(Way.IDLE, IDLE, WORKS, starting, a_server("vip", 2000), CORE, keep=("v*",))
    assert [planned.key.user for planned in found.idle] == ["idle"]
    assert found.evict == ()
    assert {each.key.user for each in found.waits if each.key} == {"works", "starting", "vip"}


def test_all_that_can_leave_does_and_parts_of_the_hub_go_last() -> None:
    found = chosen(Way.EVICT, CORE, WEB, IDLE, WORKS, a_server("orphan", None), PULLER)
    assert [planned.key.user for planned in found.idle] == ["idle"]
    assert [(p.key.user, p.in_use) for p in found.in_use] == [("works", True)]
    assert [each.name for each in found.evict] == ["idle", "orphan", "works", "web", "hub"]
    assert [each.name for each in found.evicted] == ["orphan", "web", "hub"]
    assert found.waits == ()


def test_a_server_in_use_that_a_budget_guards_is_evicted_so_that_it_is_asked() -> None:
    selector = {"matchLabels": {"team": "a"}}
    written = {
        "metadata": {"name": "b", "namespace": "hub"},
        "spec": {"selector": selector},
    }
    budget = msgspec.convert(written, Budget)
    guarded = a_server("guarded", 60, labels={"team": "a"})
    found = chosen(Way.EVICT, guarded, WORKS, budgets=(budget,))
    assert names(found.in_use) == ["works"]
    assert [(each.name, each.budgets) for each in found.evicted] == [("guarded", ("b",))]


def test_another_choice_has_another_word() -> None:
    assert chosen(Way.EVICT, IDLE).word != chosen(Way.EVICT, IDLE, WEB).word
    assert chosen(Way.WAIT, IDLE).word != chosen(Way.EVICT, IDLE).word
    with pytest.raises(UsageError):
        DrainRequest("n1", idle=0)


def local(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M}"


OFF = CullRule(enabled=False)


@pytest.mark.parametrize(
    ("waits", "words"),
    [
        ((), "there is no server to wait for"),
        (
            (a_server("a", 3600 - 1200), a_server("b", 3600 - 2400)),
            f"the culler stops the last of 2 servers at {local(NOW + timedelta(seconds=2400))}, "
            "if nobody works on",
        ),
        (
            (IDLE, a_server("b", rule=OFF)),
            "never by the culler: b (culling is off (cull.enabled: false))",
        ),
        ((IDLE, a_server("c", None)), "not known of c"),
        ((a_server("d", ready=False, pending="spawn"),), "not known of d (not ready)"),
    ],
)
def test_when_the_last_one_is_gone(waits: tuple[Aboard, ...], words: str) -> None:
    assert eta(waits).words(NOW) == words
