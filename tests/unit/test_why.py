"""What explains a pod: each cause from realistic objects and events, in stable words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hubtui.model import kube
from hubtui.model.kube_needs import Attachment, Claim, Node, Quota, WholePod
from hubtui.model.roles import Role
from hubtui.model.why import explain, grouped, refused_by_quota
from hubtui.model.why_facts import Cause, Facts, Missing, Why
from hubtui.model.why_scheduling import verdict

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
IMAGE = "quay.io/ds/notebook:2026.11"
USER_TAINT = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}

Json = dict[str, Any]


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def pod(status: Json | None = None, *, node: str = "user-1", **more: Any) -> WholePod:
    """A user's pod; `more` goes into its spec, but for `meta`."""
    meta = {"name": "jupyter-ana", "namespace": "hub", "uid": "u", "creationTimestamp": ago(240)}
    container = {"name": "notebook", "image": IMAGE, "resources": more.pop("resources", {})}
    meta |= more.pop("meta", {})
    spec = {"nodeName": node, "containers": [container], "schedulerName": "hub-user-scheduler"}
    document = {
        "metadata": meta,
        "spec": spec | more,
        "status": {"phase": "Pending", **(status or {})},
    }
    return msgspec.convert(document, WholePod)


def event(reason: str, message: str, seconds: float = 60, type_: str = "Warning") -> kube.Event:
    return msgspec.convert(
        {"reason": reason, "message": message, "type": type_, "lastTimestamp": ago(seconds)},
        kube.Event,
    )


def node(name: str, memory: str = "64Gi", **spec: Any) -> Node:
    ready = spec.pop("ready", {"status": "True"})
    images = spec.pop("images", [])
    conditions = [{"type": "Ready", "lastTransitionTime": ago(400), **ready}]
    status = {"allocatable": {"memory": memory, "cpu": "16"}, "conditions": conditions}
    status["images"] = images
    return msgspec.convert({"metadata": {"name": name}, "spec": spec, "status": status}, Node)


def facts(found: WholePod, **more: Any) -> Facts:
    return Facts(pod=found, now=NOW, **{"role": Role.USERS, "nodes": (node("user-1"),), **more})


def waiting(reason: str, message: str = "", **more: Any) -> Json:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{"name": "notebook", "state": state, **more}]}


def ended(code: int, reason: str = "Error", **more: Any) -> Json:
    return {"terminated": {"exitCode": code, "reason": reason, "finishedAt": ago(20), **more}}


def unschedulable(message: str) -> Json:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    return {"conditions": [{**condition, "message": message, "lastTransitionTime": ago(100)}]}


# -- the scheduler's words

VERDICTS = [
    (
        "0/4 nodes are available: 3 Insufficient memory, 1 node(s) had untolerated taint "
        "{hub.jupyter.org/dedicated: core}. preemption: 0/4 nodes are available: 4 Preemption is "
        "not helpful for scheduling.",
        4,
        [(3, "have too little free memory"), (1, "are kept for core pods")],
    ),
    (
        "0/9 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu, "
        "3 Insufficient nvidia.com/gpu, 3 Too many pods. no new claims to deallocate, "
        "preemption: 0/9 nodes are available: 9 Preemption is not helpful for scheduling.",
        9,
        [
            (1, "are cordoned"),
            (2, "have too little free cpu"),
            (3, "have too little free nvidia.com/gpu"),
            (3, "have no free pod slot"),
        ],
    ),
    (
        "0/3 nodes are available: 1 node(s) had taint {a: b}, that the pod didn't tolerate, "
        "2 node(s) had volume node affinity conflict.",
        3,
        [
            (1, "have a taint that it does not tolerate (a=b)"),
            (2, "are in another zone than its volume"),
        ],
    ),
    (
        "0/2 nodes are available: 1 node(s) had untolerated taint "
        "{node.kubernetes.io/unreachable: }, 1 node(s) didn't match Pod's node affinity/selector.",
        2,
        [(1, "are unreachable"), (1, "have not the labels that it asks for")],
    ),
    ("0/1 nodes are available: 1 node(s) were cursed.", 1, [(1, "were cursed")]),
]


