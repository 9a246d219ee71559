"""Stops the servers that somebody named or marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hubtui.errors import UsageError
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Check
from hubtui.services.actions import ActionSession, stop_checks, stop_facts, stopping_plan
from hubtui.services.actions.common import counted, new_id, own_command, place_of
from hubtui.services.actions.stop_checks import Excluded
from hubtui.services.actions.stop_facts import Facts, Server
from hubtui.services.actions.stopping_plan import StoppingPlan
from hubtui.services.actions.stopping_server import ToStop

NAME: Final = "stop"

apply = stopping_plan.apply
aftermath = stopping_plan.aftermath


@dataclass(frozen=True, slots=True)
class StopRequest:
    """Which servers; `hidden` are those of them that a filter hides on the screen."""

    servers: tuple[ServerKey, ...]
    hidden: tuple[ServerKey, ...] = ()

    def __post_init__(self) -> None:
        if not self.servers:
            raise UsageError("No server is named", remedy="Name users: hubtui stop USER[/SERVER].")


async def plan(session: ActionSession, request: StopRequest) -> StoppingPlan:
    """Reads the servers anew and says what their stop would do.

    Raises UsageError for a user or a named server that there is not, ConfigError without a token,
    DeniedError, UnreachableError.
    """
    keys = tuple(dict.fromkeys(request.servers))
    facts = await stop_facts.read_named(session, keys)
    chosen, left = _chosen(facts, keys)
    servers = tuple(ToStop.of(each.user.name, each.server) for each in chosen)
    number = len(servers)
    return StoppingPlan(
        id=new_id(),
        action=NAME,
        title=f"Stop {_title(servers)}",
        summary=f"{counted(number, 'server')} stopped through the hub, five at once",
        **place_of(session),
        targets=stopping_plan.targets(servers),
        checks=_checks(session, facts, request, chosen, left),
        notices=stop_checks.notices(chosen, facts.now),
        undo=stopping_plan.undo(servers),
        confirm=str(number),
        basis=facts.basis(servers),
        command=_command(session, servers),
        means=stopping_plan.MEANS,
        permits=stopping_plan.permits(session.namespace, servers),
        details=stopping_plan.details(servers),
        lock=stopping_plan.lock_of(session),
        interruptible=True,
        servers=servers,
    )


def _chosen(facts: Facts, keys: tuple[ServerKey, ...]) -> tuple[list[Server], list[Excluded]]:
    """The servers that run, longest idle first, and those that are left alone."""
    found = {key: facts.server(key) for key in keys}
    down = tuple(key for key, each in found.items() if each is None)
    running = [each for each in found.values() if each is not None]
    stopping = tuple(each.key for each in running if each.server.pending == "stop")
    chosen = [each for each in running if each.key not in stopping]
    left = [Excluded("not running", down), Excluded("stopping already", stopping)]
    return stop_facts.longest_idle_first(chosen), left


def _checks(
    session: ActionSession,
    facts: Facts,
    request: StopRequest,
    chosen: list[Server],
    left: list[Excluded],
) -> tuple[Check, ...]:
    nothing = f"no server to stop: {'; '.join(_why(each) for each in left if each.servers)}"
    found = (
        stop_checks.servers(chosen, facts.now, nothing),
        stop_checks.unsaved(chosen, facts.now),
        stop_checks.hidden(request.hidden, len(request.servers)),
        stop_checks.kept(chosen, session.settings.hub.keep),
        stop_checks.excluded(left),
        stop_checks.scope(facts.caller, stop_checks.STOPS, "stop servers"),
    )
    return tuple(check for check in found if check)


def _why(left: Excluded) -> str:
    return f"{stop_facts.named(left.servers)} {left.why}"


def _title(servers: tuple[ToStop, ...]) -> str:
    if len(servers) == 1:
        return f"server {servers[0].key}"
    return counted(len(servers), "server")


def _command(session: ActionSession, servers: tuple[ToStop, ...]) -> str:
    words = [str(planned.key) for planned in servers]
    return own_command(session, ["stop", *words, "--confirm", str(len(servers))])
