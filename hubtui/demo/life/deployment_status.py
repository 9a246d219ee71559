"""The status of a Deployment: its numbers, and whether it is available and moves on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hubtui.demo.life.pace import passed
from hubtui.demo.life.reading import condition_of, name_of, share
from hubtui.demo.objects import stamp
from hubtui.demo.storage import Json
from hubtui.demo.timeline import Timeline

DEADLINE: Final = 600
"""Seconds without progress after which a rollout is called stuck (progressDeadlineSeconds)."""

OVER: Final = ("NewReplicaSetAvailable", "ProgressDeadlineExceeded")


def status_of(deployment: Json, new: Json | None, sets: list[Json], timeline: Timeline) -> Json:
    """The status as it is with these ReplicaSets, of which `new` is the template's."""
    now, wanted = timeline.now, deployment["spec"].get("replicas", 1)
    asked = sum(each["spec"].get("replicas", 1) for each in sets)
    available = _sum(sets, "availableReplicas")
    status: Json = {
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": _sum(sets, "replicas"),
        "updatedReplicas": _sum([new] if new else [], "replicas"),
        "readyReplicas": _sum(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, asked - available),
    }
    status = {name: number for name, number in status.items() if number}
    before = deployment.get("status") or {}
    conditions = [_available(deployment, wanted, available, now)]
    if new is not None:
        conditions.append(_progressing(deployment, new, before, status, timeline))
    failure = next((c for each in sets if (c := condition_of(each, "ReplicaFailure"))), None)
    if failure is not None:
        conditions.append({**failure, "lastUpdateTime": failure["lastTransitionTime"]})
    return {**status, "conditions": conditions}


def _sum(sets: list[Json], field: str) -> int:
    return sum((each.get("status") or {}).get(field, 0) for each in sets)


def _available(deployment: Json, wanted: int, available: int, now: datetime) -> Json:
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    recreate = (deployment["spec"].get("strategy") or {}).get("type") == "Recreate"
    missing = 0 if recreate else share(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    if available >= wanted - missing:
        words = "Deployment has minimum availability."
        return _told(deployment, "Available", "True", "MinimumReplicasAvailable", words, now)
    words = "Deployment does not have minimum availability."
    return _told(deployment, "Available", "False", "MinimumReplicasUnavailable", words, now)


def deadline(deployment: Json, timeline: Timeline) -> float:
    """Seconds until a rollout that makes no progress is called stuck."""
    told = condition_of(deployment, "Progressing")
    limit = float(deployment["spec"].get("progressDeadlineSeconds", DEADLINE))
    return (
        limit - passed(timeline, datetime.fromisoformat(told["lastUpdateTime"])) if told else limit
    )


def _progressing(
    deployment: Json, new: Json, before: Json, status: Json, timeline: Timeline
) -> Json:
    old, now = condition_of(deployment, "Progressing"), timeline.now
    name, wanted = name_of(new), deployment["spec"].get("replicas", 1)
    numbers = [status.get(n, 0) for n in ("updatedReplicas", "replicas", "availableReplicas")]
    if numbers == [wanted] * 3:
        words = f'ReplicaSet "{name}" has successfully progressed.'
        return _told(deployment, "Progressing", "True", "NewReplicaSetAvailable", words, now)
    if old is None or f'"{name}"' not in old["message"]:
        words = f'Created new replica set "{name}"'
        return _told(deployment, "Progressing", "True", "NewReplicaSetCreated", words, now)
    if old["reason"] == "NewReplicaSetAvailable" and not _old(status):
        return old
    moved = any(
        status.get(field, 0) > before.get(field, 0)
        for field in ("updatedReplicas", "readyReplicas", "availableReplicas")
    ) or _old(status) < _old(before)
    if moved:
        words = f'ReplicaSet "{name}" is progressing.'
        told = _told(deployment, "Progressing", "True", "ReplicaSetUpdated", words, now)
        return {**told, "lastUpdateTime": stamp(now)}
    if old["reason"] not in OVER and deadline(deployment, timeline) < 0:
        words = f'ReplicaSet "{name}" has timed out progressing.'
        return _told(deployment, "Progressing", "False", "ProgressDeadlineExceeded", words, now)
    return old


def _old(status: Json) -> int:
    return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))


def _told(
    deployment: Json, kind: str, status: str, reason: str, message: str, now: datetime
) -> Json:
    old = condition_of(deployment, kind)
    told = (status, reason, message)
    if old is not None and (old["status"], old["reason"], old["message"]) == told:
        return old
    since = old["lastTransitionTime"] if old and old["status"] == status else stamp(now)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": stamp(now),
        "lastTransitionTime": since,
    }
