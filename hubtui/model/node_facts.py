"""What a node is told apart by, and how it stands.

Sources: the clouds' own labels of node pools (GKE, EKS and eksctl, Karpenter, AKS, kOps,
DigitalOcean, OpenStack Magnum); the Kubernetes docs, "Well-Known Labels, Annotations and Taints";
cluster-autoscaler `utils/taints`; Karpenter, "Disruption"; the chart's scheduling (facts.md §1.8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubtui.model.kube_needs import Node
from hubtui.model.podstate import Severity

PURPOSE: Final = "hub.jupyter.org/node-purpose"

_POOLS: Final = (
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "alpha.eksctl.io/nodegroup-name",
    "karpenter.sh/nodepool",
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "kops.k8s.io/instancegroup",
    "doks.digitalocean.com/node-pool",
    "magnum.openstack.org/nodegroup",
    PURPOSE,
)
_ZONES: Final = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_TYPES: Final = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")

_REMOVED: Final = "about to be removed"
_SHUT_DOWN: Final = "about to be shut down"
_LEAVING: Final = {
    "ToBeDeletedByClusterAutoscaler": _REMOVED,
    "karpenter.sh/disrupted": _REMOVED,
    "karpenter.sh/disruption": _REMOVED,
    "node.cloudprovider.kubernetes.io/shutdown": "shut down",
    "cloud.google.com/impending-node-termination": _SHUT_DOWN,
    "aws-node-termination-handler/spot-itn": _SHUT_DOWN,
    "aws-node-termination-handler/scheduled-maintenance": _SHUT_DOWN,
    "aws-node-termination-handler/asg-lifecycle-termination": _REMOVED,
    "DeletionCandidateOfClusterAutoscaler": "may be removed soon",
}
"""What a taint says of a node's end, the surest first."""

_PRESSURES: Final = {
    "MemoryPressure": "short of memory",
    "DiskPressure": "short of disk",
    "PIDPressure": "short of process ids",
    "NetworkUnavailable": "without network",
}

STARTING: Final = timedelta(minutes=5)
"""For so long after it came a node may be NotReady: its network and its images come first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a node stands. `words` is `ready` or all that deviates from it, the worst first.

    `ready` is what its kubelet says, None where that is not known; `leaving` whether something has
    marked it for its end, which makes NotReady expected; `until` when it has to be told anew though
    nothing changes.
    """

    words: str
    severity: Severity
    ready: bool | None
    cordoned: bool = False
    leaving: bool = False
    until: datetime | None = None


GONE: Final = Standing("gone", Severity.SOON, ready=False)
"""There is no such node, and pods are still said to be on it."""

UNKNOWN: Final = Standing("?", Severity.FINE, ready=None)
"""The nodes could not be read."""


def pool_of(node: Node, label: str = "") -> str:
    """The pool that a node belongs to: by the label of choice where it has that one, else by its
    cloud's, else by the chart's purpose; empty where nothing tells."""
    return _first(node.metadata.labels, (label, *_POOLS))


def zone_of(node: Node) -> str:
    """The zone that it stands in; empty where nothing tells."""
    return _first(node.metadata.labels, _ZONES)


def instance_type_of(node: Node) -> str:
    """The kind of machine that it is; empty where nothing tells."""
    return _first(node.metadata.labels, _TYPES)


def _first(labels: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((labels[key] for key in keys if labels.get(key)), "")


def leaving(node: Node) -> str:
    """What marks it for its end, in words; empty when nothing does."""
    if node.metadata.deletion_timestamp is not None:
        return _REMOVED
    keys = {taint.key for taint in node.spec.taints}
    return next((words for key, words in _LEAVING.items() if key in keys), "")


def standing(node: Node, now: datetime) -> Standing:
    """How a node stands at this moment."""
    ready = node.ready is not None and node.ready.status == "True"
    end, cordoned = leaving(node), node.spec.unschedulable
    found: list[tuple[str, Severity]] = []
    until = None
    if not ready:
        created = node.metadata.creation_timestamp
        settled = created + STARTING if created is not None else now
        if end:
            found.append(("NotReady", Severity.WAITING))
        elif now < settled:
            found.append(("starting", Severity.WAITING))
            until = settled
        else:
            found.append(("NotReady", Severity.NOW))
    if end:
        found.append((end, Severity.WAITING))
    if cordoned:
        found.append(("cordoned", Severity.WAITING))
    found += [(words, Severity.SOON) for words in _pressures(node)]
    return Standing(
        words=", ".join(words for words, _ in found) or "ready",
        severity=max((severity for _, severity in found), default=Severity.FINE),
        ready=ready,
        cordoned=cordoned,
        leaving=bool(end),
        until=until,
    )


def _pressures(node: Node) -> list[str]:
    there = {each.type for each in node.status.conditions if each.status == "True"}
    return [words for condition, words in _PRESSURES.items() if condition in there]
