"""Incidents of pods: no node, no image, a core that is down, an overloaded hub, lost nodes."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from hubtui.model.autoscaler import Autoscaler, NodeGroup
from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Node
from hubtui.model.problem import Incident, Level, Problem
from hubtui.model.roles import Role
from hubtui.model.why_facts import Cause, Missing, Why
from hubtui.services.problems import problems_of
from hubtui.services.problems.situation import SeatsSeen, Situation
from tests.situations import (
    EXPECTED,
    NOW,
    ago,
    at,
    container_status,
    core,
    event,
    former,
    heads,
    node,
    pod,
    quota,
    silent,
    situation,
    unscheduled,
    waiting,
)

USER = "singleuser-server"
PULLER = "continuous-image-puller"
CRASH = {"exitCode": 1, "reason": "Error", "finishedAt": at(20)}


def only(seen: Situation) -> Problem:
    """The one problem of a situation."""
    (found,) = problems_of(seen)
    return found


def words(problem: Problem) -> str:
    """All evidence in one text."""
    return "\n".join(each.words for each in problem.evidence)


def commands(problem: Problem) -> list[str]:
    return [fix.command for fix in problem.fixes]


# -- pending-user


def why(cause: Cause, **more: Any) -> dict[str, Why]:
    return {"hub/u1": Why(cause, f"It is {cause}.", todo="Do that.", **more)}


@pytest.mark.parametrize(
    ("seconds", "more", "level"),
    [
        (61, {}, Level.NOW),
        (16, {"whys": why(Cause.TOO_LARGE)}, Level.NOW),
        (61, {"whys": why(Cause.NO_NODE)}, Level.NOW),
        (16, {"events": [event("u1", "NotTriggerScaleUp", "max node group size")]}, Level.NOW),
        (301, {"events": [event("u1", "TriggeredScaleUp")]}, Level.SOON),
        (601, {"events": [event("u1", "TriggeredScaleUp")]}, Level.NOW),
        (181, {"missing": {"events": "denied"}}, Level.SOON),
        (301, {"missing": {"events": "denied"}}, Level.NOW),
        (301, {"whys": why(Cause.GATED)}, Level.NOW),
    ],
    ids=["full", "too large", "no node accepts", "no scale-up", "a late node", "a very late node",
         "events unread", "events unread for long", "gated"],
)  # fmt: skip
def test_a_server_without_a_node(seconds: float, more: dict[str, Any], level: Level) -> None:
    found = only(situation(*core(), unscheduled("u1", USER, seconds, user="bo"), **more))
    assert (found.incident, found.level) == (Incident.PENDING_USER, level)
    assert found.title.startswith("1 server (bo) waits for a node")
    assert found.since == ago(seconds)
    assert commands(found) == ["hubtui why u1", "hubtui events u1"]


def test_those_who_wait_for_the_same_are_one_problem() -> None:
    pods = [unscheduled(f"u{n}", USER, 90 + n, user=f"user-{n}") for n in range(12)]
    large = unscheduled("big", USER, 90, user="eve", requests={"memory": "900Gi"})
    found = problems_of(situation(*core(), *pods, large))
    assert {each.title for each in found} == {
        "12 servers (user-0, user-1, user-10 and 9 more) wait for a node",
        "1 server (eve) waits for a node",
    }
    assert len({each.key for each in found}) == 2


def test_what_explains_it_is_told_with_what_could_not_be_read() -> None:
    missing = (Missing("nodes", "no right to list nodes"),)
    explained = why(Cause.TOO_LARGE, means="Waiting does not help.", missing=missing)
    found = only(situation(*core(), unscheduled("u1", USER, 30, user="bo"), whys=explained))
    assert found.title == "1 server (bo) waits for a node: larger than any node"
    assert found.todo == "Do that."
    assert "Waiting does not help." in words(found)
    assert found.missing == missing


def test_a_scheduler_that_is_down_is_found_by_those_who_wait_in_silence() -> None:
    down = waiting("s1", "user-scheduler", "CrashLoopBackOff", 90, restarts=4, last=CRASH)
    silence = unscheduled("u1", USER, 20, "", user="bo")
    seen = situation(*core("user-scheduler"), down, silence, whys=why(Cause.SCHEDULER))
    found = {each.incident: each for each in problems_of(seen)}
    assert set(found) == {Incident.PENDING_USER, Incident.CORE}
    assert commands(found[Incident.PENDING_USER])[0] == "hubtui restart user-scheduler"
    assert found[Incident.CORE].effect == "New servers stay Pending, and no event says why."


def test_a_scheduler_that_is_up_may_be_slow_for_a_minute() -> None:
    def seen(seconds: float) -> Situation:
        silence = unscheduled("u1", USER, seconds, "")
        return situation(*core(), silence, whys=why(Cause.SCHEDULER))

    assert problems_of(seen(40)) == ()
    assert only(seen(61)).incident is Incident.PENDING_USER


@pytest.mark.parametrize(
    ("hard", "used", "line"),
    [
        ({"pods": "50"}, {"pods": "50"}, "50 of 50 pods used, a further server needs 1"),
        ({"requests.memory": "10Gi"}, {"requests.memory": "9.5Gi"}, "requests.memory used"),
        ({"limits.memory": "10Gi"}, {"limits.memory": "9Gi"}, "a further server needs"),
    ],
)
def test_a_quota_without_room_for_one_more(
    hard: dict[str, str], used: dict[str, str], line: str
) -> None:
    server = pod("u1", USER, requests={"memory": "1Gi"}, limits={"memory": "2Gi"})
    found = only(situation(*core(), server, quotas=[quota(hard, used)]))
    assert (found.incident, found.level) == (Incident.PENDING_USER, Level.SOON)
    assert line in words(found)


# -- image-pull


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_an_image_that_does_not_come_is_seen_at_once(reason: str) -> None:
    found = only(situation(*core(), waiting("u1", USER, reason, 2, "no such tag", user="ana")))
    assert (found.incident, found.level) == (Incident.IMAGE_PULL, Level.NOW)
    assert found.title == "Image img:1 cannot be pulled on node-1: 1 server (ana) waits"
    assert "no such tag" in words(found)
    assert commands(found)[:2] == ["hubtui why u1", "hubtui events u1"]


def test_one_problem_for_each_image() -> None:
    def fails(name: str, image: str, where: str) -> Pod:
        return waiting(name, USER, "ErrImagePull", 9, image=image, node=where, user=name)

    pods = [fails("a", "x:1", "n1"), fails("b", "x:1", "n2"), fails("c", "y:1", "n1")]
    found = problems_of(situation(*core(), *pods))
    assert sorted(each.title for each in found) == [
        "Image x:1 cannot be pulled on n1, n2: 2 servers (a, b) wait",
        "Image y:1 cannot be pulled on n1: 1 server (c) waits",
    ]


YOUNG = heads("superseded", "superseded", "deployed", seconds=600)
OLD = heads("superseded", "superseded", "deployed", seconds=9 * 86400)
FAILED = heads("superseded", "deployed", "failed", seconds=600)
BAD = [waiting(f"u{n}", USER, "ImagePullBackOff", 9) for n in range(3)]
BEFORE = [waiting(f"u{n}", USER, "ImagePullBackOff", 2000) for n in range(3)]
TOO_LARGE: dict[str, Any] = {"whys": {"hub/u1": Why(Cause.TOO_LARGE, "It is too large.")}}


@pytest.mark.parametrize(
    ("seen", "offered"),
    [
        (situation(*core(), *BAD, heads=YOUNG), True),
        (situation(*core(), *BAD, heads=OLD), False),
        (situation(*core(), *BAD, heads=FAILED), False),
        (situation(*core(), *BEFORE, heads=YOUNG), False),
        (situation(*core(), BAD[0], heads=YOUNG), False),
        (situation(*core(), unscheduled("u1", USER, 30), heads=YOUNG, **TOO_LARGE), True),
        (situation(*core(), unscheduled("u1", USER, 90), heads=YOUNG), False),
        (situation(*core("hub"), unscheduled("hub-2", "hub", 60), heads=YOUNG), True),
        (situation(*core("hub"), unscheduled("hub-2", "hub", 60), heads=OLD), False),
    ],
    ids=["an image", "an old revision", "a failed one", "older than the revision",
         "one user's own image", "too large", "nodes that are full", "the hub", "the hub, later"],
)  # fmt: skip
def test_what_a_young_revision_may_have_brought_leads_back(seen: Situation, offered: bool) -> None:
    assert ("hubtui rollback 2" in commands(only(seen))) is offered


def test_a_hub_that_has_just_ended_says_since_when() -> None:
    over = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": at(4)}}
    hub = pod("hub-1", "hub", containerStatuses=[container_status(over)])
    found = only(situation(*core("hub"), hub))
    assert (found.title, found.since) == ("The hub is down: its pod is Error", ago(4))
    gave_up = only(situation(*core("hub"), hub, log=[ABORTED]))
    assert gave_up.incident is Incident.OVERLOAD


def test_a_part_of_the_core_that_is_too_large_is_no_profile() -> None:
    large = Why(Cause.TOO_LARGE, "x", todo="Ask for less (the profile, …)")
    hub = unscheduled("hub-2", "hub", 60)
    found = only(situation(*core("hub"), hub, whys={"hub/hub-2": large}))
    assert found.todo.startswith("Ask for less in the values")


def test_a_puller_alone_costs_nobody_a_server_yet() -> None:
    found = only(situation(*core(), waiting("p1", PULLER, "ImagePullBackOff", 60)))
    assert found.level is Level.SOON


def test_the_image_of_the_hub_is_told_once() -> None:
    bad = waiting("hub-2", "hub", "ImagePullBackOff", 60, image="k8s-hub:9")
    found = only(situation(*core("hub"), bad))
    assert found.incident is Incident.IMAGE_PULL
    assert "The new pod of hub does not start" in found.effect


@pytest.mark.parametrize(("seconds", "level"), [(160, Level.SOON), (301, Level.NOW)])
def test_a_pull_that_costs_the_start_timeout(seconds: float, level: Level) -> None:
    slow = waiting("u1", USER, "ContainerCreating", seconds, user="ana")
    nodes = {
        "n1": node("n1", images=["docker.io/library/img:1"]),
        "n2": node("n2", images=["docker.io/library/img:0"]),
        "n3": node("n3", images=[f"x:{n}" for n in range(50)]),
        "c1": node("c1", images=["x:1"], labels={"hub.jupyter.org/node-purpose": "core"}),
    }
    found = only(situation(*core(), slow, events=[event("u1", "Pulling")], nodes=nodes))
    assert (found.incident, found.level) == (Incident.IMAGE_PULL, level)
    assert found.title.startswith("Image img:1 is still being pulled on node-1")
    assert "1 of 3 nodes have the image\n1 node without it: n2" in words(found)
    assert "of 1 of 3 nodes it is not known (n3): a node lists 50 images at most" in words(found)
    assert found.fixes[0].command == "hubtui prepull img:1"


def test_what_was_said_of_a_former_server_of_that_name_does_not_count() -> None:
    slow = waiting("u1", USER, "ContainerCreating", 301, user="ana")
    assert problems_of(situation(*core(), slow, events=[former(event("u1", "Pulling"))])) == ()


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("1 max node group size reached, 2 node(s) had untolerated taint {a: b}",
         "1 node group at its maximum"),
        ("2 max node group size reached", "2 node groups at their maximum"),
        ("2 Insufficient memory", ""),
    ],
)  # fmt: skip
def test_a_node_group_at_its_maximum_is_told(message: str, told: str) -> None:
    said = event("u1", "NotTriggerScaleUp", f"pod didn't trigger scale-up: {message}")
    waits = unscheduled("u1", USER, 90, user="ana")
    found = only(situation(*core(), waits, whys=why(Cause.FULL), events=[said]))
    full = ": the nodes are full, and their group is at its maximum"
    assert found.title.endswith(full) == bool(told)
    assert told in words(found)


def test_seats_and_the_quota_are_told_with_those_who_wait() -> None:
    waits = unscheduled("u1", USER, 90, user="ana")
    seats = SeatsSeen(0, 3, "memory", at_most=True)
    limits = quota({"pods": "100", "requests.memory": "100Gi"}, {"pods": "41"})
    groups = (NodeGroup("users-grp", 8, 0, 8), NodeGroup("core-grp", 1, 1, 2))
    found = only(
        situation(
            *core(),
            waits,
            whys=why(Cause.FULL),
            seats=seats,
            quotas=[limits],
            autoscaler=Autoscaler("", groups),
        )
    )
    told = words(found)
    assert "at most 0 more of the usual servers fit; memory binds" in told
    assert "3 when placeholders give way" in told
    assert "hub-quota: 41 of 100 pods used" in told
    assert "requests.memory" not in told
    assert "users-grp has 8 of at most 8 nodes" in told
    assert "core-grp" not in told


# -- core

CORE_LABEL = {"hub.jupyter.org/node-purpose": "core"}
SIZE = {"cpu": "4", "memory": "16Gi", "pods": "10"}


def nodes_of(*members: Node) -> dict[str, Node]:
    return {each.metadata.name: each for each in members}


def test_what_fills_the_core_node_is_told_by_whom() -> None:
    hub = unscheduled("hub-1", "hub", 30, requests={"cpu": "500m", "memory": "1Gi"})
    there = [
        pod("proxy-1", "proxy", node="c1", requests={"memory": "2Gi"}),
        pod("grafana", "", node="c1", requests={"cpu": "3"}),
    ]
    grafana = structs.replace(there[1], metadata=structs.replace(there[1].metadata, namespace="m"))
    nodes = nodes_of(node("c1", labels=CORE_LABEL, allocatable=SIZE), node("u1"))
    found = only(
        situation(*core("hub"), hub, nodes=nodes, nodes_at=NOW, filled={"c1": [there[0], grafana]})
    )
    assert "c1: 3 of 4 cpu, 2G of 16G memory, 2 of 10 pod slots asked for" in words(found)
    assert "c1 is filled by namespace m (3 cpu, 1 pod); proxy (2G memory, 1 pod)" in words(found)


def test_a_core_node_that_is_cordoned_is_uncordoned() -> None:
    nodes = nodes_of(node("c1", labels=CORE_LABEL, unschedulable=True), node("u1"))
    found = only(situation(*core("hub"), unscheduled("hub-1", "hub", 30), nodes=nodes))
    assert found.fixes[0].command == "hubtui uncordon c1"
    assert found.todo.startswith("Uncordon the core's node")
    assert "c1 is cordoned" in words(found)


def test_a_core_pool_at_zero_is_told() -> None:
    nodes = nodes_of(node("u1", labels={"hub.jupyter.org/node-purpose": "user"}))
    found = only(situation(*core("hub"), unscheduled("hub-1", "hub", 30), nodes=nodes))
    assert "the core's pool is at zero" in words(found)
    assert found.todo.startswith("Raise the core pool's minimum to 1")
    unlabelled = situation(*core("hub"), unscheduled("hub-1", "hub", 30), nodes=nodes_of(node("n")))
    assert "at zero" not in words(only(unlabelled))


def test_where_only_users_have_nodes_of_their_own_the_others_are_the_cores() -> None:
    """The chart's core prefers its own nodes, and takes those without a purpose, too."""
    users = node("u1", labels={"hub.jupyter.org/node-purpose": "user"})
    full = node("default-1", allocatable=SIZE, unschedulable=True)
    tainted = node("gpu-1", taints=[{"key": "gpu", "effect": "NoSchedule"}])
    hub = unscheduled("hub-1", "hub", 30)
    there = [pod("grafana", "", node="default-1", requests={"cpu": "3"})]
    nodes = nodes_of(users, full, tainted)
    found = only(
        situation(*core("hub"), hub, nodes=nodes, nodes_at=NOW, filled={"default-1": there})
    )
    assert "at zero" not in words(found)
    assert "default-1 is cordoned" in words(found)
    assert "default-1: 3 of 4 cpu" in words(found)
    assert "gpu-1" not in words(found)
    closed = only(situation(*core("hub"), hub, nodes=nodes_of(users, tainted)))
    assert "the core's pool is at zero" in words(closed)


