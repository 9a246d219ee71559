"""Starts a server for a user, with the options that they would choose."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hubtui.clients.gate import WriteToken
from hubtui.clients.hub import permit_start
from hubtui.errors import UsageError
from hubtui.model.hub import ServerKey
from hubtui.model.hub_scopes import OPERATOR
from hubtui.model.plan import Check, FailedObject, Outcome, Plan, Result
from hubtui.services.actions import (
    ActionSession,
    Report,
    spawn_check_checks,
    stop_checks,
    stop_facts,
)
from hubtui.services.actions import spawn_check_facts as facts_of
from hubtui.services.actions.common import (
    check_basis,
    new_id,
    ok,
    own_command,
    place_of,
    stop,
    typable,
)
from hubtui.services.actions.spawn_check import TIMEOUT, teller
from hubtui.services.actions.spawn_check_facts import Facts
from hubtui.services.actions.spawn_check_outcome import in_words
from hubtui.services.actions.spawn_check_run import Canary, Checked, run
from hubtui.services.journal import Entry

NAME: Final = "start"

_SERVER: Final = "server"


@dataclass(frozen=True, slots=True)
class StartRequest:
    """Which server, and the user's options for it, those of a profile for one."""

    key: ServerKey
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.key.user:
            raise UsageError("No user is named", remedy="hubtui start USER[/SERVER].")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPlan(Plan):
    """A plan to start one server."""

    key: ServerKey
    options: Mapping[str, Any]


async def plan(session: ActionSession, request: StartRequest) -> StartPlan:
    """Reads everything anew and says what the start would do.

    Raises UsageError for a user that there is not, ConfigError without a token, DeniedError,
    UnreachableError.
    """
    key = request.key
    facts = await facts_of.read(session, key)
    if facts.user is None:
        raise await stop_facts.no_such_user(await session.hub_link.open(), [key.user])
    return StartPlan(
        id=new_id(),
        action=NAME,
        title=f"Start server {key}",
        summary=f"The hub starts {key}, as if {key.user} did",
        **place_of(session),
        targets=(f"server {key}",),
        checks=_checks(facts, request.options),
        notices=_notices(key),
        undo=f"hubtui stop {shlex.quote(str(key))}",
        confirm=typable(key.user, NAME),
        basis=facts.basis,
        command=_command(session, request),
        means=_means(request.options),
        permits=(permit_start(session.namespace, key),),
        details=((_SERVER, str(key)),),
        lock=f"server {key}",
        interruptible=True,
        key=key,
        options=dict(request.options),
    )


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Starts it and follows it until it is ready. One that fails is the hub's to take away.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, StartPlan):
        raise TypeError(plan.action)
    user = await facts_of.user_of(session, plan.key)
    check_basis(plan, await facts_of.basis_of(session, plan.key, user))
    await report.begin()
    started = Canary(plan.key, plan.options, TIMEOUT, keep=True, theirs=True)
    return _outcome(await run(session, started, token, teller(report), report.interrupted))


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a start that nobody watched came to: one look, no waiting."""
    key = ServerKey.parse(dict(entry.details).get(_SERVER, ""))
    user = await facts_of.user_of(session, key)
    server = user.servers.get(key.server) if user else None
    ready = server is not None and server.ready
    result = Result.OK if ready else Result.INTERRUPTED
    return Outcome(result, f"hubtui was ended; {key} {facts_of.state_of(server)}")


def _outcome(checked: Checked) -> Outcome:
    key, failed = checked.canary.key, checked.failed
    steps = checked.trace.steps(checked.ended, stuck=failed)
    notes = (checked.trace.unseen,) if checked.trace.unseen else ()
    if not failed:
        return Outcome(Result.OK, in_words(checked), notes=notes, steps=steps)
    if checked.interrupted:
        words = f"{key} is on its way; it was not watched to the end"
        return Outcome(Result.INTERRUPTED, words, notes=notes, steps=steps)
    return Outcome(
        Result.FAILED,
        in_words(checked),
        failed=(FailedObject("server", str(key), checked.why or failed),),
        notes=notes,
        steps=steps,
    )


def _checks(facts: Facts, options: Mapping[str, Any]) -> tuple[Check, ...]:
    found = (
        _free(facts),
        spawn_check_checks.named(facts),
        spawn_check_checks.profile(facts, options),
        spawn_check_checks.limit(facts),
        stop_checks.scope(facts.caller, OPERATOR[1:], "start servers"),
    )
    return tuple(check for check in found if check)


def _free(facts: Facts) -> Check:
    if facts.server is not None:
        return stop("server", f"{facts.key} {facts.state} already")
    return ok("server", f"{facts.key} does not run")


def _notices(key: ServerKey) -> tuple[str, ...]:
    told = [f"{key.user} finds a server that runs; it counts as idle from its start."]
    if key.server:
        told.append(f"The named server {key.server} is made, if there is none yet.")
    return tuple(told)


def _means(options: Mapping[str, Any]) -> str:
    chosen = ", ".join(f"{name}={value}" for name, value in options.items())
    return "a POST to the hub's API" + (f" with {chosen}" if chosen else "")


def _command(session: ActionSession, request: StartRequest) -> str:
    options = dict(request.options)
    profile = options.pop("profile", "")
    words = ["start", str(request.key)]
    words += ["--profile", str(profile)] if profile else []
    for name, value in options.items():
        words += ["--option", f"{name}={value}"]
    return own_command(session, [*words, "--confirm", typable(request.key.user, NAME)])
