"""Reviews: what the caller may do, and who it is. The demo's one user may do everything."""

from __future__ import annotations

from hubtui.demo.api.context import USER
from hubtui.demo.storage import Json

_EVERYTHING: Json = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}

PATHS = {
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": "SelfSubjectAccessReview",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews": "SelfSubjectRulesReview",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews": "SelfSubjectReview",
}


def review(kind: str, body: Json) -> Json:
    """The answered review."""
    version = "authentication" if kind == "SelfSubjectReview" else "authorization"
    statuses: dict[str, Json] = {
        "SelfSubjectAccessReview": {"allowed": True, "reason": "the demo's user may do everything"},
        "SelfSubjectRulesReview": {
            "resourceRules": [_EVERYTHING],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": False,
        },
        "SelfSubjectReview": {
            "userInfo": {"username": USER, "groups": ["system:masters", "system:authenticated"]}
        },
    }
    return {
        "kind": kind,
        "apiVersion": f"{version}.k8s.io/v1",
        "metadata": {"creationTimestamp": None},
        "spec": body.get("spec") or {},
        "status": statuses[kind],
    }
