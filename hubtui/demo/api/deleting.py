"""DELETE of one object and of collections, with DeleteOptions (meta/v1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubtui.demo.api.answers import done
from hubtui.demo.api.asked import Target, Writer, number
from hubtui.demo.api.reading import selected
from hubtui.demo.objects import is_owned
from hubtui.demo.refusals import RefusedError, bad_request
from hubtui.demo.resources import PODS, RESOURCES, Resource
from hubtui.demo.storage import Change, Json, key_of
from hubtui.demo.world import World

_FOREGROUND: Final = "foregroundDeletion"
_POLICIES: Final = ("Background", "Foreground", "Orphan")


def delete(
    world: World, target: Target, options: Json, query: Mapping[str, str], writer: Writer
) -> tuple[Json, int]:
    """Deletes one object; gives what to answer, and with which code. Raises RefusedError: 400,
    404, 409."""
    resource, namespace, name = target.resource, target.namespace, target.name
    live = world.objects.get(resource, namespace, name)
    check_preconditions(resource, live, options.get("preconditions") or {})
    policy = _policy(options, query)
    dry_run = writer.dry_run or bool(options.get("dryRun"))
    grace = options.get("gracePeriodSeconds", number(query, "gracePeriodSeconds"))
    if policy == "Foreground" and not dry_run and _dependents(world, live):
        return _in_foreground(world, resource, live), 200
    found = world.objects.delete(
        resource, namespace, name, grace=grace, orphan=policy == "Orphan", dry_run=dry_run
    )
    if resource == PODS or world.objects.find(resource, namespace, name) is not None:
        return found, 200
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return done(details | {"uid": live["metadata"]["uid"]}), 200


def delete_all(
    world: World, target: Target, options: Json, query: Mapping[str, str], writer: Writer
) -> Json:
    """Deletes what a list with these selectors shows. Raises RefusedError (400)."""
    match = selected(target, query)
    resource = target.resource
    found = [each for each in world.objects.all(resource, target.namespace) if match(each)]
    for each in found:
        namespace, name = key_of(each)
        delete(world, Target(resource, namespace, name, ""), options, query, writer)
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": {"resourceVersion": str(world.storage.version)},
        "items": found,
    }


def _policy(options: Json, query: Mapping[str, str]) -> str:
    policy = options.get("propagationPolicy") or query.get("propagationPolicy") or ""
    if not policy:
        orphan = options.get("orphanDependents") or query.get("orphanDependents") == "true"
        return "Orphan" if orphan else "Background"
    if policy not in _POLICIES:
        raise bad_request(
            f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: '
            f'"{policy}": supported values: "Background", "Foreground", "Orphan"'
        )
    return str(policy)


def check_preconditions(resource: Resource, live: Json, wanted: Json) -> None:
    """Raises RefusedError (409) when an object is not the one that a caller has in mind."""
    metadata = live["metadata"]
    for field, words in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        given = wanted.get(field)
        if given and given != metadata[field]:
            raise RefusedError(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {resource.name} "{metadata["name"]}": the '
                f"{words} in the precondition ({given}) does not match the {words} in record "
                f"({metadata[field]}). The object might have been deleted and then recreated",
            )


def _dependents(world: World, owner: Json) -> list[tuple[Resource, Json]]:
    uid = owner["metadata"]["uid"]
    return [
        (resource, each)
        for resource in RESOURCES
        for each in world.objects.all(resource, owner["metadata"].get("namespace", ""))
        if is_owned(each, uid)
    ]


def _in_foreground(world: World, resource: Resource, live: Json) -> Json:
    """Marks an owner, deletes what it owns, and lets it go when all of that is gone."""
    namespace, name = key_of(live)
    if "deletionTimestamp" in live["metadata"]:
        return live
    world.objects.change(resource, namespace, name, _mark)
    deleted = world.objects.delete(resource, namespace, name)
    _Waiting(world, resource, deleted)
    for kind, each in _dependents(world, live):
        if _dependents(world, each):
            _in_foreground(world, kind, each)
        else:
            world.objects.delete(kind, *key_of(each))
    return deleted


class _Waiting:
    """An owner that goes when the last of what it owns is gone."""

    def __init__(self, world: World, resource: Resource, owner: Json) -> None:
        self._world = world
        self._resource = resource
        self._owner = owner
        self._over = False
        self._unlisten = world.storage.listen(self._on_change)
        world.timeline.soon(self._look)

    def _on_change(self, change: Change) -> None:
        if change.type == "DELETED":
            self._world.timeline.soon(self._look)

    def _look(self) -> None:
        if self._over:
            return
        key = key_of(self._owner)
        now = self._world.objects.find(self._resource, *key)
        gone = now is None or now["metadata"]["uid"] != self._owner["metadata"]["uid"]
        if gone or not _dependents(self._world, self._owner):
            self._over = True
            self._unlisten()
        if self._over and not gone:
            self._world.objects.change(self._resource, *key, _release)


def _mark(thing: Json) -> None:
    finalizers = thing["metadata"].setdefault("finalizers", [])
    if _FOREGROUND not in finalizers:
        finalizers.append(_FOREGROUND)


def _release(thing: Json) -> None:
    kept = [each for each in thing["metadata"]["finalizers"] if each != _FOREGROUND]
    thing["metadata"]["finalizers"] = kept
