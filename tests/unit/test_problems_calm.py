"""Nothing is called a problem on a calm hub, during an upgrade, or while people come."""

from __future__ import annotations

import pytest

from hubtui.model.kube import Pod
from hubtui.model.roles import Role
from hubtui.services.problems import problems_of
from hubtui.services.problems.situation import HelmHere, Situation
from tests.situations import (
    EXPECTED,
    NOW,
    ago,
    at,
    container_status,
    core,
    event,
    heads,
    hook,
    node,
    pod,
    quota,
    silent,
    situation,
    unscheduled,
    waiting,
)

USER, PULLER, HOOK = "singleuser-server", "continuous-image-puller", "hook-image-puller"
UPGRADING = heads("superseded", "deployed", "pending-upgrade", seconds=120)
ENDED = {"reason": "Error", "exitCode": 1, "finishedAt": at(20)}
LONG_AGO = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": at(2 * 86400)}


def restarted(seconds: float, last: dict[str, object], *, ready: bool) -> Pod:
    """A hub whose container was started anew so long ago, for the first time."""
    status = container_status({"running": {"startedAt": at(seconds)}}, restarts=1, last=last)
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": at(seconds)}
    statuses = [{**status, "ready": ready}]
    return pod("hub-1", "hub", containerStatuses=statuses, conditions=[condition])


CALM: dict[str, Situation] = {
    "nothing but the core": situation(*core()),
    "users that work": situation(*core(), *(pod(f"u{n}", USER, user=f"u{n}") for n in range(40))),
    "no pod at all, and none expected": situation(expected={}),
    "placeholders that wait as meant": situation(
        *core(), unscheduled("user-placeholder-1", "user-placeholder", 9000)
    ),
    "a hub that was killed two days ago": situation(
        restarted(2 * 86400, LONG_AGO, ready=True), *core("hub")
    ),
    "a pod that has done its work": situation(
        *core(), pod("backup", USER, phase="Succeeded", containerStatuses=[])
    ),
    "another release's part that crashes": situation(
        *core(), waiting("grafana-1", "grafana", "CrashLoopBackOff", restarts=9)
    ),
    "a quota with room": situation(
        *core(),
        pod("u1", USER),
        quotas=[quota({"pods": "100", "requests.memory": "100Gi"}, {"pods": "90"})],
    ),
    "a quota that is full of what servers do not take": situation(
        *core(), pod("u1", USER), quotas=[quota({"services": "3"}, {"services": "3"})]
    ),
    "a full quota with a scope": situation(
        *core(),
        pod("u1", USER),
        quotas=[quota({"pods": "1"}, {"pods": "1"}, scopes=["Terminating"])],
    ),
    "a failed revision, mended since": situation(
        *core(), heads=heads("superseded", "failed", "deployed")
    ),
    "an old revision that never ended": situation(
        *core(), heads=heads("superseded", "pending-upgrade", "deployed")
    ),
    "readiness gates that are not there yet": situation(
        *core("proxy"),
        pod("proxy-1", "proxy", 30, conditions=[
            {"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady",
             "lastTransitionTime": at(30)}]),
    ),
    "autohttps that is not wanted": situation(*core(), expected={**EXPECTED, Role.AUTOHTTPS: 0}),
}  # fmt: skip

COMING: dict[str, Situation] = {
    "a spawn that takes a minute": situation(
        *core(), waiting("u1", USER, "ContainerCreating", 60), events=[event("u1", "Pulling")]
    ),
    "a pull of two minutes": situation(
        *core(), waiting("u1", USER, "ContainerCreating", 140), events=[event("u1", "Pulling")]
    ),
    "a pod that nobody has looked at yet": situation(*core(), unscheduled("u1", USER, 3, "")),
    "a class of 300 that arrives": situation(
        *core(), *(unscheduled(f"u{n}", USER, 20) for n in range(300))
    ),
    "a node that is on its way": situation(
        *core(), unscheduled("u1", USER, 200), events=[event("u1", "TriggeredScaleUp")]
    ),
    "a node that Karpenter brings": situation(
        *core(), unscheduled("u1", USER, 200), events=[event("u1", "Nominated")]
    ),
    "a wait without events, for all we know a node comes": situation(
        *core(), unscheduled("u1", USER, 120), missing={"events": "no right to list events"}
    ),
    "a server that is being stopped": situation(*core(), pod("u1", USER, deleted=5)),
    "a slow start after the pull": situation(
        *core(),
        waiting("u1", USER, "ContainerCreating", 200),
        events=[event("u1", "Pulled", seconds=5), event("u1", "Pulling", seconds=180)],
    ),
    "a slow start of which no event is known": situation(
        *core(), waiting("u1", USER, "ContainerCreating", 400)
    ),
    "a puller that pulls": situation(*core(), waiting("p1", PULLER, "PodInitializing", 900)),
    "a pod that was not looked into yet": situation(
        *core(), unscheduled("u1", USER, 90), whys={}
    ),
}  # fmt: skip

