"""What the apiserver refuses of an object, in its words (the `validation` packages of k8s.io).

Only what an operator may meet: names, what cannot be changed, selectors, claims that shrink.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from hubtui.demo.refusals import RefusedError, invalid
from hubtui.demo.resources import CLAIMS, Resource
from hubtui.demo.storage import Json
from hubtui.model import quantity

_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_WORDS: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    f"for validation is '{_LABEL}')"
)
_SUBDOMAIN_WORDS: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_SUBDOMAIN}')"
)
_SET_FIELDS: Final = (
    *("replicas", "ordinals", "template", "updateStrategy"),
    *("revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
)
_SET_WORDS: Final = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', "
    "'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' "
    "and 'minReadySeconds' are forbidden"
)
_POD_WORDS: Final = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
    "to 1 if it was previously negative)"
)
_CLAIM_WORDS: Final = (
    "Forbidden: spec is immutable after creation except resources.requests and "
    "volumeAttributesClassName for bound claims"
)
_WORKLOADS: Final = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"})
_MOST: Final = 1024 * 1024
"""Bytes of a Secret's or ConfigMap's data (core/v1 MaxSecretSize)."""

Refuse = Callable[[str, str], RefusedError]


def check(resource: Resource, after: Json, before: Json | None) -> None:
    """Raises RefusedError (422) for an object that cannot be as it is asked for."""
    name = str(after["metadata"].get("name", ""))

    def refuse(field: str, message: str) -> RefusedError:
        return invalid(resource, name, field, message)

    if before is None:
        _check_name(resource, name, refuse)
    if resource.kind in _WORKLOADS:
        _check_selector(after, refuse)
    if resource.kind in ("Secret", "ConfigMap"):
        _check_data(after, before, refuse)
    if before is not None:
        _check_change(resource, after, before, refuse)


def _check_name(resource: Resource, name: str, refuse: Refuse) -> None:
    if not name:
        raise refuse("metadata.name", "Required value: name or generateName is required")
    if resource.group == "rbac.authorization.k8s.io":
        return
    short = resource.kind in ("Namespace", "Service")
    most = 63 if short else 253
    if len(name) > most:
        said = f'Invalid value: "{name}": must be no more than {most} characters'
        raise refuse("metadata.name", said)
    if not re.fullmatch(_LABEL if short else _SUBDOMAIN, name):
        words = _LABEL_WORDS if short else _SUBDOMAIN_WORDS
        raise refuse("metadata.name", f'Invalid value: "{name}": {words}')


def _check_selector(after: Json, refuse: Refuse) -> None:
    spec = after["spec"]
    selector = spec.get("selector")
    if not selector:
        raise refuse("spec.selector", "Required value")
    labels = spec["template"].get("metadata", {}).get("labels") or {}
    wanted = selector.get("matchLabels") or {}
    if not wanted.items() <= labels.items():
        raise refuse(
            "spec.template.metadata.labels",
            f"Invalid value: {_go_map(labels)}: `selector` does not match template `labels`",
        )
    if not spec["template"]["spec"].get("containers"):
        raise refuse("spec.template.spec.containers", "Required value")


def _check_data(after: Json, before: Json | None, refuse: Refuse) -> None:
    size = sum(len(str(value)) for value in (after.get("data") or {}).values())
    if after["kind"] == "Secret":
        size = size * 3 // 4
    if size > _MOST:
        raise refuse("data", f"Too long: may not be more than {_MOST} bytes")
    if before is None:
        return
    if before.get("immutable") and after.get("data") != before.get("data"):
        raise refuse("data", "Forbidden: field is immutable when `immutable` is set")
    if after.get("type") != before.get("type"):
        raise refuse("type", f'Invalid value: "{after.get("type")}": field is immutable')


def _check_change(resource: Resource, after: Json, before: Json, refuse: Refuse) -> None:
    kind, new, old = resource.kind, after.get("spec") or {}, before.get("spec") or {}
    if kind == "StatefulSet":
        if _without(new, _SET_FIELDS) != _without(old, _SET_FIELDS):
            raise refuse("spec", _SET_WORDS)
    elif kind in _WORKLOADS and new.get("selector") != old.get("selector"):
        raise _immutable(refuse, "spec.selector", _go_selector(new["selector"]))
    elif kind == "Job":
        _check_job(new, old, refuse)
    elif resource == CLAIMS:
        _check_claim(new, old, before, refuse)
    elif kind == "Pod" and _fixed(new) != _fixed(old):
        raise refuse("spec", _POD_WORDS)
    elif kind == "Service" and old.get("clusterIP") and new.get("type") == old.get("type"):
        if new.get("clusterIP") != old["clusterIP"]:
            asked = f'["{new.get("clusterIP")}"]'
            raise refuse("spec.clusterIPs[0]", f"Invalid value: {asked}: may not change once set")
    elif kind.endswith("RoleBinding") and after.get("roleRef") != before.get("roleRef"):
        ref = after.get("roleRef") or {}
        shown = ", ".join(f'{k[:1].upper()}{k[1:]}:"{v}"' for k, v in sorted(ref.items()))
        said = f"Invalid value: rbac.RoleRef{{{shown}}}: cannot change roleRef"
        raise refuse("roleRef", said)
    elif kind == "PriorityClass" and after.get("value") != before.get("value"):
        raise refuse("value", "Forbidden: may not be changed in an update.")


def _check_job(new: Json, old: Json, refuse: Refuse) -> None:
    for field in ("selector", "template", "completionMode", "completions"):
        if new.get(field) != old.get(field):
            value = _go_selector(new.get(field)) if field == "selector" else "core.PodTemplateSpec"
            if field.startswith("completion"):
                value = str(new.get(field))
            raise _immutable(refuse, f"spec.{field}", value)


def _check_claim(new: Json, old: Json, before: Json, refuse: Refuse) -> None:
    may_change = ("resources", "volumeAttributesClassName")
    if _without(new, may_change) != _without(old, may_change):
        raise refuse("spec", _CLAIM_WORDS)
    asked, had = _storage(new), _storage(old)
    if asked is None or had is None or quantity.same(asked, had):
        return
    if before.get("status", {}).get("phase") != "Bound":
        raise refuse("spec", _CLAIM_WORDS)
    has = ((before["status"].get("capacity") or {}).get("storage")) or had
    if quantity.parse(asked) < quantity.parse(had) and quantity.parse(asked) <= quantity.parse(has):
        raise refuse(
            "spec.resources.requests.storage",
            "Forbidden: field can not be less than status.capacity",
        )


def _storage(spec: Json) -> Any:
    return ((spec.get("resources") or {}).get("requests") or {}).get("storage")


def _fixed(spec: Json) -> Json:
    """What of a pod cannot be changed."""
    fixed = _without(
        spec,
        (
            *("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"),
            *("nodeName", "containers", "initContainers", "ephemeralContainers"),
        ),
    )
    for name in ("containers", "initContainers"):
        fixed[name] = [_without(each, ("image",)) for each in spec.get(name) or ()]
    return fixed


def _without(thing: Json, names: tuple[str, ...]) -> Json:
    return {key: value for key, value in thing.items() if key not in names}


def _immutable(refuse: Refuse, field: str, value: str) -> RefusedError:
    return refuse(field, f"Invalid value: {value}: field is immutable")


def _go_map(labels: Json) -> str:
    inside = ", ".join(f'"{key}":"{value}"' for key, value in sorted(labels.items()))
    return f"map[string]string{{{inside}}}"


def _go_selector(selector: Any) -> str:
    labels = _go_map((selector or {}).get("matchLabels") or {})
    return (
        f"v1.LabelSelector{{MatchLabels:{labels}, "
        "MatchExpressions:[]v1.LabelSelectorRequirement(nil)}"
    )
