"""Nodes that nobody works on and that no autoscaler removes: for servers that are left alone and
that the culler does not take soon, or for a stray pod.

While people work, or the culler frees a node by itself, nothing is said; nor of the last node that
is left for who comes, of one that holds placeholders, and of one where the core is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubtui.model.age import precise
from hubtui.model.autoscaler import Autoscaler
from hubtui.model.hub import HubServer, ServerKey
from hubtui.model.idle import CullRule, Forecast, Grid, forecast, stops_from
from hubtui.model.idle_words import clock
from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Node
from hubtui.model.node_facts import PURPOSE, leaving, pool_of
from hubtui.model.packing import CPU, MEMORY, amounts
from hubtui.model.problem import NODE, Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.quantity import short_size
from hubtui.model.roles import Role, role_of, server_of, user_of
from hubtui.model.scale_down import Around, Blocker, Hold, Stays, is_karpenters, stays
from hubtui.services.nodes import NodeRow
from hubtui.services.problems.signs import counted, named
from hubtui.services.problems.situation import CORE_ROLES, HubSeen, Situation

FEW: Final = 2
"""Servers, or stray pods, on a node that is as good as empty; more are a use of their own."""

IDLE: Final = 1800.0
"""Seconds after which a server is taken as left alone: half of the culler's timeout by default, and
longer than a break."""

SOON: Final = 3600.0
"""Seconds in which the culler frees the node by itself: an hour of one node is not worth a word."""

UNKNOWN: Final = 2 * 3600.0
"""Seconds of idleness where the culler's rule is not known: the default one would have come."""

STRAY: Final = 900.0
"""Seconds after which a stray pod is told: an autoscaler waits 10 minutes before it removes a node
(`--scale-down-unneeded-time`)."""

_OTHERWISE: Final = (*CORE_ROLES, Role.USER_PLACEHOLDER, Role.DASK)
"""What a node with it is up for."""


def candidates(
    on_nodes: Mapping[str, Mapping[str, Pod]], hub: HubSeen | None, now: datetime, release: str
) -> Iterator[str]:
    """The nodes that are worth reading more about, by the hub's own pods alone."""
    for name, pods in on_nodes.items():
        if _may_be_held(pods.values(), hub, now, release):
            yield name


def _may_be_held(pods: Collection[Pod], hub: HubSeen | None, now: datetime, release: str) -> bool:
    seated: list[Pod] = []
    for pod in pods:
        role = role_of(pod, release)
        if role is Role.USERS:
            seated.append(pod)
        if role in _OTHERWISE or len(seated) > FEW:
            return False  # most nodes are through after a few pods
    if seated:
        return hub is not None and all(_is_left(pod, hub, now) for pod in seated)
    around = Around(now=now, namespace=_namespace(pods), release=release)
    return _is_stray(stays(None, pods, {}, around), now)


def _namespace(pods: Collection[Pod]) -> str:
    """The hub's namespace, which all its own pods are in."""
    return next((pod.metadata.namespace for pod in pods), "")


def is_bare(row: NodeRow) -> bool:
    """Whether a node for users has none, and no placeholder."""
    taken = row.users or row.guests or row.placeholders
    return not taken and row.node is not None and _is_for_users(row.node)


def _server(pod: Pod, hub: HubSeen) -> HubServer | None:
    return hub.servers.get(ServerKey(user_of(pod), server_of(pod)))


def _rule(hub: HubSeen) -> CullRule:
    return CullRule.of_values({"cull": hub.cull} if hub.cull is not None else {})


def _is_left(pod: Pod, hub: HubSeen, now: datetime) -> bool:
    """Whether nobody uses a server, and the culler does not take it soon."""
    server = _server(pod, hub)
    if server is None or not server.ready or server.pending:
        return False  # one that the hub does not know is an orphan
    seen = server.last_activity or server.started
    if seen is None or pod.metadata.deletion_timestamp is not None:
        return False
    idle = (now - seen).total_seconds()
    rule = _rule(hub)
    if not rule.known:
        return idle >= UNKNOWN
    goes = stops_from(server, rule)
    soon = goes is not None and (goes[0] - now).total_seconds() <= SOON
    return idle >= IDLE and not soon


def _is_stray(found: Stays, now: datetime) -> bool:
    """Whether a few pods that are no servers keep a node, and have done so for a while."""
    sure = [each for each in found.blockers if not each.may and each.pod is not None]
    pods = {each.pod.key: each.pod for each in sure if each.pod is not None}
    if not 1 <= len(pods) <= FEW or found.users:
        return False
    made = [pod.metadata.creation_timestamp for pod in pods.values()]
    return all(at is not None and (now - at).total_seconds() >= STRAY for at in made)


