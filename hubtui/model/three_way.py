"""What an apply of a manifest would leave of a live object: Helm's three-way merge, without Helm.

Three sides: `last` is the object as the release applied it, `target` as it is to be applied, `live`
as the server has it. Both ways of Helm 4 (and the one of Helm 3) agree in most: what the target
says is set, what only `last` said is removed, what neither says (the server's defaults, status,
other people's additions) stays. Client-side (`csa`) lists and mappings merge by the API's patch
keys; on the server's side (`ssa`) some mappings are replaced as a whole, and what somebody else
owns too is not removed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hubtui.model import quantity
from hubtui.model.diff_tree import is_quantity
from hubtui.model.merge_keys import (
    DEFAULTS,
    default_of_gone,
    is_atomic_map,
    is_known,
    is_set,
    key_of,
    list_key,
    says_nothing,
)

Path = tuple[str, ...]
Object = dict[str, Any]
Owned = Callable[[Path], bool]
"""Whether somebody besides Helm owns the field at a path: then an apply does not remove it."""

MISSING: Final = object()
_SERVER_METADATA: Final = (
    *("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"),
    *("deletionTimestamp", "deletionGracePeriodSeconds"),
)
_GENERATION: Final = "deprecated.daemonset.template.generation"
"""Counted up by the server with every change of a DaemonSet."""
_KEPT_IF_EMPTY: Final = frozenset(("clusterIP",))
"""Given by the server, and kept by it when the manifest says "" (core/v1 Service)."""


class Method(StrEnum):
    """How a release applies its objects; Helm 3 knows the client's side only."""

    CLIENT = "csa"
    SERVER = "ssa"

    @classmethod
    def _missing_(cls, _value: object) -> Method:
        return cls.CLIENT


def desired(body: Mapping[str, Any]) -> Object:
    """A manifest's object in the form in which the server keeps it."""
    found: Object = deepcopy(dict(body))
    found.pop("status", None)
    metadata = _mapping(found.get("metadata"))
    found["metadata"] = {k: v for k, v in metadata.items() if k not in _SERVER_METADATA}
    if found.get("kind") == "Secret":
        _encode(found)
    elif found.get("kind") == "NetworkPolicy":
        _name_protocols(found)
    return found


def bare(live: Mapping[str, Any]) -> Object:
    """A live object without what only the server writes."""
    found = {key: value for key, value in live.items() if key != "status"}
    metadata = _mapping(live.get("metadata"))
    found["metadata"] = {k: v for k, v in metadata.items() if k not in _SERVER_METADATA}
    annotations = _mapping(metadata.get("annotations"))
    if _GENERATION in annotations:
        others = {key: value for key, value in annotations.items() if key != _GENERATION}
        found["metadata"]["annotations"] = others
    return found


def adopted(body: Object, release: str, namespace: str) -> Object:
    """The object with what Helm writes on everything that it applies (helm, pkg/action)."""
    metadata = dict(_mapping(body.get("metadata")))
    metadata["labels"] = {
        **_mapping(metadata.get("labels")),
        "app.kubernetes.io/managed-by": "Helm",
    }
    metadata["annotations"] = {
        **_mapping(metadata.get("annotations")),
        "meta.helm.sh/release-name": release,
        "meta.helm.sh/release-namespace": namespace,
    }
    return {**body, "metadata": metadata}


def applied(
    last: Mapping[str, Any] | None,
    target: Mapping[str, Any],
    live: Mapping[str, Any],
    method: Method = Method.SERVER,
    owned: Owned | None = None,
) -> Object:
    """The live object after an apply of `target`; `live` comes from `bare`, the others from
    `desired`. What is the same stays as live has it, so that a diff with live shows only what
    the apply would change."""
    known = is_known(str(target.get("apiVersion", "")))
    merge = _Merge(method, known, owned or _nobody)
    result = merge.mapping(last or {}, target, live, ())
    # The server answers in the version that was asked for.
    for name in ("apiVersion", "kind"):
        if name in live:
            result[name] = live[name]
    return result


