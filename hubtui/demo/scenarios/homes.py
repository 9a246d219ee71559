"""The shared home of a scenario: an NFS server, as jupyterhub-home-nfs has it, with its disk.

Names and labels as in facts.md §8.4; who uses the hub has a folder on it beside the claim of their
own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from hubtui.demo.disks import DAY, GIB, Curve, FileSystem, Folder, Homes, spread
from hubtui.demo.resources import CLAIMS, DEPLOYMENTS, SERVICES, VOLUMES
from hubtui.demo.storage import Json
from hubtui.demo.world import World
from hubtui.model.slugs import user_slug

DISK: Final = "home-nfs"
"""The Deployment, the Service and the claim of the server."""
SHARED: Final = "shared-home"
"""The claim that users' pods mount."""
DIRSIZE: Final = "shared-dirsize-metrics"
COMMON: Final = "_shared"
"""A folder that is nobody's, without a quota."""

ADDRESS: Final = "10.96.20.49"
_FULL_IN: Final = 21.0
"""Days until the disk is full."""

_SHARE: Final = 0.70
_SERVER: Final = {
    "app": "nfs-server",
    "app.kubernetes.io/component": "nfs-server",
    "component": "shared-volume-metrics",
}
_SIZER: Final = {"app": "jupyterhub", "component": DIRSIZE}
_CORE: Final = {"hub.jupyter.org/node-purpose": "core"}


def install(world: World, namespace: str, size: int) -> None:
    """Puts the server there, with a disk of so many GiB, its share, and the exporter of sizes."""
    objects = world.objects
    disk = (namespace, DISK)
    world.disks.homes = Homes(disk, ((namespace, SHARED),))
    asked = {"requests": {"storage": f"{size}Gi"}}
    spec: Json = {"accessModes": ["ReadWriteOnce"], "resources": asked}
    objects.create(CLAIMS, {"metadata": _head(namespace, DISK, _SERVER), "spec": spec})
    share = {"storage": "1Mi"}
    objects.create(
        VOLUMES,
        {
            "metadata": {"name": f"{namespace}-{SHARED}"},
            "spec": {
                "capacity": share,
                "accessModes": ["ReadWriteMany"],
                "persistentVolumeReclaimPolicy": "Retain",
                "volumeMode": "Filesystem",
                "mountOptions": ["nfsvers=4.1", "soft", "noatime"],
                "nfs": {"server": ADDRESS, "path": "/"},
                "claimRef": {"namespace": namespace, "name": SHARED},
            },
        },
    )
    spec = {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": share},
        "storageClassName": "",
        "volumeName": f"{namespace}-{SHARED}",
    }
    objects.create(CLAIMS, {"metadata": _head(namespace, SHARED), "spec": spec})
    for name, port in ((DISK, 2049), (f"{DISK}-metrics", 7500)):
        objects.create(SERVICES, _service(namespace, name, port))
    objects.create(DEPLOYMENTS, _workload(namespace, DISK, _SERVER, _server()))
    objects.create(DEPLOYMENTS, _workload(namespace, DIRSIZE, _SIZER, _sizer()))


def furnish(world: World, size: int, people: Iterable[str], now: datetime) -> None:
    """What is on the disk at present, and how it came to be so: the folders of these people."""
    homes = world.disks.homes
    if homes is None:
        return
    names, at, whole = [user_slug(name) for name in people], now.timestamp(), size * GIB
    held, per_day = _SHARE * whole, (1 - _SHARE) * whole / _FULL_IN
    if not names:
        held, per_day = 0.4 * GIB, 0.0
    common = 0.06 * held
    homes.folders = {
        COMMON: Folder(Curve(common, 0.02 * per_day, at), per_file=2e6, seen=at - DAY),
        **spread(world.chance, names, held - common, 0.98 * per_day, at),
    }
    world.disks.put(homes.disk, Curve(held, per_day, at), FileSystem("xfs", 140 * 1024))


def _head(namespace: str, name: str, labels: Json | None = None) -> Json:
    return {"name": name, "namespace": namespace, "labels": dict(labels or {})}


def _service(namespace: str, name: str, port: int) -> Json:
    metrics = port != 2049
    scraped = {"prometheus.io/scrape": "true", "prometheus.io/port": str(port)}
    head = _head(namespace, name, _SERVER) | ({"annotations": scraped} if metrics else {})
    spec: Json = {"selector": _SERVER, "ports": [{"port": port, "protocol": "TCP"}]}
    if not metrics:
        spec |= {"clusterIP": ADDRESS, "clusterIPs": [ADDRESS], "type": "ClusterIP"}
    return {"metadata": head, "spec": spec}


def _workload(namespace: str, name: str, labels: Json, pod: Json) -> Json:
    head = {"labels": labels}
    spec = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": labels},
        "template": {"metadata": head, "spec": {"nodeSelector": _CORE, **pod}},
    }
    return {"metadata": _head(namespace, name, labels), "spec": spec}


def _server() -> Json:
    images = "quay.io/jupyterhub/jupyterhub-home-nfs"
    return {
        "containers": [
            _container("nfs-server", f"{images}/nfs-server:1.2.0", "100m", "256Mi", 2049),
            _container("enforce-xfs-quota", f"{images}/xfs-quota:1.2.0", "10m", "64Mi", 7500),
            _container(
                "node-exporter", "quay.io/prometheus/node-exporter:v1.10.2", "5m", "20Mi", 9100
            ),
        ],
        "volumes": [{"name": "home-directories", "persistentVolumeClaim": {"claimName": DISK}}],
    }


def _sizer() -> Json:
    image = "quay.io/yuvipanda/prometheus-dirsize-exporter:v3.2"
    mount = {"name": "shared-volume", "mountPath": "/shared-volume", "readOnly": True}
    exporter = _container("dirsize-exporter", image, "20m", "64Mi", 8000)
    claim = {"claimName": SHARED, "readOnly": True}
    return {
        "containers": [{**exporter, "volumeMounts": [mount]}],
        "volumes": [{"name": "shared-volume", "persistentVolumeClaim": claim}],
    }


def _container(name: str, image: str, cpu: str, memory: str, port: int) -> Json:
    asked = {"requests": {"cpu": cpu, "memory": memory}}
    return {"name": name, "image": image, "resources": asked, "ports": [{"containerPort": port}]}
