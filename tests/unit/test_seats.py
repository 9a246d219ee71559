"""Seats: node by node, with placeholders, limits, pods that wait, and nodes that may come."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from hubtui.model.kube_needs import Node, Quota
from hubtui.model.packing import amounts
from hubtui.model.placeholders import simulate
from hubtui.model.placing import Wanting, refusal
from hubtui.model.quota_room import limits_of, unread, unsaid
from hubtui.model.seats import Growth, Limit, Place, Tally, seats_of, take_first
from hubtui.model.singleuser import Offer

GI = 2**30
USER = Wanting({"memory": GI}, {})
HOLDER = Wanting({"memory": 10**9}, {})
OFFER = Offer("", "", USER, is_default=True)


def place(memory: int = 8, used: int = 0, pods: int = 0, **more: Any) -> Place:
    """A node with so many Gi of which so many are used."""
    allocatable = {"memory": f"{memory}Gi", "pods": "20", "cpu": "4"}
    written = {"metadata": {"name": "n"}, "status": {"allocatable": allocatable}}
    node = msgspec.convert(written, Node)
    return Place(node, amounts(allocatable), {"memory": used * GI}, pods, **more)


def tally_of(places: dict[str, Place], wanting: Wanting = USER) -> Tally:
    found = Tally(wanting)
    for name, each in places.items():
        found.put(name, each)
    return found


def cordoned(each: Place) -> Place:
    spec = msgspec.structs.replace(each.node.spec, unschedulable=True)
    return Place(msgspec.structs.replace(each.node, spec=spec), each.has, each.used, each.pods)


def test_each_node_gives_what_it_has_left_and_says_what_binds() -> None:
    places = {"a": place(8, 3), "b": place(8, pods=18), "c": cordoned(place(8))}
    found = seats_of(tally_of(places), OFFER, {})

    assert {name: each.now for name, each in found.by_node.items()} == {"a": 5, "b": 2, "c": 0}
    assert (found.total, found.binds) == (7, "memory on 1 node, pod slots on 1 node")
    assert found.by_node["c"].off == "is cordoned"


def test_without_a_node_the_reason_is_told() -> None:
    assert tally_of({}).words() == "there is no node"
    assert tally_of({"a": cordoned(place())}).words() == "no node takes it: 1 is cordoned"


def test_placeholders_give_back_what_they_hold() -> None:
    held = place(8, 6, pods=6, soft={"memory": 3 * GI}, soft_pods=3)
    found = seats_of(tally_of({"a": held}), OFFER, {})

    assert (found.total, found.giving_way) == (2, 5)


def test_a_limit_beside_the_nodes_binds() -> None:
    limits = [Limit("ResourceQuota q: pods", 3), Limit("hub.activeServerLimit 100", 50)]
    found = seats_of(tally_of({"a": place(8)}), OFFER, {}, limits)

    assert (found.total, found.binds) == (3, "ResourceQuota q: pods")


@pytest.mark.parametrize(
    ("growth", "scaled"),
    [
        ([], None),
        ([Growth("p", 2, place(8, 1))], 8 + 14),
        ([Growth("p", 0, place(8)), Growth("q", 1, cordoned(place(8)))], 8),
        ([Growth("p", 2, None)], None),
    ],
)
def test_seats_with_the_nodes_that_may_come(growth: list[Growth], scaled: int | None) -> None:
    assert seats_of(tally_of({"a": place(8)}), OFFER, {}, (), growth).scaled == scaled


def test_pods_that_wait_take_their_seats_first() -> None:
    places = {"a": place(8), "b": place(2)}
    large, users = tally_of(places, Wanting({"memory": 4 * GI}, {})), tally_of(places)
    taken, fits = take_first([(large, 3)], places)

    assert fits == [2]
    assert seats_of(users, OFFER, taken).total == 2
    assert users.now == 10


def test_pods_that_wait_and_fit_nowhere_take_nothing() -> None:
    places = {"a": place(8)}
    taken, fits = take_first([(tally_of(places, Wanting({"memory": 99 * GI}, {})), 500)], places)

    assert (taken, fits) == ({}, [0])


memory = some.integers(1, 12)
nodes = some.lists(some.tuples(memory, some.integers(0, 12), some.integers(0, 22)), max_size=5)


changes = some.lists(some.tuples(some.integers(0, 4), memory, some.integers(0, 12)), max_size=8)


@given(nodes, changes)
def test_a_tally_is_the_same_however_its_nodes_changed(
    first: list[tuple[int, int, int]], later: list[tuple[int, int, int]]
) -> None:
    """A node whose change has as much used as there is goes away instead."""
    places: dict[str, Place | None] = {str(n): place(*each) for n, each in enumerate(first)}
    kept = tally_of({name: each for name, each in places.items() if each})
    for number, size, used in later:
        changed = places[str(number)] = None if size == used else place(size, used)
        kept.put(str(number), changed)
    anew = tally_of({name: each for name, each in places.items() if each})

    assert (kept.now, kept.giving_way, kept.nodes) == (anew.now, anew.giving_way, anew.nodes)
    assert {*kept.words().split(", ")} == {*anew.words().split(", ")}


@given(nodes, some.integers(0, 12), some.booleans())
def test_a_simulation_is_what_happens_when_users_come_one_after_the_other(
    sizes: list[tuple[int, int, int]], number: int, gives_way: bool
) -> None:
    """Played through pod by pod: the next scale-up is where a pod first finds no node."""
    places = {str(n): place(*each) for n, each in enumerate(sizes)}
    found = simulate(places, USER, HOLDER, number, {}, gives_way=gives_way)

    free = sum(refused_after(each) for each in places.values())
    assert found.at_once <= free
    if found.waiting:
        assert found.at == 0
    elif not number or not gives_way:
        assert found.at == found.at_once + 1
    else:
        assert found.at_once - number + 1 <= found.at <= found.at_once + 1


def refused_after(each: Place) -> int:
    """How many users a node takes until the scheduler's rules refuse the next one."""
    count = 0
    while refusal(USER, each.node, each.used, each.pods) is None:
        each, count = each.with_(USER), count + 1
    return count