DOWN = "Nobody can log in, start or stop a server; servers that run go on."


@pytest.mark.parametrize(
    ("hub", "title"),
    [
        (unscheduled("hub-1", "hub", 11), "The hub is down: its pod has no node"),
        (waiting("hub-1", "hub", "CrashLoopBackOff", 40, restarts=2, last=CRASH),
         "The hub is down: its pod crashes"),
        (waiting("hub-1", "hub", "CreateContainerConfigError", 40),
         "The hub is down: its pod is CreateContainerConfigError"),
        (waiting("hub-1", "hub", "ContainerCreating", 301), "The hub is down: its pod does not "
         "start"),
        (pod("hub-1", "hub", phase="Failed", reason="Evicted", message="low on memory",
             containerStatuses=[]), "The hub is down: its pod was evicted"),
        (pod("hub-1", "hub", deleted=90), "The hub is down: its pod does not end"),
    ],
    ids=["no node", "crashes", "config", "does not start", "evicted", "stuck"],
)  # fmt: skip
def test_a_hub_that_is_down(hub: Pod, title: str) -> None:
    found = only(situation(*core("hub"), hub))
    assert (found.incident, found.level, found.title) == (Incident.CORE, Level.NOW, title)
    assert found.effect == DOWN
    assert "hubtui why hub-1" in commands(found)


