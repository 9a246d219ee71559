"""What keeps a node: one case for each rule of the autoscalers, and the words for all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hubtui.model.hub import HubServer
from hubtui.model.idle import CullRule, Forecast, Grid, forecast
from hubtui.model.kube import Pod
from hubtui.model.kube_changes import Budget
from hubtui.model.kube_needs import Node
from hubtui.model.scale_down import Around, Hold, Stays, stays, utilization
from hubtui.model.scale_down_words import FREE
from tests.situations import NOW, ago, at

Json = dict[str, Any]

SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
SAFE_VOLUMES = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
DISABLED = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
DISTURB = "karpenter.sh/do-not-disrupt"
USER = {"component": "singleuser-server", "app": "jupyterhub", "release": "hub"}
PLACEHOLDER = {"component": "user-placeholder", "app": "jupyterhub", "release": "hub"}
HAS = {"cpu": "4", "memory": "16Gi"}
DAEMONS = [{"kind": "DaemonSet", "name": "d", "controller": True}]
OWNED = [{"kind": "ReplicaSet", "name": "r", "controller": True}]


def pod(
    name: str = "web",
    namespace: str = "hub",
    *,
    owners: list[Json] | None = None,
    volumes: list[Json] | None = None,
    phase: str = "Running",
    labels: Json | None = None,
    age: float = 600,
    deleted: bool = False,
    notes: Json | None = None,
) -> Pod:
    """A pod on the node; with `owners` [] nobody makes it anew, without any a ReplicaSet does."""
    meta: Json = {
        "name": name,
        "namespace": namespace,
        "labels": labels or {"app": name},
        "annotations": notes or {},
        "creationTimestamp": at(age),
        "ownerReferences": OWNED if owners is None else owners,
    }
    if deleted:
        meta["deletionTimestamp"] = at(1)
    spec = {"nodeName": "n1", "volumes": volumes or []}
    return msgspec.convert({"metadata": meta, "spec": spec, "status": {"phase": phase}}, Pod)


def server(user: str, notes: Json | None = None) -> Pod:
    """A user's server as KubeSpawner makes it: nobody makes it anew."""
    notes = {"hub.jupyter.org/username": user, **(notes or {})}
    return pod(f"jupyter-{user}", owners=[], labels=USER, notes=notes)


def budget(allowed: int, selector: Json | None, namespace: str = "hub") -> Budget:
    body = {
        "metadata": {"name": "guard", "namespace": namespace},
        "spec": {"selector": selector} if selector is not None else {},
        "status": {"disruptionsAllowed": allowed, "currentHealthy": 1, "desiredHealthy": 1},
    }
    return msgspec.convert(body, Budget)


def node(
    labels: Json | None = None, allocatable: Json | None = None, notes: Json | None = None
) -> Node:
    body = {
        "metadata": {"name": "n1", "labels": labels or {}, "annotations": notes or {}},
        "status": {"allocatable": HAS if allocatable is None else allocatable},
    }
    return msgspec.convert(body, Node)


KARPENTERS = node({"karpenter.sh/nodepool": "default"})


def around(*budgets: Budget, **more: Any) -> Around:
    known: dict[str, list[Budget]] = {}
    for each in budgets:
        known.setdefault(each.metadata.namespace, []).append(each)
    return Around(now=NOW, namespace="hub", release="hub", budgets=known, **more)


def kinds(found: Stays) -> list[str]:
    return [f"{each.kind}{' (may)' if each.may else ''}" for each in found.blockers]


EMPTY_DIR = [{"name": "tmp", "emptyDir": {}}]
ALL = budget(0, {})

