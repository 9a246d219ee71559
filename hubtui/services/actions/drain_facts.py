"""What a drain is planned from: a node, each pod on it, who is hit, and where there is room."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubtui.errors import ApiError, DeniedError, HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.draining import Berth, Fit, Kind, Mover, fit, kind_of
from hubtui.model.hub import Caller, HubServer, HubUser, ServerKey
from hubtui.model.idle import Forecast, forecast
from hubtui.model.kinds import BUDGETS, CLAIMS, NODES, PODS, VOLUMES, WHOLE_PODS
from hubtui.model.kube_changes import Budget
from hubtui.model.kube_needs import Claim, Node, WholePod
from hubtui.model.node_facts import PURPOSE
from hubtui.model.packing import Amounts, counts, requests, sum_of
from hubtui.model.placing import Wanting
from hubtui.model.plan import Basis
from hubtui.model.roles import HUB_SELECTOR, server_of, user_of
from hubtui.model.scale_down import controller_of
from hubtui.model.volumes import Volume
from hubtui.model.why_facts import claim_names
from hubtui.services import journal
from hubtui.services.actions import ActionSession, stop_facts
from hubtui.services.actions.common import who_answers
from hubtui.services.actions.cordon_facts import no_such_node
from hubtui.services.culler import Culler
from hubtui.services.seat_places import gives_way

ROOM_FOR: Final = timedelta(minutes=2)
"""How long what is known of the room on other nodes is taken as it is by who goes on looking: it
needs all pods of the cluster."""

_LIVE: Final = "status.phase!=Succeeded,status.phase!=Failed"


@dataclass(frozen=True, slots=True)
class Aboard:
    """A pod on the node. `server` is whose it is, and what the hub has of that, for a user's."""

    pod: WholePod
    kind: Kind
    key: ServerKey | None = None
    user: HubUser | None = None
    server: HubServer | None = None
    goes: Forecast | None = None

    @property
    def uid(self) -> str:
        return self.pod.metadata.uid

    @property
    def name(self) -> str:
        """As it is called among all pods of the node: `hub/jupyter-alice`."""
        return self.pod.key

    @property
    def makes_again(self) -> bool:
        """Whether something makes it again elsewhere: its workload, or its user with the hub."""
        return self.kind is Kind.SERVER or controller_of(self.pod) is not None

    @property
    def leaving(self) -> bool:
        """Whether it is on its way out already."""
        return self.pod.metadata.deletion_timestamp is not None


@dataclass(frozen=True, slots=True)
class Room:
    """Where the pods of the node fit, as of `at`: None where nodes may not be listed. `notes` are
    what was not read of it, `uids` the pods that it is about."""

    at: datetime
    fit: Fit | None
    notes: tuple[str, ...] = ()
    uids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that was read at `now`.

    `unasked` is why the hub was not asked, "" where it was; `budgets` is None where they may not be
    read. `hidden`: pods of other namespaces may not be read.
    """

    now: datetime
    node: Node
    aboard: tuple[Aboard, ...]
    hidden: bool
    budgets: tuple[Budget, ...] | None
    room: Room
    caller: Caller | None
    unasked: str
    culler: Culler
    namespace: str
    hub: str
    cluster: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.node.metadata.name

    def of(self, *kinds: Kind) -> tuple[Aboard, ...]:
        """The pods of these kinds."""
        return tuple(each for each in self.aboard if each.kind in kinds)

    @property
    def servers(self) -> tuple[Aboard, ...]:
        """The users' servers."""
        return self.of(Kind.SERVER)

    def guards(self, pod: kube.Pod) -> tuple[Budget, ...]:
        """The disruption budgets that an eviction of a pod asks."""
        return tuple(
            each
            for each in self.budgets or ()
            if each.metadata.namespace == pod.metadata.namespace
            and each.covers(pod.metadata.labels)
        )

    def basis(self, way: str, chosen: str) -> Basis:
        """What a plan rests on: who answers, this very node with its mark, and what is chosen."""
        return basis_of(self.cluster, self.hub, self.node, way, chosen)


