"""What a drain says: pod by pod, what people notice, and the way on and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from hubtui.model.age import precise, written
from hubtui.model.draining import Kind
from hubtui.model.plan import Text
from hubtui.model.roles import Role, role_of
from hubtui.services.actions import stop_checks
from hubtui.services.actions.common import counted
from hubtui.services.actions.drain_choice import IDLE, PATIENCE, Choice, DrainRequest, Way
from hubtui.services.actions.drain_eta import eta
from hubtui.services.actions.drain_facts import Aboard, Facts
from hubtui.services.actions.restart_facts import NOTICES
from hubtui.services.actions.stop_facts import Server

TITLES: Final = {
    Way.WAIT: "Cordon and wait for the culler",
    Way.IDLE: "Stop the idle, wait for the rest",
    Way.EVICT: "Stop the idle, evict the rest",
}


def summary(facts: Facts, request: DrainRequest, choice: Choice) -> str:
    """What happens, in one line."""
    parts = [f"{facts.name} takes no new pods"]
    if request.way is not Way.WAIT:
        parts.append(f"{_servers(len(choice.idle))} idle for {precise(request.idle)} stopped")
    if choice.in_use:
        parts.append(f"{_servers(len(choice.in_use))} in use stopped")
    if request.way is Way.EVICT:
        parts.append(f"{counted(len(choice.evicted), 'pod')} evicted")
    if choice.waits:
        when = eta(choice.waits).words(facts.now)
        parts.append(f"{_servers(len(choice.waits))} waited for: {when}")
    return "; ".join(parts)


def means(request: DrainRequest) -> str:
    """How it is done."""
    words = "a PATCH of the node"
    if request.way is not Way.WAIT:
        words += ", a DELETE of each server through the hub, five at once"
    if request.way is Way.EVICT:
        words += (
            ", a POST of pods/eviction for each other pod with its own time to end; what a "
            f"PodDisruptionBudget refuses is tried again for {precise(request.patience)}; each is "
            "looked at just before, nothing is deleted by force"
        )
        return words
    return f"{words}; then the node is looked at until no server is left; i or ctrl-c ends that"


def texts(facts: Facts, choice: Choice) -> tuple[Text, ...]:
    """Every pod of the node, and what becomes of it."""
    servers = tuple(_server_lines(facts, choice))
    others = tuple(_other_lines(facts, choice))
    found = [("Who is on it", servers), ("Other pods on it", others)]
    return tuple(Text(title, lines) for title, lines in found if lines)


def _server_lines(facts: Facts, choice: Choice) -> Iterator[str]:
    idle = {planned.key for planned in choice.idle}
    in_use = {planned.key for planned in choice.in_use}
    evicted = {each.uid for each in choice.evict}
    for each in sorted(facts.servers, key=_longest_idle):
        if each.key in idle:
            does = "stopped through the hub"
        elif each.key in in_use:
            does = "in use, stopped through the hub after the idle ones"
        elif each.uid in evicted:
            does = "evicted"
        else:
            yield f"{each.key}: {_waited_for(each)}"
            continue
        yield f"{each.key}: {_since(each, facts.now)}, {does}"


def _longest_idle(each: Aboard) -> tuple[float, str]:
    since = None
    if each.user is not None and each.server is not None:
        since = Server(each.user, each.server).idle_since
    return since.timestamp() if since is not None else float("inf"), each.name


def _waited_for(each: Aboard) -> str:
    if each.server is None:
        return "not known to the hub, or the hub was not asked"
    return each.goes.words if each.goes is not None else "?"


def _since(each: Aboard, now: datetime) -> str:
    if each.user is None or each.server is None:
        return "idle for ?"
    return f"idle for {stop_checks.idle(Server(each.user, each.server), now)}"


def _other_lines(facts: Facts, choice: Choice) -> Iterator[str]:
    evicted = {each.uid for each in choice.evict}
    kinds = (Kind.CORE, Kind.OTHER, Kind.PLACEHOLDER, Kind.STAYS)
    for each in sorted(facts.of(*kinds), key=lambda e: (kinds.index(e.kind), e.name)):
        role = role_of(each.pod)
        what = f" ({role.value})" if role is not Role.OTHER else ""
        if each.kind is Kind.STAYS:
            does = "stays: a DaemonSet's, or the node's own"
        elif each.uid not in evicted:
            does = "stays"
        elif each.kind is Kind.PLACEHOLDER:
            does = "evicted: a placeholder"
        else:
            does = f"evicted, {_goes_to(each, facts)}"
        yield f"{each.name}{what}: {does}"


def _goes_to(each: Aboard, facts: Facts) -> str:
    if not each.makes_again:
        return "and nothing makes it again"
    found = facts.room.fit
    if found is None:
        return "whether it finds a place is unknown"
    place = found.places.get(each.name)
    return f"fits on {place}" if place else f"no place now: {found.without_place(each.name)}"


def notices(facts: Facts, request: DrainRequest, choice: Choice) -> tuple[str, ...]:
    """What people notice."""
    found = ["New servers start on other nodes."]
    stopped = _as_servers(facts, choice)
    found += stop_checks.notices(stopped, facts.now)
    if choice.waits:
        words = f"{_servers(len(choice.waits))} on it go on until the culler or their user stops "
        found.append(words.replace("1 server on it go ", "1 server on it goes ") + "them.")
    if request.way is not Way.EVICT:
        return tuple(found)
    parts = dict.fromkeys(role_of(each.pod).value for each in facts.of(Kind.CORE))
    for part in parts:
        found += NOTICES.get(part, ())
    if homeless := parts_without_place(facts):
        names = " and ".join(homeless)
        found.append(f"No other node takes {names} now: what they do is away until one does.")
    if parts:
        found.append("Running servers on other nodes go on.")
    return tuple(found)


def parts_without_place(facts: Facts) -> tuple[str, ...]:
    """The parts of the hub that no other node takes now."""
    fit = facts.room.fit
    away = [e for e in facts.of(Kind.CORE) if fit is not None and fit.without_place(e.name)]
    return tuple(dict.fromkeys(role_of(each.pod).value for each in away))


def _as_servers(facts: Facts, choice: Choice) -> Sequence[Server]:
    """The servers that this way ends."""
    keys = {planned.key for planned in choice.stops} | {each.key for each in choice.evict}
    return [
        Server(each.user, each.server)
        for each in facts.servers
        if each.key in keys and each.user is not None and each.server is not None
    ]


def words_of(request: DrainRequest) -> list[str]:
    """The command that asks for the same."""
    words = ["drain", request.node, "--way", request.way.value]
    if request.way is not Way.WAIT and request.idle != IDLE:
        words += ["--idle", written(request.idle)]
    if request.way is Way.EVICT and request.patience != PATIENCE:
        words += ["--timeout", written(request.patience)]
    return words


def back(node: str) -> str:
    """How the cordon is taken back."""
    return f"hubtui uncordon {node} takes the cordon back."


def _servers(number: int) -> str:
    return counted(number, "server")
