"""Thousands of claims, bound without the controllers, which would take many minutes over them.

await fill_claims(server, token, ca_file, progress=print)
proxy.stats = mounted()                                  # what kubelets say of them
kubelets.tell_all(volumes_by_node(mounted()))            # the same, to a Prometheus,
remembering(remembered(mounted(), now))                  # or to one that has no more to scrape
await clear_claims(server, token, ca_file)

The kube-controller-manager writes 20 times a second for each of its controllers: here a claim, its
volume and both their states are written at once, 64 claims at a time, and the
persistentvolume-controller finds nothing left to do. 5,000 take a minute on two busy cores. With
`fill(…, own_homes=True)` of `load` the user pods mount them: student N has claim N.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.testbed.history import Past
from tests.testbed.kubelet_figures import NodeUse, PodUse, VolumeUse, volume_metrics
from tests.testbed.load import Progress, silent
from tests.testbed.load_api import Api, for_each
from tests.testbed.load_objects import LOAD, NAMESPACE, Object, Users, node_name, user_name

_CLAIMS = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims"
_VOLUMES = "/api/v1/persistentvolumes"
_DRIVER = "pd.csi.storage.gke.io"
_MERGE = "application/merge-patch+json"
_GIB = 1 << 30
_SIZE = 10
_BOUND = {
    "phase": "Bound",
    "capacity": {"storage": f"{_SIZE}Gi"},
    "accessModes": ["ReadWriteOnce"],
}


async def fill_claims(
    server: str,
    token: str,
    ca_file: Path | None,
    *,
    count: int = 5000,
    progress: Progress = silent,
) -> None:
    """Adds claims of users, each Bound to a volume of its own; those there already stay."""
    users = Users()
    began = time.monotonic()
    async with Api(server, token, ca_file) as api:

        async def one(number: int) -> None:
            name = users.claim(number)
            made = await api.create_new(_CLAIMS, _claim(number, users))
            if made is None:
                return
            await api.create(_VOLUMES, _volume(number, name, made["metadata"]["uid"]))
            await _patch(api, f"{_VOLUMES}/{_volume_name(number)}", {"phase": "Bound"})
            await _patch(api, f"{_CLAIMS}/{name}", _BOUND)

        await for_each(range(count), one)
    progress(f"{count} claims and volumes in {time.monotonic() - began:.1f} s")


async def clear_claims(
    server: str, token: str, ca_file: Path | None, *, progress: Progress = silent
) -> None:
    """Removes what `fill_claims` made. Pods that mount it must have gone before."""
    began = time.monotonic()
    async with Api(server, token, ca_file) as api:
        for path in (_CLAIMS, _VOLUMES):
            found = await api.some(path, labelSelector=f"{LOAD}=true", limit="100000")

            async def delete(item: Mapping[str, Any], path: str = path) -> None:
                one = f"{path}/{item['metadata']['name']}"
                await api.delete(one)
                # The controller that lifts their protection takes 20 a second.
                await api.patch(one, {"metadata": {"finalizers": None}}, _MERGE, fine={404})

            await for_each(found, delete)
    progress(f"the claims of the load are gone in {time.monotonic() - began:.1f} s")


def bound(number: int) -> Object:
    """The claim of one of them, as it is then."""
    return {**_claim(number, Users()), "status": _BOUND}


def behind(number: int) -> Object:
    """The volume that it is bound to."""
    return _volume(number, Users().claim(number), f"uid-{number}")


def mounted(count: int = 5000, nodes: int = 250) -> dict[str, NodeUse]:
    """What the kubelets of the load's nodes measure of these claims, some nearly full."""
    users = Users()
    pods: dict[str, list[PodUse]] = {node_name(number): [] for number in range(nodes)}
    for number in range(count):
        used = _SIZE * _GIB * (number * 37 % 100) // 100
        volume = VolumeUse(
            users.claim(number),
            used=used,
            capacity=_SIZE * _GIB,
            inodes=655_360,
            inodes_used=100 + number % 50_000,
        )
        pods[node_name(number % nodes)].append(PodUse(users.pod(number), volumes=(volume,)))
    return {node: NodeUse(pods=tuple(of_node)) for node, of_node in pods.items()}


def volumes_by_node(uses: Mapping[str, NodeUse]) -> dict[str, list[VolumeUse]]:
    """The same without the pods, for `Kubelets.tell_all`."""
    return {
        node: list(itertools.chain.from_iterable(pod.volumes for pod in use.pods))
        for node, use in uses.items()
    }


def remembered(uses: Mapping[str, NodeUse], *times: datetime) -> Past:
    """The same for a Prometheus that remembers it, which costs no scrape of 250 nodes a second."""
    for node, use in uses.items():
        for metric, namespace, claim, value in volume_metrics(use.pods):
            labels = {"__name__": metric, "instance": node, "job": "kubernetes-nodes"}
            labels |= {"namespace": namespace, "persistentvolumeclaim": claim}
            yield labels, [(at, value) for at in times]


async def _patch(api: Api, path: str, status: Object) -> None:
    await api.patch(f"{path}/status", {"status": status}, _MERGE)


def _volume_name(number: int) -> str:
    return f"pvc-load-{number:05d}"


def _claim(number: int, users: Users) -> Object:
    """As KubeSpawner 7 makes it, and as it is when it has been bound (facts.md §2.2)."""
    labels = {
        LOAD: "true",
        "app": "jupyterhub",
        "app.kubernetes.io/component": "singleuser-server",
        "app.kubernetes.io/managed-by": "kubespawner",
        "app.kubernetes.io/name": "jupyterhub",
        "component": "singleuser-storage",
        "hub.jupyter.org/username": users.slug(number),
    }
    annotations = {
        "hub.jupyter.org/username": user_name(number),
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
        "volume.kubernetes.io/storage-provisioner": _DRIVER,
    }
    meta = {"name": users.claim(number), "labels": labels, "annotations": annotations}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{_SIZE}Gi"}},
        "storageClassName": "standard-rwo",
        "volumeName": _volume_name(number),
    }
    kind = "PersistentVolumeClaim"
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": spec}


def _volume(number: int, claim: str, uid: str) -> Object:
    name, zone = _volume_name(number), f"us-central1-{'abc'[number % 3]}"
    match = {"key": "topology.gke.io/zone", "operator": "In", "values": [zone]}
    handle = f"projects/p/zones/{zone}/disks/{name}"
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "uid": uid}
    spec = {
        "capacity": {"storage": f"{_SIZE}Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "standard-rwo",
        "claimRef": {**reference, "namespace": NAMESPACE, "name": claim},
        "csi": {"driver": _DRIVER, "volumeHandle": handle, "fsType": "ext4"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [match]}]}},
    }
    annotations = {"pv.kubernetes.io/provisioned-by": _DRIVER}
    meta = {"name": name, "labels": {LOAD: "true"}, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec}
