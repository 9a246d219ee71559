"""How the API merges the lists and mappings of the kinds it knows.

From the API's own types (kubernetes/api, `patchMergeKey`, `listType`, `mapType`): a list is merged
by its items' keys, is a set, or is replaced as a whole; so is a mapping that is marked atomic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

KNOWN_GROUPS: Final = frozenset(
    (
        *("", "apps", "batch", "policy", "autoscaling"),
        *("networking.k8s.io", "rbac.authorization.k8s.io", "scheduling.k8s.io"),
        *("storage.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "node.k8s.io"),
        *("admissionregistration.k8s.io", "apiregistration.k8s.io", "certificates.k8s.io"),
    )
)
"""The built-in API groups; all others are custom, and have their own schema or none."""

_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "schedulingGates": ("name",),
    "resourceClaims": ("name",),
    "claims": ("name",),
    "webhooks": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "ownerReferences": ("uid",),
}
_DEFAULTS_OF_KEYS: Final = {"protocol": "TCP"}
_SETS: Final = frozenset(("finalizers",))
_ATOMIC_MAPS: Final = frozenset(
    (
        *("selector", "podSelector", "namespaceSelector", "labelSelector", "nodeSelector"),
        *("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "roleRef"),
    )
)

DEFAULTS: Final[dict[str, tuple[Any, ...]]] = {
    "protocol": ("TCP",),
    "apiVersion": ("v1",),
    "apiGroup": ("rbac.authorization.k8s.io", ""),
    "volumeMode": ("Filesystem",),
    "defaultMode": (420,),
    "expirationSeconds": (3600,),
    "scheme": ("HTTP",),
    "pathType": ("ImplementationSpecific",),
    "optional": (False,),
    "divisor": ("0", 0),
    "kind": ("PersistentVolumeClaim",),
    "status": ({"phase": "Pending"},),
    "sessionAffinity": ("None",),
}
"""What the server fills in inside of a list or mapping that is replaced as a whole."""


ZERO_IS_NOTHING: Final = frozenset(
    (
        *("globalDefault", "initialDelaySeconds", "minReadySeconds", "paused", "suspend"),
        *("hostNetwork", "hostPID", "hostIPC", "readOnly", "stdin", "stdinOnce", "tty"),
        *("publishNotReadyAddresses", "namespaced"),
    )
)
"""Fields that the server leaves out where they are false or 0: to say so says nothing."""


DEFAULTS_OF_GONE: Final[dict[str, Any]] = {
    "replicas": 1,
    "revisionHistoryLimit": 10,
    "progressDeadlineSeconds": 600,
    "terminationGracePeriodSeconds": 30,
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "protocol": "TCP",
    "sessionAffinity": "None",
    "internalTrafficPolicy": "Cluster",
    "type": "ClusterIP",
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
    "defaultMode": 420,
    "securityContext": {},
    "backoffLimit": 6,
}
"""What the server puts where a field is taken away (pkg/apis/*/v1/defaults.go): it is not gone."""

SAYS_BY_BEING_THERE: Final = frozenset(
    (
        *("emptyDir", "podSelector", "namespaceSelector", "labelSelector", "selector"),
        "storageClassName",
    )
)
"""Fields where empty is something else than not there: a selector of all, a claim without class."""

_FREE: Final = frozenset(
    (
        *("data", "binaryData", "stringData", "labels", "annotations"),
        *("matchLabels", "nodeSelector", "selector", "parameters"),
    )
)
"""Mappings whose keys are the author's own: an entry says something whatever its value."""


def says_nothing(value: Any, path: Sequence[Any]) -> bool:
    """What the server leaves out: an empty list, mapping or text, a zero where it is the rule."""
    name = path[-1] if path else ""
    if value is None:
        return True
    if len(path) > 1 and path[-2] in _FREE:
        return False
    if name in ZERO_IS_NOTHING and value in (False, 0):
        return True
    if name in SAYS_BY_BEING_THERE:
        return False
    if isinstance(value, dict):
        return all(says_nothing(item, (*path, str(key))) for key, item in value.items())
    return value in ("", [])


def is_default(value: Any, path: Sequence[Any]) -> bool:
    """Whether the server would fill the value in by itself where nothing is written."""
    if not path or not isinstance(path[-1], str) or any(step in _FREE for step in path[:-1]):
        return False
    return any(
        type(value) is type(known) and value == known for known in DEFAULTS.get(path[-1], ())
    )


def default_of_gone(around: Mapping[str, Any], path: Sequence[str]) -> Any:
    """What the server fills in for a field that is taken away; None where nothing.

    `around` is the mapping that the field was in.
    """
    name = path[-1]
    if any(step in _FREE for step in path[:-1]):
        return None
    if name == "targetPort":
        return around.get("port")
    if name == "securityContext" and not (len(path) > 1 and path[-2] == "spec"):
        return None
    if name == "type" and tuple(path) != ("spec", "type"):
        return None
    return DEFAULTS_OF_GONE.get(name)


def is_known(api_version: str) -> bool:
    """Whether the API merges objects of this version by types of its own."""
    group = api_version.rpartition("/")[0]
    return group in KNOWN_GROUPS


def list_key(path: Sequence[str], items: Sequence[Any]) -> tuple[str, ...] | None:
    """The fields that tell the items of a list apart; None where it is replaced as a whole."""
    name = path[-1] if path else ""
    if name == "ports" and items:
        if all(isinstance(item, dict) and "containerPort" in item for item in items):
            return ("containerPort", "protocol")
        # Of a Service; the ports of a NetworkPolicy stand inside of a list without keys.
        of_service = tuple(path) == ("spec", "ports")
        return ("port", "protocol") if of_service else None
    return _KEYS.get(name)


def key_of(item: Any, fields: Sequence[str]) -> tuple[Any, ...] | None:
    """What tells an item apart; None when a field of it is missing."""
    if not isinstance(item, dict):
        return None
    values = tuple(item.get(name, _DEFAULTS_OF_KEYS.get(name)) for name in fields)
    return None if None in values else values


def is_set(path: Sequence[str]) -> bool:
    """Whether the list is a set of plain values."""
    return bool(path) and path[-1] in _SETS


def is_atomic_map(path: Sequence[str]) -> bool:
    """Whether server-side apply replaces the mapping as a whole."""
    return bool(path) and path[-1] in _ATOMIC_MAPS