def test_a_stuck_pod_can_be_forced_from_here() -> None:
    found = only(situation(*core("hub"), pod("hub-1", "hub", deleted=90)))
    assert commands(found)[0] == "hubtui delete-pod hub-1 --force"


def test_a_part_that_another_pod_stands_in_for_is_no_outage() -> None:
    found = only(situation(*core(), unscheduled("proxy-2", "proxy", 30)))
    assert (found.level, found.effect) == (Level.SOON, "Another pod does the work meanwhile.")


def test_a_pod_that_was_evicted_is_news_for_an_hour() -> None:
    def evicted(seconds: float) -> Situation:
        gone = {"type": "Ready", "status": "False", "lastTransitionTime": at(seconds)}
        old = pod("proxy-0", "proxy", 9000, phase="Failed", reason="Evicted", conditions=[gone],
                  containerStatuses=[])  # fmt: skip
        return situation(*core(), old)

    assert only(evicted(600)).title == "A pod of the proxy was evicted"
    assert problems_of(evicted(3700)) == ()


def test_a_hub_that_runs_and_does_not_get_ready() -> None:
    status = {**container_status({"running": {"startedAt": at(150)}}), "ready": False}
    gone = {"type": "Ready", "status": "False", "lastTransitionTime": at(150)}
    hub = pod("hub-1", "hub", 150, containerStatuses=[status], conditions=[gone])
    assert only(situation(*core("hub"), hub)).title == "The hub is down: its pod is not ready"


