"""The API's objects, cut to the fields that are read.

msgspec decodes answers straight into these structs; what is not named here is skipped while it is
parsed. Field names are the API's, in snake case. Times are aware UTC datetimes. Two objects are
equal when everything that can be shown is equal: the resource version is left out of it.
Source: the Kubernetes API reference, v1.36.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field


class KubeStruct(Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    """Base of all API structs."""


class OwnerReference(KubeStruct, frozen=True):
    kind: str = ""
    name: str = ""
    controller: bool = False


class Annotations(KubeStruct, frozen=True):
    """The annotations that are read: KubeSpawner's (facts.md §2.1), Helm's, the kubelet's on a pod
    from a file, what autoscalers are told of a pod or node (Cluster Autoscaler FAQ, "What types
    of pods can prevent CA from removing a node?"; Karpenter, "Disruption"), the default storage
    class's, that of whoever made a volume, and hubtui's own."""

    username: str | None = field(default=None, name="hub.jupyter.org/username")
    servername: str | None = field(default=None, name="hub.jupyter.org/servername")
    jupyterhub_version: str | None = field(default=None, name="hub.jupyter.org/jupyterhub-version")
    release_name: str | None = field(default=None, name="meta.helm.sh/release-name")
    mirror: str | None = field(default=None, name="kubernetes.io/config.mirror")
    safe_to_evict: str | None = field(
        default=None, name="cluster-autoscaler.kubernetes.io/safe-to-evict"
    )
    safe_local_volumes: str | None = field(
        default=None, name="cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
    )
    scale_down_disabled: str | None = field(
        default=None, name="cluster-autoscaler.kubernetes.io/scale-down-disabled"
    )
    do_not_disrupt: str | None = field(default=None, name="karpenter.sh/do-not-disrupt")
    default_class: str | None = field(
        default=None, name="storageclass.kubernetes.io/is-default-class"
    )
    provisioned_by: str | None = field(default=None, name="pv.kubernetes.io/provisioned-by")
    prepull_owner: str | None = field(default=None, name="hubtui/owner")
    prepull_until: str | None = field(default=None, name="hubtui/until")


class Meta(KubeStruct, frozen=True, eq=False):
    """ObjectMeta."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = {}
    annotations: Annotations = Annotations()
    owner_references: tuple[OwnerReference, ...] = ()

    def _shown(self) -> tuple[object, ...]:
        return (
            self.name,
            self.namespace,
            self.uid,
            self.generation,
            self.deletion_timestamp,
            self.labels,
            self.annotations,
            self.owner_references,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Meta) and self._shown() == other._shown()

    def __hash__(self) -> int:
        return hash((self.uid, self.resource_version))


class Object(KubeStruct, frozen=True):
    """What every object has; also what a metadata-only list gives."""

    metadata: Meta = Meta()

    @property
    def key(self) -> str:
        """Namespace and name: what identifies the object within its kind."""
        return f"{self.metadata.namespace}/{self.metadata.name}"


class Condition(KubeStruct, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class ResourceRequirements(KubeStruct, frozen=True):
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}


class Container(KubeStruct, frozen=True):
    name: str = ""
    image: str = ""
    resources: ResourceRequirements = ResourceRequirements()
    restart_policy: str | None = None


class ClaimSource(KubeStruct, frozen=True):
    claim_name: str = ""


class EmptyDir(KubeStruct, frozen=True):
    medium: str = ""


class HostPath(KubeStruct, frozen=True):
    path: str = ""


class NfsSource(KubeStruct, frozen=True):
    server: str = ""
    path: str = ""


class PodVolume(KubeStruct, frozen=True):
    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    empty_dir: EmptyDir | None = None
    host_path: HostPath | None = None
    nfs: NfsSource | None = None


class PodSpec(KubeStruct, frozen=True):
    """`resources` are those of the pod as a whole, which overrule its containers' (v1.34);
    `overhead` is what its runtime takes beside them."""

    node_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[PodVolume, ...] = ()
    scheduler_name: str = ""
    overhead: dict[str, str] = {}
    resources: ResourceRequirements | None = None
    priority: int = 0


class Waiting(KubeStruct, frozen=True):
    reason: str = ""
    message: str = ""


class Running(KubeStruct, frozen=True):
    started_at: datetime | None = None


class Terminated(KubeStruct, frozen=True):
    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(KubeStruct, frozen=True):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(KubeStruct, frozen=True):
    name: str = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    image: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodStatus(KubeStruct, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = field(default="", name="podIP")
    start_time: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object, frozen=True):
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class LabelSelector(KubeStruct, frozen=True):
    match_labels: dict[str, str] = {}


class WorkloadSpec(KubeStruct, frozen=True):
    replicas: int = 1
    selector: LabelSelector = LabelSelector()
    template: Any = None


class WorkloadStatus(KubeStruct, frozen=True):
    """Status of a Deployment, StatefulSet or DaemonSet, with the fields of all three."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_misscheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Object, frozen=True):
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class StatefulSet(Object, frozen=True):
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class DaemonSet(Object, frozen=True):
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


Workload = Deployment | StatefulSet | DaemonSet


class JobStatus(KubeStruct, frozen=True):
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    start_time: datetime | None = None
    completion_time: datetime | None = None
    conditions: tuple[Condition, ...] = ()


class Job(Object, frozen=True):
    status: JobStatus = JobStatus()


class ObjectReference(KubeStruct, frozen=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class EventSeries(KubeStruct, frozen=True):
    count: int = 0
    last_observed_time: datetime | None = None


class Event(Object, frozen=True):
    """A core/v1 Event: `last_timestamp` is empty where the newer `event_time` is used."""

    involved_object: ObjectReference = ObjectReference()
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int = 0
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None

    @property
    def last_seen(self) -> datetime | None:
        """When it was last seen, wherever the reporting component wrote that down."""
        series = self.series.last_observed_time if self.series else None
        return series or self.last_timestamp or self.event_time or self.metadata.creation_timestamp

    def is_about(self, thing: Object) -> bool:
        """Whether it is about this very object, and none that had the name before; not every
        component says which it means."""
        return self.involved_object.uid in ("", thing.metadata.uid)

    @property
    def times(self) -> int:
        """How often it was seen."""
        return max(self.count, self.series.count if self.series else 0, 1)


class Namespace(Object, frozen=True):
    pass


class Secret(Object, frozen=True):
    """A Secret with its data, still in base64."""

    type: str = ""
    data: dict[str, str] = {}


class ConfigMap(Object, frozen=True):
    data: dict[str, str] = {}


class ListMeta(KubeStruct, frozen=True):
    resource_version: str = ""
    continue_: str = field(default="", name="continue")
    remaining_item_count: int | None = None


class StatusCause(KubeStruct, frozen=True):
    reason: str = ""
    message: str = ""


class StatusDetails(KubeStruct, frozen=True):
    causes: tuple[StatusCause, ...] | None = ()


class Status(KubeStruct, frozen=True):
    """meta/v1 Status: what the server sends with an error."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: StatusDetails | None = None


class Resource(KubeStruct, frozen=True):
    """One entry of an API version's discovery; a name with a slash is a subresource."""

    name: str
    kind: str = ""
    namespaced: bool = False


class Resources(KubeStruct, frozen=True):
    """meta/v1 APIResourceList."""

    resources: tuple[Resource, ...] = ()
