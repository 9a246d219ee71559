"""Has the hub compare its servers with the proxy's routes, and set those that are not right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hubtui.clients.gate import WriteToken
from hubtui.clients.hub import HubClient, permit_routes
from hubtui.errors import HubtuiError
from hubtui.model.hub import Route
from hubtui.model.hub_scopes import VIEWER
from hubtui.model.plan import Basis, Check, Outcome, Phase, Plan, Progress, Result
from hubtui.services.actions import ActionSession, Report, stop_checks
from hubtui.services.actions.common import (
    check_basis,
    counted,
    new_id,
    ok,
    own_command,
    place_of,
    who_answers,
)
from hubtui.services.actions.stop_facts import hub_in_words
from hubtui.services.journal import Entry
from hubtui.services.patient_hub import PatientHub

NAME: Final = "sync-routes"

_PROXY: Final = [use for use in VIEWER if "proxy" in use.scopes]
"""The scope to read routes is the one to sync them (facts.md §3)."""

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class SyncRoutesRequest:
    """All routes of the hub's proxy."""


async def plan(session: ActionSession, request: SyncRoutesRequest) -> Plan:  # noqa: ARG001
    """Reads the routes and says what a sync would do.

    Raises ConfigError without a token, DeniedError, UnreachableError.
    """
    hub = await session.hub_link.open()
    routes = await hub.routes()
    return Plan(
        id=new_id(),
        action=NAME,
        title="Sync the proxy's routes",
        summary="The hub compares its servers with the proxy's routes, adds what is missing and "
        "takes away what leads nowhere",
        **place_of(session),
        targets=("the proxy's routes",),
        checks=(
            _routes(routes),
            stop_checks.scope(session.hub_link.caller, _PROXY, "sync routes"),
        ),
        notices=(
            "A server whose route was missing is reached again; one whose route is right is not "
            "touched.",
        ),
        undo="nothing is to be undone: the hub does the same every few minutes",
        confirm=session.release,
        basis=await _basis(session),
        command=own_command(session, [NAME, "--confirm", session.release]),
        means="one POST to /proxy of the hub's API",
        permits=(permit_routes(session.namespace),),
        lock=f"the routes of {session.namespace}/{session.release}",
    )


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Has the routes synced, and says which are new and which are gone.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    check_basis(plan, await _basis(session))
    hub = await session.hub_link.open()
    before = await hub.routes()
    await report.begin()
    report.progress(Progress(Phase.APPLYING, note="the hub compares its servers with the routes"))
    patient = PatientHub(session.hub_link)

    async def sync(hub: HubClient) -> None:
        await hub.sync_routes(token)

    try:
        await patient.ask(sync)
    except HubtuiError as error:
        return Outcome(Result.FAILED, f"The routes were not synced: {error.what}")
    try:
        after = await patient.ask(HubClient.routes)
    except HubtuiError as error:
        words = f"The routes were synced; they were not looked at again: {error.what}"
        return Outcome(Result.UNVERIFIED, words)
    return _outcome(before, after)


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What one that nobody watched has left: the hub ends by itself what it was asked for."""
    routes = await (await session.hub_link.open()).routes()
    words = f"hubtui was ended; the proxy of {entry.release} has {counted(len(routes), 'route')}"
    return Outcome(Result.UNVERIFIED, words)


async def _basis(session: ActionSession) -> Basis:
    return Basis.of({**await who_answers(session), "hub": await hub_in_words(session)})


def _routes(routes: Mapping[str, Route]) -> Check:
    users = sum(1 for route in routes.values() if route.data.user)
    return ok("routes", f"{counted(len(routes), 'route')}, {users:,} of them to servers")


def _outcome(before: Mapping[str, Route], after: Mapping[str, Route]) -> Outcome:
    new = sorted(name for name, route in after.items() if _target(before, name) != route.target)
    gone = sorted(before.keys() - after.keys())
    if not new and not gone:
        return Outcome(Result.OK, f"All {len(after):,} routes were right")
    notes = [f"set: {name}" for name in new] + [f"taken away: {name}" for name in gone]
    more = (f"and {len(notes) - _SHOWN:,} more",) if len(notes) > _SHOWN else ()
    words = f"{counted(len(new), 'route')} set, {len(gone):,} taken away"
    return Outcome(Result.OK, words, notes=(*notes[:_SHOWN], *more))


def _target(routes: Mapping[str, Route], name: str) -> str:
    return routes[name].target if name in routes else ""