@dataclass(frozen=True, slots=True)
class _Held:
    """A node that nobody works on: since when, for what, and when the culler frees it."""

    name: str
    node: Node
    pool: str
    since: datetime | None
    stays: Stays
    seated: tuple[Pod, ...]


def find(seen: Situation) -> list[Problem]:
    """One problem for each pool."""
    if seen.no_autoscaler and not any(is_karpenters(node) for node in seen.nodes.values()):
        return []  # nobody would remove a node
    held = _spared(seen, [each for name in seen.held if (each := _held(seen, name)) is not None])
    pools: dict[str, list[_Held]] = {}
    for each in held:
        pools.setdefault(each.pool or each.name, []).append(each)
    return [_problem(seen, pool, members) for pool, members in sorted(pools.items())]


def _held(seen: Situation, name: str) -> _Held | None:
    node = seen.nodes.get(name)
    if node is None or not _should_go(node):
        return None
    pods = seen.held[name]
    if any(role_of(pod, seen.release) in _OTHERWISE for pod in pods):
        return None
    found = stays(node, pods, {}, _around(seen))
    seated = tuple(pod for pod in pods if role_of(pod, seen.release) is Role.USERS)
    if not found.held or _goes_by_itself(node, found) or _is_at_least(seen, node):
        return None
    if seated:
        if seen.hub is None or not all(_is_left(pod, seen.hub, seen.now) for pod in seated):
            return None
        since = _latest(_last(seen, pod) for pod in seated)
    else:
        if not _is_stray(found, seen.now) or not _is_for_users(node):
            return None
        since = _latest(_made(each) for each in found.blockers)
    return _Held(name, node, pool_of(node), since, found, seated)


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _made(blocker: Blocker) -> datetime | None:
    return blocker.pod.metadata.creation_timestamp if blocker.pod is not None else None


def _should_go(node: Node) -> bool:
    """Whether a node is well, and nothing has marked it for its end."""
    well = node.ready is None or node.ready.status == "True"
    return well and not leaving(node)


def _goes_by_itself(node: Node, found: Stays) -> bool:
    """Whether somebody has cordoned it and only waits: it will be free."""
    others = any(each.kind is not Hold.USER and not each.may for each in found.blockers)
    return node.spec.unschedulable and not others and found.last_cull is not None


def _is_at_least(seen: Situation, node: Node) -> bool:
    """Whether its group has the fewest nodes that it may have: nothing would remove it."""
    group = seen.autoscaler.group_of(pool_of(node)) if seen.autoscaler is not None else None
    return group is not None and group.size <= group.least


def _is_for_users(node: Node) -> bool:
    return node.metadata.labels.get(PURPOSE) == "user"


def _last(seen: Situation, pod: Pod) -> datetime | None:
    server = _server(pod, seen.hub) if seen.hub is not None else None
    return (server.last_activity or server.started) if server is not None else None


def _around(seen: Situation) -> Around:
    def goes(pod: Pod) -> Forecast | None:
        server = _server(pod, seen.hub) if seen.hub is not None else None
        if seen.hub is None or server is None:
            return None
        rule = _rule(seen.hub)
        return forecast(server, rule, seen.now, Grid(None, rule.every))

    return Around(
        now=seen.now,
        namespace=seen.namespace,
        release=seen.release,
        budgets=seen.budgets or {},
        everywhere=seen.budgets is not None,
        goes=goes,
    )


def _spared(seen: Situation, held: Sequence[_Held]) -> list[_Held]:
    """Without one of them where no other node would be left for who comes."""
    seats = {name for name, node in seen.nodes.items() if _seats(node)}
    if seats.difference(each.name for each in held) or not held:
        return list(held)
    kept = max(held, key=lambda each: (len(each.seated), each.name))
    return [each for each in held if each is not kept]


def _seats(node: Node) -> bool:
    """Whether a server may be started on a node."""
    well = node.ready is not None and node.ready.status == "True"
    taken = node.metadata.labels.get(PURPOSE, "user") != "user"
    return well and not taken and not node.spec.unschedulable and not leaving(node)


def _problem(seen: Situation, pool: str, members: Sequence[_Held]) -> Problem:
    servers = [pod for each in members for pod in each.seated]
    since = [each.since for each in members if each.since is not None]
    return Problem(
        incident=Incident.SCALE_DOWN,
        level=Level.SOON,
        title=_title(members, servers),
        effect=_effect(members),
        todo=_todo(seen, members, servers),
        evidence=tuple(_evidence(seen, members)),
        since=min(since, default=None),
        missing=seen.unread("autoscaler"),
        targets=(
            *(Target("node", each.name) for each in members),
            *(Target("server", _key(pod)) for pod in servers),
            *(Target("pod", pod.metadata.name) for pod in _strays(members)),
        ),
        fixes=tuple(_fixes(members, servers)),
        subject=pool,
    )