def basis_of(cluster: Mapping[str, str], hub: str, node: Node, way: str, chosen: str) -> Basis:
    """A basis of these parts."""
    meta = node.metadata
    return Basis.of(
        {
            **cluster,
            "hub": hub,
            "node": f"{meta.name} ({meta.uid})",
            "cordoned": "yes" if node.spec.unschedulable else "no",
            "way": way,
            "pods": chosen,
        }
    )


async def read(session: ActionSession, name: str, before: Facts | None = None) -> Facts:
    """Reads everything anew; where somebody looks again and again, with what they knew `before`,
    neither the culler's rule nor, for ROOM_FOR, the room on all other nodes.

    Raises NotFoundError when there is no such node, DeniedError, UnreachableError.
    """
    try:
        node = await session.client.get(NODES, "", name)
    except NotFoundError as error:
        raise await no_such_node(session, name) from error
    pods, hidden = await pods_on(session, name)
    aboard = [_aboard(session, pod) for pod in pods]
    budgets, room, culler, (users, unasked) = await asyncio.gather(
        _budgets(session, hidden=hidden),
        _room(session, node, aboard, before.room if before is not None else None),
        _culler(session, before.culler if before is not None else None),
        ask_hub(session, {each.key.user for each in aboard if each.key is not None}),
    )
    now = journal.now()
    return Facts(
        now=now,
        node=node,
        aboard=tuple(known(each, users, culler, now) for each in aboard),
        hidden=hidden,
        budgets=budgets,
        room=room,
        caller=session.hub_link.caller,
        unasked=unasked,
        culler=culler,
        namespace=session.namespace,
        hub=hub_word(session),
        cluster=await who_answers(session),
    )


async def pods_on(session: ActionSession, node: str) -> tuple[list[WholePod], bool]:
    """The pods on a node, and whether those of other namespaces may not be read.

    Raises DeniedError where not even those of the hub may be, UnreachableError.
    """
    fields = f"spec.nodeName={node}"
    try:
        return await session.client.list(WHOLE_PODS, fields=fields), False
    except DeniedError:
        return await session.client.list(WHOLE_PODS, session.namespace, fields=fields), True


async def ask_hub(
    session: ActionSession, names: Iterable[str]
) -> tuple[Mapping[str, HubUser], str]:
    """What the hub has of users, and why it was not asked. Raises nothing that it is to blame
    for."""
    try:
        hub = await session.hub_link.open()
        return await stop_facts.users_of(hub, sorted(names)), ""
    except HubtuiError as error:
        return {}, error.what


def hub_word(session: ActionSession) -> str:
    """Which hub it is, as whom; the same while it does not answer."""
    caller = session.hub_link.caller
    return f"{session.namespace}/{session.release} as {caller.name if caller else 'nobody'}"


def _aboard(session: ActionSession, pod: WholePod) -> Aboard:
    kind = kind_of(pod, session.namespace, session.release)
    key = ServerKey(user_of(pod), server_of(pod)) if kind is Kind.SERVER else None
    return Aboard(pod, kind, key)


def known(each: Aboard, users: Mapping[str, HubUser], culler: Culler, now: datetime) -> Aboard:
    """A pod with what the hub has of its server."""
    user = users.get(each.key.user) if each.key is not None else None
    server = user.servers.get(each.key.server) if user is not None and each.key else None
    if server is None:
        return Aboard(each.pod, each.kind, each.key, user)
    goes = forecast(server, culler.rule, now, culler.grid)
    return Aboard(each.pod, each.kind, each.key, user, server, goes)


async def _culler(session: ActionSession, before: Culler | None) -> Culler:
    """The rule of the hub's culler and when it runs; a rule that cannot be read is unknown."""
    if before is not None:
        return before
    try:
        pods = await session.client.list(PODS, session.namespace, labels=HUB_SELECTOR)
    except ApiError:
        pods = []
    culler = Culler(session.hub_link, pods, session.release, session.pods)
    await culler.read()
    return culler


