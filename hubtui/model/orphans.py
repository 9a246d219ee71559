"""Where hub, pods and proxy disagree: each in words, with the safe fix.

A pod is held against the hub's servers by KubeSpawner's annotations, a route by its data. What is
seen once may be a spawn or a stop that is under way: only what lasts counts. Source: the life of a
server (facts.md §2.4); the hub polls its servers each 30 s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from hubtui.model.age import seconds_between
from hubtui.model.disagreement import (
    YOUNG,
    Disagreement,
    Kind,
    Look,
    age_of,
    has_ended,
    lives,
    stop,
)
from hubtui.model.hub import HubServer, ServerKey
from hubtui.model.kube import Pod
from hubtui.model.orphan_routes import host_of, key_of, of_routes
from hubtui.model.problem import Fix, Verb

APART: Final = 5.0
"""Seconds that two looks are apart at least until what both have seen is told."""

POLLED: Final = 60.0
"""Seconds in which the hub finds out that a pod is gone."""

STOPPING: Final = 120.0
"""Seconds that a stop may take."""

_PATIENCE: Final[Mapping[Kind, float]] = {
    Kind.LOST_SERVER: POLLED,
    Kind.PENDING_STOP: STOPPING,
    Kind.LOST_NODE: 0.0,
}


def find(look: Look, seen: Mapping[str, datetime]) -> tuple[Disagreement, ...]:
    """All that disagrees now; `seen` says since when, by the key of a disagreement.

    Nothing is said of a pod, a server or a route where one of the sides is not known.
    """
    found: list[Disagreement] = []
    if look.users is not None:
        servers = look.servers
        pods = _by_server(look.pods) if look.pods is not None and not look.elsewhere else None
        if pods is not None:
            found += _of_pods(look, servers, pods)
            found += _of_servers(look, servers, pods)
        if look.routes is not None:
            found += of_routes(look, look.routes, servers, pods)
    return tuple(_settled(each, look, seen) for each in found)


def is_soon_known(found: Disagreement) -> bool:
    """Whether a second look, APART from the first, tells if it lasts."""
    return found.ripe and not found.lasts and found.kind not in _PATIENCE


def _settled(found: Disagreement, look: Look, seen: Mapping[str, datetime]) -> Disagreement:
    first = seen.get(found.key, look.at)
    watched = seconds_between(first, look.at)
    told = seconds_between(found.since, look.at) if found.since else 0.0
    patience = _PATIENCE.get(found.kind, APART)
    lasts = found.ripe and watched >= min(APART, patience) and max(watched, told) >= patience
    return replace(found, since=found.since or first, lasts=lasts)


def _by_server(pods: Iterable[Pod]) -> dict[ServerKey, list[Pod]]:
    """The pods by KubeSpawner's annotations; one without them is nobody's to judge."""
    found: dict[ServerKey, list[Pod]] = defaultdict(list)
    for pod in pods:
        notes = pod.metadata.annotations
        if notes.username:
            found[ServerKey(notes.username, notes.servername or "")].append(pod)
    return found


# -- pods


def _of_pods(
    look: Look,
    servers: Mapping[ServerKey, HubServer],
    pods: Mapping[ServerKey, list[Pod]],
) -> Iterator[Disagreement]:
    for key, members in pods.items():
        for pod in members:
            if pod.metadata.name in look.silent:
                yield _on_lost_node(look, key, pod)
            elif key not in servers:
                yield _orphan(look, key, pod)
        if key in servers:
            yield from _second(look, key, members)


def _orphan(look: Look, key: ServerKey, pod: Pod) -> Disagreement:
    meta = pod.metadata
    created, leaving = meta.creation_timestamp, meta.deletion_timestamp
    if leaving is not None:
        words = f"{meta.name} was to go and is still there; the hub knows no server {key} any more"
        todo = "Delete it by force when nothing else helps: its node may still run it."
    elif has_ended(pod):
        words = f"{meta.name} has ended and was left; the hub knows no server {key}"
        todo = "Delete the pod: it holds its name, and a new server has to remove it first."
    else:
        words = f"{meta.name} is there, and the hub knows no server {key}"
        todo = (
            "Delete the pod: nobody reaches it, it is never culled, and it holds its node. What "
            "is not saved in it is lost; its volume stays."
        )
    force = leaving is not None
    how = " by force" if force else ""
    fix = Fix(Verb.DELETE_POD, meta.name, f"delete {meta.name}{how}", force=force, orphan=not force)
    return Disagreement(
        kind=Kind.ORPHAN_POD,
        server=key,
        pod=meta.name,
        words=words,
        todo=todo,
        ripe=seconds_between(leaving or created or look.at, look.at) >= YOUNG,
        fixes=(fix,),
    )


def _second(look: Look, key: ServerKey, members: Sequence[Pod]) -> Iterator[Disagreement]:
    """Pods beside the one that a server's route leads to."""
    living = [pod for pod in members if lives(pod)]
    if len(living) < 2:
        return
    hosts = {host_of(route) for route in (look.routes or {}).values() if key_of(route) == key}
    used = {pod.metadata.name for pod in living if pod.status.pod_ip in hosts}
    if len(used) != 1:
        return
    for pod in living:
        name = pod.metadata.name
        if name in used:
            continue
        created = pod.metadata.creation_timestamp or look.at
        yield Disagreement(
            kind=Kind.SECOND_POD,
            server=key,
            pod=name,
            words=f"{name} runs beside {', '.join(used)}, which is the one that {key} reaches",
            todo="Delete this pod: two of them may write to one volume.",
            ripe=seconds_between(created, look.at) >= YOUNG,
            fixes=(Fix(Verb.DELETE_POD, name, f"delete {name}"),),
        )