def _key(pod: Pod) -> str:
    return str(ServerKey(user_of(pod), server_of(pod)))


def _strays(members: Iterable[_Held]) -> list[Pod]:
    pods = {
        each.pod.key: each.pod
        for member in members
        for each in member.stays.blockers
        if each.pod is not None and each.kind is not Hold.USER and not each.may
    }
    return list(pods.values())


def _title(members: Sequence[_Held], servers: Sequence[Pod]) -> str:
    names = named(each.name for each in members)
    nodes = f"Node {names} stays" if len(members) == 1 else f"{len(members)} nodes stay ({names})"
    for_whom = []
    if servers:
        who = named(_key(pod) for pod in servers)
        for_whom.append(f"{counted(len(servers), 'server')} that nobody uses ({who})")
    strays = _strays(members)
    if strays:
        pods = named(f"{pod.metadata.namespace}/{pod.metadata.name}" for pod in strays)
        for_whom.append(f"{counted(len(strays), 'stray pod')} ({pods})")
    return f"{nodes} for {' and '.join(for_whom)}"


def _effect(members: Sequence[_Held]) -> str:
    sizes = [words for each in members if (words := _size(each.node))]
    what = f" ({'; '.join(sizes[:3])})" if sizes else ""
    nodes = "A node is" if len(members) == 1 else f"{len(members)} nodes are"
    return (
        f"{nodes} paid for that nobody works on{what}, unless the pool's minimum keeps it. Users "
        "notice nothing."
    )


def _size(node: Node) -> str:
    has = amounts(node.status.allocatable)
    cpu, memory = has.get(CPU, 0), has.get(MEMORY, 0)
    return f"{cpu / 1000:g} cores, {short_size(memory)}" if cpu and memory else ""


def _todo(seen: Situation, members: Sequence[_Held], servers: Sequence[Pod]) -> str:
    if not servers:
        return "Delete what nobody needs any more, or give it a controller and let it be evicted."
    goes = [each.stays.last_cull for each in members if each.seated]
    last = _latest(goes)
    if last is not None and None not in goes:
        left = precise((last - seen.now).total_seconds())
        when = f"The culler frees it {clock(last, seen.now)} at the earliest (in {left}):"
        return f"{when} cordon it and wait, or stop the servers now."
    return "The culler never frees it: stop the servers, and cordon it so that nobody new comes."


def _evidence(seen: Situation, members: Sequence[_Held]) -> Iterator[Evidence]:
    for each in members[:3]:
        pool = f" of pool {each.pool}" if each.pool else ""
        yield Evidence("node", f"{each.name}{pool}: {each.stays.words}", each.since, warning=True)
        for blocker in each.stays.blockers:
            yield Evidence(blocker.kind, blocker.words, _at(seen, blocker))
    if len(members) > 3:
        yield Evidence("node", f"and {len(members) - 3} more nodes like these")
    if seen.autoscaler is not None:
        yield Evidence("autoscaler", _autoscaler_words(seen.autoscaler, members[0].pool))


def _autoscaler_words(known: Autoscaler, pool: str) -> str:
    words = "a Cluster Autoscaler is at work"
    group = known.group_of(pool)
    if group is not None:
        words += (
            f": {group.name} has {counted(group.size, 'node')}, from {group.least} to {group.most}"
        )
    elif known.scale_down:
        words += f"; it says of scale-down: {known.scale_down}"
    return words


def _at(seen: Situation, blocker: Blocker) -> datetime | None:
    seen_at = _last(seen, blocker.pod) if blocker.pod is not None else None
    return seen_at or _made(blocker)


def _fixes(members: Sequence[_Held], servers: Sequence[Pod]) -> Iterator[Fix]:
    first = members[0]
    if servers:
        keys = sorted(_key(pod) for pod in servers)
        words = f"stop {counted(len(keys), 'idle server')}: {named(keys)}"
        yield Fix(Verb.STOP, keys[0], words, more=tuple(keys[1:]))
    if not first.node.spec.unschedulable:
        yield Fix(Verb.CORDON, first.name, f"cordon {first.name}, and wait until it is empty")
    yield Fix(Verb.DRAIN, first.name, "who is hit, do they fit elsewhere, and the ways to empty it")
    yield Fix(Verb.WHY, f"{NODE}{first.name}", f"all that keeps {first.name}")
    strays = [pod for pod in _strays([first]) if not servers]
    if strays:
        name = strays[0].metadata.name
        yield Fix(Verb.EVENTS, name, f"the events of {name}")
