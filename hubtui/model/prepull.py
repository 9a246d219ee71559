"""The DaemonSet of a prepull: its pods name images, one an init container, and do nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hubtui.model import kube
from hubtui.model.age import rfc3339
from hubtui.model.brought import Wear
from hubtui.model.kinds import DAEMONSETS
from hubtui.model.roles import MANAGED_BY, OURS, Role

OPERATION: Final = "hubtui/operation"
"""Label of all that one prepull makes: the id of its operation."""

_ONE: Final = "hubtui/daemonset"
"""Label by which a DaemonSet tells its pods from those of another one."""

SELECTOR: Final = f"{MANAGED_BY}={OURS},app.kubernetes.io/component={Role.PREPULL}"
"""Finds what prepulls have made, whoever began them."""

SECONDS: Final = 1200.0
"""How long a prepull may take, unless it is told."""

_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9-]+")
_NOBODY: Final = 65534


@dataclass(frozen=True, slots=True)
class Puller:
    """What a DaemonSet of a prepull is made of. `until` is when its operation ends by itself."""

    namespace: str
    release: str
    operation: str
    owner: str
    until: datetime
    wear: Wear


@dataclass(frozen=True, slots=True)
class Left:
    """A DaemonSet of a prepull that is in the cluster: who began it, and until when it may be at
    work."""

    name: str
    uid: str
    operation: str
    owner: str
    until: datetime | None
    begun: datetime | None


def name_of(operation: str, number: int = 1) -> str:
    """The name of an operation's DaemonSet; `number` counts those that were needed."""
    base = _NOT_IN_A_NAME.sub("-", f"hubtui-prepull-{operation}".lower())
    return base if number == 1 else f"{base}-{number}"


def left_of(daemonset: kube.DaemonSet) -> Left | None:
    """What is told of a DaemonSet of a prepull; None for any other."""
    meta = daemonset.metadata
    if OPERATION not in meta.labels or meta.labels.get(MANAGED_BY) != OURS:
        return None
    if meta.deletion_timestamp is not None:
        return None
    return Left(
        name=meta.name,
        uid=meta.uid,
        operation=meta.labels[OPERATION],
        owner=meta.annotations.prepull_owner or "somebody",
        until=_time(meta.annotations.prepull_until),
        begun=meta.creation_timestamp,
    )


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo is not None else None


def daemonset(puller: Puller, name: str, images: Sequence[str]) -> dict[str, Any]:
    """The DaemonSet that brings these images, one after the other, to the nodes of its wear."""
    labels = {
        MANAGED_BY: OURS,
        "app.kubernetes.io/name": OURS,
        "app.kubernetes.io/component": str(Role.PREPULL),
        **({"release": puller.release} if puller.release else {}),
        OPERATION: puller.operation,
    }
    annotations = {
        "hubtui/owner": puller.owner,
        "hubtui/until": rfc3339(puller.until),
    }
    return {
        "apiVersion": DAEMONSETS.api_version,
        "kind": DAEMONSETS.kind,
        "metadata": {
            "name": name,
            "namespace": puller.namespace,
            "labels": labels,
            "annotations": annotations,
        },
        "spec": {
            "selector": {"matchLabels": {_ONE: name}},
            "updateStrategy": {"type": "OnDelete"},
            "template": {
                "metadata": {"labels": {**labels, _ONE: name}},
                "spec": _pod(puller.wear, images),
            },
        },
    }


def _pod(wear: Wear, images: Sequence[str]) -> dict[str, Any]:
    told = {
        "tolerations": [dict(each) for each in wear.tolerations],
        "nodeSelector": dict(wear.node_selector),
        "affinity": dict(wear.affinity),
        "imagePullSecrets": [{"name": name} for name in wear.pull_secrets],
        "priorityClassName": wear.priority_class,
    }
    return {
        **{key: value for key, value in told.items() if value},
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [
            _container(f"image-pull-{number}", image, ["/bin/sh", "-c", "echo is there"])
            for number, image in enumerate(images, 1)
        ],
        "containers": [_container("pause", wear.pause)],
    }


def _container(name: str, image: str, command: Sequence[str] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "image": image,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {**found, "command": list(command)} if command else found


def may_be_at_work(left: Left, now: datetime) -> bool:
    """Whether its operation may still be under way: its time is not over."""
    return left.until is not None and now < left.until + timedelta(minutes=1)
