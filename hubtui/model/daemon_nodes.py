"""On which nodes a DaemonSet wants a pod.

Source: the Kubernetes docs, "DaemonSet" (taints and tolerations) and "Assigning Pods to Nodes"; the
rules are those of the controller's nodeShouldRunDaemonPod (k8s.io/kubernetes, v1.36).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import field

from hubtui.model.kube import KubeStruct
from hubtui.model.kube_needs import Node, Toleration
from hubtui.model.node_affinity import Affinity, selects
from hubtui.model.taints import KEEP_OFF

_ALWAYS: Final = tuple(
    Toleration(key=f"node.kubernetes.io/{key}", operator="Exists", effect=effect)
    for effect, keys in (
        ("NoExecute", ("not-ready", "unreachable")),
        ("NoSchedule", ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")),
    )
    for key in keys
)
"""What the controller has all its pods tolerate: a cordon keeps none of them off."""


class DaemonPod(KubeStruct, frozen=True):
    """What of a DaemonSet's pod template decides on its nodes."""

    node_selector: dict[str, str] | None = field(default_factory=dict)
    affinity: Affinity | None = None
    tolerations: tuple[Toleration, ...] | None = ()

    def goes_to(self, node: Node) -> bool:
        """Whether the DaemonSet wants a pod on a node."""
        if not selects(self.node_selector, self.affinity, node):
            return False
        tolerated = (*(self.tolerations or ()), *_ALWAYS)
        return all(
            taint.effect not in KEEP_OFF or any(each.tolerates(taint) for each in tolerated)
            for taint in node.spec.taints
        )


def daemon_pod(body: Mapping[str, Any]) -> DaemonPod | None:
    """From a DaemonSet as it is written; None when its template cannot be read."""
    try:
        spec: Any = body["spec"]["template"]["spec"]
        return msgspec.convert(spec, DaemonPod)
    except (KeyError, TypeError, msgspec.ValidationError):
        return None