def test_a_part_that_is_up_between_its_restarts() -> None:
    def proxy(restarts: int, seconds: float) -> Situation:
        last = {**CRASH, "finishedAt": at(seconds)}
        status = container_status({"running": {"startedAt": at(5)}}, restarts=restarts, last=last)
        return situation(*core("proxy"), pod("proxy-1", "proxy", containerStatuses=[status]))

    found = only(proxy(3, 500))
    assert (found.level, found.title) == (
        Level.SOON,
        "A pod of the proxy is restarted again and again",
    )
    assert "It works between its restarts." in found.effect
    assert problems_of(proxy(3, 700)) == problems_of(proxy(2, 60)) == ()


def test_a_part_without_a_pod_and_one_that_is_scaled_down() -> None:
    absent = situation(*core("hub"), absent={Role.HUB: ago(11)})
    assert only(absent).title == "The hub has no pod"
    scaled = situation(*core("hub"), expected={**EXPECTED, Role.HUB: 0})
    assert only(scaled).title == "The hub is scaled to 0"


# -- overload


def ended(reason: str, code: int, seconds: float, restarts: int = 1, *, up: bool = True) -> Pod:
    last = {"reason": reason, "exitCode": code, "finishedAt": at(seconds)}
    state = {"running": {"startedAt": at(seconds - 1)}}
    limits = {"memory": "1Gi"}
    if up:
        statuses = [container_status(state, restarts=restarts, last=last)]
        return pod("hub-1", "hub", containerStatuses=statuses, limits=limits)
    return waiting("hub-1", "hub", "CrashLoopBackOff", 60, restarts=restarts, last=last,
                   limits=limits)  # fmt: skip


