"""Servers of shared disks: what kind one is, which pod it is, and what its clients say of it.

Source: the charts jupyterhub-home-nfs (facts.md §8.4), nfs-server-provisioner and
nfs-ganesha-server-and-external-provisioner, Rook's NFS operator; the DNS names of the clouds' own
documentation; node exporter's collector `nfs` (`node_nfs_*`), which is of a node, not of a mount.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubtui.model.claims import Backing
from hubtui.model.kube import Container, Pod
from hubtui.model.prometheus import Labels, Sample
from hubtui.model.roles import component_of

HOME_NFS: Final = "jupyterhub-home-nfs"
PROVISIONER: Final = "nfs-server-provisioner"
GANESHA: Final = "nfs-ganesha"
NFS: Final = "NFS server"

CALLS: Final = "node_nfs_rpcs_total"
SENT_AGAIN: Final = "node_nfs_rpc_retransmissions_total"
REFRESHED: Final = "node_nfs_rpc_authentication_refreshes_total"
CLIENT_METRICS: Final = (CALLS, SENT_AGAIN, REFRESHED)

_SUFFERS: Final = 0.01
_SUFFERS_LEAST: Final = 10
"""The part of a client's calls, and how many at least, that it sends again when it suffers."""

_IMAGES: Final = (
    ("jupyterhub-home-nfs", HOME_NFS),
    ("nfs-ganesha", GANESHA),
    ("ganesha", GANESHA),
    ("nfs-provisioner", PROVISIONER),
    ("nfs-server", NFS),
)
"""Parts of the names of images; the first that fits counts."""

_CLIENTS_OF_OTHERS: Final = ("nfs-subdir-external-provisioner", "nfs-client-provisioner", "csi")
"""Parts of the names of images that serve nothing themselves."""

_DRIVERS: Final = (
    ("efs.csi.aws.com", "Amazon EFS"),
    ("fsx.csi.aws.com", "Amazon FSx"),
    ("fsx.openzfs.csi.aws.com", "Amazon FSx"),
    ("filestore.csi.storage.gke.io", "Google Filestore"),
    ("file.csi.azure.com", "Azure Files"),
    ("cephfs.csi.ceph.com", "CephFS"),
    ("manila.csi.openstack.org", "OpenStack Manila"),
    ("smb.csi.k8s.io", "SMB server"),
)
"""Ends of the names of CSI drivers."""

_HOSTS: Final = (
    (re.compile(r"fs-[0-9a-f]+\.efs\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"), "Amazon EFS"),
    (re.compile(r".+\.fsx\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"), "Amazon FSx"),
    (
        re.compile(r".+\.file(\.privatelink)?\.core\.(windows\.net|chinacloudapi\.cn)"),
        "Azure Files",
    ),
)

_PROVISIONERS: Final = (
    ("filestore", "Google Filestore"),
    ("efs", "Amazon EFS"),
    ("ganesha", GANESHA),
    ("nfs-server-provisioner", PROVISIONER),
    ("home-nfs", HOME_NFS),
)
"""Parts of the names of provisioners and classes."""

_SERVICE: Final = re.compile(
    r"(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)(\.svc(\.[a-z0-9.-]+)?)?"
)


@dataclass(frozen=True, slots=True)
class Client:
    """What the NFS client of a node did in `length`: calls, those that were sent again because no
    answer came, and credentials that were renewed. It is of all mounts of the node."""

    node: str
    calls: int
    sent_again: int
    refreshed: int
    length: timedelta

    @property
    def share(self) -> float:
        """The part that was sent again, 0 to 1."""
        return self.sent_again / self.calls if self.calls else float(self.sent_again > 0)

    @property
    def suffers(self) -> bool:
        """Whether its server does not answer as it should."""
        return self.sent_again >= _SUFFERS_LEAST and self.share >= _SUFFERS


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often a pod's containers started again; of the last one `at` and `reason`."""

    count: int
    at: datetime | None = None
    reason: str = ""