UPGRADE: dict[str, Situation] = {
    "pending for two minutes": situation(*core(), heads=UPGRADING),
    "pending beyond the timeout, with our own helm at work": situation(
        *core(),
        heads=heads("deployed", "pending-upgrade", seconds=1200),
        helm=HelmHere(live="Roll back hub, by carla"),
    ),
    "pending, and nobody has looked for helm yet": situation(
        *core(), heads=heads("deployed", "pending-upgrade", seconds=1200), helm=None
    ),
    "helm has ended a moment ago": situation(
        *core(),
        heads=heads("deployed", "pending-upgrade", seconds=60),
        helm=HelmHere(left_by="rollback by carla", quiet_since=ago(2)),
    ),
    "the hook puller pulls": situation(
        *core(),
        waiting("h1", HOOK, "PodInitializing", 110),
        heads=UPGRADING,
        hook=hook(2, 3, 110),
    ),
    "the hook puller is done": situation(*core(), heads=UPGRADING, hook=hook(3, 3, 500)),
    "the hub is made anew (Recreate)": situation(
        *core("hub"), pod("hub-1", "hub", deleted=3), heads=UPGRADING
    ),
    "between two hubs": situation(
        *core("hub"), heads=UPGRADING, absent={Role.HUB: ago(4)}
    ),
    "the next hub pulls its image": situation(
        *core("hub"), waiting("hub-2", "hub", "ContainerCreating", 90), heads=UPGRADING
    ),
    "the next hub migrates its database": situation(
        *core("hub"),
        pod("hub-2", "hub", 45, containerStatuses=[
            {"name": "main", "ready": False, "state": {"running": {"startedAt": at(40)}}}],
            conditions=[{"type": "Ready", "status": "False", "lastTransitionTime": at(45)}]),
        heads=UPGRADING,
    ),
    "the proxy rolls": situation(
        *core(), waiting("proxy-2", "proxy", "ContainerCreating", 10), heads=UPGRADING
    ),
    "the hub starts again after a failed first try": situation(
        restarted(15, ENDED, ready=False), *core("hub"), heads=UPGRADING
    ),
    "a rollback of ours": situation(
        *core("hub"),
        waiting("hub-2", "hub", "ContainerCreating", 30),
        heads=heads("superseded", "deployed", "pending-rollback", seconds=40),
        helm=HelmHere(live="Roll back hub to revision 1, by carla"),
    ),
    "a core pod that has just lost its room": situation(
        *core(), unscheduled("proxy-2", "proxy", 5), heads=UPGRADING
    ),
}  # fmt: skip

NODES: dict[str, Situation] = {
    "a node that is drained": situation(*core(), pod("u1", USER, node="n2", deleted=10)),
    "a pod that lost Ready a moment ago": situation(*core(), silent("u1", USER, 3, "n2")),
    "a node that is back": situation(
        *core(), silent("u1", USER, 60, "n2"), nodes={"n2": node("n2")}, nodes_at=NOW
    ),
    "a lost node without anybody on it": situation(
        *core(), nodes={"n2": node("n2", "Unknown", 60)}, nodes_at=NOW
    ),
    "a pod that takes its time to end on a node that is well": situation(
        *core(), pod("u1", USER, node="n2", deleted=50), nodes={"n2": node("n2")}, nodes_at=NOW
    ),
}


@pytest.mark.parametrize("seen", CALM.values(), ids=CALM)
def test_a_calm_hub_has_no_problem(seen: Situation) -> None:
    assert problems_of(seen) == ()


@pytest.mark.parametrize("seen", COMING.values(), ids=COMING)
def test_people_who_come_and_go_are_no_problem(seen: Situation) -> None:
    assert problems_of(seen) == ()


@pytest.mark.parametrize("seen", UPGRADE.values(), ids=UPGRADE)
def test_an_upgrade_that_goes_on_is_no_problem(seen: Situation) -> None:
    assert problems_of(seen) == ()


@pytest.mark.parametrize("seen", NODES.values(), ids=NODES)
def test_nodes_that_come_and_go_are_no_problem(seen: Situation) -> None:
    assert problems_of(seen) == ()
