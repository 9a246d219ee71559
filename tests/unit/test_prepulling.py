"""How far a prepull has come on a node: what is given up, what is stuck, who is not waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hubtui.model.brought import Brought, Wear
from hubtui.model.daemon_nodes import daemon_pod
from hubtui.model.kube import DaemonSet, Pod
from hubtui.model.kube_needs import Node
from hubtui.model.prepull import Puller, daemonset, left_of, may_be_at_work, name_of
from hubtui.model.prepulling import (
    NodeState,
    Verdicts,
    behind,
    is_stuck,
    silence,
    wanted,
)
from hubtui.model.pulls import Pull, PullState, pulls_of
from hubtui.model.roles import Role, role_of
from hubtui.services.prepull import pod_of, spread

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
A, B, C = "reg.io/a:1", "reg.io/b:2", "reg.io/c:3"
NOT_FOUND = "ErrImagePull: reg.io/a:1: not found"
AWAY = "ErrImagePull: dial tcp: i/o timeout"
PULLER = Puller("hub", "R", "20261127t1200-ab", "ana@here", NOW + timedelta(minutes=20), Wear("it"))


def failed(image: str, words: str) -> Pull:
    return Pull(image, PullState.FAILED, NOW, words)


def test_what_no_registry_has_is_given_up_sooner_than_one_that_is_not_reached() -> None:
    verdicts = Verdicts(final=10, patience=120)
    pulls = failed(A, NOT_FOUND), failed(B, AWAY)
    assert verdicts.judge("n", pulls, 0) == frozenset()
    assert verdicts.judge("n", pulls, 10) == {A}
    assert verdicts.judge("n", pulls, 120) == {A, B}
    assert verdicts.judge("other", pulls, 120) == frozenset()


def test_a_pull_that_succeeds_after_all_begins_anew() -> None:
    verdicts = Verdicts(final=10, patience=10)
    verdicts.judge("n", [failed(A, AWAY)], 0)
    assert verdicts.judge("n", [Pull(A, PullState.DONE)], 5) == frozenset()
    assert verdicts.judge("n", [failed(A, AWAY)], 12) == frozenset()


def test_the_registrys_words_outlast_a_back_off_without_them() -> None:
    verdicts = Verdicts(final=10, patience=120)
    verdicts.judge("n", [failed(A, NOT_FOUND)], 0)
    bare = failed(A, "ImagePullBackOff")
    assert verdicts.judge("n", [bare], 10) == {A}
    assert verdicts.told("n", bare).words == NOT_FOUND


def pod(*states: dict[str, Any], images: tuple[str, ...] = (A, B)) -> Pod:
    names = [f"image-pull-{number}" for number in range(len(images))]
    body = {
        "spec": {
            "nodeName": "n",
            "initContainers": [{"name": n, "image": i} for n, i in zip(names, images, strict=True)],
        },
        "status": {
            "startTime": "2026-11-27T12:00:00Z",
            "initContainerStatuses": [
                {"name": name, "state": state} for name, state in zip(names, states, strict=True)
            ],
        },
    }
    return msgspec.convert(body, Pod)


INIT = {"waiting": {"reason": "PodInitializing"}}
DONE = {"terminated": {"finishedAt": "2026-11-27T12:01:00Z"}}
BACK_OFF = {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}
NO_SHELL = {"waiting": {"reason": "CrashLoopBackOff"}}


@pytest.mark.parametrize(
    ("states", "given_up", "stuck"),
    [
        ((INIT, INIT), (), False),
        ((BACK_OFF, INIT), (), False),
        ((BACK_OFF, INIT), (A,), True),
        ((DONE, BACK_OFF), (A,), False),
        ((NO_SHELL, INIT), (), True),
        ((DONE, DONE), (), True),
    ],
)
def test_a_pod_is_stuck_behind_what_is_given_up_or_cannot_be_run(
    states: tuple[dict[str, Any], ...], given_up: tuple[str, ...], stuck: bool
) -> None:
    found = pod(*states)
    assert is_stuck(found, pulls_of(found), given_up) is stuck


def test_what_waits_in_vain_is_brought_anew_what_was_lost_elsewhere_last() -> None:
    waits = tuple(Pull(image, PullState.WAITING) for image in (A, B, C))
    one = NodeState("one", (failed(A, NOT_FOUND), *waits[1:]), frozenset({A}))
    two = NodeState("two", (waits[0], failed(B, AWAY), waits[2]), frozenset({B}))
    far = NodeState("far", waits, silent="not Ready")
    assert behind([one], {"one"}) == (B, C)
    assert behind([one], ()) == ()
    assert behind([one, two, far], {"one", "two", "far"}) == (C, B, A)
    assert not one.settled
    assert far.settled
    assert NodeState("n", (failed(A, NOT_FOUND),), frozenset({A})).settled


def node(name: str = "n", *taints: str, ready: str = "True", **more: Any) -> Node:
    since = {"lastTransitionTime": NOW - timedelta(minutes=5), **more}
    condition = {"type": "Ready", "status": ready, "reason": "KubeletNotReady", **since}
    body = {
        "metadata": {"name": name, "creationTimestamp": NOW - timedelta(hours=1)},
        "spec": {"taints": [{"key": key, "effect": "NoSchedule"} for key in taints]},
        "status": {"conditions": [condition]},
    }
    return msgspec.convert(body, Node)


def test_a_node_that_is_silent_for_long_is_not_waited_for() -> None:
    assert silence(node(), NOW) == ""
    assert silence(node(ready="Unknown"), NOW) == "the node is not Ready (KubeletNotReady)"
    young = node(ready="False", lastTransitionTime=NOW - timedelta(seconds=20))
    assert silence(young, NOW) == ""


def test_a_node_is_meant_while_it_is_not_ready_and_not_where_users_may_not_go() -> None:
    puller = pod_of(Wear("it"))
    lost = node("lost", "node.kubernetes.io/not-ready", ready="False")
    other = node("other", "somebody")
    assert [n.metadata.name for n in wanted([node(), lost, other], puller)] == ["n", "lost"]


@pytest.mark.parametrize(
    ("listed", "held", "where"),
    [
        ([["docker.io/library/busybox:1"]], (), "has"),
        ([["reg.io/x:1"]], (), "lacks"),
        ([["reg.io/x:1"]], ("docker.io/library/busybox:1",), "lacks"),
        ([], (), "unknown"),
        ([], ("docker.io/library/busybox:1",), "has"),
        ([[f"reg.io/x:{n}"] for n in range(50)], (), "unknown"),
        ([[f"reg.io/x:{n}"] for n in range(50)], ("docker.io/library/busybox:1",), "has"),
        ([[f"reg.io/x:{n}"] for n in range(49)], (), "lacks"),
    ],
)
def test_a_full_list_does_not_tell_and_then_the_pullers_pods_do(
    listed: list[list[str]], held: tuple[str, ...], where: str
) -> None:
    body = {"metadata": {"name": "n"}, "status": {"images": [{"names": n} for n in listed]}}
    found = spread(Brought("busybox:1"), [msgspec.convert(body, Node)], {"n": frozenset(held)})
    assert getattr(found, where) == ("n",)
    assert len(found.has) + len(found.lacks) + len(found.unknown) == 1


def test_the_daemonset_is_ours_asks_for_nothing_and_runs_as_nobody() -> None:
    body = daemonset(PULLER, name_of("20261127T1200-AB"), (A, B))
    template = body["spec"]["template"]
    assert body["metadata"]["name"] == "hubtui-prepull-20261127t1200-ab"
    labels = template["metadata"]["labels"]
    assert body["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert "app" not in labels
    assert "component" not in labels
    made = msgspec.convert({"metadata": template["metadata"]}, Pod)
    assert (role_of(made, "R"), role_of(made, "other")) == (Role.PREPULL, Role.OTHER)
    spec = template["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    containers = (*spec["initContainers"], *spec["containers"])
    assert all("resources" not in each for each in containers)
    assert all(each["securityContext"]["capabilities"] == {"drop": ["ALL"]} for each in containers)
    assert [each["image"] for each in spec["initContainers"]] == [A, B]
    assert daemon_pod(body) == pod_of(PULLER.wear)


def test_what_is_left_says_by_whom_and_until_when() -> None:
    body = daemonset(PULLER, name_of("x"), (A,))
    left = left_of(msgspec.convert(body, DaemonSet))
    assert left is not None
    assert (left.owner, left.operation, left.until) == ("ana@here", PULLER.operation, PULLER.until)
    assert may_be_at_work(left, NOW)
    assert not may_be_at_work(left, NOW + timedelta(hours=1))
    body["metadata"]["annotations"] = {"hubtui/until": "soon"}
    left = left_of(msgspec.convert(body, DaemonSet))
    assert left is not None
    assert not may_be_at_work(left, NOW)
    body["metadata"]["labels"] = {"app": "x"}
    assert left_of(msgspec.convert(body, DaemonSet)) is None
