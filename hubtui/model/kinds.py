"""Which kinds of object are read, and where the API keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from hubtui.model import kube, kube_changes, kube_needs, kube_services, usage, volumes

T = TypeVar("T", bound=kube.Object, covariant=True)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One resource of the API, and the struct that its objects decode into.

    `metadata_only` asks for PartialObjectMetadata: a list of release Secrets without their
    payloads is 0.6 MB instead of 80 MB for 500 revisions (testbed.md).
    """

    group: str
    version: str
    plural: str
    kind: str
    struct: type[T]
    namespaced: bool = True
    metadata_only: bool = False

    @property
    def resource(self) -> str:
        """The name as access reviews and error messages have it: `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of a collection or object below the server's address.

        Source: Kubernetes API concepts, "Resource URIs".
        """
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/".join(parts)


PODS = Kind("", "v1", "pods", "Pod", kube.Pod)
WHOLE_PODS = Kind("", "v1", "pods", "Pod", kube_needs.WholePod)
SERVING_PODS = Kind("", "v1", "pods", "Pod", kube_services.ServingPod)
SERVICES = Kind("", "v1", "services", "Service", kube_services.Service)
EVENTS = Kind("", "v1", "events", "Event", kube.Event)
NODES = Kind("", "v1", "nodes", "Node", kube_needs.Node, namespaced=False)
CLAIMS = Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", kube_needs.Claim)
WHOLE_CLAIMS = Kind(
    "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", kube_needs.WholeClaim
)
VOLUMES = Kind("", "v1", "persistentvolumes", "PersistentVolume", volumes.Volume, namespaced=False)
STORAGE_CLASSES = Kind(
    "storage.k8s.io",
    "v1",
    "storageclasses",
    "StorageClass",
    volumes.StorageClass,
    namespaced=False,
)
QUOTAS = Kind("", "v1", "resourcequotas", "ResourceQuota", kube_needs.Quota)
ATTACHMENTS = Kind(
    "storage.k8s.io",
    "v1",
    "volumeattachments",
    "VolumeAttachment",
    kube_needs.Attachment,
    namespaced=False,
)
CSI_NODES = Kind(
    "storage.k8s.io", "v1", "csinodes", "CSINode", kube_needs.CsiNode, namespaced=False
)
NAMESPACES = Kind("", "v1", "namespaces", "Namespace", kube.Namespace, namespaced=False)
SECRETS = Kind("", "v1", "secrets", "Secret", kube.Secret)
SECRETS_METADATA = Kind("", "v1", "secrets", "Secret", kube.Object, metadata_only=True)
CONFIGMAPS = Kind("", "v1", "configmaps", "ConfigMap", kube.ConfigMap)
CONFIGMAPS_METADATA = Kind("", "v1", "configmaps", "ConfigMap", kube.Object, metadata_only=True)
DEPLOYMENTS = Kind("apps", "v1", "deployments", "Deployment", kube.Deployment)
RESTARTED_DEPLOYMENTS = Kind(
    "apps", "v1", "deployments", "Deployment", kube_changes.RestartedDeployment
)
BUDGETS = Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", kube_changes.Budget)
STATEFULSETS = Kind("apps", "v1", "statefulsets", "StatefulSet", kube.StatefulSet)
DAEMONSETS = Kind("apps", "v1", "daemonsets", "DaemonSet", kube.DaemonSet)
JOBS = Kind("batch", "v1", "jobs", "Job", kube.Job)
POD_METRICS = Kind("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", usage.PodMetrics)
NODE_METRICS = Kind(
    "metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", usage.NodeMetrics, namespaced=False
)
ACCESS_REVIEWS = Kind(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    kube.Object,
    namespaced=False,
)