async def _budgets(session: ActionSession, *, hidden: bool) -> tuple[Budget, ...] | None:
    for namespace in (session.namespace,) if hidden else ("", session.namespace):
        try:
            return tuple(await session.client.list(BUDGETS, namespace))
        except ApiError:
            continue
    return None


async def _room(
    session: ActionSession, node: Node, aboard: Sequence[Aboard], before: Room | None
) -> Room:
    """Whether what leaves fits on the other nodes, all of it together."""
    now = journal.now()
    leaving = [
        each
        for each in aboard
        if each.kind in (Kind.SERVER, Kind.OTHER, Kind.CORE) and each.makes_again
    ]
    uids = frozenset(each.uid for each in leaving)
    if before is not None and before.uids == uids and now - before.at < ROOM_FOR:
        return before
    if not leaving:
        return Room(now, Fit())
    notes: list[str] = []
    try:
        nodes = await session.client.list(NODES)
    except ApiError:
        return Room(now, None, ("nodes may not be listed",), uids)
    pods = await _all_pods(session, notes)
    volumes = await _volumes(session, leaving, notes)
    movers = [
        Mover(each.name, Wanting.of(each.pod), tuple(volumes.get(each.name, ())))
        for each in leaving
    ]
    least = min((each.wanting.priority for each in movers), default=0)
    found = fit(movers, berths(nodes, node, pods, least))
    return Room(now, found, tuple(notes), uids)


def berths(
    nodes: Iterable[Node], drained: Node, pods: Iterable[kube.Pod], priority: int
) -> list[Berth]:
    """The nodes that take new pods, but for the one that is drained; those of its purpose first.
    Placeholders of less than a `priority` make room (facts.md §1.8)."""
    purpose = drained.metadata.labels.get(PURPOSE)
    used: defaultdict[str, list[Amounts]] = defaultdict(list)
    taken: Counter[str] = Counter()
    for pod in pods:
        if counts(pod) and not gives_way(pod, priority):
            used[pod.spec.node_name].append(requests(pod))
            taken[pod.spec.node_name] += 1
    return [
        Berth(each, sum_of(used[each.metadata.name]), taken[each.metadata.name])
        for each in sorted(nodes, key=lambda node: node.metadata.labels.get(PURPOSE) != purpose)
        if each.metadata.name != drained.metadata.name
        and not each.spec.unschedulable
        and each.ready is not None
        and each.ready.status == "True"
    ]


async def _all_pods(session: ActionSession, notes: list[str]) -> list[kube.Pod]:
    for namespace in ("", session.namespace):
        try:
            found = await session.client.list(PODS, namespace, fields=_LIVE)
        except ApiError:
            continue
        if namespace:
            notes.append("pods of other namespaces may not be read: perhaps there is less room")
        return found
    notes.append("pods may not be read: perhaps there is less room")
    return []


async def _volumes(
    session: ActionSession, leaving: Sequence[Aboard], notes: list[str]
) -> dict[str, list[Volume]]:
    """The volumes of pods' claims, as far as they may be read."""
    wanted = {each.name: claim_names(each.pod) for each in leaving}
    if not any(wanted.values()):
        return {}
    where = {each.pod.metadata.namespace for each in leaving if wanted[each.name]}
    claims: list[Claim] = []
    try:
        volumes = {each.metadata.name: each for each in await session.client.list(VOLUMES)}
        for namespace in sorted(where, key=lambda name: name != session.namespace):
            claims += await session.client.list(CLAIMS, namespace)
    except ApiError:
        notes.append("not all volumes may be read: which zone they are in is unknown")
        if not claims:
            return {}
    bound = {each.key: volumes.get(each.spec.volume_name) for each in claims}
    found: dict[str, list[Volume]] = {}
    for each in leaving:
        namespace = each.pod.metadata.namespace
        named = [bound.get(f"{namespace}/{claim}") for claim in wanted[each.name]]
        found[each.name] = [volume for volume in named if volume is not None]
    return found
