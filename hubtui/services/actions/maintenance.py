"""A maintenance run: tells what to announce, stops the servers in batches, idle ones first, and
checks at the end that the hub starts one.

It can be asked to end between two batches, and gone on with: the journal knows what is through.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from math import ceil
from typing import Final

from hubtui.clients.gate import WriteToken
from hubtui.model.age import precise, written
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Outcome, Plan, Result
from hubtui.services.actions import (
    ActionSession,
    Report,
    maintenance_facts,
    stop_facts,
    stopping_plan,
)
from hubtui.services.actions.common import check_basis, counted, new_id, place_of, who_answers
from hubtui.services.actions.maintenance_checks import checks, notices, texts
from hubtui.services.actions.maintenance_facts import (
    Chosen,
    details,
    is_of,
    still_to_stop,
)
from hubtui.services.actions.maintenance_facts import MaintenanceRequest as MaintenanceRequest
from hubtui.services.actions.maintenance_run import Maintenance
from hubtui.services.actions.spawn_check import permits as permits_of_canary
from hubtui.services.actions.stopping_server import ToStop
from hubtui.services.journal import Entry

NAME: Final = maintenance_facts.NAME

RESUME: Final = "hubtui maintenance --resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePlan(Plan):
    """A plan to stop `servers` in batches."""

    request: MaintenanceRequest
    servers: tuple[ToStop, ...]


async def plan(session: ActionSession, request: MaintenanceRequest) -> MaintenancePlan:
    """Reads all servers anew and says which are stopped, in which order.

    Raises UsageError when there is nothing to resume, ConfigError, DeniedError, UnreachableError.
    """
    chosen = await maintenance_facts.choose(session, request)
    request, servers = chosen.request, chosen.to_stop
    canary = ServerKey(request.spawn_check)
    more = permits_of_canary(session, canary) if request.spawn_check else ()
    permits = dict.fromkeys((*stopping_plan.permits(session.namespace, servers), *more))
    return MaintenancePlan(
        id=new_id(),
        action=NAME,
        title="Maintenance" if chosen.before is None else "Maintenance, resumed",
        summary=_summary(chosen),
        **place_of(session),
        targets=stopping_plan.targets(servers),
        checks=checks(chosen),
        notices=notices(chosen),
        texts=texts(chosen),
        undo=stopping_plan.undo(servers),
        confirm=str(len(servers)),
        basis=chosen.facts.basis(servers),
        command=_command(chosen),
        means=_means(request),
        permits=tuple(permits),
        details=tuple(details(request, servers).items()),
        lock=stopping_plan.lock_of(session),
        interruptible=True,
        request=request,
        servers=servers,
    )


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Stops the servers batch by batch and starts a canary at the end.

    Held to the cluster, the hub and the token; each server is looked at just before its turn.
    Raises ChangedSinceError before anything is written.
    """
    if not isinstance(plan, MaintenancePlan):
        raise TypeError(plan.action)
    servers = dict(plan.basis.values)["servers"]
    hub = await stop_facts.hub_in_words(session)
    check_basis(plan, stop_facts.basis_of(await who_answers(session), hub, servers))
    await report.begin()
    return await Maintenance(session, plan.request, plan.servers, token, report).run()


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a maintenance that nobody watched has left: one look at the servers of its plan."""
    wanted = still_to_stop(entry)
    hub = await session.hub_link.open()
    facts = await stop_facts.active_users(hub)
    running = [
        stop_facts.Server(user, server)
        for user in facts.values()
        for server in user.servers.values()
    ]
    left = [each.key for each in running if is_of(each, wanted)]
    of = counted(len(entry.targets), "server")
    if not left:
        words = f"hubtui was ended; none of the {of} of its maintenance runs any more"
        return Outcome(Result.OK, words)
    return Outcome(
        Result.INTERRUPTED,
        f"hubtui was ended; {len(left):,} of {of} still run. To go on: {RESUME}",
        notes=(f"left: {stop_facts.named(left, 30)}",),
        next_steps=(f"{RESUME} goes on with them.",),
    )


def _summary(chosen: Chosen) -> str:
    request, number = chosen.request, len(chosen.servers)
    batches = ceil(number / request.batch)
    times = "1 batch" if batches == 1 else f"{batches:,} batches"
    words = f"{counted(number, 'server')} stopped in {times}"
    idle = number - chosen.active
    parts = [words, f"{idle:,} idle first, then {chosen.active:,} in use"]
    if request.spawn_check:
        parts.append(f"then a spawn check as {request.spawn_check}")
    return ", ".join(parts)


def _means(request: MaintenanceRequest) -> str:
    words = f"DELETE of each server through the hub, {request.batch} at a time"
    pause = f", {precise(request.pause)} between two batches" if request.pause else ""
    return f"{words}{pause}; ends between two batches when it is asked to, and can be gone on with"


def _command(chosen: Chosen) -> str:
    request, number = chosen.request, str(len(chosen.servers))
    if chosen.before is not None:
        return f"{RESUME} --confirm {number}"
    words = ["hubtui", "maintenance", "--batch", str(request.batch)]
    words += ["--pause", written(request.pause)]
    words += ["--only", request.only] if request.only != "*" else []
    words += ["--idle-only"] if request.idle_only else []
    words += ["--message", request.message] if request.message else []
    words += ["--spawn-check", request.spawn_check] if request.spawn_check else []
    return shlex.join([*words, "--confirm", number])