def _nobody(_path: Path) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Merge:
    method: Method
    known: bool
    owned: Owned

    def value(self, last: Any, target: Any, live: Any, path: Path) -> Any:
        if live is MISSING:
            return MISSING if says_nothing(target, path) else _without_nulls(target)
        if isinstance(target, dict) and isinstance(live, dict):
            if self.known and self.method is Method.SERVER and is_atomic_map(path):
                return _filled(target, live, path)
            return self.mapping(_mapping(last), target, live, path)
        if isinstance(target, list) and isinstance(live, list):
            return self.sequence(last if isinstance(last, list) else [], target, live, path)
        return live if _same(target, live, path) else _without_nulls(target)

    def mapping(
        self,
        last: Mapping[str, Any],
        target: Mapping[str, Any],
        live: Mapping[str, Any],
        path: Path,
    ) -> Object:
        result = dict(live)
        for key, wanted in target.items():
            below = (*path, str(key))
            if wanted is None:  # said, not left out: whoever else owns it, it goes
                self._take(result, key, below, owned=False)
                continue
            value = self.value(last.get(key), wanted, live.get(key, MISSING), below)
            if value is not MISSING:
                result[key] = value
        for key in last:
            if key not in target:
                below = (*path, str(key))
                owned = self.method is Method.SERVER and self.owned(below)
                self._take(result, key, below, owned=owned)
        return result

    def _take(self, result: Object, key: str, path: Path, *, owned: bool) -> None:
        if key in result and not owned:
            del result[key]
            default = default_of_gone(result, path) if self.known else None
            if default is not None:
                result[key] = default

    def sequence(
        self, last: Sequence[Any], target: Sequence[Any], live: Sequence[Any], path: Path
    ) -> Any:
        if self.known and is_set(path):
            kept = [item for item in live if item in target or item not in last]
            return [*kept, *(item for item in target if item not in live)]
        fields = list_key(path, [*target, *live]) if self.known else None
        if fields is not None:
            old, wanted, there = (_by_key(items, fields) for items in (last, target, live))
            if wanted is not None and there is not None:
                return self._keyed(old or {}, wanted, there, path)
        return _filled(target, live, path)

    def _keyed(
        self,
        last: Mapping[Any, Any],
        target: Mapping[Any, Any],
        live: Mapping[Any, Any],
        path: Path,
    ) -> list[Any]:
        found: dict[Any, Any] = {}
        for key, item in live.items():
            below = (*path, _step(key))
            if key in target:
                found[key] = self.value(last.get(key), target[key], item, below)
            elif key not in last or (self.method is Method.SERVER and self.owned(below)):
                found[key] = item
        for key, item in target.items():
            found.setdefault(key, _without_nulls(item))
        if [key for key in live if key in target] == [key for key in target if key in live]:
            return list(found.values())
        first = [found[key] for key in target]
        return first + [item for key, item in found.items() if key not in target]


def _step(key: tuple[Any, ...]) -> str:
    return "/".join(str(part) for part in key)


def _by_key(items: Sequence[Any], fields: Sequence[str]) -> dict[Any, Any] | None:
    found: dict[Any, Any] = {}
    for item in items:
        key = key_of(item, fields)
        if key is None or key in found:
            return None
        found[key] = item
    return found


def _filled(target: Any, live: Any, path: Path) -> Any:
    """The target where it is replaced as a whole, with the defaults that the server fills in."""
    if isinstance(target, dict) and isinstance(live, dict):
        result = {
            key: _filled(value, live[key], (*path, str(key))) if key in live else value
            for key, value in target.items()
            if value is not None
            and not (key not in live and says_nothing(value, (*path, str(key))))
        }
        for key, value in live.items():
            if key not in target and value in DEFAULTS.get(key, ()):
                result[key] = value
        return result
    if isinstance(target, list) and isinstance(live, list) and len(target) == len(live):
        return [_filled(*pair, path) for pair in zip(target, live, strict=True)]
    return live if _same(target, live, path) else _without_nulls(target)


def _same(target: Any, live: Any, path: Path) -> bool:
    if target == "" and path and path[-1] in _KEPT_IF_EMPTY:
        return True
    if type(target) is type(live) and target == live:
        return True
    return is_quantity(path) and quantity.same(target, live)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _encode(secret: Object) -> None:
    """A Secret's texts as the server stores them: all in `data`, in base64 without line ends."""
    data = {
        key: "".join(value.split()) if isinstance(value, str) else value
        for key, value in _mapping(secret.get("data")).items()
    }
    for key, text in _mapping(secret.pop("stringData", None)).items():
        data[key] = base64.b64encode(str(text).encode()).decode()
    if data:
        secret["data"] = data


def _name_protocols(policy: Object) -> None:
    """A NetworkPolicy's rules are replaced as a whole, each port with its protocol."""
    spec = _mapping(policy.get("spec"))
    for rules in (spec.get("ingress"), spec.get("egress")):
        for rule in rules if isinstance(rules, list) else ():
            for port in _mapping(rule).get("ports") or ():
                if isinstance(port, dict):
                    port.setdefault("protocol", "TCP")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