def kind_of_pod(pod: Pod) -> str:
    """What a pod serves as, "" for one that is no server of files."""
    labels = pod.metadata.labels
    if component_of(labels) == "shared-volume-metrics" or (
        labels.get("app.kubernetes.io/component") == "nfs-server"
    ):
        return HOME_NFS
    images = [_image(container) for container in pod.spec.containers]
    if any(part in image for image in images for part in _CLIENTS_OF_OTHERS):
        return ""
    named = labels.get("app", "") or labels.get("app.kubernetes.io/name", "")
    if named in (PROVISIONER, GANESHA):
        return named
    if named == "rook-nfs":
        return "Rook NFS"
    found = (kind for part, kind in _IMAGES if any(part in image for image in images))
    return next(found, NFS if named == "nfs-server" else "")


def _image(container: Container) -> str:
    return container.image.rpartition("@")[0] or container.image


def kind_of_backing(backing: Backing | None, server: str, storage_class: str) -> str:
    """What serves a volume, by its driver, the name of its server, and its class."""
    driver = backing.driver if backing is not None else ""
    for end, kind in _DRIVERS:
        if driver.endswith(end):
            return kind
    for host, kind in _HOSTS:
        if host.fullmatch(server):
            return kind
    made_by = f"{backing.provisioner if backing is not None else ''} {storage_class}"
    return next((kind for part, kind in _PROVISIONERS if part in made_by), NFS)


def is_managed(kind: str) -> bool:
    """Whether no pod of the cluster is expected behind it."""
    return any(kind == name for _, name in _DRIVERS if name != "SMB server")


def service_of(server: str, namespace: str) -> tuple[str, str] | None:
    """Namespace and name of the service that an address may be: `home-nfs.hub.svc.cluster.local`;
    None for one that is an IP address or a host elsewhere."""
    if re.fullmatch(r"[0-9.]+|[0-9a-f:]*:[0-9a-f:]*", server) or not server:
        return None
    if "." not in server:
        return namespace, server
    found = _SERVICE.fullmatch(server)
    return (found["namespace"], found["name"]) if found is not None else None


def restarts_of(pod: Pod) -> Restarts:
    """How often the containers of a pod started again, and why last."""
    statuses = pod.status.container_statuses
    count = sum(each.restart_count for each in statuses)
    ended = (each.last_state.terminated for each in statuses)
    dated = [(end.finished_at, end.reason) for end in ended if end is not None and end.finished_at]
    return Restarts(count, *max(dated)) if dated else Restarts(count)


Counters = Mapping[str, Iterable[Sample]]
"""Samples by the name of their metric."""


def clients(before: Counters, after: Counters, length: timedelta) -> tuple[Client, ...]:
    """What clients did between two looks; the one that suffers most comes first. A counter that
    fell began anew in between: what it says since is a lower bound."""
    found: dict[str, dict[str, float]] = {}
    for metric in CLIENT_METRICS:
        known = {_series(sample.labels): sample.value for sample in before.get(metric, ())}
        for sample in after.get(metric, ()):
            was = known.get(_series(sample.labels))
            if was is not None and sample.value >= 0:
                more = sample.value - was if sample.value >= was else sample.value
                counts = found.setdefault(_node(sample.labels), {})
                counts[metric] = counts.get(metric, 0.0) + more
    rows = (
        Client(
            node,
            int(counts.get(CALLS, 0)),
            int(counts.get(SENT_AGAIN, 0)),
            int(counts.get(REFRESHED, 0)),
            length,
        )
        for node, counts in found.items()
    )
    busy = [row for row in rows if row.calls or row.sent_again]
    return tuple(sorted(busy, key=lambda row: (-row.suffers, -row.share, -row.calls, row.node)))


def _series(labels: Labels) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, value) for key, value in labels.items() if key != "__name__"))


def _node(labels: Labels) -> str:
    return labels.get("node") or labels.get("instance", "").rpartition(":")[0] or "?"
