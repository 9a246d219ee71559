"""Which images a release brings to its nodes, and which nodes lack them.

A node's own list may be full (`model.node_images`): then the pods of pullers that are there tell
more, because an image whose container has begun on a node is on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hubtui.errors import ApiError, DecodeError, NotFoundError
from hubtui.model import kube
from hubtui.model.brought import Brought, Cargo, Wear, cargo_of
from hubtui.model.daemon_nodes import DaemonPod, daemon_pod
from hubtui.model.diff_content import Content, content_steps
from hubtui.model.image_name import full_name
from hubtui.model.kinds import DAEMONSETS, NODES, PODS
from hubtui.model.kube_needs import Node
from hubtui.model.node_images import has_image
from hubtui.model.prepull import SELECTOR, Left, left_of
from hubtui.model.prepulling import wanted
from hubtui.model.pulls import PullState
from hubtui.model.release import RevisionHead, in_force
from hubtui.model.roles import Role
from hubtui.services.pullers import brought
from hubtui.services.unhurried import unhurried

if TYPE_CHECKING:
    from hubtui.services.actions import ActionSession

_CHARTS: Final = f"component in ({Role.CONTINUOUS_PULLER},{Role.HOOK_PULLER})"

NO_RELEASE: Final = Wear("no release: the chart's usual tolerations")


@dataclass(frozen=True, slots=True)
class Spread:
    """Where one image is, among the nodes that pullers go to."""

    brought: Brought
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def image(self) -> str:
        return self.brought.image

    @property
    def everywhere(self) -> bool:
        """Whether all these nodes are known to have it."""
        return bool(self.has) and not (self.lacks or self.unknown)


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found: `nodes` are those that a puller goes to, None where nodes may not be listed;
    `notes` say what could not be read."""

    images: tuple[Spread, ...]
    nodes: tuple[Node, ...] | None = None
    notes: tuple[str, ...] = ()

    def of(self, image: str) -> Spread | None:
        """Where one image is."""
        name = full_name(image)
        return next((each for each in self.images if full_name(each.image) == name), None)


@dataclass(frozen=True, slots=True)
class InForce:
    """What the revision in force brings. Without a release there is neither head nor images."""

    head: RevisionHead | None = None
    cargo: Cargo = field(default_factory=lambda: Cargo((), NO_RELEASE))


async def in_force_cargo(session: ActionSession) -> InForce:
    """What the revision in force brings, read anew.

    Raises DeniedError, UnreachableError, DecodeError for a revision that cannot be read.
    """
    heads = await session.releases.refresh(session.release) if session.release else []
    head = in_force(heads) or (heads[0] if heads else None)
    if head is None:
        return InForce()
    payload = await session.releases.payload(head)
    return InForce(head, cargo_in(await unhurried(content_steps(payload))))


def cargo_in(content: Content) -> Cargo:
    """What a revision brings, be it one that is only planned."""
    hooks = (each for hook in content.hooks for each in hook.objects)
    return cargo_of(content.objects, hooks)


async def survey(
    session: ActionSession, images: Sequence[Brought], wear: Wear | DaemonPod
) -> Survey:
    """Looks which nodes have which images. Raises UnreachableError."""
    nodes, pods = await asyncio.gather(_nodes(session), _pods(session))
    if isinstance(nodes, str):
        return Survey(tuple(map(Spread, images)), notes=(f"nodes: {nodes}",))
    puller = wear if isinstance(wear, DaemonPod) else pod_of(wear)
    meant = tuple(wanted(nodes, puller))
    held = _held(pods) if not isinstance(pods, str) else {}
    notes = (f"the pods of pullers: {pods}",) if isinstance(pods, str) else ()
    return Survey(tuple(spread(each, meant, held) for each in images), meant, notes)


def pod_of(wear: Wear) -> DaemonPod:
    """What of a puller's pod decides on its nodes."""
    spec = {
        "nodeSelector": dict(wear.node_selector),
        "affinity": dict(wear.affinity) or None,
        "tolerations": [dict(each) for each in wear.tolerations],
    }
    found = daemon_pod({"spec": {"template": {"spec": spec}}})
    if found is None:
        raise DecodeError(
            f"The tolerations or the affinity of {wear.source} cannot be read",
            meaning="Where its pods go is not known.",
        )
    return found


def spread(
    image: Brought, nodes: Iterable[Node], held: Mapping[str, frozenset[str]] | None = None
) -> Spread:
    """Where an image is; `held` are the images that pullers' pods are known to have brought."""
    found: dict[bool | None, list[str]] = {True: [], False: [], None: []}
    for node in nodes:
        name = node.metadata.name
        has = has_image(node, image.image)
        if has is None and held and full_name(image.image) in held.get(name, ()):
            has = True
        found[has].append(name)
    return Spread(image, tuple(found[True]), tuple(found[False]), tuple(found[None]))


def _held(pods: Iterable[kube.Pod]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pod in pods:
        done = (full_name(p.image) for p in brought(pod) if p.state is PullState.DONE)
        found.setdefault(pod.spec.node_name, set()).update(done)
    return {node: frozenset(images) for node, images in found.items()}


async def _nodes(session: ActionSession) -> list[Node] | str:
    """The nodes, or why they cannot be listed."""
    try:
        return await session.client.list(NODES)
    except ApiError as error:
        return error.what


async def _pods(session: ActionSession) -> list[kube.Pod] | str:
    """The pods of all pullers, or why they cannot be listed."""
    client, namespace = session.client, session.namespace
    try:
        found = await asyncio.gather(
            client.list(PODS, namespace, labels=_CHARTS),
            client.list(PODS, namespace, labels=SELECTOR),
        )
    except ApiError as error:
        return error.what
    return [pod for pods in found for pod in pods]


async def left_behind(session: ActionSession) -> tuple[Left, ...]:
    """The DaemonSets of prepulls that are in the cluster, read anew.

    Raises DeniedError, UnreachableError.
    """
    found = await session.client.list(DAEMONSETS, session.namespace, labels=SELECTOR)
    return ours(found, session.release)


def ours(daemonsets: Iterable[kube.DaemonSet], release: str) -> tuple[Left, ...]:
    """Those among DaemonSets that prepulls of a release have made, the oldest first."""
    found = [
        left
        for each in daemonsets
        if (left := left_of(each)) is not None
        and each.metadata.labels.get("release", "") in ("", release)
    ]
    return tuple(sorted(found, key=lambda left: (str(left.begun), left.name)))


async def is_there(session: ActionSession, name: str) -> bool:
    """Whether a DaemonSet is in the cluster. Raises DeniedError, UnreachableError."""
    try:
        await session.client.get(DAEMONSETS, session.namespace, name)
    except NotFoundError:
        return False
    return True