@pytest.mark.parametrize(("message", "nodes", "constraints"), VERDICTS)
def test_the_schedulers_words_are_taken_apart(
    message: str, nodes: int, constraints: list[tuple[int, str]]
) -> None:
    found = verdict(message)
    assert found.nodes == nodes
    assert [(c.count, c.words) for c in found.constraints] == constraints


def test_words_of_the_pod_itself_are_kept() -> None:
    found = verdict('0/4 nodes are available: persistentvolumeclaim "claim-ana" not found. ')
    assert (found.constraints, found.rest) == ((), 'persistentvolumeclaim "claim-ana" not found')
    assert verdict("no nodes available to schedule pods").nodes is None
    assert verdict("").rest == ""


def test_a_pod_that_fits_nowhere_need_not_wait() -> None:
    words = "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient memory."
    nodes = (
        node("core-1", "999Gi", taints=[{**USER_TAINT, "value": "core"}]),
        node("user-1", taints=[USER_TAINT]),
        node("user-2", "32Gi", taints=[USER_TAINT]),
    )
    tolerations = [{"key": USER_TAINT["key"], "value": "user", "effect": "NoSchedule"}]
    found = explain(
        facts(
            pod(
                unschedulable(words),
                node="",
                tolerations=tolerations,
                resources={"requests": {"memory": "128Gi"}},
            ),
            nodes=nodes,
        )
    )
    assert found.cause is Cause.TOO_LARGE
    assert found.happened == (
        "No node takes it: of 3 nodes 1 is kept for core pods, 2 have too little free memory."
    )
    assert "asks for 128G of memory" in found.means
    assert "user-1, has 64G in all: waiting does not help" in found.means


FULL = "0/2 nodes are available: 2 Insufficient memory."
SCALING = [
    ((), "No autoscaler has answered.", "Add a node"),
    (
        (
            event(
                "TriggeredScaleUp", "pod triggered scale-up: [{user 3->4 (max: 10)}]", 30, "Normal"
            ),
        ),
        "The autoscaler is adding a node (pod triggered scale-up: [{user 3->4 (max: 10)}]).",
        "Wait a few minutes.",
    ),
    (
        (event("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached"),),
        "The autoscaler adds no node: pod didn't trigger scale-up: 1 max node group size reached.",
        "Raise the node group's maximum",
    ),
]


@pytest.mark.parametrize(("events", "means", "todo"), SCALING)
def test_a_pod_that_waits_for_room_hears_what_the_autoscaler_said(
    events: tuple[kube.Event, ...], means: str, todo: str
) -> None:
    asked = {"requests": {"memory": "2Gi"}}
    found = explain(
        facts(
            pod(unschedulable(FULL), node="", resources=asked),
            nodes=(node("a"), node("b")),
            events=events,
        )
    )
    assert found.cause is Cause.FULL
    assert found.happened == "No node takes it: all 2 have too little free memory."
    assert means in found.means
    assert found.todo.startswith(todo)


def test_a_placeholder_waits_as_meant() -> None:
    found = explain(facts(pod(unschedulable(FULL), node=""), role=Role.USER_PLACEHOLDER))
    assert found.cause is Cause.PLACEHOLDER
    assert found.todo == ""


def test_taints_that_the_scheduler_only_counts_are_named_from_the_nodes() -> None:
    words = "0/2 nodes are available: 2 node(s) had untolerated taint(s)."
    taints = [{"key": "gpu", "value": "only", "effect": "NoSchedule"}]
    found = explain(
        facts(pod(unschedulable(words), node=""), nodes=(node("a", taints=taints), node("b")))
    )
    assert found.cause is Cause.NO_NODE
    assert found.happened == (
        "No node takes it: all 2 have a taint that it does not tolerate (gpu=only)."
    )
    unread = explain(facts(pod(unschedulable(words), node=""), nodes=()))
    assert unread.happened == "No node takes it: all 2 have a taint that it does not tolerate."