ABORTED = "[C] Aborting due to 5 consecutive spawn failures"
PROBE = event("hub-1", "Killing", "Container hub failed liveness probe, will be restarted", 30)


@pytest.mark.parametrize(
    ("hub", "more", "level"),
    [
        (ended("OOMKilled", 137, 200), {}, Level.SOON),
        (ended("OOMKilled", 137, 200, 3), {}, Level.NOW),
        (ended("OOMKilled", 137, 1200, 3), {}, Level.SOON),
        (ended("OOMKilled", 137, 30, 2, up=False), {}, Level.NOW),
        (ended("Error", 1, 60), {"log": ["[W] 3 consecutive spawns failed", ABORTED]}, Level.SOON),
        (ended("Error", 137, 60), {"events": [PROBE]}, Level.SOON),
    ],
    ids=["memory", "memory again and again", "memory, some time ago", "down", "gave up", "probe"],
)
def test_an_overloaded_hub(hub: Pod, more: dict[str, Any], level: Level) -> None:
    found = only(situation(*core("hub"), hub, **more))
    assert (found.incident, found.level) == (Incident.OVERLOAD, level)
    assert commands(found)[0] == "hubtui logs hub --previous"


def test_the_evidence_of_overload_names_limit_and_line() -> None:
    assert "its memory limit is 1Gi" in words(
        only(situation(*core("hub"), ended("OOMKilled", 137, 30)))
    )
    gave_up = only(situation(*core("hub"), ended("Error", 1, 30), log=[ABORTED]))
    assert ABORTED in words(gave_up)


