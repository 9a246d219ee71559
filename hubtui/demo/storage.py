"""What etcd is to an apiserver: the objects, one counter of changes, and the latest changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from hubtui.demo.refusals import too_old
from hubtui.demo.resources import Resource

Json = dict[str, Any]
Part = TypeVar("Part")

_NESTED = (dict, list)

REMEMBERED = 4000
"""Changes that a watch can begin in; a real apiserver keeps those of five minutes."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what it did to which object; `before` is None for one that is new."""

    version: int
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    resource: Resource
    object: Json
    before: Json | None = None


Listener = Callable[[Change], None]


class Storage:
    """Objects by resource and key. What is stored is never changed: who changes makes a copy."""

    def __init__(self) -> None:
        self.version = 1
        self._objects: dict[Resource, dict[tuple[str, str], Json]] = {}
        self._changes: deque[Change] = deque(maxlen=REMEMBERED)
        self._listeners: list[Listener] = []

    def get(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """One object, not to be changed."""
        return self._objects.get(resource, {}).get((namespace, name))

    def all(self, resource: Resource, namespace: str = "") -> list[Json]:
        """The objects of a namespace, or of all, in the order of their names."""
        found = self._objects.get(resource, {})
        return [found[key] for key in sorted(found) if namespace in ("", key[0])]

    def put(self, resource: Resource, thing: Json) -> Json:
        """Stores an object under the next version; gives it as it is stored."""
        key = key_of(thing)
        kept = self._objects.setdefault(resource, {})
        before = kept.get(key)
        self.version += 1
        metadata = {**thing["metadata"], "resourceVersion": str(self.version)}
        stored = {**thing, "metadata": metadata}
        kept[key] = stored
        kind: Literal["ADDED", "MODIFIED"] = "ADDED" if before is None else "MODIFIED"
        self._tell(Change(self.version, kind, resource, stored, before))
        return stored

    def remove(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """Takes an object away; gives its last state, None when there is none."""
        before = self._objects.get(resource, {}).pop((namespace, name), None)
        if before is None:
            return None
        self.version += 1
        metadata = {**before["metadata"], "resourceVersion": str(self.version)}
        last = {**before, "metadata": metadata}
        self._tell(Change(self.version, "DELETED", resource, last, before))
        return last

    def since(self, version: int) -> Iterator[Change]:
        """The changes after a version. Raises RefusedError (410) when some are forgotten."""
        oldest = self._changes[0].version if self._changes else self.version + 1
        if version + 1 < oldest:
            raise too_old(version, oldest)
        return iter([each for each in self._changes if each.version > version])

    def forget(self) -> None:
        """Forgets all changes: a watch that is behind gets 410, as after a compaction."""
        self._changes.clear()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Has each change told; gives the way to end that. A listener must not store at once: it
        notes, and acts by `Timeline.soon`."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, change: Change) -> None:
        self._changes.append(change)
        for listener in tuple(self._listeners):
            listener(change)


def copied(part: Part) -> Part:
    """A copy that shares nothing with a JSON value, made faster than `copy.deepcopy` does it."""
    made: Any = part
    if isinstance(part, dict):
        made = {name: copied(v) if isinstance(v, _NESTED) else v for name, v in part.items()}
    elif isinstance(part, list):
        made = [copied(v) if isinstance(v, _NESTED) else v for v in part]
    return cast("Part", made)


def key_of(thing: Json) -> tuple[str, str]:
    """Namespace and name."""
    metadata = thing["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