CLAIMS = [
    ((), Cause.CLAIM, "Its claim claim-ana does not exist."),
    (
        ({"metadata": {"name": "claim-ana"}, "spec": {"storageClassName": "fast"},
          "status": {"phase": "Pending"}},),
        Cause.CLAIM,
        "Its claim claim-ana (fast) is Pending: no volume was made for it.",
    ),
]  # fmt: skip
MOUNTS = [{"name": "home", "persistentVolumeClaim": {"claimName": "claim-ana"}}]


@pytest.mark.parametrize(("claims", "cause", "means"), CLAIMS)
def test_a_claim_that_is_not_bound(claims: tuple[Json, ...], cause: Cause, means: str) -> None:
    words = "0/4 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    found = explain(
        facts(
            pod(unschedulable(words), node="", volumes=MOUNTS),
            claims=tuple(msgspec.convert(each, Claim) for each in claims),
        )
    )
    assert (found.cause, found.means) == (cause, means)


def scheduler(ready: str) -> kube.Pod:
    conditions = [{"type": "Ready", "status": ready}]
    return msgspec.convert({"status": {"phase": "Running", "conditions": conditions}}, kube.Pod)


UNSEEN = [
    ((), (), Cause.SCHEDULER, "asks for hub-user-scheduler, and it has no pod."),
    ((scheduler("False"),), (), Cause.SCHEDULER, "and none of its 1 pods is ready."),
    ((scheduler("True"),), (), Cause.SCHEDULER, "whose pods are ready: it may be busy or stuck."),
    (
        (),
        (Missing("user-scheduler", "no right to list pods"),),
        Cause.SCHEDULER,
        "it asks for hub-user-scheduler.",
    ),
]


@pytest.mark.parametrize(("schedulers", "missing", "cause", "words"), UNSEEN)
def test_pending_without_a_word_of_a_scheduler(
    schedulers: tuple[kube.Pod, ...], missing: tuple[Missing, ...], cause: Cause, words: str
) -> None:
    found = explain(facts(pod(node=""), schedulers=schedulers, missing=missing))
    assert found.cause is cause
    assert found.happened.startswith("No scheduler has looked at it in 4 m")
    assert found.happened.endswith(words)


def test_a_pod_of_this_moment_is_no_trouble() -> None:
    young = pod(node="", meta={"creationTimestamp": ago(3)})
    assert explain(facts(young, schedulers=(scheduler("True"),))).cause is Cause.STARTING


def test_a_gate_is_named() -> None:
    found = explain(facts(pod(node="", schedulingGates=[{"name": "kueue.x-k8s.io/admission"}])))
    assert found.cause is Cause.GATED
    assert "kueue.x-k8s.io/admission" in found.happened


# -- images

PULLS = [
    (
        'rpc error: code = NotFound desc = failed to pull and unpack image "quay.io/x": not found',
        "The registry has no such image or tag.",
    ),
    ("rpc error: code = Unknown desc = unauthorized: access denied", "The registry refuses"),
    ("toomanyrequests: You have reached your pull rate limit", "too many requests"),
    ("dial tcp: lookup quay.io: no such host", "does not reach the registry"),
    ("write /var/lib/x: no space left on device", "disk is full"),
    ("x509: certificate signed by unknown authority", "certificate is not trusted"),
    ("no matching manifest for linux/arm64 in the list", "architecture"),
    ("something of its own", ""),
]


