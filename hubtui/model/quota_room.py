"""How many more pods a ResourceQuota lets through.

Source: the Kubernetes docs, "Resource Quotas"; k8s.io/kubernetes `pkg/quota/v1/evaluator/core`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hubtui.model.kube_needs import Quota
from hubtui.model.packing import CPU, MEMORY, PODS, Amounts, amount
from hubtui.model.placing import Wanting
from hubtui.model.seats import Limit

_PODS: Final = (PODS, "count/pods")
_BARE: Final = (CPU, MEMORY, "ephemeral-storage")
"""Names that mean requests without saying so."""

_NEVER: Final = ("Terminating", "CrossNamespacePodAffinity")
"""Scopes of pods with a time limit, and of pods that look at others: no server is one."""


def limits_of(quota: Quota, wanting: Wanting, limits: Amounts) -> Iterator[Limit]:
    """What a quota lets through of pods that ask for the same, resource by resource; `limits` are
    those of one pod. A quota with a scope that cannot be told of them is `unread`."""
    if not _counts(quota, wanting):
        return
    for key, written in quota.status.hard.items():
        resource, asked = _asked(key, wanting, limits)
        if not asked:
            continue
        left = amount(resource, written) - amount(resource, quota.status.used.get(key, "0"))
        yield Limit(f"ResourceQuota {quota.metadata.name}: {key}", max(left, 0) // asked)


def unread(quota: Quota) -> bool:
    """Whether it has a scope that decides by what is not known of a pod to come."""
    return quota.spec.scope_selector is not None or "PriorityClass" in quota.spec.scopes


def _counts(quota: Quota, wanting: Wanting) -> bool:
    scopes = quota.spec.scopes
    if unread(quota) or any(scope in _NEVER for scope in scopes):
        return False
    if "BestEffort" in scopes:
        return not wanting.requests
    return "NotBestEffort" not in scopes or bool(wanting.requests)


def _asked(key: str, wanting: Wanting, limits: Amounts) -> tuple[str, int]:
    """Which resource a quota's name is about, and how much of it one pod takes."""
    if key in _PODS:
        return PODS, 1
    kind, _, resource = key.partition(".")
    if kind == "limits":
        return resource, limits.get(resource, 0)
    if kind == "requests":
        return resource, wanting.requests.get(resource, 0)
    return key, wanting.requests.get(key, 0) if key in _BARE else 0


def unsaid(quota: Quota, wanting: Wanting, limits: Amounts) -> tuple[str, ...]:
    """What a quota counts of a pod that says nothing of it: such a pod is refused, unless a
    LimitRange says it for the pod."""
    if not _counts(quota, wanting):
        return ()
    compute = [key for key in quota.status.hard if _resource(key) in (CPU, MEMORY)]
    return tuple(key for key in compute if not _asked(key, wanting, limits)[1])


def _resource(key: str) -> str:
    kind, _, resource = key.partition(".")
    return resource if kind in ("requests", "limits") else key
