"""Fields that the apiserver lets nobody change: where the revisions differ in one, helm fails.

Source: Kubernetes v1.36, the validation of updates in pkg/apis (apps, core, batch, scheduling,
storage, rbac).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from hubtui.model.manifest import Resource
from hubtui.model.plan import Check
from hubtui.model.quantity import parse
from hubtui.services.actions.common import ok, stop
from hubtui.services.actions.release_facts import Facts

NAME: Final = "immutable fields"
NAMED: Final = 4

_STATEFUL_MAY: Final = frozenset(
    {
        *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"),
        *("persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
    }
)
_CLAIM_MAY: Final = frozenset({"resources", "volumeAttributesClassName"})
_SPEC: Final[Mapping[str, tuple[str, ...]]] = {
    "Deployment": ("selector",),
    "DaemonSet": ("selector",),
    "ReplicaSet": ("selector",),
    "Job": ("selector", "template", "completionMode", "podReplacementPolicy"),
}
_TOP: Final[Mapping[str, tuple[str, ...]]] = {
    "PriorityClass": ("value", "preemptionPolicy"),
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "RuntimeClass": ("handler",),
}
_DEFAULTS: Final[Mapping[str, Any]] = {
    "spec.podManagementPolicy": "OrderedReady",
    "spec.completionMode": "NonIndexed",
    "preemptionPolicy": "PreemptLowerPriority",
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "Immediate",
    "spec.volumeMode": "Filesystem",
}
"""What the server puts where nothing is written."""


def check(facts: Facts, namespace: str) -> Check:
    """Compares what is in both revisions, object by object."""
    before = {item.key(namespace): item for item in facts.current.resources}
    found = []
    for item in facts.target.resources:
        old = before.get(item.key(namespace))
        if old is not None:
            found += [f"{item.title}: {field}" for field in differing(old, item)]
    if not found:
        return ok(NAME, "none differs between the revisions")
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return stop(
        NAME,
        f"the apiserver refuses to change {', '.join(found[:NAMED])}{more}; "
        "helm would stop half-way",
        overridable=True,
    )


def differing(before: Resource, after: Resource) -> Iterator[str]:
    """The fields of one object that cannot change, and do."""
    old, new = _mapping(before.body.get("spec")), _mapping(after.body.get("spec"))
    kind = after.kind
    if kind == "StatefulSet":
        yield from _differ(old, new, (old.keys() | new.keys()) - _STATEFUL_MAY, "spec.")
    elif kind == "PersistentVolumeClaim":
        yield from _differ(old, new, (old.keys() | new.keys()) - _CLAIM_MAY, "spec.")
        yield from _shrinks(old, new)
    elif kind == "Service":
        yield from _addresses(old, new)
    elif kind in _SPEC:
        yield from _differ(old, new, _SPEC[kind], "spec.")
    elif kind in _TOP:
        yield from _differ(before.body, after.body, _TOP[kind], "")
    elif kind in ("Secret", "ConfigMap") and before.body.get("immutable") is True:
        yield from _differ(before.body, after.body, ("data", "binaryData", "immutable"), "")


def _differ(old: Mapping[str, Any], new: Mapping[str, Any], names: Any, prefix: str) -> list[str]:
    found = []
    for name in sorted(names):
        path = f"{prefix}{name}"
        default = _DEFAULTS.get(path)
        if old.get(name, default) != new.get(name, default):
            found.append(path)
    return found


def _shrinks(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """A claim may grow, where its class allows, and never shrink."""
    before, after = _storage(old), _storage(new)
    if before is not None and after is not None and after < before:
        yield "spec.resources.requests.storage (smaller)"


def _storage(spec: Mapping[str, Any]) -> Decimal | None:
    requests = _mapping(_mapping(spec.get("resources")).get("requests"))
    asked = requests.get("storage")
    try:
        return None if asked is None else parse(str(asked))
    except ValueError:
        return None


def _addresses(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """A cluster address stays; one that is not written is the server's own choice."""
    outside = "ExternalName"
    if outside in (old.get("type"), new.get("type")):
        return
    for name in ("clusterIP", "clusterIPs"):
        before, after = old.get(name), new.get(name)
        if before and after and before != after:
            yield f"spec.{name}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
