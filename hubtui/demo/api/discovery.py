"""Discovery: which groups, versions and resources there are."""

from __future__ import annotations

from typing import Final

from hubtui.demo.api.asked import no_such_path
from hubtui.demo.resources import PODS, RESOURCES, Resource
from hubtui.demo.storage import Json

VERSION: Final = "v1.36.3"
"""What it plays (testbed.md); charts with a kubeVersion accept it."""

_VERBS: Final = (
    *("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"),
)
_SUB: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "status": ("", "", ("get", "patch", "update")),
    "scale": ("autoscaling/v1", "Scale", ("get", "patch", "update")),
    "log": ("", "", ("get",)),
    "eviction": ("policy/v1", "Eviction", ("create",)),
    "binding": ("v1", "Binding", ("create",)),
    "portforward": ("", "PodPortForwardOptions", ("create", "get")),
    "proxy": ("", "{kind}ProxyOptions", ("create", "delete", "get", "patch", "update")),
}
_REVIEWS: Final = {
    "authorization.k8s.io/v1": (
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ),
    "authentication.k8s.io/v1": (("selfsubjectreviews", "SelfSubjectReview"),),
}
_METRICS: Final = "metrics.k8s.io/v1beta1"


def version() -> Json:
    """The answer of `/version`."""
    return {
        "major": "1",
        "minor": "36",
        "gitVersion": VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "2026-11-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    }


def core_versions() -> Json:
    """The answer of `/api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def _api_versions() -> list[str]:
    found = dict.fromkeys(each.api_version for each in RESOURCES if each.group)
    return [*found, *_REVIEWS, _METRICS]


def groups() -> Json:
    """The answer of `/apis`."""
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [_group(each) for each in _api_versions()],
    }


def group(name: str) -> Json:
    """The answer of `/apis/G`. Raises RefusedError (404)."""
    for each in _api_versions():
        if each.partition("/")[0] == name:
            return {"kind": "APIGroup", "apiVersion": "v1"} | _group(each)
    raise no_such_path()


def _group(api_version: str) -> Json:
    name, _, version = api_version.partition("/")
    this = {"groupVersion": api_version, "version": version}
    return {"name": name, "versions": [this], "preferredVersion": this}


def resources(api_version: str) -> Json:
    """The answer of `/api/v1` and `/apis/G/V`. Raises RefusedError (404)."""
    found = [line for each in RESOURCES if each.api_version == api_version for line in _lines(each)]
    for plural, kind in _REVIEWS.get(api_version, ()):
        found.append(_line(plural, kind, False, ("create",)))
    if api_version == _METRICS:
        found = [
            _line("nodes", "NodeMetrics", False, ("get", "list")),
            _line("pods", "PodMetrics", True, ("get", "list")),
        ]
    if not found:
        raise no_such_path()
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version,
        "resources": found,
    }


def _lines(resource: Resource) -> list[Json]:
    whole = _line(resource.plural, resource.kind, resource.namespaced, _VERBS)
    if resource.short:
        whole["shortNames"] = list(resource.short)
    if resource == PODS or resource.plural in ("services", "deployments", "statefulsets"):
        whole["categories"] = ["all"]
    found = [whole]
    for name in resource.subresources:
        version, kind, verbs = _SUB[name]
        path = f"{resource.plural}/{name}"
        line = _line(
            path, kind.format(kind=resource.kind) or resource.kind, resource.namespaced, verbs
        )
        if version:
            line["group"], line["version"] = ("/" + version).split("/")[-2:]
        found.append(line)
    return found


def _line(name: str, kind: str, namespaced: bool, verbs: tuple[str, ...]) -> Json:
    return {
        "name": name,
        "singularName": "" if "/" in name else kind.lower(),
        "namespaced": namespaced,
        "kind": kind,
        "verbs": list(verbs),
    }
