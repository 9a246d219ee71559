"""Stand-ins for what a CSI driver brings: external-resizer, external-attacher, its kubelet half.

The testbed has no driver. Its control plane does what is its own: admission refuses a claim whose
class may not expand (403) and a size below `status.capacity` (422), the event `ExternalExpanding`
says that somebody else must act, and the attachdetach-controller makes a VolumeAttachment for a pod
on a node that is `managed`, tells Multi-Attach errors of a second pod elsewhere, and takes it back
when the pod goes. What follows is written here as the sidecars write it, and no more: status,
capacity and events of external-resizer 2.x (KEP-1790, stable since 1.34), `attached` of
external-attacher.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tests.testbed.api import Api, now

_MANAGED = "volumes.kubernetes.io/controller-managed-attach-detach"
_VOLUMES = "/api/v1/persistentvolumes"
_ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
_RESTART = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."

Json = dict[str, Any]


@dataclass(frozen=True)
class Resizer:
    """A stand-in for external-resizer, and for the kubelet that grows the file system: one step of
    theirs at each call, so that a test sees every state."""

    api: Api
    namespace: str = "hub"

    def begin(self, claim: str) -> None:
        """The driver is asked for the new size."""
        self._tell(claim, "ControllerResizeInProgress", [_condition("Resizing")])
        self._event(claim, "Normal", "Resizing", "External resizer is resizing volume")

    def wait_for_node(self, claim: str) -> None:
        """The disk is larger, its file system not yet."""
        found = self._get(claim)
        path = f"{_VOLUMES}/{found['spec']['volumeName']}"
        self.api.patch(path, {"spec": {"capacity": {"storage": _asked(found)}}})
        pending = _condition("FileSystemResizePending", _RESTART)
        self._tell(claim, "NodeResizePending", [pending])
        message = "Require file system resize of volume on node"
        self._event(claim, "Normal", "FileSystemResizeRequired", message)

    def finish(self, claim: str) -> None:
        """The claim has what it asked for."""
        size = _asked(self._get(claim))
        done = {"capacity": {"storage": size}, "conditions": None}
        self._status(claim, {**done, "allocatedResourceStatuses": None})
        self._event(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded")

    def fail(self, claim: str, message: str, *, final: bool = False) -> None:
        """The driver refuses; `final`: it never will (ControllerResizeInfeasible)."""
        said = [_condition("Resizing"), _condition("ControllerResizeError", message)]
        status = "ControllerResizeInfeasible" if final else "ControllerResizeInProgress"
        self._tell(claim, status, said)
        volume = self._get(claim)["spec"]["volumeName"]
        told = f'resize volume "{volume}" by resizer "stand-in" failed: {message}'
        self._event(claim, "Warning", "VolumeResizeFailed", told)

    def _tell(self, claim: str, state: str, conditions: list[Json]) -> None:
        size = _asked(self._get(claim))
        status = {"allocatedResources": {"storage": size}, "conditions": conditions}
        self._status(claim, {**status, "allocatedResourceStatuses": {"storage": state}})

    def _status(self, claim: str, status: Json) -> None:
        self.api.patch(f"{self._path(claim)}/status", {"status": status})

    def _get(self, claim: str) -> Json:
        return self.api.get(self._path(claim))

    def _path(self, claim: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/persistentvolumeclaims/{claim}"

    def _event(self, claim: str, kind: str, reason: str, message: str) -> None:
        about = {"kind": "PersistentVolumeClaim", "name": claim, "namespace": self.namespace}
        about["uid"] = self._get(claim)["metadata"]["uid"]
        body = {
            "metadata": {"generateName": f"{claim}."},
            "involvedObject": about,
            "type": kind,
            "reason": reason,
            "message": message,
            "source": {"component": "external-resizer stand-in"},
            "firstTimestamp": now(),
            "lastTimestamp": now(),
            "count": 1,
        }
        self.api.request("POST", f"/api/v1/namespaces/{self.namespace}/events", body)


def _asked(claim: Json) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def _condition(kind: str, message: str = "") -> Json:
    return {"type": kind, "status": "True", "lastTransitionTime": now(), "message": message}


def manage(api: Api, node: str) -> None:
    """Has the attachdetach-controller care for a node: KWOK's have no kubelet that asks for it."""
    api.patch(f"/api/v1/nodes/{node}", {"metadata": {"annotations": {_MANAGED: "true"}}})


def attachments(api: Api, volume: str) -> list[Json]:
    """The VolumeAttachments of a volume."""
    found = api.items(_ATTACHMENTS)
    return [item for item in found if item["spec"]["source"]["persistentVolumeName"] == volume]


def detach_all(api: Api, volumes: Collection[str]) -> None:
    """No node holds these volumes any more, nor wants them: what a driver would do at the end."""
    for item in api.items(_ATTACHMENTS):
        if item["spec"]["source"]["persistentVolumeName"] in volumes:
            with suppress(httpx.HTTPStatusError):  # the controller may have been faster
                api.request("DELETE", f"{_ATTACHMENTS}/{item['metadata']['name']}")


def attach(api: Api, volume: str, node: str, *, error: str = "") -> None:
    """The stand-in for external-attacher: waits until a node wants the volume, and attaches it, or
    says why it cannot."""

    def wanted(items: Any) -> bool:
        return any(_is(item, volume, node) for item in items)

    found = api.wait_items(_ATTACHMENTS, wanted, 30)
    (item,) = (item for item in found if _is(item, volume, node))
    status: Json = {"attached": True}
    if error:
        status = {"attached": False, "attachError": {"time": now(), "message": error}}
    api.patch(f"{_ATTACHMENTS}/{item['metadata']['name']}/status", {"status": status})


@contextmanager
def attached_by_hand(api: Api, name: str, volume: str, node: str) -> Iterator[None]:
    """A VolumeAttachment that no controller made, as what is left of a lost node, until the end."""
    spec = {"attacher": "stand-in", "nodeName": node}
    body = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": {"name": name},
        "spec": {**spec, "source": {"persistentVolumeName": volume}},
    }
    api.request("POST", _ATTACHMENTS, body)
    try:
        attach(api, volume, node)
        yield
    finally:
        detach_all(api, [volume])


def _is(attachment: Json, volume: str, node: str) -> bool:
    spec = attachment["spec"]
    named = spec["source"]["persistentVolumeName"]
    return bool(named == volume and spec["nodeName"] == node)
