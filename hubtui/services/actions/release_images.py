"""Which images of the target nodes would have to pull: a rollback pulls none beforehand.

helm runs only pre- and post-rollback hooks, so the chart's hook puller does nothing (facts.md
§1.4). A kubelet reports the 50 largest images of its node at most (nodeStatusMaxImages).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError
from hubtui.model.diff_images import split_image
from hubtui.model.hub_chart import is_hub_chart
from hubtui.model.kinds import NODES
from hubtui.model.kube_needs import Node
from hubtui.model.plan import Check
from hubtui.services.actions.common import counted, ok, warn
from hubtui.services.actions.release_facts import Facts

NAME: Final = "images"
LISTED: Final = 50
NAMED: Final = 4
"""Nodes, and images, that are named; the others are counted."""

PURPOSE: Final = "hub.jupyter.org/node-purpose"
_AWAITER: Final = "image-puller"
"""Runs in a hook only, and a rollback runs none of the chart's hooks."""

_CORE: Final = frozenset({"hub", "proxy", "autohttps", "user-scheduler"})


async def check(client: KubeClient, facts: Facts) -> Check | None:
    """Looks which nodes lack an image that changes; None where none does.

    Raises UnreachableError.
    """
    wanted = _wanted(facts)
    if not wanted:
        return None
    try:
        nodes = await client.list(NODES)
    except ApiError as error:
        return warn(NAME, f"? whether nodes have them: {error.what}")
    return verdict(wanted, nodes)


def _wanted(facts: Facts) -> dict[str, bool]:
    """The images that the target brings; true for those that run on core nodes."""
    payload, changes = facts.target.payload, facts.changes
    if payload is None or changes is None or not is_hub_chart(payload):
        return {}
    return {
        change.after: change.role in _CORE
        for change in changes.images
        if change.after and change.role != _AWAITER
    }


def verdict(wanted: dict[str, bool], nodes: Sequence[Node]) -> Check:
    """What the nodes' own lists say."""
    missing: list[str] = []
    unknown: set[str] = set()
    for image, core in wanted.items():
        without = []
        for node in nodes_for(nodes, core=core):
            has = has_image(node, image)
            if has is None:
                unknown.add(node.metadata.name)
            elif not has:
                without.append(node.metadata.name)
        if without:
            missing.append(f"{_short(image)} is missing on {_names(without)}")
    if not missing and not unknown:
        return ok(NAME, f"{counted(len(wanted), 'image')}: on every node that may run them")
    words = missing[:NAMED]
    if len(missing) > NAMED:
        words.append(f"and {len(missing) - NAMED} more images")
    if unknown:
        words.append(f"? on {_names(sorted(unknown))}, which lists {LISTED} images or none")
    if missing:
        words.append("a rollback pulls nothing beforehand: what starts there first waits")
    return warn(NAME, "; ".join(words))


def nodes_for(nodes: Sequence[Node], *, core: bool) -> list[Node]:
    """The nodes on which such pods start: of their purpose, else of none, and not cordoned."""
    purpose = "core" if core else "user"
    open_ = [node for node in nodes if not node.spec.unschedulable]
    meant = [node for node in open_ if node.metadata.labels.get(PURPOSE) == purpose]
    return meant or [node for node in open_ if not node.metadata.labels.get(PURPOSE)]


def has_image(node: Node, image: str) -> bool | None:
    """Whether a node has an image; None where its list cannot tell."""
    listed = node.status.images
    wanted = full_name(image)
    if any(wanted == full_name(name) for each in listed for name in each.names or ()):
        return True
    return None if not listed or len(listed) >= LISTED else False


def full_name(image: str) -> str:
    """An image's name with what it leaves out: registry, library, tag."""
    first, slash, _rest = image.partition("/")
    if not slash:
        image = f"docker.io/library/{image}"
    elif not ("." in first or ":" in first or first == "localhost"):
        image = f"docker.io/{image}"
    repository, tag = split_image(image)
    separator = "@" if "@" in image else ":"
    return f"{repository}{separator}{tag or 'latest'}"


def _short(image: str) -> str:
    repository, tag = split_image(image)
    return f"{repository.rpartition('/')[2]}:{tag}" if tag else repository.rpartition("/")[2]


def _names(nodes: Iterable[str]) -> str:
    found = list(nodes)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{', '.join(found[:NAMED])}{more}"
