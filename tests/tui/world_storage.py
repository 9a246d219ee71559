"""The disks of a hub that is nowhere: a shared one that fills up, a database, and users' own."""

from __future__ import annotations

from typing import Any

from tests.tui.world import NAMESPACE, Json, Measure, World, ago

GIB = 2**30
_DAY = 24 * 60
_LABELS: Json = {"component": "singleuser-storage", "app": "jupyterhub"}

HOMES = (
    ("dmitri", 214, 250, 24.0),
    ("carla", 96, 250, 9.5),
    ("eve", 61, 100, 3.25),
    ("farid", 12, 100, 0.5),
)
"""Folders of the shared disk: GiB, the quota, and by how many GiB a day each grows."""


def with_storage(known: World) -> World:
    """The same hub with claims and what Prometheus has of them."""
    known.add("storageclasses.storage.k8s.io", _class("standard"))
    nfs: Json = {"nfs": {"server": "10.0.0.4", "path": "/export/home"}}
    _claim(known, "home-nfs", "2000Gi", modes=["ReadWriteMany"], made_by="", source=nfs)
    _claim(known, "hub-db-dir", "1Gi", labels={"component": "hub", "app": "jupyterhub"})
    _claim(known, "prometheus-server", "50Gi")
    _claim(known, "claim-grace", "10Gi", user="grace@uni.example", minutes=411 * _DAY)
    _claim(known, "claim-ana", "10Gi", user="ana@uni.example", phase="Pending", minutes=4)
    _claim(known, "claim-carla", "10Gi", user="carla@uni.example")
    _mount(known, "hub-6d9c7f0", "hub-db-dir")
    _mount(known, "jupyter-carla", "home-nfs", "claim-carla")
    for name in ("dmitri", "eve", "farid"):
        _mount(known, f"jupyter-{name}", "home-nfs")
    _mount(known, "jupyter-ana", "claim-ana")
    _measured(known, "home-nfs", 1820, 2000, per_day=37.25)
    _measured(known, "hub-db-dir", 0.12, 1, per_day=0.002)
    _measured(known, "prometheus-server", 36, 50, per_day=0.4)
    _measured(known, "claim-carla", 8.4, 10, per_day=0.01)
    for name, size, quota, per_day in HOMES:
        _home(known, f"{name}@uni.example", size, quota, per_day)
    return known


def _class(name: str) -> Json:
    return {
        "metadata": {"name": name},
        "provisioner": "pd.csi.storage.gke.io",
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _claim(known: World, name: str, size: str, **more: Any) -> None:
    """A claim with the volume behind it; `more` is whose it is and how it differs."""
    user, phase = more.get("user", ""), more.get("phase", "Bound")
    bound, made_by = phase == "Bound", more.get("made_by", "standard")
    notes = {"hub.jupyter.org/username": user} if user else {}
    known.add(
        "persistentvolumeclaims",
        {
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "creationTimestamp": ago(more.get("minutes", 40 * _DAY)),
                "labels": more.get("labels", _LABELS if user else {}),
                "annotations": notes,
            },
            "spec": {
                "accessModes": more.get("modes", ["ReadWriteOnce"]),
                "storageClassName": made_by,
                "volumeName": f"pv-{name}" if bound else "",
                "resources": {"requests": {"storage": size}},
            },
            "status": {"phase": phase, "capacity": {"storage": size} if bound else {}},
        },
    )
    if bound:
        disk = {"csi": {"driver": "pd.csi.storage.gke.io", "volumeHandle": f"disks/{name}"}}
        known.add(
            "persistentvolumes",
            {
                "metadata": {"name": f"pv-{name}"},
                "spec": {
                    **more.get("source", disk),
                    "storageClassName": made_by,
                    "persistentVolumeReclaimPolicy": "Retain" if "source" in more else "Delete",
                },
                "status": {"phase": "Bound"},
            },
        )


def _mount(known: World, pod: str, *claims: str) -> None:
    found = next(each for each in known.objects["pods"] if each["metadata"]["name"] == pod)
    found["spec"]["volumes"] = [
        {"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims
    ]


def _measured(known: World, claim: str, used: float, size: float, *, per_day: float) -> None:
    labels = {"namespace": NAMESPACE, "persistentvolumeclaim": claim, "node": "user-1"}
    for name, amount, change in (
        ("capacity_bytes", size * GIB, 0.0),
        ("used_bytes", used * GIB, per_day * GIB),
        ("available_bytes", (size - used) * GIB, -per_day * GIB),
        ("inodes", size * 2**16, 0.0),
        ("inodes_used", size * 2**16 * 0.07, 0.0),
        ("inodes_free", size * 2**16 * 0.93, 0.0),
    ):
        known.measures.append(Measure(f"kubelet_volume_stats_{name}", labels, amount, change))


def _home(known: World, user: str, size: float, quota: float, per_day: float) -> None:
    labels = {"namespace": NAMESPACE, "directory": user, "job": "home-nfs"}
    known.measures += [
        Measure("dirsize_total_size_bytes", labels, size * GIB, per_day * GIB),
        Measure("dirsize_hard_limit_bytes", labels, quota * GIB),
    ]