RULES: dict[str, tuple[Pod, list[Budget], list[str]]] = {
    "a pod that is made anew": (pod(), [], []),
    "no controller": (pod(owners=[]), [], ["no-controller"]),
    "an owner that is no controller": (
        pod(owners=[{"kind": "Thing", "name": "t"}]), [], ["no-controller"],
    ),
    "no controller, and safe": (pod(owners=[], notes={SAFE: "true"}), [], []),
    "not safe": (pod(notes={SAFE: "false"}), [], ["not-safe-to-evict"]),
    "marked with something else": (pod(notes={SAFE: "no"}), [], []),
    "an emptyDir": (pod(volumes=EMPTY_DIR), [], ["local-storage"]),
    "an emptyDir that is safe": (pod(volumes=EMPTY_DIR, notes={SAFE_VOLUMES: "x,tmp"}), [], []),
    "an emptyDir, another one is safe": (
        pod(volumes=EMPTY_DIR, notes={SAFE_VOLUMES: "x"}), [], ["local-storage"],
    ),
    "an emptyDir of memory": (
        pod(volumes=[{"name": "shm", "emptyDir": {"medium": "Memory"}}]), [], [],
    ),
    "a hostPath": (
        pod(volumes=[{"name": "host", "hostPath": {"path": "/data"}}]), [], ["local-storage"],
    ),
    "a claim": (
        pod(volumes=[{"name": "home", "persistentVolumeClaim": {"claimName": "c"}}]), [], [],
    ),
    "local storage, and safe": (pod(volumes=EMPTY_DIR, notes={SAFE: "true"}), [], []),
    "a budget that allows nothing": (pod(), [ALL], ["disruption-budget"]),
    "a budget that allows one": (pod(), [budget(1, {})], []),
    "a budget without a selector": (pod(), [budget(0, None)], []),
    "a budget for others": (pod(), [budget(0, {"matchLabels": {"app": "db"}})], []),
    "a budget by expression": (
        pod(),
        [budget(0, {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]})],
        ["disruption-budget"],
    ),
    "a budget by expression for others": (
        pod(),
        [budget(0, {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]})],
        [],
    ),
    "a budget of another namespace": (pod(), [budget(0, {}, "other")], []),
    "a safe pod, and a budget that refuses": (
        pod(notes={SAFE: "true"}), [ALL], ["disruption-budget"],
    ),
    "kube-system": (pod(namespace="kube-system"), [], ["kube-system"]),
    "kube-system, for long": (pod(namespace="kube-system", age=7200), [], ["kube-system (may)"]),
    "kube-system with a budget": (
        pod(namespace="kube-system"), [budget(1, {}, "kube-system")], [],
    ),
    "kube-system with a budget that refuses": (
        pod(namespace="kube-system"), [budget(0, {}, "kube-system")], ["disruption-budget"],
    ),
    "kube-system, and safe": (pod(namespace="kube-system", notes={SAFE: "true"}), [], []),
    "a DaemonSet's": (
        pod(namespace="kube-system", owners=DAEMONS, volumes=EMPTY_DIR), [ALL], [],
    ),
    "from a file on the node": (
        pod(owners=[], notes={"kubernetes.io/config.mirror": "x"}), [], [],
    ),
    "a placeholder": (
        pod("user-placeholder-0", owners=[], labels=PLACEHOLDER, notes={SAFE: "false"}), [], [],
    ),
    "one that has ended": (pod(owners=[], phase="Succeeded"), [], []),
    "one that ends": (pod(owners=[], deleted=True), [], []),
    "a user's server": (server("ana"), [ALL], ["user"]),
    "a user's server that is safe": (server("ana", notes={SAFE: "true"}), [], []),
    "a safe server that is guarded": (server("ana", notes={SAFE: "true"}), [ALL], ["user"]),
    "a server of another hub": (
        pod("jupyter-bo", "other", owners=[], labels=USER | {"release": "x"}), [], ["user"],
    ),
    "a placeholder of another hub": (
        pod("user-placeholder-0", "other", owners=[], labels=PLACEHOLDER | {"release": "x"}),
        [], [],
    ),
    "several at once": (
        pod(owners=[], volumes=EMPTY_DIR, notes={SAFE: "false"}), [ALL],
        ["not-safe-to-evict", "local-storage", "no-controller", "disruption-budget"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("known", "budgets", "wanted"), RULES.values(), ids=RULES)
def test_the_cluster_autoscaler(known: Pod, budgets: list[Budget], wanted: list[str]) -> None:
    found = stays(node(), [known], {}, around(*budgets))
    assert sorted(kinds(found)) == sorted(wanted)
    assert (found.words == FREE) == (not wanted)
    assert found.held == any("may" not in each for each in wanted)


MOVED: dict[str, tuple[Pod, list[Budget], list[str]]] = {
    "no controller": (pod(owners=[]), [], []),
    "local storage": (pod(volumes=EMPTY_DIR), [], []),
    "kube-system": (pod(namespace="kube-system"), [], []),
    "the other one's mark": (pod(notes={SAFE: "false"}), [], []),
    "its own mark": (pod(notes={DISTURB: "true"}), [], ["not-safe-to-evict"]),
    "a budget": (pod(), [ALL], ["disruption-budget"]),
    "a user's server": (server("ana"), [], ["user (may)"]),
    "a user's server with its mark": (server("ana", notes={DISTURB: "true"}), [], ["user"]),
}


@pytest.mark.parametrize(("known", "budgets", "wanted"), MOVED.values(), ids=MOVED)
def test_karpenter(known: Pod, budgets: list[Budget], wanted: list[str]) -> None:
    assert kinds(stays(KARPENTERS, [known], {}, around(*budgets))) == wanted


@pytest.mark.parametrize(
    ("known", "used", "wanted"),
    [
        (node(), {"memory": 8 * 2**30}, ["used (may)"]),
        (node(), {"memory": 8 * 2**30 - 1, "cpu": 1999}, []),
        (node(), {"cpu": 2000}, ["used (may)"]),
        (node(notes={DISABLED: "true"}), {}, ["node-annotation"]),
        (node(notes={DISABLED: "false"}), {}, []),
        (node({"karpenter.sh/nodepool": "x"}, notes={DISTURB: "true"}), {}, ["node-annotation"]),
        (KARPENTERS, {"cpu": 4000}, []),
        (node(allocatable={"cpu": "4", "nvidia.com/gpu": "1"}), {"cpu": 4000}, []),
        (node(allocatable={}), {"cpu": 4000}, []),
    ],
)
def test_the_node_itself(known: Node, used: dict[str, int], wanted: list[str]) -> None:
    assert kinds(stays(known, [], used, around())) == wanted


def test_an_accelerator_counts_alone() -> None:
    known = node(allocatable={"cpu": "4", "nvidia.com/gpu": "2"})
    assert utilization(known, {"cpu": 4000, "nvidia.com/gpu": 1}) == (0.5, "nvidia.com/gpu")


def test_a_node_that_goes_says_so_unless_something_keeps_it() -> None:
    taint = {"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}
    body = {"metadata": {"name": "n1"}, "spec": {"taints": [taint]}}
    goes = msgspec.convert(body, Node)
    assert stays(goes, [], {}, around()).words == "Nothing on it keeps it: about to be removed."
    assert "debug has no controller" in stays(goes, [pod("debug", owners=[])], {}, around()).words


def test_what_was_not_read_is_not_said_for_sure() -> None:
    system = pod(namespace="kube-system")
    found = stays(node(), [system], {}, around(ALL, everywhere=False))
    assert kinds(found) == ["kube-system (may)"]
    assert "whether a disruption budget lets it go is not known" in found.words


RULE = CullRule(timeout=3600, every=600)


def culled(user_idle: dict[str, float], rule: CullRule = RULE) -> Around:
    """The forecasts of servers that are idle for so many seconds."""

    def goes(known: Pod) -> Forecast | None:
        seconds = user_idle.get(known.metadata.annotations.username or "")
        if seconds is None:
            return None
        found = HubServer(ready=True, started=ago(90_000), last_activity=ago(seconds))
        return forecast(found, rule, NOW, Grid(NOW, rule.every))

    return around(goes=goes)


def test_the_last_user_is_told_with_the_time_that_the_culler_takes() -> None:
    found = stays(node(), [server("ana"), server("bo")], {}, culled({"ana": 3000, "bo": 60}))
    assert found.last_cull == NOW + timedelta(seconds=3600)
    assert [each.until for each in found.users] == [
        NOW + timedelta(seconds=3600),
        NOW + timedelta(seconds=600),
    ]
    when = found.last_cull.astimezone()
    assert found.words == (
        f"It stays for 2 servers (bo, ana), the last is culled {when.hour:02}:{when.minute:02}."
    )


def test_a_server_that_never_goes_is_told_with_the_reason() -> None:
    off = CullRule(enabled=False)
    found = stays(node(), [server("ana")], {}, culled({"ana": 9000}, off))
    assert (found.last_cull, found.held) == (None, True)
    assert found.words == (
        "It stays for 1 server (ana); ana goes never, because culling is off (cull.enabled: false)."
    )


def test_a_server_of_which_nothing_is_known_is_a_question_mark() -> None:
    known = [server("ana"), server("bo")]
    found = stays(node(), [*known, pod(owners=[])], {}, culled({"bo": 60}))
    assert found.last_cull is None
    assert found.words == (
        "It stays for 2 servers (ana, bo); ana: ? (the hub was not asked); "
        "hub/web has no controller that would make it anew elsewhere."
    )


def test_a_node_that_is_gone_is_told_by_its_pods() -> None:
    assert kinds(stays(None, [server("ana")], {"cpu": 9000}, around())) == [Hold.USER]
