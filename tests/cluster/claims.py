"""Claims and the volumes behind them, as who sets them up sees them.

On the real control plane it is real: its persistentvolume-controller binds (0.2 s; class `standard`
makes folders of this machine), releases, deletes and tells which claims are Lost, its admission
refuses what cannot be expanded, and pvc-protection keeps a claim until no pod has it. What a CSI
driver would do is in `tests.testbed.csi`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from tests.cluster.parts import pod_spec
from tests.testbed import csi
from tests.testbed.api import Api
from tests.testbed.processes import wait_for
from tests.testbed.stages import STAGE
from tests.testbed.users import NAMESPACE

Json = dict[str, Any]

STANDARD = "standard"
"""The testbed's class: expandable, and a deleted claim's volume goes with it."""
USERNAME = "hub.jupyter.org/username"

_VOLUMES = "/api/v1/persistentvolumes"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


class Claims:
    """The claims of a namespace, and what a test made with them: all of it goes at the end."""

    def __init__(self, api: Api, namespace: str = NAMESPACE) -> None:
        """Use `claims_in`."""
        self.namespace = namespace
        self._api = api
        self._root = f"/api/v1/namespaces/{namespace}"
        self._path = f"{self._root}/persistentvolumeclaims"
        self._uids: dict[str, str] = {}
        self._claims: list[str] = []
        self._pods: list[str] = []
        self._volumes: list[str] = []
        self._classes: list[str] = []

    # Making

    def make(
        self,
        name: str,
        size: str = "1Gi",
        *,
        storage_class: str = STANDARD,
        access: str = "ReadWriteOnce",
        volume: str = "",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Creates a claim; without a class and a volume it stays Pending."""
        spec: Json = {
            "accessModes": [access],
            "resources": {"requests": {"storage": size}},
            "storageClassName": storage_class,
        }
        if volume:
            spec["volumeName"] = volume
        meta = {"name": name, "labels": labels or {}, "annotations": annotations or {}}
        self._claims.append(name)
        made = self._api.request("POST", self._path, _claim(meta, spec))
        self._uids[name] = made["metadata"]["uid"]

    def make_user(self, name: str, user: str, size: str = "1Gi", **more: Any) -> None:
        """Creates the claim of a user's home as KubeSpawner 7 labels it (facts.md §2.2)."""
        labels = {
            "component": "singleuser-storage",
            "app": "jupyterhub",
            "hub.jupyter.org/username": more.pop("slug", user),
        }
        self.make(name, size, labels=labels, annotations={USERNAME: user}, **more)

    def make_nfs(self, name: str, server: str, path: str, size: str = "1Mi") -> None:
        """A volume of an NFS export and the claim that is bound to it, as operators write them."""
        source = {"nfs": {"server": server, "path": path}}
        self._pair(name, source, size, "ReadWriteMany")

    def make_csi(
        self,
        name: str,
        driver: str = "pd.csi.storage.gke.io",
        size: str = "1Gi",
        *,
        access: str = "ReadWriteOnce",
        storage_class: str = "",
    ) -> None:
        """A volume of a CSI driver and the claim that is bound to it; without a class nobody can
        expand it.

        Its handle is like no other: while the attachdetach-controller waits for a disk of a test
        that is over, which it does for two minutes, it does nothing else for that handle.
        """
        handle = f"disks/{name}-{uuid.uuid4().hex[:8]}"
        source = {"csi": {"driver": driver, "volumeHandle": handle}}
        self._pair(name, source, size, access, storage_class)

    def make_class(
        self,
        name: str,
        *,
        expandable: bool = True,
        reclaim: str = "Delete",
        provisioner: str = "kubernetes.io/host-path",
    ) -> None:
        """A class; claims of any other provisioner than the host-path one stay Pending."""
        body = {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name},
            "provisioner": provisioner,
            "reclaimPolicy": reclaim,
            "allowVolumeExpansion": expandable,
        }
        self._classes.append(name)
        self._api.request("POST", _CLASSES, body)

    def mount(
        self,
        pod: str,
        *names: str,
        node: str = "core-1",
        stage: str = "none",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """A pod that mounts claims, at once on a node.

        KWOK's kubelet waits for no volume, unless `stage` is "no-volume" (`tests.testbed.stages`).
        """
        volumes = [{"name": n, "persistentVolumeClaim": {"claimName": n}} for n in names]
        spec = {**pod_spec(), "nodeName": node, "volumes": volumes}
        notes = {STAGE: stage, **(annotations or {})}
        meta = {"name": pod, "labels": labels or {}, "annotations": notes}
        self._pods.append(pod)
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
        self._uids[pod] = self._api.request("POST", f"{self._root}/pods", body)["metadata"]["uid"]

    # Looking

    def get(self, name: str) -> Json:
        """The claim."""
        return self._api.get(f"{self._path}/{name}")

    def volume(self, name: str) -> Json:
        """The volume of a claim that is bound."""
        return self._api.get(f"{_VOLUMES}/{self.get(name)['spec']['volumeName']}")

    def until(self, name: str, enough: Callable[[Json], bool]) -> Json:
        """Waits until a claim is as wanted."""

        def there(items: Any) -> bool:
            return any(item["metadata"]["name"] == name and enough(item) for item in items)

        found = self._api.wait_items(self._path, there, 30)
        return next(item for item in found if item["metadata"]["name"] == name)

    def bound(self, *names: str) -> None:
        """Waits until claims are Bound."""
        for name in names:
            self.in_phase(name, "Bound")

    def in_phase(self, name: str, phase: str) -> None:
        """Waits until a claim is Pending, Bound or Lost."""
        self.until(name, lambda claim: claim["status"].get("phase") == phase)

    def gone(self, name: str) -> None:
        """Waits until a claim is no more."""

        def there(items: Any) -> bool:
            return all(item["metadata"]["name"] != name for item in items)

        self._api.wait_items(self._path, there, 30)

    def events(self, name: str) -> list[tuple[str, str]]:
        """Reason and message of each event of a claim or a pod that was made here."""
        selector = f"involvedObject.uid={self._uids[name]}"
        found = self._api.items(f"{self._root}/events", fieldSelector=selector)
        return [(event["reason"], event["message"]) for event in found]

    def told(self, name: str, reason: str) -> str:
        """The message of the event of a reason, once it has come: it follows what it tells of."""
        path, selector = f"{self._root}/events", f"involvedObject.uid={self._uids[name]}"
        found = self._api.wait_items(
            path,
            lambda events: any(event["reason"] == reason for event in events),
            fieldSelector=selector,
        )
        return next(str(event["message"]) for event in found if event["reason"] == reason)

    # Changing

    def resize(self, name: str, size: str) -> None:
        """Asks for another size, as `kubectl patch` does."""
        spec = {"resources": {"requests": {"storage": size}}}
        self._api.patch(f"{self._path}/{name}", {"spec": spec})

    def delete(self, name: str) -> None:
        """Deletes a claim; it stays, Terminating, while a pod mounts it."""
        self._api.request("DELETE", f"{self._path}/{name}")

    def release(self, name: str) -> str:
        """Deletes a claim whose class retains; the name of its volume, when that is Released."""
        volume = self.get(name)["spec"]["volumeName"]
        self._volumes.append(volume)
        self.delete(name)
        self._api.wait_items(
            _VOLUMES,
            lambda items: any(
                item["metadata"]["name"] == volume and item["status"]["phase"] == "Released"
                for item in items
            ),
        )
        return str(volume)

    def lose(self, name: str) -> None:
        """Somebody takes away the volume of a claim: returns when it is Lost."""
        path = f"{_VOLUMES}/{self.get(name)['spec']['volumeName']}"
        self._api.request("DELETE", path)
        with suppress(httpx.HTTPStatusError):  # the demo's is gone: no pv-protection keeps it
            self._api.patch(path, {"metadata": {"finalizers": None}})
        self.in_phase(name, "Lost")

    def end(self, pod: str) -> None:
        """The pod goes at once."""
        self._delete(f"{self._root}/pods/{pod}", gracePeriodSeconds=0)

    def close(self) -> None:
        """Takes away what was made, and the folders behind it."""
        for pod in self._pods:
            self.end(pod)
        behind = [claim["spec"].get("volumeName") for claim in self._left()]
        volumes = {*self._volumes, *filter(None, behind)}
        for name in self._claims:
            self._delete(f"{self._path}/{name}")
        wait_for(lambda: not self._left(), 30, every=0.1)
        csi.detach_all(self._api, volumes)
        for name in volumes:
            self._delete(f"{_VOLUMES}/{name}")
        for name in self._classes:
            self._delete(f"{_CLASSES}/{name}")

    def _pair(
        self, name: str, source: Json, size: str, access: str, storage_class: str = ""
    ) -> None:
        volume = f"{self.namespace}-{name}"
        spec = {
            "capacity": {"storage": size},
            "accessModes": [access],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": storage_class,
            "claimRef": {"namespace": self.namespace, "name": name},
            **source,
        }
        self._volumes.append(volume)
        self._api.request("POST", _VOLUMES, _volume(volume, spec))
        self.make(name, size, storage_class=storage_class, access=access, volume=volume)
        self.bound(name)

    def _left(self) -> list[Json]:
        """The claims that are there still."""
        found = self._api.items(self._path)
        return [item for item in found if item["metadata"]["name"] in self._claims]

    def _delete(self, path: str, **options: int) -> None:
        """Deletes what may be gone by now."""
        with suppress(httpx.HTTPStatusError):
            self._api.request("DELETE", path, options or None)


@contextmanager
def claims_in(api: Api, namespace: str = NAMESPACE) -> Iterator[Claims]:
    """Claims for a test, until the block ends."""
    found = Claims(api, namespace)
    try:
        yield found
    finally:
        found.close()


def _claim(meta: Json, spec: Json) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": meta,
        "spec": spec,
    }


def _volume(name: str, spec: Json) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": spec,
    }
