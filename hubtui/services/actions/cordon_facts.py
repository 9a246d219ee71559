"""What a cordon is planned from: the node, who is on it, the image puller that may block there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from hubtui.errors import ApiError, NotFoundError
from hubtui.model import kube
from hubtui.model.kinds import DAEMONSETS, JOBS, NODES, PODS
from hubtui.model.kube_needs import Node, Toleration
from hubtui.model.node_facts import PURPOSE
from hubtui.model.plan import Basis
from hubtui.model.pulls import PULLERS_OFF
from hubtui.model.roles import Role, role_of
from hubtui.model.text import one_line
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import who_answers
from hubtui.services.problems.situation import CORE_ROLES
from hubtui.services.pullers import awaiter_of

_NAMED: Final = 6
_PULLER: Final = f"component={Role.HOOK_PULLER}"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read for one plan.

    `pods` are the hub's on the node; None where they may not be read. `puller` is the DaemonSet of
    the hook, where there is one, `awaited` whether a helm waits for it. `others` counts the further
    nodes of the same purpose that take new pods; None where nodes may not be listed.
    """

    node: Node
    pods: tuple[kube.Pod, ...] | None
    puller: kube.DaemonSet | None
    awaited: bool
    others: int | None
    release: str
    basis: Basis

    @property
    def name(self) -> str:
        return self.node.metadata.name

    @property
    def cordoned(self) -> bool:
        return self.node.spec.unschedulable

    @property
    def pullers_off(self) -> bool:
        """Whether image pullers are kept off it by hubtui's taint."""
        return is_marked(self.node)

    @property
    def servers(self) -> int:
        """Users' servers on it."""
        return len(self._of(Role.USERS))

    @property
    def core(self) -> tuple[str, ...]:
        """The parts of the hub that are on it."""
        return tuple(role.value for role in CORE_ROLES if self._of(role))

    @property
    def blocking(self) -> tuple[kube.Pod, ...]:
        """The pods of the hook's puller that are not ready there."""
        return blocking(self.pods or (), self.release)

    @property
    def tolerated(self) -> bool:
        """Whether the hook's puller goes to nodes with the taint all the same."""
        return self.puller is not None and any(
            toleration.tolerates(PULLERS_OFF) for toleration in _tolerations(self.puller)
        )

    def _of(self, role: Role) -> list[kube.Pod]:
        return [pod for pod in self.pods or () if role_of(pod, self.release) is role]


async def read(session: ActionSession, name: str) -> Facts:
    """Reads everything anew. Raises NotFoundError, DeniedError, UnreachableError."""
    try:
        node = await session.client.get(NODES, "", name)
    except NotFoundError as error:
        raise await no_such_node(session, name) from error
    pods, puller, awaited, others = await asyncio.gather(
        pods_on(session, name), hook_puller(session), _awaited(session), _others(session, node)
    )
    return Facts(
        node=node,
        pods=pods,
        puller=puller,
        awaited=awaited,
        others=others,
        release=session.release,
        basis=await basis_of(session, node, blocking(pods or (), session.release)),
    )


async def no_such_node(session: ActionSession, name: str) -> NotFoundError:
    """Says which nodes there are, those with a name like it first."""
    try:
        names = sorted(node.metadata.name for node in await session.client.list(NODES))
    except ApiError:
        names = []
    like = get_close_matches(name, names, n=_NAMED)
    first = list(dict.fromkeys([*like, *names]))[:_NAMED]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    remedy = f"There are: {', '.join(first)}{more}." if first else "See kubectl get nodes."
    return NotFoundError(f"There is no node {one_line(name)}", status=404, remedy=remedy)


async def basis_of(session: ActionSession, node: Node, pullers: tuple[kube.Pod, ...]) -> Basis:
    """What a cordon rests on: this very node, its marks, and the pods that would be deleted."""
    meta = node.metadata
    return Basis.of(
        {
            **await who_answers(session),
            "node": f"{meta.name} ({meta.uid})",
            "cordoned": "yes" if node.spec.unschedulable else "no",
            "pullers kept off": "yes" if is_marked(node) else "no",
            "pullers that wait": ", ".join(sorted(p.metadata.name for p in pullers)) or "none",
        }
    )


def is_marked(node: Node) -> bool:
    """Whether a node has the taint that keeps image pullers off."""
    return any(
        (taint.key, taint.effect) == (PULLERS_OFF.key, PULLERS_OFF.effect)
        for taint in node.spec.taints
    )


def blocking(pods: tuple[kube.Pod, ...], release: str) -> tuple[kube.Pod, ...]:
    """Those of these pods that belong to the hook's puller, are not ready, and stay."""
    return tuple(
        pod
        for pod in pods
        if role_of(pod, release) is Role.HOOK_PULLER
        and any(owner.kind == "DaemonSet" for owner in pod.metadata.owner_references)
        and pod.metadata.deletion_timestamp is None
        and not any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions)
    )


async def pods_on(session: ActionSession, node: str) -> tuple[kube.Pod, ...] | None:
    """The pods of the hub's namespace on a node. Raises UnreachableError."""
    fields = f"spec.nodeName={node}"
    try:
        return tuple(await session.client.list(PODS, session.namespace, fields=fields))
    except ApiError:
        return None


async def hook_puller(session: ActionSession) -> kube.DaemonSet | None:
    """The DaemonSet of the hook's puller; None where there is none, or it may not be read."""
    try:
        found = await session.client.list(DAEMONSETS, session.namespace, labels=_PULLER)
    except ApiError:
        return None
    owners = (None, "", session.release)
    return next((each for each in found if each.metadata.labels.get("release") in owners), None)


async def _awaited(session: ActionSession) -> bool:
    try:
        jobs = await session.client.list(JOBS, session.namespace)
    except ApiError:
        return False
    return awaiter_of(jobs) is not None


async def _others(session: ActionSession, node: Node) -> int | None:
    try:
        nodes = await session.client.list(NODES)
    except ApiError:
        return None
    purpose = node.metadata.labels.get(PURPOSE)
    return sum(
        1
        for each in nodes
        if each.metadata.name != node.metadata.name
        and each.metadata.labels.get(PURPOSE) == purpose
        and not each.spec.unschedulable
        and each.ready is not None
        and each.ready.status == "True"
    )


def _tolerations(daemonset: kube.DaemonSet) -> tuple[Toleration, ...]:
    template: Any = daemonset.spec.template or {}
    written = (template.get("spec") or {}).get("tolerations") or ()
    return msgspec.convert(written, tuple[Toleration, ...])
