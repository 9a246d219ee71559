"""Who wrote a field of a live object, and when: metadata.managedFields, read against the object.

Format: structured-merge-diff's FieldsV1: `f:name` for a field, `k:{…}` for an item by its keys,
`v:…` for an item of a set, `.` for the thing itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from hubtui.model.diff_tree import Item, Steps
from hubtui.model.text import one_line

HELM: Final = "helm"
_SYSTEM: Final = frozenset(
    (
        *("kube-controller-manager", "kube-scheduler", "kube-apiserver", "kubelet"),
        *("cloud-controller-manager", "kube-proxy", "cluster-autoscaler"),
    )
)


@dataclass(frozen=True, slots=True)
class Owner:
    """One writer of an object: `subresource` is what it wrote to, "" for the object itself."""

    manager: str
    time: datetime | None
    operation: str = ""
    subresource: str = ""

    @property
    def system(self) -> bool:
        """Whether it is one of Kubernetes' own controllers."""
        return self.manager in _SYSTEM or self.subresource == "status"


@dataclass(frozen=True, slots=True)
class Owners:
    """All that wrote to one object; empty where the server does not say."""

    entries: tuple[tuple[Owner, Mapping[str, Any]], ...] = ()

    @classmethod
    def of(cls, live: Mapping[str, Any]) -> Owners:
        """From a live object; entries that cannot be read are left out."""
        metadata = live.get("metadata")
        written = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
        found = []
        for entry in written if isinstance(written, list) else ():
            if isinstance(entry, Mapping) and isinstance(entry.get("fieldsV1"), Mapping):
                found.append((_owner(entry), entry["fieldsV1"]))
        return cls(tuple(found))

    def of_field(self, live: Any, steps: Steps) -> Owner | None:
        """Who wrote a field of the live object last; None when nobody is known to have."""
        found = [
            (reached, _when(owner), owner.manager != HELM, owner)
            for owner, tree in self.entries
            if (reached := _reached(tree, live, steps)) is not None
        ]
        # Who owns the field itself wrote it, and not who owns what it is in.
        return max(found, key=lambda each: each[:3])[-1] if found else None

    def others(self, live: Any, path: Sequence[str]) -> bool:
        """Whether somebody besides Helm owns the field at a path of names; in it, `a/b` is the
        item of a list with these key values."""
        return any(
            owner.manager != HELM and _walk(tree, live, list(path)) for owner, tree in self.entries
        )

    def last(self) -> Owner | None:
        """Who wrote to the object last; None where the server does not say."""
        return max((owner for owner, _ in self.entries), key=_when, default=None)

    def writers(self) -> tuple[Owner, ...]:
        """Those besides Helm that are no controllers, the latest first."""
        found = [owner for owner, _ in self.entries if owner.manager != HELM and not owner.system]
        return tuple(sorted(found, key=_when, reverse=True))


def _owner(entry: Mapping[str, Any]) -> Owner:
    return Owner(
        manager=one_line(str(entry.get("manager") or "unknown")),
        time=_time(entry.get("time")),
        operation=str(entry.get("operation") or ""),
        subresource=str(entry.get("subresource") or ""),
    )


def _time(written: object) -> datetime | None:
    try:
        return msgspec.convert(written, datetime) if isinstance(written, str) else None
    except msgspec.ValidationError:
        return None


def _when(owner: Owner) -> float:
    return owner.time.timestamp() if owner.time else 0.0


def _reached(tree: Any, live: Any, steps: Steps) -> int | None:
    """How many of the steps lead to what is owned; None where it is not."""
    node, value = tree, live
    for count, step in enumerate(steps):
        if not node:
            return count  # what is owned as a whole is owned in its parts
        if isinstance(step, Item):
            item = _at(value, step.after)
            node = _item(node, item)
        else:
            item = value.get(step) if isinstance(value, Mapping) else None
            node = node.get(f"f:{step}") if isinstance(node, Mapping) else None
        if node is None:
            return None
        value = item
    return len(steps)


def _walk(node: Any, live: Any, path: list[str]) -> bool:
    for step in path:
        if not node:
            return True
        if isinstance(live, list):
            live = next((each for each in live if _called(each, step)), None)
            node = _item(node, live)
        else:
            live = live.get(step) if isinstance(live, Mapping) else None
            node = node.get(f"f:{step}")
        if node is None:
            return False
    return True


def _called(item: Any, step: str) -> bool:
    if not isinstance(item, Mapping):
        return False
    values = {str(value) for value in item.values() if isinstance(value, (str, int))} | {"TCP"}
    return step in values or all(part in values for part in step.split("/"))


def _at(value: Any, index: int | None) -> Any:
    if not isinstance(value, Sequence) or index is None or not 0 <= index < len(value):
        return None
    return value[index]


def _item(node: Any, item: Any) -> Any:
    """The part of a tree that belongs to an item of a list; None where it is not in it."""
    if not isinstance(node, Mapping):
        return None
    for name, below in node.items():
        kind, _, key = name.partition(":")
        if kind not in ("k", "v"):
            continue
        try:
            wanted = json.loads(key)
        except ValueError:
            continue
        if kind == "v" and wanted == item:
            return below
        if kind == "k" and isinstance(item, Mapping):
            given = {"protocol": "TCP", **item}
            if all(given.get(field) == value for field, value in wanted.items()):
                return below
    return None