def test_placeholders_bring_the_scale_up_forward() -> None:
    places = {"a": place(8), "b": place(8)}

    def at(number: int, *, gives_way: bool = True) -> tuple[int, int]:
        found = simulate(places, USER, HOLDER, number, {}, gives_way=gives_way)
        return found.at, found.at_once

    assert at(0) == (17, 16)
    assert at(4) == (13, 16)
    assert at(4, gives_way=False) == (13, 12)
    assert at(18)[0] == 0


def test_the_highest_numbers_go_first() -> None:
    """Of three on a full node the third is taken away: a seat is free where it was."""
    places = {"a": place(2), "b": place(1)}
    found = simulate(places, USER, HOLDER, 2, {0: "a", 1: "a", 2: "b"}, gives_way=False)

    assert (found.waiting, found.at) == (0, 2)


def quota(hard: dict[str, str], used: dict[str, str], **spec: Any) -> Quota:
    written = {"metadata": {"name": "q"}, "spec": spec, "status": {"hard": hard, "used": used}}
    return msgspec.convert(written, Quota)


@pytest.mark.parametrize(
    ("hard", "used", "spec", "left"),
    [
        ({"pods": "10"}, {"pods": "7"}, {}, 3),
        ({"requests.memory": "10Gi"}, {"requests.memory": "5632Mi"}, {}, 4),
        ({"memory": "2Gi"}, {"memory": "3Gi"}, {}, 0),
        ({"limits.memory": "9Gi"}, {"limits.memory": "1Gi"}, {}, 4),
        ({"requests.cpu": "1"}, {"requests.cpu": "1"}, {}, None),
        ({"services": "1"}, {"services": "1"}, {}, None),
        ({"pods": "1"}, {"pods": "1"}, {"scopes": ["Terminating"]}, None),
        ({"pods": "1"}, {"pods": "1"}, {"scopes": ["NotTerminating"]}, 0),
        ({"pods": "1"}, {"pods": "1"}, {"scopes": ["BestEffort"]}, None),
        ({"pods": "1"}, {"pods": "1"}, {"scopes": ["NotBestEffort"]}, 0),
    ],
)
def test_what_a_quota_lets_through(
    hard: dict[str, str], used: dict[str, str], spec: dict[str, Any], left: int | None
) -> None:
    found = list(limits_of(quota(hard, used, **spec), USER, {"memory": 2 * GI}))

    assert [each.left for each in found] == ([] if left is None else [left])


def test_what_a_quota_counts_and_a_server_does_not_say_is_told() -> None:
    hard = {"pods": "9", "requests.memory": "9Gi", "requests.cpu": "9", "limits.memory": "9Gi"}
    counted = quota(hard, {})

    assert unsaid(counted, USER, {}) == ("requests.cpu", "limits.memory")
    assert unsaid(counted, USER, {"memory": GI}) == ("requests.cpu",)


def test_a_quota_for_a_priority_is_not_counted_and_told() -> None:
    some_pods = quota({"pods": "1"}, {"pods": "1"}, scopeSelector={"matchExpressions": []})

    assert unread(some_pods)
    assert list(limits_of(some_pods, USER, {})) == []
