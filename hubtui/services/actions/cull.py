"""Stops all servers that were idle for some time: the idle culler's test, once, by hand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from hubtui.errors import UsageError
from hubtui.model.age import precise, written
from hubtui.model.hub import ServerKey
from hubtui.model.idle import CullRule, stops_from
from hubtui.model.plan import Check
from hubtui.services.actions import ActionSession, stop_checks, stop_facts, stopping_plan
from hubtui.services.actions.common import counted, new_id, own_command, place_of
from hubtui.services.actions.stop_checks import Excluded
from hubtui.services.actions.stop_facts import Facts, Server
from hubtui.services.actions.stopping_plan import StoppingPlan
from hubtui.services.actions.stopping_server import ToStop

NAME: Final = "cull"

apply = stopping_plan.apply
aftermath = stopping_plan.aftermath


@dataclass(frozen=True, slots=True)
class CullRequest:
    """For how many seconds a server must have been idle; admins' servers are left alone, but for
    `include_admins`."""

    idle: float
    include_admins: bool = False

    def __post_init__(self) -> None:
        if self.idle < 1:
            raise UsageError("A server is idle for a second at least", remedy="Say --idle 1h.")


async def plan(session: ActionSession, request: CullRequest) -> StoppingPlan:
    """Reads all servers anew and says which would be stopped, and which not.

    Raises ConfigError without a token, DeniedError, UnreachableError.
    """
    facts = await stop_facts.read_active(session)
    chosen, left = choose(facts, request, session.settings.hub.keep)
    servers = tuple(ToStop.of(each.user.name, each.server) for each in chosen)
    number, idle = len(servers), precise(request.idle)
    return StoppingPlan(
        id=new_id(),
        action=NAME,
        title=f"Cull servers idle for {idle}",
        summary=f"{counted(number, 'server')} stopped through the hub, five at once; "
        f"{sum(len(each.servers) for each in left):,} left alone",
        **place_of(session),
        targets=stopping_plan.targets(servers),
        checks=_checks(facts, request, chosen, left),
        notices=stop_checks.notices(chosen, facts.now),
        undo=stopping_plan.undo(servers),
        confirm=str(number),
        basis=facts.basis(servers),
        command=_command(session, request, number),
        means=stopping_plan.MEANS,
        permits=stopping_plan.permits(session.namespace, servers),
        details=stopping_plan.details(servers),
        lock=stopping_plan.lock_of(session),
        interruptible=True,
        servers=servers,
    )


def choose(
    facts: Facts, request: CullRequest, keep: tuple[str, ...]
) -> tuple[list[Server], list[Excluded]]:
    """The servers that were idle for so long, longest first, and why the others are left alone."""
    chosen: list[Server] = []
    left: dict[str, list[ServerKey]] = defaultdict(list)
    for each in facts.servers:
        why = _left_alone(each, facts, request, keep)
        if why:
            left[why].append(each.key)
        else:
            chosen.append(each)
    by_why = [Excluded(why, tuple(keys)) for why, keys in left.items()]
    return stop_facts.longest_idle_first(chosen), sorted(by_why, key=lambda each: each.why)


def _left_alone(each: Server, facts: Facts, request: CullRequest, keep: tuple[str, ...]) -> str:
    """Why a cull leaves a server alone; "" when it does not."""
    if each.server.pending:
        return f"with a pending {each.server.pending}"
    if not each.server.ready:
        return "not ready"
    since = stops_from(each.server, CullRule(timeout=int(request.idle)))
    if since is None or since[0] > facts.now:
        return f"not idle for {precise(request.idle)}"
    pattern = stop_checks.keeps(each.user.name, keep)
    if pattern:
        return f"kept (hub.keep: {pattern})"
    if each.user.admin and not request.include_admins:
        return "of admins"
    return ""


def _checks(
    facts: Facts, request: CullRequest, chosen: list[Server], left: list[Excluded]
) -> tuple[Check, ...]:
    running = len(facts.servers)
    nothing = (
        f"no server was idle for {precise(request.idle)}; {counted(running, 'server')} running"
    )
    found = (
        stop_checks.servers(chosen, facts.now, nothing),
        stop_checks.coarse(request.idle),
        stop_checks.unsaved(chosen, facts.now),
        stop_checks.excluded(left),
        stop_checks.scope(facts.caller, stop_checks.STOPS, "stop servers"),
    )
    return tuple(check for check in found if check)


def _command(session: ActionSession, request: CullRequest, number: int) -> str:
    admins = ["--include-admins"] if request.include_admins else []
    words = ["cull", "--idle", written(request.idle), *admins, "--confirm", str(number)]
    return own_command(session, words)
