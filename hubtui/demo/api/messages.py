"""The messages that clients send in Protocol Buffers, by the field numbers of the API's own files.

From `generated.proto` of k8s.io/api (core/v1, policy/v1, authorization/v1, authentication/v1) and
of k8s.io/apimachinery (meta/v1, runtime).
"""

from __future__ import annotations

from typing import Final

from hubtui.demo.api.wire import Field, Message

MAGIC: Final = b"k8s\x00"
"""What a Kubernetes message begins with (apimachinery, runtime/serializer/protobuf)."""

TYPE: Final[Message] = {1: Field("apiVersion"), 2: Field("kind")}
ENVELOPE: Final[Message] = {1: Field("type", TYPE), 2: Field("raw", "bytes")}

_OWNER: Final[Message] = {
    1: Field("kind"),
    3: Field("name"),
    4: Field("uid"),
    5: Field("apiVersion"),
    6: Field("controller", "flag"),
    7: Field("blockOwnerDeletion", "flag"),
}
_META: Final[Message] = {
    1: Field("name"),
    2: Field("generateName"),
    3: Field("namespace"),
    5: Field("uid"),
    6: Field("resourceVersion"),
    8: Field("creationTimestamp", "time"),
    9: Field("deletionTimestamp", "time"),
    10: Field("deletionGracePeriodSeconds", "number"),
    11: Field("labels", "map"),
    12: Field("annotations", "map"),
    13: Field("ownerReferences", _OWNER, many=True),
    14: Field("finalizers", "texts"),
}
_SECRET: Final[Message] = {
    1: Field("metadata", _META),
    2: Field("data", "bytes map"),
    3: Field("type"),
    4: Field("stringData", "map"),
    5: Field("immutable", "flag"),
}
_CONFIG_MAP: Final[Message] = {
    1: Field("metadata", _META),
    2: Field("data", "map"),
    3: Field("binaryData", "bytes map"),
    4: Field("immutable", "flag"),
}
_NAMESPACE: Final[Message] = {
    1: Field("metadata", _META),
    2: Field("spec", {1: Field("finalizers", "texts")}),
    3: Field("status", {1: Field("phase")}),
}
_ACCOUNT: Final[Message] = {1: Field("metadata", _META)}
_DELETE_OPTIONS: Final[Message] = {
    1: Field("gracePeriodSeconds", "number"),
    2: Field("preconditions", {1: Field("uid"), 2: Field("resourceVersion")}),
    3: Field("orphanDependents", "flag"),
    4: Field("propagationPolicy"),
    5: Field("dryRun", "texts"),
}
_EVICTION: Final[Message] = {
    1: Field("metadata", _META),
    2: Field("deleteOptions", _DELETE_OPTIONS),
}
_ACCESS: Final[Message] = {
    1: Field("namespace"),
    2: Field("verb"),
    3: Field("group"),
    4: Field("version"),
    5: Field("resource"),
    6: Field("subresource"),
    7: Field("name"),
}
_ACCESS_REVIEW: Final[Message] = {
    1: Field("metadata", _META),
    2: Field(
        "spec",
        {
            1: Field("resourceAttributes", _ACCESS),
            2: Field("nonResourceAttributes", {1: Field("path"), 2: Field("verb")}),
        },
    ),
}
_RULES_REVIEW: Final[Message] = {
    1: Field("metadata", _META),
    2: Field("spec", {1: Field("namespace")}),
}

BY_KIND: Final[dict[str, Message]] = {
    "Secret": _SECRET,
    "ConfigMap": _CONFIG_MAP,
    "Namespace": _NAMESPACE,
    "ServiceAccount": _ACCOUNT,
    "DeleteOptions": _DELETE_OPTIONS,
    "Eviction": _EVICTION,
    "SelfSubjectAccessReview": _ACCESS_REVIEW,
    "SelfSubjectRulesReview": _RULES_REVIEW,
    "SelfSubjectReview": {1: Field("metadata", _META)},
}
