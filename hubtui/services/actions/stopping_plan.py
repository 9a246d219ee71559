"""What the plans to stop and to cull servers share, and how both are carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from hubtui.clients.gate import WriteToken
from hubtui.clients.hub import permit_stop
from hubtui.errors import HubtuiError
from hubtui.model.age import rfc3339
from hubtui.model.hub import HubUser, ServerKey
from hubtui.model.plan import Outcome, Permit, Phase, Plan, Progress, Result
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions.common import check_basis, counted, who_answers
from hubtui.services.actions.stop_facts import basis_of, hub_in_words, named, users_of
from hubtui.services.actions.stopping import Stops, stop_all
from hubtui.services.actions.stopping_outcome import NAMED, outcome_of
from hubtui.services.actions.stopping_server import Fate, ToStop, is_active, is_newer
from hubtui.services.actions.stopping_steps import steps_of
from hubtui.services.journal import Entry
from hubtui.services.patient_hub import PatientHub

MEANS: Final = (
    "DELETE of each server through the hub, five at once; each is looked at just before, and "
    "skipped when it was active since this plan"
)

_DETAIL: Final = "servers"
_UNDONE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingPlan(Plan):
    """A plan to stop `servers`."""

    servers: tuple[ToStop, ...]


def lock_of(session: ActionSession) -> str:
    """The lock of all servers of a hub: a helm may be at work on its release beside it."""
    return f"the servers of {session.namespace}/{session.release}"


def permits(namespace: str, servers: Sequence[ToStop]) -> tuple[Permit, ...]:
    """The right to stop each of them, and no other."""
    return tuple(permit_stop(namespace, planned.key) for planned in servers)


def targets(servers: Sequence[ToStop]) -> tuple[str, ...]:
    """Every server by name."""
    return tuple(f"server {planned.key}" for planned in servers)


def details(servers: Sequence[ToStop]) -> tuple[tuple[str, str], ...]:
    """What a later hubtui needs to tell what is left."""
    listed = [(str(planned.key), rfc3339(planned.started)) for planned in servers]
    return ((_DETAIL, msgspec.json.encode(listed).decode()),)


def undo(servers: Sequence[ToStop]) -> str:
    """How they come back."""
    if not servers:
        return ""
    if len(servers) > _UNDONE:
        return "each user starts theirs again, or hubtui start USER does; kernels do not come back"
    return "; ".join(f"hubtui start {planned.key}" for planned in servers)


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Stops the servers of a plan.

    The plan is held to the cluster, the hub and the token. That a server is not as it was is no
    reason to refuse the others, else a thousand would never be stopped: each is looked at just
    before its turn. Raises ChangedSinceError before anything is written.
    """
    if not isinstance(plan, StoppingPlan):
        raise TypeError(plan.action)
    servers = dict(plan.basis.values)["servers"]
    now = basis_of(await who_answers(session), await hub_in_words(session), servers)
    check_basis(plan, now)
    await report.begin()
    stops = await stop_all(session, plan.servers, token, report)
    return outcome_of(stops, await _again(session, plan, stops, report))


async def _again(
    session: ActionSession, plan: StoppingPlan, stops: Stops, report: Report
) -> tuple[str, ...]:
    """Which of the stopped servers run again, at a last look."""
    stopped = {end.key for end in stops.of(Fate.STOPPED) if not end.again}
    if not stopped or stops.refused:
        return ()
    steps = steps_of(stops.ends)
    report.progress(Progress(Phase.VERIFYING, steps, "looks whether they stay away"))
    names = sorted({key.user for key in stopped})
    try:
        users = await PatientHub(session.hub_link).ask(lambda hub: users_of(hub, names))
    except HubtuiError as error:
        return (f"whether any runs again was not looked at: {error.what}",)
    running = [planned.key for planned in plan.servers if _runs_again(planned, users, stopped)]
    return (f"started again since: {named(running, NAMED)}",) if running else ()


def _runs_again(planned: ToStop, users: Mapping[str, HubUser], stopped: set[ServerKey]) -> bool:
    user = users.get(planned.key.user)
    server = user.servers.get(planned.key.server) if user is not None else None
    if planned.key not in stopped or server is None or not is_active(server):
        return False
    return is_newer(planned, server) or server.pending == "spawn"


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a run that nobody watched has left: one look at the servers of its plan."""
    text = dict(entry.details).get(_DETAIL, "[]")
    listed = msgspec.json.decode(text, type=list[tuple[str, str | None]])
    servers = [_read(name, started) for name, started in listed]
    hub = await session.hub_link.open()
    users = await users_of(hub, sorted({planned.key.user for planned in servers}))
    left = [planned for planned in servers if _is_left(planned, users)]
    of = counted(len(servers), "server")
    if not left:
        return Outcome(Result.OK, f"hubtui was ended; none of the {of} runs any more")
    return Outcome(
        Result.INTERRUPTED,
        f"hubtui was ended; {len(left):,} of {of} were not stopped",
        notes=(f"left: {named((planned.key for planned in left), NAMED)}",),
        next_steps=("Plan again: what is left is in the new plan.",),
    )


def _read(name: str, started: str | None) -> ToStop:
    moment = msgspec.convert(started, datetime) if started else None
    return ToStop(ServerKey.parse(name), moment)


def _is_left(planned: ToStop, users: Mapping[str, HubUser]) -> bool:
    """Whether it is still the run of the plan; times in the journal have whole seconds."""
    user = users.get(planned.key.user)
    server = user.servers.get(planned.key.server) if user is not None else None
    if server is None or not is_active(server) or server.started is None:
        return False
    before = planned.started
    return before is None or (server.started - before).total_seconds() < 1
