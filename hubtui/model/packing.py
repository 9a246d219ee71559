"""What pods ask of a node, and whose share of it they hold.

Amounts are whole numbers, as the scheduler counts them: thousandths of a core for `cpu`, bytes or
pieces for everything else, each rounded up. Source: k8s.io/component-helpers `resource.PodRequests`
and kube-scheduler's NodeResourcesFit, v1.36; Kubernetes docs, "Init containers: resource sharing"
and "Sidecar containers".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from math import ceil
from typing import Final

from hubtui.model.kube import Container, Pod, PodSpec
from hubtui.model.quantity import parse
from hubtui.model.roles import Role

CPU: Final = "cpu"
MEMORY: Final = "memory"
PODS: Final = "pods"

Amounts = Mapping[str, int]
"""By resource: `{"cpu": 500, "memory": 1073741824}`; what is absent is 0."""


class Share(StrEnum):
    """Whose a part of a node is, in the order of the bars."""

    USERS = "users"
    CORE = "core"
    """Parts of the hub, and all that is neither a user's nor a placeholder."""
    PLACEHOLDERS = "placeholders"


def share_of(role: Role) -> Share:
    """The share that a pod of a role belongs to."""
    match role:
        case Role.USERS | Role.DASK:
            return Share.USERS
        case Role.USER_PLACEHOLDER:
            return Share.PLACEHOLDERS
        case _:
            return Share.CORE


@lru_cache(maxsize=4096)
def amount(resource: str, written: str) -> int:
    """A quantity as a whole number; what is no quantity counts as 0."""
    try:
        number = parse(written)
    except ValueError:
        return 0
    return ceil(number * 1000 if resource == CPU else number)


def amounts(written: Mapping[str, str]) -> dict[str, int]:
    """A list of resources, such as a node's allocatable ones."""
    return {name: amount(name, value) for name, value in written.items()}


def ended(pod: Pod) -> bool:
    """Whether a pod is over: it takes no room any more, and wants none."""
    return pod.status.phase in ("Succeeded", "Failed")


def counts(pod: Pod) -> bool:
    """Whether a pod takes room on its node: one that has ended gave it back."""
    return bool(pod.spec.node_name) and not ended(pod)


def requests(pod: Pod) -> dict[str, int]:
    """What a pod asks of its node, without the slot that it takes."""
    return _requests(pod.spec)


def requests_of_spec(spec: PodSpec) -> dict[str, int]:
    """The same of a pod that is not there yet."""
    return _requests(spec)


def _requests(spec: PodSpec) -> dict[str, int]:
    found = _containers(spec)
    if spec.resources is not None:
        found |= amounts(spec.resources.requests)
    for name, written in spec.overhead.items():
        found[name] = found.get(name, 0) + amount(name, written)
    return found


def _containers(spec: PodSpec) -> dict[str, int]:
    """All that run together, or the largest init step beside the sidecars before it."""
    if len(spec.containers) == 1 and not spec.init_containers:
        return _asked(spec.containers[0])  # most of 5,000 pods
    together = sum_of(_asked(each) for each in spec.containers)
    sidecars: dict[str, int] = {}
    most: dict[str, int] = {}
    for each in spec.init_containers:
        asked = _asked(each)
        if each.restart_policy == "Always":
            sidecars = step = sum_of((sidecars, asked))
        else:
            step = sum_of((sidecars, asked))
        most = largest(most, step)
    return largest(sum_of((together, sidecars)), most)


def _asked(container: Container) -> dict[str, int]:
    """A request that is left out is the limit, where there is one (API defaults)."""
    limits = container.resources.limits
    written = {**limits, **container.resources.requests} if limits else container.resources.requests
    return amounts(written)


def sum_of(parts: Iterable[Amounts]) -> dict[str, int]:
    """Together, resource by resource."""
    found: dict[str, int] = {}
    for part in parts:
        for name, number in part.items():
            found[name] = found.get(name, 0) + number
    return found


def largest(one: Amounts, other: Amounts) -> dict[str, int]:
    """The larger of both, resource by resource."""
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in {*one, *other}}