@pytest.mark.parametrize(("said", "means"), PULLS)
def test_what_the_registry_said_and_what_that_means(said: str, means: str) -> None:
    told = event("Failed", f'Failed to pull image "{IMAGE}": {said}')
    found = explain(
        facts(pod(waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"')), events=(told,))
    )
    assert found.cause is Cause.IMAGE
    assert found.happened.startswith(f"Image {IMAGE} cannot be pulled on user-1: ")
    assert said.rpartition("desc = ")[2] in found.happened
    assert "rpc error" not in found.happened
    assert means in found.means


def test_without_events_the_container_says_what_it_waits_for() -> None:
    message = f'Back-off pulling image "{IMAGE}": ErrImagePull: manifest unknown'
    found = explain(facts(pod(waiting("ImagePullBackOff", message))))
    assert "manifest unknown" in found.happened
    bare = explain(facts(pod(waiting("ErrImagePull"))))
    assert bare.happened == f"Image {IMAGE} cannot be pulled on user-1 (ErrImagePull)."


def test_a_pull_under_way_says_since_when_and_how_large() -> None:
    images = [{"names": [f"{IMAGE}@sha256:1", IMAGE], "sizeBytes": 4 * 2**30}]
    found = explain(
        facts(
            pod(waiting("ContainerCreating")),
            events=(event("Pulling", f'Pulling image "{IMAGE}"', 130, "Normal"),),
            nodes=(node("user-1"), node("user-2", images=images)),
        )
    )
    assert found.cause is Cause.PULLING
    assert found.happened == f"user-1 pulls image {IMAGE} (4G) since 2 m 10 s."


def test_a_pull_that_has_ended_is_no_reason() -> None:
    events = (
        event("Pulled", f'Successfully pulled image "{IMAGE}"', 10, "Normal"),
        event("Pulling", f'Pulling image "{IMAGE}"', 130, "Normal"),
    )
    found = explain(
        facts(pod(waiting("ContainerCreating")), events=events, nodes=(node("user-1"),))
    )
    assert found.cause is Cause.STARTING


# -- volumes

CLAIM = {"metadata": {"name": "claim-ana"}, "spec": {"volumeName": "pvc-1"},
         "status": {"phase": "Bound"}}  # fmt: skip


def attachment(where: str) -> Attachment:
    spec = {"nodeName": where, "source": {"persistentVolumeName": "pvc-1"}}
    return msgspec.convert({"spec": spec, "status": {"attached": True}}, Attachment)


def test_multi_attach_names_the_other_node_and_pod() -> None:
    other = pod(node="user-7", volumes=MOUNTS, meta={"name": "old", "deletionTimestamp": ago(9)})
    told = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) old'
    found = explain(
        facts(
            pod(waiting("ContainerCreating"), volumes=MOUNTS),
            events=(event("FailedAttachVolume", told),),
            claims=(msgspec.convert(CLAIM, Claim),),
            attachments=(attachment("user-7"), attachment("user-1")),
            neighbours=(other,),
            nodes=(node("user-1"),),
        )
    )
    assert found.cause is Cause.MULTI_ATTACH
    assert found.happened == (
        "Its claim claim-ana is still attached to node user-7, held by pod old (on user-7, being "
        "deleted); it is needed on user-1."
    )
    assert "by force only when the machine is surely off" in found.todo
    assert ("attachment", "claim-ana is attached to user-7") in [
        (each.source, each.words) for each in found.evidence
    ]


def test_multi_attach_without_rights_still_tells_what_the_event_tells() -> None:
    told = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) old'
    denied = tuple(Missing(source, "no right") for source in ("claims", "nodes"))
    found = explain(
        facts(
            pod(waiting("ContainerCreating"), volumes=MOUNTS),
            events=(event("FailedAttachVolume", told),),
            missing=denied,
        )
    )
    assert found.happened.startswith(
        "Its volume pvc-1 is still attached to another node, held by pod old;"
    )
    assert found.missing == denied


MOUNT_FAILURES = [
    (
        'MountVolume.SetUp failed for volume "home" : mount failed: Connection timed out',
        Cause.VOLUME,
        "cannot be mounted (claims: claim-ana): MountVolume.SetUp failed",
    ),
    (
        'MountVolume.SetUp failed for volume "c" : configmap "hub-extra" not found',
        Cause.CONFIG,
        "It mounts the ConfigMap hub-extra, which does not exist.",
    ),
]


@pytest.mark.parametrize(("message", "cause", "words"), MOUNT_FAILURES)
def test_what_cannot_be_mounted(message: str, cause: Cause, words: str) -> None:
    found = explain(
        facts(
            pod(waiting("ContainerCreating"), volumes=MOUNTS),
            events=(event("FailedMount", message),),
            claims=(msgspec.convert(CLAIM, Claim),),
            nodes=(node("user-1"),),
        )
    )
    assert found.cause is cause
    assert words in found.happened


