"""What people notice of another revision."""

from __future__ import annotations

from typing import Any, Final

from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError
from hubtui.model import kube
from hubtui.model.diff_images import ImageChange, split_image
from hubtui.model.hub_chart import hub_values
from hubtui.model.kinds import Kind
from hubtui.model.manifest import Resource
from hubtui.model.roles import SERVERS_SELECTOR
from hubtui.services.actions.release_facts import Facts, Side

_PODS_METADATA = Kind("", "v1", "pods", "Pod", kube.Object, metadata_only=True)

_RESTARTS = {
    "hub": "The hub restarts: no log-in and no new server for about a minute.",
    "proxy": "The proxy restarts: every connection drops for some seconds.",
    "autohttps": "autohttps restarts: every connection drops for some seconds.",
}


async def count_servers(client: KubeClient, namespace: str, release: str) -> int | None:
    """How many user servers run; None when that may not be read.

    Raises UnreachableError.
    """
    try:
        pods = await client.list(
            _PODS_METADATA, namespace, labels=SERVERS_SELECTOR, fields="status.phase=Running"
        )
    except ApiError:
        return None
    # A server that was started under an older chart has no release label.
    return sum(1 for pod in pods if pod.metadata.labels.get("release", release) == release)


NOT_BEFORE: Final = (
    "Images are not pulled beforehand by a rollback: the first server on a node waits."
)


def notices(facts: Facts, servers: int | None, pull: str = NOT_BEFORE) -> tuple[str, ...]:
    """What people notice, the most important first; `pull` is said of a new image for servers."""
    changes = facts.changes
    if changes is None:
        return ()
    if changes.empty:
        return ("Nothing differs: helm only writes everything once more.",)
    found = [_RESTARTS[component] for component in _restarting(facts)]
    found.append(_servers(servers))
    image = next((change for change in changes.images if change.role == "singleuser"), None)
    found += _new_servers(facts, image)
    if image is not None and image.after:
        found.append(pull)
    return tuple(words for words in found if words)


def _restarting(facts: Facts) -> list[str]:
    """The parts whose pods are replaced: their template changes, checksums included."""
    before = {item.title: item for item in facts.current.resources if item.kind == "Deployment"}
    return [
        component
        for item in facts.target.resources
        if item.kind == "Deployment"
        and (component := _component(item)) in _RESTARTS
        and item.title in before
        and _template(item) != _template(before[item.title])
    ]


def _component(item: Resource) -> str:
    labels = item.labels
    return str(labels.get("component") or labels.get("app.kubernetes.io/component") or "")


def _template(item: Resource) -> Any:
    spec = item.body.get("spec")
    return spec.get("template") if isinstance(spec, dict) else None


def _servers(count: int | None) -> str:
    if count is None:
        return "Running servers stay as they are, on the images that they run."
    if count == 0:
        return "No server is running."
    if count == 1:
        return "1 running server stays as it is, on the image that it runs."
    return f"{count} running servers stay as they are, on the images that they run."


def _new_servers(facts: Facts, image: ImageChange | None) -> list[str]:
    words = []
    if image is not None and image.after:
        repository, tag = split_image(image.after)
        words.append(f"{repository.rpartition('/')[2]} {tag}".strip())
    before, after = _memory(facts.current), _memory(facts.target)
    if before != after:
        words.append(f"{after} of memory at most" if after else "memory without a limit")
    return [f"New servers get {' and '.join(words)}."] if words else []


def _memory(side: Side) -> str:
    value: Any = hub_values(side.content.objects) if side.content else {}
    for name in ("singleuser", "memory", "limit"):
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)
