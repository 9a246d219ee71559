"""A canary: starts a server of one user, measures each part of its spawn, and stops it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from hubtui.clients.gate import WriteToken
from hubtui.clients.hub import permit_start, permit_stop
from hubtui.errors import UsageError
from hubtui.model.age import precise
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Outcome, Phase, Plan, Progress, Result
from hubtui.model.spawn import Part, Trace
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions import spawn_check_facts as facts_of
from hubtui.services.actions.common import check_basis, new_id, place_of, typable
from hubtui.services.actions.spawn_check_checks import checks, notices
from hubtui.services.actions.spawn_check_outcome import outcome_of, part_words
from hubtui.services.actions.spawn_check_run import Canary, Tell, run
from hubtui.services.journal import Entry

NAME: Final = "spawn-check"

TIMEOUT: Final = 300.0
"""Seconds that a spawn may take: as long as z2jh's hub waits itself (facts.md §2.4)."""

_TYPED: Final = "canary"
"""What is typed where the user's name is too hard to type."""


@dataclass(frozen=True, slots=True)
class SpawnCheckRequest:
    """Whose server is started, under which name and with which options; how long it may take, in
    seconds, and whether it goes on afterwards."""

    user: str
    server: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = TIMEOUT
    keep: bool = False

    def __post_init__(self) -> None:
        if not self.user:
            raise UsageError("A spawn check needs a user", remedy="Name one with --user.")
        if self.timeout <= 0:
            raise UsageError("A spawn takes some time", remedy="Use a time such as 5m.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpawnCheckPlan(Plan):
    """A plan to start a canary."""

    canary: Canary


async def plan(session: ActionSession, request: SpawnCheckRequest) -> SpawnCheckPlan:
    """Reads everything anew and says what the check would do.

    Raises DeniedError, UnreachableError, ConfigError without a token of the hub.
    """
    key = ServerKey(request.user, request.server)
    facts = await facts_of.read(session, key)
    stops = "" if request.keep else ", then is stopped again"
    return SpawnCheckPlan(
        id=new_id(),
        action=NAME,
        title=f"Spawn check as {key}",
        summary=f"A server starts for {key}, each part is measured{stops}",
        **place_of(session),
        targets=(str(key),),
        checks=await checks(session, facts, request.options),
        notices=notices(facts, keep=request.keep),
        undo=f"hubtui stop {shlex.quote(str(key))}" if request.keep else "it takes itself back",
        confirm=typable(request.user, _TYPED),
        basis=facts.basis,
        command=_command(key, request.options),
        means=_means(request),
        permits=permits(session, key),
        details=(
            ("server", str(key)),
            ("keep", "yes" if request.keep else "no"),
        ),
        lock=f"server {key}",
        interruptible=True,
        canary=Canary(key, dict(request.options), request.timeout, request.keep),
    )


def permits(session: ActionSession, key: ServerKey) -> tuple[Any, ...]:
    """What a canary may write: its start and its stop."""
    return permit_start(session.namespace, key), permit_stop(session.namespace, key)


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Starts it, follows it, and stops it again; also when it fails, hangs or is interrupted.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, SpawnCheckPlan):
        raise TypeError(plan.action)
    key = plan.canary.key
    user = await facts_of.user_of(session, key)
    check_basis(plan, await facts_of.basis_of(session, key, user))
    await report.begin()
    checked = await run(session, plan.canary, token, teller(report), report.interrupted)
    if words := part_words(checked.trace):
        await report.step(words)
    return outcome_of(checked)


def teller(report: Report) -> Tell:
    """Shows how far a spawn is as the progress of an operation."""

    def tell(trace: Trace, now: float, note: str) -> None:
        over = trace.ready or Part.REQUESTED not in trace.reached
        phase = Phase.VERIFYING if trace.ready else Phase.APPLYING
        report.progress(Progress(phase, trace.steps(now), note if over else _going(note, now)))

    return tell


def _going(note: str, now: float) -> str:
    return f"{now:.0f} s: {note}" if note else f"{now:.0f} s"


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """Whether a canary that nobody watched is left: one look, no waiting."""
    details = dict(entry.details)
    key = ServerKey.parse(details.get("server", ""))
    user = await facts_of.user_of(session, key)
    server = user.servers.get(key.server) if user else None
    if server is None or server.stopped:
        return Outcome(Result.INTERRUPTED, f"hubtui was ended; no server {key} is left")
    state = facts_of.state_of(server)
    command = f"hubtui stop {shlex.quote(str(key))}"
    if details.get("keep") == "yes":
        return Outcome(Result.INTERRUPTED, f"hubtui was ended; {key} {state}, as was asked for")
    return Outcome(
        Result.INTERRUPTED,
        f"hubtui was ended, and its canary may be left: {key} {state}. To take it away: {command}",
        next_steps=(f"{command} takes it away, if it is not in use by now.",),
    )


def _means(request: SpawnCheckRequest) -> str:
    options = ", ".join(f"{name}={value}" for name, value in request.options.items())
    how = f" with {options}" if options else ""
    end = "it goes on afterwards" if request.keep else "then a DELETE, also when it fails"
    within = precise(request.timeout)
    return f"a POST to the hub's API{how}; ready within {within}, or it is ended; {end}"


def _command(key: ServerKey, options: Mapping[str, Any]) -> str:
    import json

    user = quote(key.user, safe="@~")
    path = f"servers/{quote(key.server, safe='')}" if key.server else "server"
    words = ["curl", "-X", "POST", "-H", "Authorization: token …"]
    words += ["-d", json.dumps(dict(options))] if options else []
    return shlex.join([*words, f"http://localhost:8081/hub/api/users/{user}/{path}"])