@pytest.mark.parametrize(
    ("hub", "more"),
    [
        (ended("OOMKilled", 137, 3700), {}),
        (ended("Completed", 0, 60), {}),
        (ended("Error", 1, 60), {"log": ["Traceback"]}),
        (ended("Error", 137, 60), {}),
    ],
    ids=["long ago", "by itself", "another error", "killed, nobody knows why"],
)
def test_a_restart_that_is_no_overload(hub: Pod, more: dict[str, Any]) -> None:
    assert problems_of(situation(*core("hub"), hub, **more)) == ()


# -- lost-node


def test_a_lost_node_is_told_with_those_who_are_on_it() -> None:
    pods = [silent(f"u{n}", USER, 20, "n2", user=f"user-{n}") for n in range(3)]
    nodes = {"n2": node("n2", "Unknown", 22)}
    found = only(situation(*core(), *pods, nodes=nodes, nodes_at=ago(5)))
    assert (found.incident, found.level) == (Incident.LOST_NODE, Level.NOW)
    assert found.title == "Node n2 does not answer, with 3 servers"
    assert found.since == ago(22)
    assert "n2: Ready is Unknown" in words(found)


def test_without_the_nodes_the_pods_word_is_taken_after_a_moment() -> None:
    denied = {"nodes": "no right to list nodes"}
    found = only(situation(*core(), silent("u1", USER, 9, "n2", user="bo"), missing=denied))
    assert found.incident is Incident.LOST_NODE
    assert [each.source for each in found.missing] == ["nodes"]


def test_a_node_that_was_removed_is_said() -> None:
    seen = situation(*core(), silent("u1", USER, 30, "n2"), nodes={"n1": node("n1")}, nodes_at=NOW)
    assert "n2 is not in the cluster any more" in words(only(seen))


def test_a_hub_on_a_lost_node_is_told_once_and_can_be_forced_when_it_ends() -> None:
    hub = silent("hub-1", "hub", 400, "n2", deleted=90)
    found = only(
        situation(*core("hub"), hub, nodes={"n2": node("n2", "Unknown", 420)}, nodes_at=NOW)
    )
    assert found.title == "Node n2 does not answer, with hub"
    assert "hubtui delete-pod hub-1 --force" in commands(found)
