"""What explains a pod: its end, its node, its quota; and which pods are one finding."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubtui.model.kube_needs import Node, Quota, WholePod
from hubtui.model.roles import Role
from hubtui.model.why import explain, grouped, refused_by_quota
from hubtui.model.why_facts import Cause, Missing, Why
from tests.explained import FULL, Json, ago, ended, event, facts, node, pod, unschedulable, waiting

LOST = {"status": "Unknown", "message": "Kubelet stopped posting node status."}


def test_a_lost_node_explains_its_pods() -> None:
    running = {"name": "notebook", "ready": False, "state": {"running": {"startedAt": ago(900)}}}
    status = {"phase": "Running", "containerStatuses": [running]}
    found = explain(facts(pod(status), nodes=(node("user-1", ready=LOST),)))
    assert found.cause is Cause.NODE
    assert found.happened == (
        "Node user-1 is not ready since 6 m 40 s: Kubelet stopped posting node status."
    )
    gone = explain(facts(pod(status), nodes=(node("user-2"),)))
    assert gone.happened == "Node user-1 is not in the cluster any more."


def test_a_node_that_may_not_be_read_is_no_lost_node() -> None:
    found = explain(facts(pod(waiting("ContainerCreating")), missing=(Missing("nodes", "no"),)))
    assert found.cause is Cause.STARTING
    assert "Not everything could be read." in found.means


GONE = [
    (-20, {}, (node("user-1"),), Cause.DELETING, "20 s left"),
    (300, {}, (node("user-1", ready=LOST),), Cause.STUCK, "Node user-1 is not ready"),
    (300, {"finalizers": ["a.b/c"]}, (node("user-1"),), Cause.STUCK, "finalizer holds it: a.b/c"),
    (300, {}, (node("user-1"),), Cause.STUCK, "Its containers do not end"),
    (5, {}, (node("user-1"),), Cause.DELETING, "cleaning up"),
]


@pytest.mark.parametrize(("seconds", "meta", "nodes", "cause", "words"), GONE)
def test_a_pod_that_is_being_deleted(
    seconds: float, meta: Json, nodes: tuple[Node, ...], cause: Cause, words: str
) -> None:
    found = explain(facts(pod(meta={**meta, "deletionTimestamp": ago(seconds)}), nodes=nodes))
    assert found.cause is cause
    assert words in found.paragraph


def test_an_evicted_pod_tells_the_nodes_words_and_who_starts_it_again() -> None:
    status = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."}
    found = explain(facts(pod(status)))
    assert found.cause is Cause.EVICTED
    assert found.happened == "user-1 evicted it: The node was low on memory."
    assert "the user has to start it again" in found.means
    owner = {"kind": "ReplicaSet", "name": "hub", "controller": True}
    owned = explain(facts(pod(status, meta={"ownerReferences": [owner]}), role=Role.HUB))
    assert owned.means == "Its controller makes another one."


def test_quotas_that_are_nearly_used_up_are_evidence() -> None:
    quota = msgspec.convert(
        {
            "metadata": {"name": "team"},
            "status": {
                "hard": {"pods": "20", "requests.memory": "64Gi", "requests.cpu": "10"},
                "used": {"pods": "20", "requests.memory": "60Gi", "requests.cpu": "1"},
            },
        },
        Quota,
    )
    found = explain(facts(pod(unschedulable(FULL), node=""), quotas=(quota,)))
    told = [e.words for e in found.evidence if e.source == "quota"]
    assert told == ["team: 20 of 20 pods used", "team: 60G of 64G requests.memory used"]
    created = event(
        "FailedCreate",
        'pods "hub-1" is forbidden: exceeded quota: team, requested: pods=1, used: pods=20, '
        "limited: pods=20",
    )
    refused = refused_by_quota([created], [quota])
    assert refused is not None
    assert refused.cause is Cause.QUOTA
    assert "requested: pods=1, used: pods=20, limited: pods=20" in refused.happened
    assert refused_by_quota([event("FailedCreate", "no such account")], [quota]) is None


def test_pending_pods_that_ask_for_the_same_are_one_finding() -> None:
    def pending(name: str, memory: str) -> tuple[Why, WholePod]:
        found = pod(
            unschedulable(FULL),
            node="",
            meta={"name": name},
            resources={"requests": {"memory": memory}},
        )
        return explain(facts(found)), found

    crashed = pod(waiting("CrashLoopBackOff", lastState=ended(1)), meta={"name": "d"})
    findings = grouped(
        [
            pending("a", "1Gi"),
            pending("b", "2Gi"),
            pending("c", "1024Mi"),
            (explain(facts(crashed)), crashed),
        ]
    )
    names = [sorted(p.metadata.name for p in finding.pods) for finding in findings]
    assert names == [["d"], ["a", "c"], ["b"]]
    assert grouped([]) == []


ELSEWHERE = (
    "0/4 nodes are available: 2 Insufficient memory, 2 node(s) had volume node affinity conflict."
)
ASKS: dict[str, tuple[str, Json]] = {
    "labels": (FULL, {"nodeSelector": {"zone": "a"}}),
    "affinity": (FULL, {"affinity": {"nodeAffinity": {"x": []}}}),
    "tolerations": (FULL, {"tolerations": [{"key": "gpu", "operator": "Exists"}]}),
    "spread": (FULL, {"topologySpreadConstraints": [{"maxSkew": 1}]}),
    "priority": (FULL, {"priorityClassName": "high"}),
    "claims": (FULL, {"volumes": [{"persistentVolumeClaim": {"claimName": "home-x"}}]}),
    "zone": (ELSEWHERE, {}),
}


@pytest.mark.parametrize("asked", ASKS)
def test_pending_pods_that_ask_for_different_things_are_not_one_finding(asked: str) -> None:
    def pending(name: str, message: str, **more: Any) -> tuple[Why, WholePod]:
        found = pod(unschedulable(message), node="", meta={"name": name}, **more)
        return explain(facts(found)), found

    message, more = ASKS[asked]
    each = [pending("a", FULL), pending("b", message, **more), pending("c", message, **more)]
    names = [sorted(p.metadata.name for p in finding.pods) for finding in grouped(each)]
    assert sorted(names) == [["a"], ["b", "c"]]


def test_users_that_wait_for_the_same_with_claims_of_their_own_are_one_finding() -> None:
    def pending(name: str, message: str) -> tuple[Why, WholePod]:
        volume = {"persistentVolumeClaim": {"claimName": f"claim-{name}"}}
        found = pod(unschedulable(message), node="", meta={"name": name}, volumes=[volume])
        return explain(facts(found)), found

    later = FULL.replace("2", "5")
    (finding,) = grouped([pending("ana", FULL), pending("bo", later)])
    assert len(finding.pods) == 2


def test_evidence_is_told_once() -> None:
    told = event("FailedScheduling", FULL)
    found = explain(facts(pod(unschedulable(FULL), node=""), events=(told,)))
    assert [e.source for e in found.evidence if FULL in e.words] == ["scheduler"]
