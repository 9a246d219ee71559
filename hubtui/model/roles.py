"""The roles of a hub's pods, and how a pod's role is told.

Source: the chart's labels (facts.md §1.1, §1.2) and KubeSpawner's (§2.1). The legacy labels
`component` and `app` are on all chart versions, so they decide.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hubtui.model.kube import Pod


class Role(StrEnum):
    """What a pod is for. The order is the order on the screen."""

    HUB = "hub"
    PROXY = "proxy"
    AUTOHTTPS = "autohttps"
    USER_SCHEDULER = "user-scheduler"
    USER_PLACEHOLDER = "user-placeholder"
    CONTINUOUS_PULLER = "continuous-image-puller"
    HOOK_PULLER = "hook-image-puller"
    PREPULL = "prepull"
    USERS = "users"
    DASK = "dask"
    OTHER = "other"


ORDER: Final = {role: index for index, role in enumerate(Role)}

WORKLOAD_ROLES: Final = {
    role.value: role
    for role in (
        Role.HUB,
        Role.PROXY,
        Role.AUTOHTTPS,
        Role.USER_SCHEDULER,
        Role.USER_PLACEHOLDER,
        Role.CONTINUOUS_PULLER,
        Role.HOOK_PULLER,
        Role.PREPULL,
    )
}
"""The roles whose pods a workload asks for, by their component label: the chart's, and hubtui's
own."""

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
OURS: Final = "hubtui"
"""The value of MANAGED_BY on what hubtui itself makes."""

RESTARTABLE: Final = (Role.HUB, Role.PROXY, Role.AUTOHTTPS, Role.USER_SCHEDULER)
"""The parts that an operator restarts: a Deployment each."""

_BY_COMPONENT: Final = {**WORKLOAD_ROLES, "singleuser-server": Role.USERS}

_DASK_COMPONENTS: Final = frozenset({"dask-scheduler", "dask-worker", "dask-gateway"})
AWAITER: Final = "hook-image-awaiter"

SERVERS_SELECTOR: Final = "component=singleuser-server"
"""Finds the pods of users' servers on all chart versions, as KubeSpawner does (facts.md §2.1)."""

HUB_SELECTOR: Final = "app=jupyterhub,component=hub"
"""Finds the hub's Deployment and pod also when jupyterhub is a sub-chart (facts.md §1.1)."""


def component_of(labels: dict[str, str]) -> str:
    """The component label in either style."""
    return labels.get("component") or labels.get("app.kubernetes.io/component", "")


def role_of(pod: Pod, release: str = "") -> Role:
    """The role of a pod; with a release given, parts of another hub are OTHER."""
    labels = pod.metadata.labels
    component = component_of(labels)
    if component in _DASK_COMPONENTS or "gateway.dask.org/cluster" in labels:
        return Role.DASK
    if component == "image-puller" and _belongs_to_job(pod, AWAITER):
        return Role.HOOK_PULLER
    role = _BY_COMPONENT.get(component)
    if role is None or (role is Role.PREPULL) is not (labels.get(MANAGED_BY) == OURS):
        return Role.OTHER
    if role is not Role.USERS and labels.get("app", "jupyterhub") != "jupyterhub":
        return Role.OTHER
    owner = labels.get("release", "")
    return Role.OTHER if release and owner and owner != release else role


def _belongs_to_job(pod: Pod, suffix: str) -> bool:
    labels = pod.metadata.labels
    job = labels.get("job-name") or labels.get("batch.kubernetes.io/job-name", "")
    owners = [owner.name for owner in pod.metadata.owner_references if owner.kind == "Job"]
    return any(name.endswith(suffix) for name in (job, *owners))


def user_of(pod: Pod) -> str:
    """The user's real name from KubeSpawner's annotation; the label is only a slug."""
    return pod.metadata.annotations.username or pod.metadata.labels.get(
        "hub.jupyter.org/username", ""
    )


def server_of(pod: Pod) -> str:
    """The name of a named server; empty for the default server."""
    return pod.metadata.annotations.servername or ""
