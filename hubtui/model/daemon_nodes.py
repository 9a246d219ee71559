"""On which nodes a DaemonSet wants a pod.

Source: the Kubernetes docs, "DaemonSet" (taints and tolerations) and "Assigning Pods to Nodes"; the
rules are those of the controller's nodeShouldRunDaemonPod (k8s.io/kubernetes, v1.36).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import field

from hubtui.model.kube import KubeStruct
from hubtui.model.kube_needs import Node, Toleration

_ALWAYS: Final = tuple(
    Toleration(key=f"node.kubernetes.io/{key}", operator="Exists", effect=effect)
    for effect, keys in (
        ("NoExecute", ("not-ready", "unreachable")),
        ("NoSchedule", ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")),
    )
    for key in keys
)
"""What the controller has all its pods tolerate: a cordon keeps none of them off."""

_KEEP_OFF: Final = ("NoSchedule", "NoExecute")


class Requirement(KubeStruct, frozen=True):
    """One expression of a node selector."""

    key: str
    operator: str
    values: tuple[str, ...] | None = ()

    def takes(self, known: Mapping[str, str]) -> bool:
        """Whether a node's labels, or its fields, satisfy it."""
        value, values = known.get(self.key), self.values or ()
        match self.operator:
            case "In":
                return value in values
            case "NotIn":
                return value not in values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        numbers = [each for each in (value, *values) if each and re.fullmatch(r"-?\d+", each)]
        if len(numbers) != 2:
            return False
        ours, theirs = map(int, numbers)
        return ours > theirs if self.operator == "Gt" else ours < theirs


class Term(KubeStruct, frozen=True):
    match_expressions: tuple[Requirement, ...] | None = ()
    match_fields: tuple[Requirement, ...] | None = ()

    def takes(self, node: Node) -> bool:
        """Whether a node satisfies all of it; an empty term takes none."""
        labels, fields = self.match_expressions or (), self.match_fields or ()
        own = {"metadata.name": node.metadata.name}
        return (
            bool(labels or fields)
            and all(each.takes(node.metadata.labels) for each in labels)
            and all(each.takes(own) for each in fields)
        )


class Required(KubeStruct, frozen=True):
    node_selector_terms: tuple[Term, ...] | None = ()


class NodeAffinity(KubeStruct, frozen=True):
    required_during_scheduling_ignored_during_execution: Required | None = None


class Affinity(KubeStruct, frozen=True):
    node_affinity: NodeAffinity | None = None


class DaemonPod(KubeStruct, frozen=True):
    """What of a DaemonSet's pod template decides on its nodes."""

    node_selector: dict[str, str] | None = field(default_factory=dict)
    affinity: Affinity | None = None
    tolerations: tuple[Toleration, ...] | None = ()

    def goes_to(self, node: Node) -> bool:
        """Whether the DaemonSet wants a pod on a node."""
        if not (self.node_selector or {}).items() <= node.metadata.labels.items():
            return False
        required = self._required
        if required is not None and not any(
            term.takes(node) for term in required.node_selector_terms or ()
        ):
            return False
        tolerated = (*(self.tolerations or ()), *_ALWAYS)
        return all(
            taint.effect not in _KEEP_OFF or any(each.tolerates(taint) for each in tolerated)
            for taint in node.spec.taints
        )

    @property
    def _required(self) -> Required | None:
        affinity = self.affinity and self.affinity.node_affinity
        return affinity.required_during_scheduling_ignored_during_execution if affinity else None


def daemon_pod(body: Mapping[str, Any]) -> DaemonPod | None:
    """From a DaemonSet as it is written; None when its template cannot be read."""
    try:
        spec: Any = body["spec"]["template"]["spec"]
        return msgspec.convert(spec, DaemonPod)
    except (KeyError, TypeError, msgspec.ValidationError):
        return None