def test_a_volume_that_came_late_is_no_reason_for_a_crash_now() -> None:
    status = waiting("CrashLoopBackOff", restartCount=3, lastState=ended(1))
    found = explain(facts(pod(status), events=(event("FailedMount", "timed out", 600),)))
    assert found.cause is Cause.CRASH


# -- containers

EXITS = [
    (1, "Error", Cause.CRASH, "it ended with an error of its own (exit code 1)."),
    (137, "OOMKilled", Cause.MEMORY, "it used more memory than its limit of 2Gi and was killed"),
    (137, "Error", Cause.CRASH, "it was killed (SIGKILL, exit code 137)"),
    (143, "Error", Cause.CRASH, "it was asked to end (SIGTERM), exit code 143."),
    (139, "Error", Cause.CRASH, "it crashed on a memory fault (SIGSEGV), exit code 139."),
    (127, "Error", Cause.CRASH, "its command was not found, exit code 127."),
    (0, "Completed", Cause.CRASH, "it ended by itself, without an error (exit code 0)."),
]


@pytest.mark.parametrize(("code", "reason", "cause", "words"), EXITS)
def test_exit_codes_in_words(code: int, reason: str, cause: Cause, words: str) -> None:
    status = waiting("CrashLoopBackOff", restartCount=4, lastState=ended(code, reason))
    limits = {"limits": {"memory": "2Gi"}}
    found = explain(facts(pod(status, resources=limits), last_words=("Traceback: boom",)))
    assert found.cause is cause
    assert found.happened.startswith("Container notebook has ended 4 times, last 20 s ago: ")
    assert words in found.happened
    assert ("log", "Traceback: boom") in [(e.source, e.words) for e in found.evidence]


def test_a_config_error_says_what_is_not_there() -> None:
    found = explain(facts(pod(waiting("CreateContainerConfigError", 'secret "hub" not found'))))
    assert found.cause is Cause.CONFIG
    assert 'secret "hub" not found.' in found.happened


def test_an_init_step_under_way_is_counted() -> None:
    inits = [{"name": "block", "image": "i"}, {"name": "chown", "image": "i"}]
    states = [
        {"name": "block", "state": ended(0, "Completed")},
        {"name": "chown", "state": {"running": {"startedAt": ago(245)}}},
    ]
    status = {**waiting("PodInitializing"), "initContainerStatuses": states}
    found = explain(facts(pod(status, initContainers=inits)))
    assert found.cause is Cause.INIT
    assert found.happened == "Init step 2 of 2 (chown) runs since 4 m 5 s."


def test_a_failed_init_step_is_the_reason_of_a_pod_that_initialises() -> None:
    inits = [{"name": "block", "image": "i"}]
    states = [
        {
            "name": "block",
            "restartCount": 1,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": ended(1),
        }
    ]
    status = {**waiting("PodInitializing"), "initContainerStatuses": states}
    found = explain(facts(pod(status, initContainers=inits)))
    assert found.cause is Cause.CRASH
    assert found.happened.startswith("Init step 1 of 1 (block) has ended, last 20 s ago")


def test_not_ready_says_what_the_probe_said() -> None:
    running = {"name": "notebook", "state": {"running": {"startedAt": ago(60)}}, "ready": False}
    status = {"phase": "Running", "containerStatuses": [running]}
    probe = event("Unhealthy", "Readiness probe failed: connection refused")
    found = explain(facts(pod(status), events=(probe,)))
    assert found.cause is Cause.NOT_READY
    assert "since 1 m and is not ready: Readiness probe failed" in found.happened
    silent = explain(facts(pod(status)))
    assert silent.happened.endswith("it has not answered its probe yet.")


def test_a_pod_that_is_up_tells_its_last_restart() -> None:
    running = {"name": "notebook", "ready": True, "state": {"running": {"startedAt": ago(20)}}}
    last = {"restartCount": 1, "lastState": ended(137, "OOMKilled")}
    status = {"phase": "Running", "containerStatuses": [{**running, **last}]}
    found = explain(facts(pod(status)))
    assert found.cause is Cause.UP
    assert found.means.startswith("Container notebook was restarted once, last 20 s ago: it used")


# -- ends, and nodes

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


# -- several


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
