"""Which nodes a pod may be on: taints, selectors, affinity. Rules of kube-scheduler's plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hubtui.demo.life.reading import labels_of, name_of, satisfies
from hubtui.demo.resources import NODES
from hubtui.demo.storage import Change, Json

CORDONED: Final = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def tolerates(pod: Json, taint: Mapping[str, Any]) -> bool:
    """Whether a pod tolerates a taint."""
    return any(_covers(each, taint) for each in pod["spec"].get("tolerations") or ())


def _covers(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("key") not in (None, "", taint["key"]):
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and toleration.get("value", "") == taint.get("value", "")


def untolerated(pod: Json, node: Json, *effects: str) -> Json | None:
    """The first taint of a node with one of these effects that a pod does not tolerate."""
    taints = node["spec"].get("taints") or ()
    return next((t for t in taints if t["effect"] in effects and not tolerates(pod, t)), None)


def is_selected(pod: Json, node: Json) -> bool:
    """Whether a node has what the pod's node selector and required affinity ask for."""
    labels = labels_of(node)
    wanted: dict[str, str] = pod["spec"].get("nodeSelector") or {}
    if not wanted.items() <= labels.items():
        return False
    required = _affinity(pod).get("requiredDuringSchedulingIgnoredDuringExecution")
    terms = (required or {}).get("nodeSelectorTerms")
    return terms is None or any(takes(term, node) for term in terms)


def takes(term: Mapping[str, Any], node: Json) -> bool:
    """Whether a node selector term takes a node; an empty one takes none."""
    labels, fields = labels_of(node), {"metadata.name": name_of(node)}
    expressions = term.get("matchExpressions") or ()
    of_fields = term.get("matchFields") or ()
    if not expressions and not of_fields:
        return False
    return all(satisfies(each, labels) for each in expressions) and all(
        satisfies(each, fields) for each in of_fields
    )


def liking(pod: Json, node: Json) -> int:
    """The weight of the preferred affinities that a node fulfils."""
    preferred = _affinity(pod).get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return sum(int(each["weight"]) for each in preferred if takes(each["preference"], node))


def pinned_to(pod: Json) -> str:
    """The one node that a daemon pod is for; "" when it is for no certain one."""
    required = _affinity(pod).get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field["key"] == "metadata.name":
                return str(field["values"][0])
    return ""


def may_start(pod: Json, node: Json) -> bool:
    """Whether a daemon pod should be on a node."""
    return is_selected(pod, node) and untolerated(pod, node, "NoSchedule", "NoExecute") is None


def may_stay(pod: Json, node: Json) -> bool:
    """Whether a daemon pod that is on a node may remain there."""
    return is_selected(pod, node) and untolerated(pod, node, "NoExecute") is None


def moved(change: Change) -> bool:
    """Whether a change of a node can change where pods may be."""
    if change.resource is not NODES:
        return False
    if change.before is None or change.type == "DELETED":
        return True
    before, now = change.before, change.object
    return before["spec"] != now["spec"] or labels_of(before) != labels_of(now)


def _affinity(pod: Json) -> Json:
    return (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
