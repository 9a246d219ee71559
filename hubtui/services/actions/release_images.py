"""Which images of the target nodes would have to pull, and whether that comes before all else.

The chart's hook puller works in an upgrade, where its hook is rendered; helm runs only pre- and
post-rollback hooks in a rollback, so it does nothing there (facts.md §1.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError
from hubtui.model.daemon_nodes import daemon_pod
from hubtui.model.diff_images import split_image
from hubtui.model.hub_chart import is_hub_chart
from hubtui.model.kinds import NODES
from hubtui.model.kube_needs import Node
from hubtui.model.manifest import Resource, images
from hubtui.model.node_facts import PURPOSE
from hubtui.model.node_images import LISTED, has_image
from hubtui.model.plan import Check
from hubtui.services.actions.common import counted, ok, warn
from hubtui.services.actions.release_facts import Facts, Side

NAME: Final = "images"
NAMED: Final = 4
"""Nodes, and images, that are named; the others are counted."""

NOT_BEFORE: Final = "a rollback pulls nothing beforehand: what starts there first waits"

_AWAITER: Final = "image-puller"
"""Runs in a hook only, on one node."""
_PULLER: Final = "hook-image-puller"
_PRE_UPGRADE: Final = "pre-upgrade"

_CORE: Final = frozenset({"hub", "proxy", "autohttps", "user-scheduler"})


async def check(
    client: KubeClient,
    facts: Facts,
    pulled: frozenset[str] = frozenset(),
    otherwise: str = NOT_BEFORE,
) -> Check | None:
    """Looks which nodes lack an image that changes; None where none does.

    `pulled` are those that the hook puller brings beforehand, `otherwise` says what becomes of the
    others. Raises UnreachableError.
    """
    wanted = {**_wanted(facts), **dict.fromkeys(pulled, False)}
    if not wanted:
        return None
    try:
        nodes = await client.list(NODES)
    except ApiError as error:
        return warn(NAME, f"? whether nodes have them: {error.what}")
    return verdict(wanted, nodes, _pullers_nodes(facts.target, nodes, pulled), otherwise)


def pulled_beforehand(side: Side) -> frozenset[str]:
    """The images that the hook puller of an upgrade brings to every node before all else."""
    return frozenset(image for puller in _pullers(side) for image in _brought(puller))


def _pullers(side: Side) -> list[Resource]:
    """The DaemonSets of the hook: one, unless the chart has several hubs in it."""
    return [
        item
        for hook in (side.content.hooks if side.content else ())
        if _PRE_UPGRADE in hook.hook.events
        for item in hook.objects
        if isinstance(item, Resource) and item.kind == "DaemonSet" and _brought(item)
    ]


def _brought(puller: Resource) -> frozenset[str]:
    return frozenset(each.image for each in images([puller]) if each.role == _PULLER and each.init)


def _pullers_nodes(
    side: Side, nodes: Sequence[Node], pulled: frozenset[str]
) -> dict[str, list[Node]]:
    """The nodes that each image is pulled on: those that the DaemonSet wants a pod on, which with
    the chart's defaults are core nodes too (facts.md §1.4)."""
    found: dict[str, dict[str, Node]] = {image: {} for image in pulled}
    for puller in _pullers(side):
        pod = daemon_pod(puller.body)
        where = {n.metadata.name: n for n in nodes if pod is None or pod.goes_to(n)}
        for image in _brought(puller) & pulled:
            found[image] |= where
    return {image: list(where.values()) for image, where in found.items()}


def _wanted(facts: Facts) -> dict[str, bool]:
    """The images that the target brings; true for those that run on core nodes."""
    payload, changes = facts.target.payload, facts.changes
    if payload is None or changes is None or not is_hub_chart(payload):
        return {}
    return {
        change.after: change.role in _CORE
        for change in changes.images
        if change.after and change.role not in (_AWAITER, _PULLER)
    }


def verdict(
    wanted: Mapping[str, bool],
    nodes: Sequence[Node],
    pulled: Mapping[str, Sequence[Node]] | None = None,
    otherwise: str = NOT_BEFORE,
) -> Check:
    """What the nodes' own lists say; `pulled` has the nodes that the hook puller goes to."""
    missing: list[str] = []
    coming: list[str] = []
    unknown: set[str] = set()
    for image, core in wanted.items():
        if pulled is not None and image in pulled:
            coming += _coming(image, pulled[image])
            continue
        has = {node.metadata.name: has_image(node, image) for node in nodes_for(nodes, core=core)}
        unknown.update(name for name, it in has.items() if it is None)
        without = [name for name, it in has.items() if it is False]
        if without:
            missing.append(f"{_short(image)} is missing on {_names(without)}")
    if not missing and not unknown and not coming:
        return ok(NAME, f"{counted(len(wanted), 'image')}: on every node that may run them")
    words = _first(missing)
    if unknown:
        words.append(f"? on {_names(sorted(unknown))}, which lists {LISTED} images or none")
    if missing:
        words.append(otherwise)
    if coming:
        words.append(f"the hook puller pulls beforehand: {', '.join(_first(coming))}")
    return warn(NAME, "; ".join(words)) if missing or unknown else ok(NAME, "; ".join(words))


def _coming(image: str, nodes: Sequence[Node]) -> list[str]:
    """On how many nodes an image is to be pulled; nothing where all have it."""
    has = [has_image(node, image) for node in nodes]
    lack, open_ = has.count(False), has.count(None)
    words = [f"on {counted(lack, 'node')}"] if lack else []
    if open_:
        words.append(f"perhaps on {open_}{' more' if lack else ''} of {len(nodes)}")
    return [f"{_short(image)} {', '.join(words)}"] if words else []


def _first(words: list[str]) -> list[str]:
    more = len(words) - NAMED
    return [*words[:NAMED], f"and {more} more images"] if more > 0 else list(words)


def nodes_for(nodes: Sequence[Node], *, core: bool) -> list[Node]:
    """The nodes on which such pods start: of their purpose, else of none, and not cordoned."""
    purpose = "core" if core else "user"
    open_ = [node for node in nodes if not node.spec.unschedulable]
    meant = [node for node in open_ if node.metadata.labels.get(PURPOSE) == purpose]
    return meant or [node for node in open_ if not node.metadata.labels.get(PURPOSE)]


def _short(image: str) -> str:
    repository, tag = split_image(image)
    return f"{repository.rpartition('/')[2]}:{tag}" if tag else repository.rpartition("/")[2]


def _names(nodes: Iterable[str]) -> str:
    found = list(nodes)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{', '.join(found[:NAMED])}{more}"
