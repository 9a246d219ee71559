"""What is looked at before a node is drained."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from hubtui.errors import ApiError
from hubtui.model.draining import Kind, scratch_of
from hubtui.model.kinds import NODES, PODS
from hubtui.model.plan import Check
from hubtui.model.roles import Role, role_of
from hubtui.services.actions import ActionSession, stop_checks
from hubtui.services.actions.common import counted, ok, right, stop, warn
from hubtui.services.actions.drain_choice import Choice, DrainRequest, ToEvict, Way
from hubtui.services.actions.drain_eta import eta
from hubtui.services.actions.drain_facts import Aboard, Facts
from hubtui.services.actions.drain_words import parts_without_place
from hubtui.services.actions.stop_facts import Server, named

AT_ONCE: Final = 8
"""Access reviews under way at the same time."""

_NAMED: Final = 3


async def checks(
    session: ActionSession, facts: Facts, request: DrainRequest, choice: Choice
) -> tuple[Check, ...]:
    """All checks of a drain. Raises UnreachableError."""
    keep = session.settings.hub.keep
    moves = request.way is Way.EVICT
    found = (
        _node(facts, request),
        _users(facts),
        _hub(facts, request),
        _culler(facts, choice) if choice.waits else None,
        _unsaved(facts, choice) if request.way is not Way.WAIT else None,
        stop_checks.kept(_servers(facts, choice), keep),
        _token(facts, choice),
        _elsewhere(facts, moves=moves),
        _core(facts, moves=moves),
        _lost(facts) if moves else None,
        _budgets(facts, choice) if moves else None,
        _namespaces(facts, moves=moves),
        await _rights(session, facts, choice),
    )
    return tuple(check for check in found if check)


def _node(facts: Facts, request: DrainRequest) -> Check:
    """How the node is, and whether there is anything to do."""
    name, ready = facts.name, facts.node.ready
    goal = facts.servers if request.way is not Way.EVICT else _leaving(facts)
    if facts.node.spec.unschedulable and not goal:
        return stop("node", f"{name} is cordoned already, and nothing is left on it to wait for")
    marks = "cordoned already" if facts.node.spec.unschedulable else "open for new pods"
    if ready is None or ready.status != "True":
        why = "has never reported" if ready is None else f"is not Ready ({ready.reason})"
        words = f"{name} {why}, {marks}: its pods do not end until it is back or removed"
        return warn("node", words)
    return ok("node", f"{name} is Ready, {marks}")


def _leaving(facts: Facts) -> tuple[Aboard, ...]:
    return facts.of(Kind.SERVER, Kind.OTHER, Kind.PLACEHOLDER, Kind.CORE)


def _users(facts: Facts) -> Check:
    """Who is hit."""
    servers = facts.servers
    if not servers:
        return ok("users", "no server of this hub is on it")
    users = {each.key.user for each in servers if each.key is not None}
    words = f"{counted(len(servers), 'server')} of {counted(len(users), 'user')}"
    known = [each for each in _as_servers(servers) if each.idle_since is not None]
    times = sorted((each.idle_since for each in known if each.idle_since), reverse=True)
    if times:
        span = [stop_checks.idle(each, facts.now) for each in _at_ends(known)]
        words += f", idle for {' to '.join(dict.fromkeys(span))}"
    names = named(sorted(each.key for each in servers if each.key is not None))
    return ok("users", f"{words}: {names}")


def _at_ends(known: Sequence[Server]) -> tuple[Server, Server]:
    """The one that was active last, and the one that is idle the longest."""
    ordered = sorted(known, key=lambda each: each.idle_since.timestamp() if each.idle_since else 0)
    return ordered[-1], ordered[0]


def _as_servers(aboard: Iterable[Aboard]) -> list[Server]:
    return [
        Server(each.user, each.server)
        for each in aboard
        if each.user is not None and each.server is not None
    ]


def _servers(facts: Facts, choice: Choice) -> list[Server]:
    """The servers that this way stops, be it by evicting them."""
    keys = {planned.key for planned in choice.stops} | {each.key for each in choice.evict}
    return _as_servers(each for each in facts.servers if each.key in keys)


def _hub(facts: Facts, request: DrainRequest) -> Check | None:
    """Whether the hub can be asked to stop its servers."""
    if not facts.servers:
        return None
    unknown = [each.key for each in facts.servers if each.server is None and each.key is not None]
    if not facts.unasked:
        if not unknown:
            return None
        words = f"it knows no server for the pod of {named(unknown, _NAMED)}"
        more = ": it is evicted" if request.way is Way.EVICT else ": nothing will stop it"
        return warn("hub", words + more)
    words = f"it is not asked: {facts.unasked}"
    if request.way is Way.IDLE:
        return stop("hub", f"{words}; who is idle is unknown, and nobody could stop them")
    if request.way is Way.EVICT:
        return warn("hub", f"{words}; servers are evicted instead of stopped through it")
    return warn("hub", f"{words}; who is idle is unknown")


def _culler(facts: Facts, choice: Choice) -> Check:
    """When those that are waited for are gone."""
    found = eta(choice.waits)
    words = found.words(facts.now)
    if facts.culler.missing and not found.sure:
        words += f": {facts.culler.missing}"
    return ok("culler", words) if found.sure else warn("culler", words)


def _unsaved(facts: Facts, choice: Choice) -> Check | None:
    return stop_checks.unsaved(_servers(facts, choice), facts.now)


def _token(facts: Facts, choice: Choice) -> Check | None:
    if not choice.stops:
        return None
    return stop_checks.scope(facts.caller, stop_checks.STOPS, "stop servers")


def _elsewhere(facts: Facts, *, moves: bool) -> Check | None:
    """Whether what leaves finds room on the other nodes, all of it together."""
    name, found = "room elsewhere", facts.room.fit
    notes = "".join(f"; {note}" for note in facts.room.notes)
    if found is None:
        return warn(name, "; ".join(facts.room.notes) + ": whether there is room is unknown")
    if not moves:
        found = found.only(each.name for each in facts.servers)
    if not found.asked:
        return None
    if found.all_fit:
        per = Counter(found.places.values())
        where = ", ".join(f"{count} on {node}" for node, count in sorted(per.items())[:_NAMED])
        more = f" and {len(per) - _NAMED} more nodes" if len(per) > _NAMED else ""
        fits = "it fits" if found.asked == 1 else f"all {found.asked} fit together"
        words = f"{fits}: {where}{more}{notes}"
        return (warn if facts.room.notes else ok)(name, words)
    without = [each for each in facts.aboard if found.without_place(each.name)]
    told = [f"{_title(each)}: {found.without_place(each.name)}" for each in without]
    first = told[0] + (f"; {len(told) - 1} more" if len(told) > 1 else "")
    words = f"{len(without)} of {found.asked} have no place elsewhere now: {first}{notes}"
    check = warn(name, words)
    if moves and any(each.kind is Kind.CORE for each in without):
        check = stop(name, words, overridable=True)
    return replace(check, details=tuple(told))


def _core(facts: Facts, *, moves: bool) -> Check | None:
    """Which parts of the hub are on it."""
    core = facts.of(Kind.CORE)
    if not core:
        return None
    parts = ", ".join(dict.fromkeys(role_of(each.pod).value for each in core))
    if moves:
        homeless = ", ".join(parts_without_place(facts))
        more = f"; no place elsewhere now for {homeless}" if homeless else ""
        return warn("core", f"{parts} on it: evicted last, and made again{more}")
    return ok("core", f"{parts} on it: this way moves none of it")


def _lost(facts: Facts) -> Check | None:
    """What does not come back."""
    found: list[str] = []
    for each in facts.of(Kind.OTHER, Kind.PLACEHOLDER, Kind.CORE):
        scratch = scratch_of(each.pod)
        if not each.makes_again:
            found.append(f"{each.name}: nothing makes it again")
        elif scratch:
            found.append(f"{each.name}: what is in {', '.join(scratch)} is lost")
    for each in facts.servers:
        if scratch := scratch_of(each.pod):
            found.append(f"{_title(each)}: what is in {', '.join(scratch)} is lost")
    if not found:
        return ok("lost", "no pod without a controller, none with local storage")
    more = f"; {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return replace(warn("lost", "; ".join(found[:_NAMED]) + more), details=tuple(found))


def _budgets(facts: Facts, choice: Choice) -> Check | None:
    """Which disruption budgets let go of fewer pods than are to be evicted."""
    if facts.budgets is None:
        return warn("budgets", "PodDisruptionBudgets may not be read: an eviction asks them")
    guarded = [each for each in choice.evicted if each.budgets]
    if not guarded:
        return ok("budgets", "no PodDisruptionBudget counts what is evicted")
    told = [words for words in _refusals(facts, guarded) if words]
    if not told:
        names = sorted({name for each in guarded for name in each.budgets})
        return ok("budgets", f"{', '.join(names)}: let all of them go")
    return replace(warn("budgets", "; ".join(told)), details=tuple(told))


def _refusals(facts: Facts, guarded: Sequence[ToEvict]) -> Iterator[str]:
    """What is wrong with each budget."""
    pods = [each for each in guarded if len(each.budgets) > 1]
    for each in pods:
        yield f"{each.title} has {len(each.budgets)} budgets, which no eviction can ask"
    for budget in facts.budgets or ():
        name, namespace = budget.metadata.name, budget.metadata.namespace
        of = [e for e in guarded if name in e.budgets and e.namespace == namespace]
        allowed = budget.status.disruptions_allowed
        if of and allowed <= 0:
            counts = f"{budget.status.current_healthy} of {budget.status.desired_healthy}"
            which = named_pods(of)
            yield f"{name} refuses {which} now ({counts} that must be healthy): tried again"
        elif len(of) > allowed:
            yield f"{name} lets {allowed} of {len(of)} go at a time: {named_pods(of)}"


def named_pods(pods: Sequence[ToEvict]) -> str:
    """Pods by name, the first of many."""
    more = f" and {len(pods) - _NAMED} more" if len(pods) > _NAMED else ""
    return ", ".join(each.title for each in pods[:_NAMED]) + more


def _namespaces(facts: Facts, *, moves: bool) -> Check | None:
    """Whose pods are hit beside the hub's; where nothing moves, which servers of other hubs
    stay."""
    if facts.hidden:
        return warn("other namespaces", "their pods may not be read: they stay where they are")
    foreign = [
        each
        for each in facts.of(Kind.OTHER)
        if each.pod.metadata.namespace != facts.namespace
        and (moves or role_of(each.pod) is Role.USERS)
    ]
    if not foreign:
        return None
    names = ", ".join(each.name for each in foreign[:_NAMED])
    more = f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else ""
    what = counted(len(foreign), "pod") + " of theirs"
    if not moves:
        what = counted(len(foreign), "server") + " of other hubs: this way leaves them"
    check = warn("other namespaces", f"{what}: {names}{more}")
    return replace(check, details=tuple(each.name for each in foreign))


async def _rights(session: ActionSession, facts: Facts, choice: Choice) -> Check:
    """The right to write each object that the plan writes: the first that is missing."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def may(each: ToEvict) -> bool:
        async with turn:
            return await session.client.can_i(
                "create", PODS.resource, each.namespace, each.name, subresource="eviction"
            )

    check = await right(session, "patch", NODES.resource, facts.name, namespaced=False)
    try:
        answers = await asyncio.gather(*(may(each) for each in choice.evict))
    except ApiError as error:
        return warn("rights", f"cannot be asked: {error.what}")
    lacking = [each for each, allowed in zip(choice.evict, answers, strict=True) if not allowed]
    if lacking:
        return stop("rights", f"no right to create pods/eviction of {named_pods(lacking)}")
    if choice.evict:
        more = f" and create pods/eviction of {counted(len(choice.evict), 'pod')}"
        return replace(check, evidence=check.evidence.replace(":", more + ":", 1))
    return check


def _title(each: Aboard) -> str:
    return f"server {each.key}" if each.key is not None else each.name
