"""Persistent volumes and storage classes: what is behind a claim, and where it can be reached from.

Source: the Kubernetes API reference, v1.36, PersistentVolume and StorageClass; kube-scheduler's
VolumeBinding.
"""

from __future__ import annotations

from typing import Final

from msgspec import field

from hubtui.model.kube import KubeStruct, NfsSource, Object
from hubtui.model.kube_needs import Node
from hubtui.model.node_affinity import Required

_ZONE: Final = "/zone"
"""How the labels of zones end: `topology.kubernetes.io/zone`, `topology.ebs.csi.aws.com/zone`."""
_HOST: Final = "kubernetes.io/hostname"


class VolumeNodeAffinity(KubeStruct, frozen=True):
    required: Required | None = None


class CsiSource(KubeStruct, frozen=True):
    driver: str = ""
    volume_handle: str = ""
    volume_attributes: dict[str, str] = field(default_factory=dict)


class PathSource(KubeStruct, frozen=True):
    """A folder of a node."""

    path: str = ""


class ClaimRef(KubeStruct, frozen=True):
    namespace: str = ""
    name: str = ""
    uid: str = ""


class VolumeSpec(KubeStruct, frozen=True):
    capacity: dict[str, str] = field(default_factory=dict)
    access_modes: tuple[str, ...] = ()
    storage_class_name: str = ""
    persistent_volume_reclaim_policy: str = ""
    mount_options: tuple[str, ...] = ()
    claim_ref: ClaimRef | None = None
    nfs: NfsSource | None = None
    csi: CsiSource | None = None
    host_path: PathSource | None = None
    local: PathSource | None = None
    node_affinity: VolumeNodeAffinity | None = None


class VolumeStatus(KubeStruct, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""


class StorageClass(Object, frozen=True):
    """How volumes of a class are made; the API has its fields beside the metadata."""

    provisioner: str = ""
    reclaim_policy: str = ""
    volume_binding_mode: str = ""
    allow_volume_expansion: bool = False
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def is_default(self) -> bool:
        """Whether it is that of claims that name none."""
        return self.metadata.annotations.default_class == "true"

    @property
    def driver(self) -> str:
        """The CSI driver of its volumes; that of an in-tree provisioner took its place."""
        return _MIGRATED.get(self.provisioner, self.provisioner)


_MIGRATED: Final = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
}
"""Kubernetes, "CSI migration": the scheduler counts these volumes as the driver's."""


class Volume(Object, frozen=True):
    """A PersistentVolume."""

    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()

    @property
    def _required(self) -> Required | None:
        affinity = self.spec.node_affinity
        return affinity.required if affinity is not None else None

    def is_within_reach_of(self, node: Node) -> bool:
        """Whether a pod on the node can have it."""
        required = self._required
        return required is None or any(t.takes(node) for t in required.node_selector_terms or ())

    @property
    def where(self) -> str:
        """Where it is, in words: `zone-a`, `node user-2`; empty where it says nothing."""
        terms = self._required.node_selector_terms if self._required is not None else ()
        named = [
            (each.key, value)
            for term in terms or ()
            for each in term.match_expressions or ()
            if each.operator == "In"
            for value in each.values or ()
        ]
        zones = [value for key, value in named if key.endswith(_ZONE)]
        hosts = [f"node {value}" for key, value in named if key == _HOST]
        return " or ".join(dict.fromkeys(zones or hosts))
