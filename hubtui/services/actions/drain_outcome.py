"""How a drain ended, in words: what is left on the node, and the way on and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hubtui.errors import NotFoundError
from hubtui.model.draining import Kind, kind_of
from hubtui.model.hub import ServerKey
from hubtui.model.kinds import NODES
from hubtui.model.kube import Pod
from hubtui.model.plan import FailedObject, Outcome, Result, Step, StepState
from hubtui.model.roles import role_of, server_of, user_of
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import counted
from hubtui.services.actions.drain_choice import DrainRequest, Way
from hubtui.services.actions.drain_facts import pods_on
from hubtui.services.actions.drain_watch import Seen
from hubtui.services.actions.drain_words import back, words_of
from hubtui.services.actions.stop_facts import named

EACH: Final = 50
"""Lines up to which an outcome has all of them; of more it has those that are not done."""

_NAMED: Final = 5
LEAVE: Final = (Kind.SERVER, Kind.OTHER, Kind.PLACEHOLDER, Kind.CORE)
"""What an eviction of all that can leave leaves none of."""

_HOLDING: Final = (Kind.CORE, Kind.OTHER)
"""What would go down with the node, beside servers of this hub: its parts, other hubs' servers."""


class Why(StrEnum):
    """Why a drain ended before the node was empty, in words; DONE where it is."""

    DONE = ""
    GONE = "the node is gone"
    OPEN = "somebody has uncordoned it"
    ASKED = "it was asked to end"
    FAILED = "not all of it leaves"
    AWAY = "parts of the hub are not ready elsewhere"


_RESULTS: Final = {
    Why.DONE: Result.OK,
    Why.FAILED: Result.FAILED,
    Why.AWAY: Result.FAILED,
}


@dataclass(frozen=True, slots=True)
class Run:
    """What a drain came to: the last look, None where there was none; pods and servers that failed
    to leave; `refused` is why the hub was asked no further."""

    request: DrainRequest
    why: Why
    seen: Seen | None
    steps: tuple[Step, ...] = ()
    failed: tuple[FailedObject, ...] = ()
    notes: tuple[str, ...] = ()


def outcome_of(run: Run) -> Outcome:
    """The outcome of a run."""
    node = run.request.node
    if run.why is Why.GONE:
        words = f"node {node} is gone: nothing is left on it"
        return Outcome(Result.OK, words, notes=run.notes, steps=_kept(run.steps))
    left = _left(run)
    result = _RESULTS.get(run.why, Result.INTERRUPTED)
    if run.why is Why.DONE:
        words = f"{node} is cordoned and {_empty(run.request)}"
    else:
        state = "is not cordoned any more" if run.why is Why.OPEN else "is cordoned"
        words = f"{node} {state}, {left}: {run.why.value}"
    return Outcome(
        result,
        words,
        failed=run.failed,
        next_steps=_next_steps(run),
        notes=(*run.notes, *_stays(run)),
        steps=_kept(run.steps),
    )


def _empty(request: DrainRequest) -> str:
    if request.way is Way.EVICT:
        return "empty but for what belongs to the node"
    return "no server is left on it"


def _left(run: Run) -> str:
    if run.seen is None:
        return "and what is left on it is not known"
    kinds = LEAVE if run.request.way is Way.EVICT else (Kind.SERVER,)
    return left_words(run.seen.of(*kinds), run.seen.of(Kind.SERVER))


def left_words(pods: Sequence[Pod], servers: Sequence[Pod]) -> str:
    """What is left on a node: servers by their users, other pods by their names."""
    keys = sorted(ServerKey(user_of(pod), server_of(pod)) for pod in servers)
    others = [pod.key for pod in pods if pod not in servers]
    parts = []
    if keys:
        parts.append(f"{counted(len(keys), 'server')} left ({named(keys, _NAMED)})")
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        names = ", ".join(others[:_NAMED])
        parts.append(f"{counted(len(others), 'other pod')} left ({names}{more})")
    return " and ".join(parts) or "nothing left on it"


def _stays(run: Run) -> tuple[str, ...]:
    """What is left on the node by the way that was chosen, and what could not be seen of it."""
    if run.seen is None:
        return ()
    found = []
    if run.seen.hidden:
        found.append("pods of other namespaces may not be read: whether some are on it is unknown")
    pods = [] if run.request.way is Way.EVICT else run.seen.of(*_HOLDING, Kind.PLACEHOLDER)
    if pods:
        own = run.seen.of(Kind.CORE, Kind.PLACEHOLDER)
        names = [role_of(pod).value if pod in own else pod.key for pod in pods]
        which = ", ".join(dict.fromkeys(names))
        words = f"still on it, which this way leaves: {which}"
        found.append(f"{words}; hubtui drain {run.request.node} --way evict moves it")
    return tuple(found)


def _next_steps(run: Run) -> tuple[str, ...]:
    node = run.request.node
    if run.why is Why.DONE and run.seen is not None and run.seen.of(*_HOLDING):
        return (f"Others are still on it: see who, before it is removed; {back(node)}",)
    if run.why is Why.DONE:
        if run.seen is not None and run.seen.hidden:
            return (f"Ask who may see all pods before the node is removed; {back(node)}",)
        return (f"The node can be removed or mended now; {back(node)}",)
    if run.why is Why.AWAY:
        return ("hubtui problems says what they wait for.", back(node))
    forced = [
        f"See whether node {node} is well; hubtui delete-pod {each.name.rpartition('/')[2]} --force"
        " has the apiserver forget the pod."
        for each in run.failed
        if "still there" in each.reason
    ]
    return (*forced, *ways_on(node, " ".join(["hubtui", *words_of(run.request)])))


def ways_on(node: str, command: str) -> tuple[str, ...]:
    """How an ended drain is gone on with, and how it is taken back."""
    return (f"{command} goes on with what is left.", back(node))


def _kept(steps: Sequence[Step]) -> tuple[Step, ...]:
    if len(steps) <= EACH:
        return tuple(steps)
    return tuple(step for step in steps if step.state is not StepState.DONE)


async def left_by(session: ActionSession, details: Mapping[str, str]) -> Outcome:
    """What a drain has left that nobody watched to its end. Raises UnreachableError,
    DeniedError."""
    name, ended = details.get("node", ""), "hubtui was ended"
    try:
        node = await session.client.get(NODES, "", name)
    except NotFoundError:
        return Outcome(Result.OK, f"{ended}; node {name} is gone: nothing is left on it")
    if node.metadata.uid != details.get("uid"):
        return Outcome(Result.OK, f"{ended}; node {name} is gone, another one has its name")
    pods, _ = await pods_on(session, name)
    kinds = LEAVE if details.get("way") == Way.EVICT else (Kind.SERVER,)
    here = [(pod, kind_of(pod, session.namespace, session.release)) for pod in pods]
    left = [pod for pod, kind in here if kind in kinds]
    servers = [pod for pod, kind in here if kind is Kind.SERVER]
    state = "is cordoned" if node.spec.unschedulable else "is not cordoned"
    command = details.get("command", f"hubtui drain {name}")
    words = f"{ended}; node {name} {state}, {left_words(left, servers)}"
    if node.spec.unschedulable and not left:
        return Outcome(Result.OK, words, next_steps=(back(name),))
    return Outcome(Result.INTERRUPTED, words, next_steps=ways_on(name, command))
