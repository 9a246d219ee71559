"""Objects as the API keeps them: made, changed and deleted by the rules that all kinds share.

Rules from Kubernetes' API concepts and conventions: uid, resourceVersion and generation, conflicts,
graceful deletion, finalizers, and owners whose end is the end of what they own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime

from hubtui.demo import refusals
from hubtui.demo.chance import Chance
from hubtui.demo.resources import BY_KIND, NAMESPACES, PODS, RESOURCES, Resource
from hubtui.demo.storage import Json, Storage, copied, key_of
from hubtui.demo.timeline import Timeline

GRACE = 30
"""Seconds that a pod has to end, unless it says otherwise (core/v1 PodSpec)."""


def stamp(when: datetime) -> str:
    """A time as the API writes it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Objects:
    """All objects. What is handed out is not to be changed: `change` works on a copy."""

    def __init__(self, storage: Storage, timeline: Timeline, chance: Chance) -> None:
        self.storage = storage
        self._timeline = timeline
        self._chance = chance

    def find(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """One object, or None."""
        return self.storage.get(resource, namespace, name)

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """One object. Raises RefusedError (404)."""
        found = self.find(resource, namespace, name)
        if found is None:
            raise refusals.not_found(resource, name)
        return found

    def all(self, resource: Resource, namespace: str = "", **labels: str) -> list[Json]:
        """The objects of a namespace (of all when it is empty) that carry all labels."""
        found = self.storage.all(resource, namespace)
        return [each for each in found if carries(each, labels)] if labels else found

    def create(self, resource: Resource, thing: Json, *, dry_run: bool = False) -> Json:
        """Stores a new object. Raises RefusedError: 404 of its namespace, 409."""
        made = copied(thing)
        made["apiVersion"], made["kind"] = resource.api_version, resource.kind
        metadata = made.setdefault("metadata", {})
        if not metadata.get("name") and metadata.get("generateName"):
            prefix = metadata["generateName"]
            metadata["name"] = prefix + self._chance.suffix(prefix)
        namespace, name = key_of(made)
        if resource.namespaced and self.find(NAMESPACES, "", namespace) is None:
            raise refusals.not_found(NAMESPACES, namespace)
        if self.find(resource, namespace, name) is not None:
            raise refusals.already_there(resource, name)
        metadata["uid"] = self._uid(resource, namespace, name)
        metadata["creationTimestamp"] = stamp(self._timeline.now)
        if "spec" in made:
            metadata["generation"] = 1
        for gone in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
            metadata.pop(gone, None)
        return made if dry_run else self.storage.put(resource, made)

    def update(self, resource: Resource, thing: Json, *, dry_run: bool = False) -> Json:
        """Stores a changed object, all but its status. Raises RefusedError: 404, 409."""
        before = self._at(resource, thing)
        after = copied(thing)
        if "status" in before:
            after["status"] = before["status"]
        elif "status" in resource.subresources:
            after.pop("status", None)
        self._keep_identity(before, after)
        if after.get("spec") != before.get("spec"):
            generation = before["metadata"].get("generation", 1)
            after["metadata"]["generation"] = generation + 1
        return self._store(resource, before, after, dry_run)

    def update_status(self, resource: Resource, thing: Json, *, dry_run: bool = False) -> Json:
        """Stores the status of an object, and nothing else of it. Raises RefusedError: 404, 409."""
        before = self._at(resource, thing)
        after = {**before, "status": copied(thing.get("status", {}))}
        return self._store(resource, before, after, dry_run)

    def change(
        self, resource: Resource, namespace: str, name: str, how: Callable[[Json], None]
    ) -> Json | None:
        """Changes an object, spec and status alike, by a function; None when it is not there."""
        before = self.find(resource, namespace, name)
        if before is None:
            return None
        after = copied(before)
        how(after)
        self._keep_identity(before, after)
        if after.get("spec") != before.get("spec"):
            after["metadata"]["generation"] = before["metadata"].get("generation", 1) + 1
        return self._store(resource, before, after, dry_run=False)

    def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        grace: int | None = None,
        orphan: bool = False,
        dry_run: bool = False,
    ) -> Json:
        """Deletes an object, and in the background what it owns unless `orphan`; gives it as it is
        now. A pod on a node only ends: its kubelet calls `finish`. Raises RefusedError (404)."""
        before = self.get(resource, namespace, name)
        if dry_run:
            return before
        seconds = self._grace(resource, before, grace)
        finalizers = before["metadata"].get("finalizers")
        if seconds == 0 and not finalizers:
            return self.finish(resource, namespace, name, orphan=orphan) or before
        if "deletionTimestamp" in before["metadata"] and seconds:
            return before
        after = copied(before)
        after["metadata"]["deletionTimestamp"] = stamp(self._timeline.now)
        after["metadata"]["deletionGracePeriodSeconds"] = seconds
        return self.storage.put(resource, after)

    def finish(
        self, resource: Resource, namespace: str, name: str, *, orphan: bool = False
    ) -> Json | None:
        """Takes an object away for good, and deletes what it owns."""
        gone = self.storage.remove(resource, namespace, name)
        if gone is not None and not orphan:
            self._timeline.soon(lambda: self._collect(gone))
        return gone

    def owned(self, resource: Resource, owner: Json) -> list[Json]:
        """The objects that an object controls."""
        metadata = owner["metadata"]
        found = self.storage.all(resource, metadata.get("namespace", ""))
        return [each for each in found if is_owned(each, metadata["uid"])]

    def _collect(self, gone: Json) -> None:
        metadata = gone["metadata"]
        namespace = metadata.get("namespace", "")
        inside = gone.get("kind") == "Namespace"
        for resource in RESOURCES:
            for each in self.storage.all(resource, metadata["name"] if inside else namespace):
                if is_owned(each, metadata["uid"]) or (inside and resource.namespaced):
                    self.delete(resource, *key_of(each))

    def _at(self, resource: Resource, thing: Json) -> Json:
        before = self.get(resource, *key_of(thing))
        given = thing["metadata"].get("resourceVersion")
        if given and given != before["metadata"]["resourceVersion"]:
            raise refusals.changed_since(resource, thing["metadata"]["name"])
        return before

    def _store(self, resource: Resource, before: Json, after: Json, dry_run: bool) -> Json:
        if dry_run or after == before:
            return after
        metadata = after["metadata"]
        ending = "deletionTimestamp" in metadata and not metadata.get("finalizers")
        if ending and before["metadata"].get("finalizers") and resource is not PODS:
            self.storage.put(resource, after)
            return self.finish(resource, *key_of(after)) or after
        return self.storage.put(resource, after)

    def _keep_identity(self, before: Json, after: Json) -> None:
        after["apiVersion"], after["kind"] = before["apiVersion"], before["kind"]
        for name in (
            *("uid", "creationTimestamp", "generation", "resourceVersion"),
            *("deletionTimestamp", "deletionGracePeriodSeconds"),
        ):
            if name in before["metadata"]:
                after["metadata"][name] = before["metadata"][name]
            else:
                after["metadata"].pop(name, None)

    def _grace(self, resource: Resource, thing: Json, asked: int | None) -> int:
        if resource is not PODS or not thing["spec"].get("nodeName"):
            return 0
        if thing.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return 0
        own = thing["spec"].get("terminationGracePeriodSeconds", GRACE)
        return int(own if asked is None else asked)

    def _uid(self, resource: Resource, namespace: str, name: str) -> str:
        what = ("uid", resource.name, namespace, name)
        dice = self._chance.of(*what, self._chance.count(*what))
        return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def carries(thing: Json, labels: dict[str, str]) -> bool:
    """Whether an object carries all of these labels."""
    found = thing["metadata"].get("labels") or {}
    return labels.items() <= found.items()


def is_owned(thing: Json, uid: str) -> bool:
    """Whether one of the owners has this uid."""
    owners: Iterable[Json] = thing["metadata"].get("ownerReferences") or ()
    return any(owner.get("uid") == uid for owner in owners)


def owner_of(thing: Json) -> Json:
    """The reference by which an object controls what it makes."""
    return {
        "apiVersion": thing["apiVersion"],
        "kind": thing["kind"],
        "name": thing["metadata"]["name"],
        "uid": thing["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def resource_of(thing: Json) -> Resource | None:
    """The resource of an object by its apiVersion and kind."""
    return BY_KIND.get((str(thing.get("apiVersion")), str(thing.get("kind"))))