def _on_lost_node(look: Look, key: ServerKey, pod: Pod) -> Disagreement:
    name, node = pod.metadata.name, pod.spec.node_name
    since = look.silent[name]
    leaving = pod.metadata.deletion_timestamp is not None
    words = f"{name} is on {node or 'a node'}, of which nobody hears"
    force = Fix(
        Verb.DELETE_POD, name, f"delete {name} by force, only when the machine is off", force=True
    )
    return Disagreement(
        kind=Kind.LOST_NODE,
        server=key,
        pod=name,
        words=f"{words}; it is to be deleted and cannot be" if leaving else words,
        todo="Bring the node back or remove it. By force only when the machine is surely off.",
        since=since,
        ripe=seconds_between(since, look.at) >= YOUNG,
        fixes=(Fix(Verb.WHY, name, f"what explains {name}"), *((force,) if leaving else ())),
    )


# -- servers


def _of_servers(
    look: Look,
    servers: Mapping[ServerKey, HubServer],
    pods: Mapping[ServerKey, list[Pod]],
) -> Iterator[Disagreement]:
    for key, server in servers.items():
        members = pods.get(key, [])
        if server.pending == "stop":
            yield _stopping(key, members)
        elif server.ready and all(has_ended(pod) for pod in members):
            yield _lost(look, key, server, members)


def _lost(look: Look, key: ServerKey, server: HubServer, members: Sequence[Pod]) -> Disagreement:
    pod = members[0].metadata.name if members else ""
    state = f"its pod {pod} has ended" if members else "there is no pod of it"
    return Disagreement(
        kind=Kind.LOST_SERVER,
        server=key,
        pod=pod,
        words=f"the hub takes {key} for ready, and {state}",
        todo="Stop the server: its user sees an error instead of a start button until then. "
        "Nothing is lost, it does not run.",
        ripe=age_of(server, look.at) >= YOUNG,
        fixes=(stop(key),),
    )


def _stopping(key: ServerKey, members: Sequence[Pod]) -> Disagreement:
    leaving = [pod.metadata.deletion_timestamp for pod in members]
    since = min((each for each in leaving if each is not None), default=None)
    pod = members[0].metadata.name if members else ""
    restart = Fix(Verb.RESTART, "hub", "restart the hub, which forgets the stop")
    if not members:
        words, todo = "and its pod is gone", "Restart the hub: it looks at its servers anew then."
        fixes: tuple[Fix, ...] = (restart,)
    elif since is not None:
        words = f"and {pod} does not end"
        todo = "See why the pod does not end; by force only when its node is gone."
        force = Fix(Verb.DELETE_POD, pod, f"delete {pod} by force", force=True)
        fixes = (Fix(Verb.WHY, pod, f"what explains {pod}"), force, restart)
    else:
        words, todo = f"and {pod} was never deleted", "Stop it once more, else delete its pod."
        fixes = (stop(key), Fix(Verb.DELETE_POD, pod, f"delete {pod}"), restart)
    return Disagreement(
        kind=Kind.PENDING_STOP,
        server=key,
        pod=pod,
        words=f"the hub is about to stop {key}, {words}; nobody can start it",
        todo=todo,
        since=since,
        fixes=fixes,
    )
