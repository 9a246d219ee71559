"""On which nodes a pod's node selector and its required node affinity let it go.

Source: the Kubernetes docs, "Assigning Pods to Nodes"; k8s.io/component-helpers
`scheduling/corev1/nodeaffinity`, v1.36.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hubtui.model.kube import KubeStruct
from hubtui.model.kube_needs import Node


class Requirement(KubeStruct, frozen=True):
    """One expression of a node selector, or of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] | None = ()

    def takes(self, known: Mapping[str, str]) -> bool:
        """Whether labels, or a node's fields, satisfy it."""
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

    @property
    def required(self) -> Required | None:
        """What a node must have; None where all will do."""
        affinity = self.node_affinity
        return affinity.required_during_scheduling_ignored_during_execution if affinity else None


def selects(selector: Mapping[str, str] | None, affinity: Affinity | None, node: Node) -> bool:
    """Whether both let a pod go to a node."""
    if not (selector or {}).items() <= node.metadata.labels.items():
        return False
    required = affinity.required if affinity is not None else None
    return required is None or any(t.takes(node) for t in required.node_selector_terms or ())
