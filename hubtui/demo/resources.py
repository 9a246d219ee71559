"""The kinds that the demo's apiserver knows: those of the chart, and what moves behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the API; `short` are kubectl's names for it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def name(self) -> str:
        """As messages have it: `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", False, ("ns",), ("status",))
NODES: Final = Resource("", "v1", "nodes", "Node", False, ("no",), ("status", "proxy"))
PODS: Final = Resource(
    "", "v1", "pods", "Pod", True, ("po",), ("status", "log", "eviction", "portforward", "binding")
)
EVENTS: Final = Resource("", "v1", "events", "Event", True, ("ev",))
CONFIGMAPS: Final = Resource("", "v1", "configmaps", "ConfigMap", True, ("cm",))
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
SERVICES: Final = Resource("", "v1", "services", "Service", True, ("svc",), ("status", "proxy"))
ENDPOINTS: Final = Resource("", "v1", "endpoints", "Endpoints", True, ("ep",))
ACCOUNTS: Final = Resource("", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",))
CLAIMS: Final = Resource(
    "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",), ("status",)
)
VOLUMES: Final = Resource(
    "", "v1", "persistentvolumes", "PersistentVolume", False, ("pv",), ("status",)
)
QUOTAS: Final = Resource("", "v1", "resourcequotas", "ResourceQuota", True, ("quota",), ("status",))
LIMITS: Final = Resource("", "v1", "limitranges", "LimitRange", True, ("limits",))
DEPLOYMENTS: Final = Resource(
    "apps", "v1", "deployments", "Deployment", True, ("deploy",), ("status", "scale")
)
REPLICASETS: Final = Resource(
    "apps", "v1", "replicasets", "ReplicaSet", True, ("rs",), ("status", "scale")
)
STATEFULSETS: Final = Resource(
    "apps", "v1", "statefulsets", "StatefulSet", True, ("sts",), ("status", "scale")
)
DAEMONSETS: Final = Resource("apps", "v1", "daemonsets", "DaemonSet", True, ("ds",), ("status",))
JOBS: Final = Resource("batch", "v1", "jobs", "Job", True, (), ("status",))
ROLES: Final = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLE_BINDINGS: Final = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES: Final = Resource(
    "rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False
)
CLUSTER_ROLE_BINDINGS: Final = Resource(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False
)
POLICIES: Final = Resource(
    "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True, ("netpol",)
)
INGRESSES: Final = Resource(
    "networking.k8s.io", "v1", "ingresses", "Ingress", True, ("ing",), ("status",)
)
BUDGETS: Final = Resource(
    "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, ("pdb",), ("status",)
)
PRIORITIES: Final = Resource(
    "scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, ("pc",)
)
CLASSES: Final = Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, ("sc",))
ATTACHMENTS: Final = Resource(
    "storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", False, (), ("status",)
)
CSI_NODES: Final = Resource("storage.k8s.io", "v1", "csinodes", "CSINode", False)
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")

RESOURCES: Final = (
    *(NAMESPACES, NODES, PODS, EVENTS, CONFIGMAPS, SECRETS, SERVICES, ENDPOINTS, ACCOUNTS),
    *(CLAIMS, VOLUMES, QUOTAS, LIMITS, DEPLOYMENTS, REPLICASETS, STATEFULSETS, DAEMONSETS, JOBS),
    *(ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, POLICIES, INGRESSES, BUDGETS),
    *(PRIORITIES, CLASSES, ATTACHMENTS, CSI_NODES, LEASES),
)
BY_KIND: Final = {(each.api_version, each.kind): each for each in RESOURCES}
BY_PLURAL: Final = {(each.group, each.version, each.plural): each for each in RESOURCES}
