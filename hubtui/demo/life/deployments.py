"""The Deployment controller: revisions, and the way from one to the next."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life.base import Life
from hubtui.demo.life.deployment_status import OVER, deadline, status_of
from hubtui.demo.life.making import hash_of, same_template
from hubtui.demo.life.reading import (
    ENDED,
    Key,
    condition_of,
    is_terminating,
    name_of,
    phase_of,
    share,
    uid_of,
)
from hubtui.demo.life.replicasets import new_set, owner_key
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.resources import DEPLOYMENTS, PODS, REPLICASETS
from hubtui.demo.storage import Change, Json, key_of

BY: Final = "deployment-controller"
REVISION: Final = "deployment.kubernetes.io/revision"
KEPT: Final = 10
"""Old ReplicaSets that are kept (revisionHistoryLimit)."""


class Deployments:
    """Rolls Deployments out."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._objects = life.world.objects
        self._queue = WorkQueue(life.world.timeline, self._reconcile)

    def see(self, change: Change) -> None:
        """Notes a Deployment when it, a ReplicaSet of it, or the last pod of one changes."""
        if change.resource is DEPLOYMENTS:
            self._queue.note(key_of(change.object))
        elif change.resource is REPLICASETS:
            owner = owner_key(change.object, "Deployment")
            if owner is not None:
                self._queue.note(owner)
        elif change.resource is PODS and change.type == "DELETED":
            self._note_owner_of(change.object)

    def _note_owner_of(self, pod: Json) -> None:
        key = owner_key(pod, "ReplicaSet")
        middle = self._objects.find(REPLICASETS, *key) if key else None
        owner = owner_key(middle, "Deployment") if middle else None
        if owner is not None:
            self._queue.note(owner)

    def _reconcile(self, key: Key) -> None:
        found = self._objects.find(DEPLOYMENTS, *key)
        if found is None or is_terminating(found):
            return
        uid = uid_of(found)
        new = self._current(found)
        if new is not None:
            old = [each for each in self._life.index.sets_of(uid) if uid_of(each) != uid_of(new)]
            if not found["spec"].get("paused"):
                self._roll(found, new, old)
            self._clean(found, old)
        self._report(key, uid)

    def _current(self, deployment: Json) -> Json | None:
        """The ReplicaSet of the template as it is, made when there is none."""
        sets = self._life.index.sets_of(uid_of(deployment))
        template = deployment["spec"]["template"]
        known = [each for each in sets if same_template(each["spec"]["template"], template)]
        newest = max((_revision(each) for each in sets), default=0)
        if known:
            new = min(known, key=lambda each: each["metadata"]["creationTimestamp"])
            if _revision(new) < newest:
                new = self._annotate(new, newest + 1)
        elif deployment["spec"].get("paused"):
            return None
        else:
            new = self._make(deployment, newest + 1)
        revision = str(_revision(new))
        if (deployment["metadata"].get("annotations") or {}).get(REVISION) != revision:
            self._objects.change(
                DEPLOYMENTS, *key_of(deployment), lambda each: _set_revision(each, revision)
            )
        return new

    def _make(self, deployment: Json, revision: int) -> Json:
        digest = hash_of(deployment["spec"]["template"])
        name = f"{name_of(deployment)}-{digest}"
        return self._objects.create(
            REPLICASETS, new_set(deployment, name, digest, revision, replicas=0)
        )

    def _annotate(self, replica_set: Json, revision: int) -> Json:
        changed = self._objects.change(
            REPLICASETS, *key_of(replica_set), lambda each: _set_revision(each, str(revision))
        )
        return changed or replica_set

    def _roll(self, deployment: Json, new: Json, old: list[Json]) -> None:
        wanted = deployment["spec"].get("replicas", 1)
        strategy = deployment["spec"].get("strategy") or {}
        if strategy.get("type") == "Recreate":
            for each in old:
                self._scale(deployment, each, 0)
            if not any(self._lives(each) for each in old):
                self._scale(deployment, new, wanted)
            return
        surge, missing = _bounds(strategy.get("rollingUpdate") or {}, wanted)
        total = _asked(new) + sum(map(_asked, old))
        if _asked(new) > wanted:
            self._scale(deployment, new, wanted)
        elif _asked(new) < wanted and total < wanted + surge:
            more = min(wanted + surge - total, wanted - _asked(new))
            self._scale(deployment, new, _asked(new) + more)
        elif old:
            self._shrink(deployment, new, old, wanted - missing)

    def _shrink(self, deployment: Json, new: Json, old: list[Json], least: int) -> None:
        """Takes old pods away as far as `least` stay available: first those that never came up."""
        total = _asked(new) + sum(map(_asked, old))
        room = total - least - (_asked(new) - _available(new))
        sizes = {uid_of(each): _asked(each) for each in old}
        for each in old:
            broken = min(room, _asked(each) - _available(each))
            if broken > 0:
                sizes[uid_of(each)] -= broken
                room -= broken
        spare = _available(new) + sum(map(_available, old)) - least
        for each in old:
            less = min(spare, sizes[uid_of(each)], room)
            if less > 0:
                sizes[uid_of(each)] -= less
                spare, room = spare - less, room - less
        for each in old:
            self._scale(deployment, each, sizes[uid_of(each)])

    def _lives(self, replica_set: Json) -> bool:
        pods = self._life.index.pods_of(uid_of(replica_set))
        return any(phase_of(pod) not in ENDED for pod in pods)

    def _scale(self, deployment: Json, replica_set: Json, size: int) -> None:
        before = _asked(replica_set)
        if before == size:
            return
        changed = self._objects.change(
            REPLICASETS, *key_of(replica_set), lambda each: each["spec"].update(replicas=size)
        )
        if changed is not None:
            way = "up" if size > before else "down"
            words = f"Scaled {way} replica set {name_of(replica_set)} from {before} to {size}"
            self._life.events.normal(deployment, "ScalingReplicaSet", words, BY)

    def _clean(self, deployment: Json, old: list[Json]) -> None:
        limit = deployment["spec"].get("revisionHistoryLimit", KEPT)
        idle = [each for each in old if not _asked(each) and not _replicas(each)]
        idle.sort(key=_revision)
        for each in idle[: max(0, len(idle) - limit)]:
            self._objects.delete(REPLICASETS, *key_of(each))

    def _report(self, key: Key, uid: str) -> None:
        deployment = self._objects.find(DEPLOYMENTS, *key)
        if deployment is None:
            return
        sets = self._life.index.sets_of(uid)
        template = deployment["spec"]["template"]
        known = [each for each in sets if same_template(each["spec"]["template"], template)]
        new = max(known, key=_revision, default=None)
        timeline = self._life.world.timeline
        status = status_of(deployment, new, sets, timeline)
        if status != deployment.get("status"):
            head = {"namespace": key[0], "name": key[1]}
            deployment = self._objects.update_status(
                DEPLOYMENTS, {"metadata": head, "status": status}
            )
        told = condition_of(deployment, "Progressing")
        if told is not None and told["reason"] not in OVER:
            self._queue.note(key, max(1.0, 1.0 + deadline(deployment, timeline)))


def _bounds(rolling: Json, wanted: int) -> tuple[int, int]:
    """How many pods may be too many, and too few, during a rolling update."""
    surge = share(rolling.get("maxSurge", "25%"), wanted, up=True)
    missing = share(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return (surge, missing) if surge or missing else (0, 1)


def _set_revision(thing: Json, revision: str) -> None:
    metadata = thing["metadata"]
    metadata["annotations"] = {**(metadata.get("annotations") or {}), REVISION: revision}


def _revision(replica_set: Json) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


def _asked(replica_set: Json) -> int:
    return int(replica_set["spec"].get("replicas", 1))


def _replicas(replica_set: Json) -> int:
    return int((replica_set.get("status") or {}).get("replicas", 0))


def _available(replica_set: Json) -> int:
    return int((replica_set.get("status") or {}).get("availableReplicas", 0))
