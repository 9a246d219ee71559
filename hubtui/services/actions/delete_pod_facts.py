"""What the deletion of a pod is planned from: the pod, who makes it again, what guards it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hubtui.errors import ApiError, HubtuiError, NotFoundError
from hubtui.model.hub import ServerKey
from hubtui.model.kinds import BUDGETS, DEPLOYMENTS, NODES, WHOLE_PODS
from hubtui.model.kube import Condition
from hubtui.model.kube_changes import Budget
from hubtui.model.kube_needs import WholePod
from hubtui.model.plan import Basis
from hubtui.model.podstate import PodState, state_of
from hubtui.model.release import RevisionHead
from hubtui.model.roles import Role, component_of, role_of, server_of, user_of
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import newest_revision, who_answers
from hubtui.services.rollouts import WORKLOADS, Target

DEFAULT_GRACE = 30
"""Seconds that a pod has without terminationGracePeriodSeconds of its own."""

NO_SERVER = "the hub knows no server for it"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read for one plan.

    `workload` is what makes the pod again and can be followed; `budgets` is None where they may
    not be read; `node` is the node's condition Ready, `node_error` why that is not known.
    """

    pod: WholePod
    state: PodState
    role: Role
    owner: str
    workload: Target | None
    budgets: tuple[Budget, ...] | None
    node: Condition | None
    node_error: str
    newest: RevisionHead | None
    basis: Basis
    hub: str = ""

    @property
    def name(self) -> str:
        return self.pod.metadata.name

    @property
    def user(self) -> str:
        """The user whose server it is; empty for any other pod."""
        return user_of(self.pod) if self.role is Role.USERS else ""

    @property
    def server(self) -> str:
        return server_of(self.pod)

    @property
    def leaving(self) -> bool:
        """Whether somebody has deleted it already."""
        return self.pod.metadata.deletion_timestamp is not None

    @property
    def claims(self) -> tuple[str, ...]:
        """The persistent volume claims that it mounts."""
        volumes = self.pod.spec.volumes
        claims = (volume.persistent_volume_claim for volume in volumes)
        return tuple(claim.claim_name for claim in claims if claim is not None)


async def read(session: ActionSession, name: str, *, orphan: bool = False) -> Facts:
    """Reads everything anew; of an `orphan` what the hub says too. Raises NotFoundError,
    DeniedError, UnreachableError."""
    pod = await session.client.get(WHOLE_PODS, session.namespace, name)
    hub = await hubs_word(session, pod) if orphan else ""
    budgets, (node, node_error), newest, workload = await asyncio.gather(
        _budgets(session, pod),
        _node(session, pod),
        newest_revision(session),
        _made_by(session, pod),
    )
    return Facts(
        pod=pod,
        state=state_of(pod),
        role=role_of(pod, session.release),
        owner=owner_of(pod),
        workload=workload,
        budgets=budgets,
        node=node,
        node_error=node_error,
        newest=newest,
        basis=await basis_of(session, pod, hub),
        hub=hub,
    )


async def hubs_word(session: ActionSession, pod: WholePod) -> str:
    """What the hub says of the server that a pod is of: NO_SERVER, its state, or why it is not
    known."""
    key = ServerKey(user_of(pod), server_of(pod))
    if role_of(pod, session.release) is not Role.USERS:
        return "the hub has nothing to say of it: it is no server"
    try:
        user = await (await session.hub_link.open()).user(key.user)
    except NotFoundError:
        return NO_SERVER
    except HubtuiError as error:
        return f"the hub could not be asked: {error.what}"
    server = user.servers.get(key.server)
    if server is None or server.stopped:
        return NO_SERVER
    state = f"pending {server.pending}" if server.pending else "ready" if server.ready else "there"
    return f"the hub has a server {key}, which is {state}"


async def basis_of(session: ActionSession, pod: WholePod, hub: str = "") -> Basis:
    """What a deletion rests on: this very pod, on this node, in this state, and what the hub says
    of it where it was asked."""
    meta = pod.metadata
    return Basis.of(
        {
            **await who_answers(session),
            "pod": f"{meta.name} ({meta.uid})",
            "node": pod.spec.node_name or "none",
            "up": "yes" if state_of(pod).up else "no",
            "deleted": "yes" if meta.deletion_timestamp else "no",
            **({"hub": hub} if hub else {}),
        }
    )


def owner_of(pod: WholePod) -> str:
    """The controller of a pod, `ReplicaSet/hub-6d9c7f`; empty for a pod of its own."""
    for owner in pod.metadata.owner_references:
        if owner.controller:
            return f"{owner.kind}/{owner.name}"
    return ""


async def _made_by(session: ActionSession, pod: WholePod) -> Target | None:
    kind, _, name = owner_of(pod).partition("/")
    component = component_of(pod.metadata.labels)
    namespace = pod.metadata.namespace
    if kind in WORKLOADS:
        return Target(kind, namespace, name, component)
    if kind != "ReplicaSet":
        return None
    try:
        deployments = await session.client.list(DEPLOYMENTS, namespace)
    except ApiError:
        return None
    for each in deployments:
        selector = each.spec.selector.match_labels
        if selector and selector.items() <= pod.metadata.labels.items():
            return Target("Deployment", namespace, each.metadata.name, component)
    return None


async def _budgets(session: ActionSession, pod: WholePod) -> tuple[Budget, ...] | None:
    try:
        found = await session.client.list(BUDGETS, pod.metadata.namespace)
    except ApiError:
        return None
    return tuple(each for each in found if each.covers(pod.metadata.labels))


async def _node(session: ActionSession, pod: WholePod) -> tuple[Condition | None, str]:
    name = pod.spec.node_name
    if not name:
        return None, "it is on no node"
    try:
        node = await session.client.get(NODES, "", name)
    except NotFoundError:
        return None, f"node {name} does not exist any more"
    except ApiError as error:
        return None, error.what
    return node.ready, "" if node.ready else f"node {name} has never reported"
