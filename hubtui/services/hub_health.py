"""Whether the hub itself answers: its health path, through a port-forward to its pod.

Source: z2jh's readiness probe asks `<baseUrl>/hub/health` on the port named `http` (facts.md §1.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtui.clients import forward
from hubtui.clients.kube import KubeClient
from hubtui.errors import DeniedError, HubtuiError, NotFoundError, ReadOnlyError
from hubtui.model import kube
from hubtui.model.hub_chart import hub_values
from hubtui.model.kinds import PODS
from hubtui.model.manifest import Document, Resource
from hubtui.model.podstate import state_of
from hubtui.model.roles import HUB_SELECTOR

DEFAULT_PORT = 8081

_LOG_IN = 401


@dataclass(frozen=True, slots=True)
class HubAddress:
    """Where a hub of one release answers; `deployment` is the name of its Deployment."""

    namespace: str
    release: str
    port: int = DEFAULT_PORT
    path: str = "/hub/health"
    deployment: str = "hub"


@dataclass(frozen=True, slots=True)
class Health:
    """What the hub said. `ok` is None when it could not be asked."""

    ok: bool | None
    evidence: str
    version: str = ""


def address_of(documents: Iterable[Document], namespace: str, release: str) -> HubAddress | None:
    """Where the hub in a manifest answers; None for a release without one."""
    found = list(documents)
    hub = next((item for item in found if _is_hub(item)), None)
    if not isinstance(hub, Resource):
        return None
    base = str(_at(hub_values(found), "hub", "baseUrl") or "/").rstrip("/")
    where = hub.namespace or namespace
    return HubAddress(where, release, _port(hub), f"{base}/hub/health", hub.name)


async def ask(client: KubeClient, address: HubAddress) -> Health:
    """Asks once. Raises UnreachableError only when the apiserver itself is gone, and DeniedError
    when it does not accept the credentials."""
    try:
        pod = await running_pod(client, address)
    except DeniedError as denied:
        if denied.status == _LOG_IN:
            raise
        return Health(None, f"the hub was not asked: {denied.what}")
    if pod is None:
        return Health(False, "there is no hub pod that runs")
    return await _ask(client, address, pod)


async def _ask(client: KubeClient, address: HubAddress, pod: kube.Pod) -> Health:
    name = pod.metadata.name
    client.gate.allow_forward(address.namespace, name, address.port)
    try:
        answer = await forward.get(client, address.namespace, name, address.port, address.path)
    except (DeniedError, ReadOnlyError) as denied:
        if isinstance(denied, DeniedError) and denied.status == _LOG_IN:
            raise
        if state_of(pod).up:
            return Health(None, f"the hub's pod is ready; it was not asked itself: {denied.what}")
        return Health(False, f"pod {name} is {state_of(pod).status}")
    except NotFoundError:
        return Health(False, f"pod {name} is gone")
    except HubtuiError as error:
        return Health(False, error.what)
    version = answer.headers.get("x-jupyterhub-version", "")
    if answer.status == 200:
        said = f" (JupyterHub {version})" if version else ""
        return Health(True, f"the hub answers {address.path}{said}", version)
    return Health(False, f"the hub answers {address.path} with HTTP {answer.status}", version)


async def running_pod(client: KubeClient, address: HubAddress) -> kube.Pod | None:
    """The hub's pod that runs now. Raises DeniedError, UnreachableError."""
    selector = f"{HUB_SELECTOR},release={address.release}" if address.release else HUB_SELECTOR
    return newest(await client.list(PODS, address.namespace, labels=selector))


def newest(pods: Iterable[kube.Pod]) -> kube.Pod | None:
    """The pod that runs, the youngest of several; None without one."""
    running = [
        pod
        for pod in pods
        if pod.metadata.deletion_timestamp is None and pod.status.phase == "Running"
    ]
    return max(running, key=_created, default=None)


def _created(pod: kube.Pod) -> float:
    created = pod.metadata.creation_timestamp
    return created.timestamp() if created else 0.0


def _is_hub(document: Document) -> bool:
    if not isinstance(document, Resource) or document.kind != "Deployment":
        return False
    labels = document.labels
    component = labels.get("component") or labels.get("app.kubernetes.io/component")
    name = labels.get("app") or labels.get("app.kubernetes.io/name")
    return component == "hub" and name == "jupyterhub"


def _port(hub: Resource) -> int:
    containers = _at(hub.body, "spec", "template", "spec", "containers")
    for container in containers if isinstance(containers, list) else ():
        ports = _at(container, "ports")
        for port in ports if isinstance(ports, list) else ():
            number = _at(port, "containerPort")
            if _at(port, "name") == "http" and isinstance(number, int):
                return number
    return DEFAULT_PORT


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
