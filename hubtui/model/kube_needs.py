"""What a pod needs, cut to the fields that explain why it is not up: nodes, claims, quotas.

Source: the Kubernetes API reference, v1.36.
"""

from __future__ import annotations

from typing import Any

from msgspec import field

from hubtui.model.kube import (
    Condition,
    KubeStruct,
    Meta,
    Object,
    Pod,
    PodSpec,
    ResourceRequirements,
)


class Toleration(KubeStruct, frozen=True):
    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def tolerates(self, taint: Taint) -> bool:
        """Whether a pod with this may go to a node with the taint.

        The operators that compare numbers are off by default (v1.36) and tolerate nothing.
        """
        if self.effect not in ("", taint.effect) or self.key not in ("", taint.key):
            return False
        if self.operator in ("", "Equal"):
            return bool(self.key) and self.value == taint.value
        return self.operator == "Exists"


class Taint(KubeStruct, frozen=True):
    key: str = ""
    value: str = ""
    effect: str = ""

    def __str__(self) -> str:
        return f"{self.key}={self.value}" if self.value else self.key


class SchedulingGate(KubeStruct, frozen=True):
    name: str = ""


class WholeMeta(Meta, frozen=True, eq=False):
    finalizers: tuple[str, ...] = ()


class WholePodSpec(PodSpec, frozen=True):
    """`affinity` and `topology_spread_constraints` as they are written: only their being the same
    is asked for."""

    node_selector: dict[str, str] = field(default_factory=dict)
    affinity: dict[str, Any] | None = None
    topology_spread_constraints: tuple[dict[str, Any], ...] = ()
    priority_class_name: str = ""
    tolerations: tuple[Toleration, ...] = ()
    scheduling_gates: tuple[SchedulingGate, ...] = ()
    termination_grace_period_seconds: int | None = None


class WholePod(Pod, frozen=True):
    """A pod with what only its explanation reads: lists of 5,000 do without."""

    metadata: WholeMeta = WholeMeta()
    spec: WholePodSpec = WholePodSpec()


class NodeSpec(KubeStruct, frozen=True):
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeImage(KubeStruct, frozen=True):
    names: tuple[str, ...] | None = ()
    size_bytes: int = 0


class NodeInfo(KubeStruct, frozen=True):
    kubelet_version: str = ""
    os_image: str = ""
    architecture: str = ""
    container_runtime_version: str = ""


class NodeStatus(KubeStruct, frozen=True):
    capacity: dict[str, str] = field(default_factory=dict)
    allocatable: dict[str, str] = field(default_factory=dict)
    node_info: NodeInfo = NodeInfo()
    conditions: tuple[Condition, ...] = ()
    images: tuple[NodeImage, ...] = ()


class Node(Object, frozen=True):
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def ready(self) -> Condition | None:
        """The condition that says whether its kubelet is well; None before the first report."""
        return next((c for c in self.status.conditions if c.type == "Ready"), None)


class ClaimSpec(KubeStruct, frozen=True):
    access_modes: tuple[str, ...] = ()
    storage_class_name: str = ""
    volume_name: str = ""
    volume_mode: str = ""
    resources: ResourceRequirements = ResourceRequirements()


class ClaimStatus(KubeStruct, frozen=True):
    """`allocated_resource_statuses` tells how far an expansion is: ControllerResizeInProgress,
    NodeResizePending and the like, by the name of the resource."""

    phase: str = ""
    capacity: dict[str, str] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    allocated_resources: dict[str, str] = field(default_factory=dict)
    allocated_resource_statuses: dict[str, str] = field(default_factory=dict)


class Claim(Object, frozen=True):
    """A PersistentVolumeClaim."""

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


class WholeClaim(Claim, frozen=True):
    """A claim with what keeps it from going."""

    metadata: WholeMeta = WholeMeta()


class AttachedSource(KubeStruct, frozen=True):
    persistent_volume_name: str = ""


class AttachmentSpec(KubeStruct, frozen=True):
    node_name: str = ""
    source: AttachedSource = AttachedSource()


class AttachError(KubeStruct, frozen=True):
    message: str = ""


class AttachmentStatus(KubeStruct, frozen=True):
    attached: bool = False
    attach_error: AttachError | None = None
    detach_error: AttachError | None = None


class Attachment(Object, frozen=True):
    """A VolumeAttachment: which volume a node holds."""

    spec: AttachmentSpec = AttachmentSpec()
    status: AttachmentStatus = AttachmentStatus()


class VolumeCount(KubeStruct, frozen=True):
    count: int | None = None


class NodeDriver(KubeStruct, frozen=True):
    name: str = ""
    allocatable: VolumeCount | None = None


class DriversSpec(KubeStruct, frozen=True):
    drivers: tuple[NodeDriver, ...] | None = ()


class CsiNode(Object, frozen=True):
    """A CSINode: the storage drivers of a node, and how many volumes each can attach there."""

    spec: DriversSpec = DriversSpec()


class QuotaStatus(KubeStruct, frozen=True):
    hard: dict[str, str] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)


class QuotaSpec(KubeStruct, frozen=True):
    scopes: tuple[str, ...] = ()
    scope_selector: Any = None


class Quota(Object, frozen=True):
    """A ResourceQuota; one with a scope counts only some pods."""

    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()
