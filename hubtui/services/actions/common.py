"""What several actions check and need: who answers, whether a helm is at work, one right."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypedDict

from hubtui.clients import cluster_flags, kubeconfig
from hubtui.clients.detached import Detached
from hubtui.errors import ApiError, ChangedSinceError
from hubtui.model.plan import Basis, Check, Level, Plan
from hubtui.model.release import RevisionHead
from hubtui.services import journal
from hubtui.services.actions import ActionSession, Report


def ok(name: str, evidence: str) -> Check:
    return Check(name, Level.OK, evidence)


def warn(name: str, evidence: str) -> Check:
    return Check(name, Level.WARN, evidence)


def stop(name: str, evidence: str, *, overridable: bool = False) -> Check:
    return Check(name, Level.STOP, evidence, overridable)


def counted(number: int, what: str) -> str:
    """`1 replica`, `2 replicas`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


TYPED: Final = 40
"""Characters of a name that somebody can be asked to type."""


def typable(name: str, instead: str) -> str:
    """A name where it can be typed on any keyboard, else another one."""
    plain = name.isascii() and name.isprintable() and "\\" not in name
    return name if plain and 0 < len(name) <= TYPED else instead


def new_id() -> str:
    """The id of a plan: it sorts by time."""
    return f"{journal.now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


class Place(TypedDict):
    """The fields of a plan that say which hub it is for."""

    context: str
    server: str
    namespace: str
    release: str


def place_of(session: ActionSession) -> Place:
    """Which hub the plans of a session are for."""
    return {
        "context": session.context.name,
        "server": session.context.server,
        "namespace": session.namespace,
        "release": session.release,
    }


def own_command(session: ActionSession, words: Sequence[str]) -> str:
    """A command of hubtui's own that does the same, about the hub of the session."""
    return cluster_flags.hubtui_command(
        session.settings, session.context, session.namespace, session.release, words
    )


async def who_answers(session: ActionSession) -> dict[str, str]:
    """The part of a basis that says on which cluster it rests."""
    server, authority = await asyncio.to_thread(
        kubeconfig.identity, session.settings, session.context
    )
    return {"server": server, "certificate authority": authority}


async def newest_revision(session: ActionSession) -> RevisionHead | None:
    """The newest revision of the hub's release; None where there is none or it may not be read.

    Raises UnreachableError.
    """
    if not session.release:
        return None
    try:
        heads = await session.releases.refresh(session.release)
    except ApiError:
        return None
    return heads[0] if heads else None


async def release_is_quiet(session: ActionSession, newest: RevisionHead | None) -> Check:
    """Whether a helm may be at work on the release, which would replace pods by itself."""
    name = "release"
    here = await asyncio.to_thread(session.operations.live_here, session.release)
    if here:
        return stop(name, f"on this machine: {here}")
    if newest is None:
        return warn(name, "its revisions cannot be read: a helm may be at work")
    what = f"revision {newest.revision} is {newest.status}"
    if newest.status.pending:
        return stop(name, f"{what}: a helm may be at work", overridable=True)
    return ok(name, f"{what}, no helm seen from here")


async def right(
    session: ActionSession,
    verb: str,
    resource: str,
    name: str,
    *,
    namespaced: bool = True,
    subresource: str = "",
) -> Check:
    """Whether the caller may write this one object. Raises UnreachableError."""
    namespace = session.namespace if namespaced else ""
    try:
        may = await session.client.can_i(verb, resource, namespace, name, subresource)
    except ApiError as error:
        return warn("rights", f"cannot be asked: {error.what}")
    words = f"{verb} {resource}{f'/{subresource}' if subresource else ''} {name}"
    return ok("rights", f"{words}: allowed") if may else stop("rights", f"no right to {words}")


async def begin(process: Detached, report: Report, errors: Path) -> None:
    """Journals a process that waits for its word, then gives it; without a journal it never begins.

    `errors` is the file for what it says. Raises RefusedError.
    """
    try:
        await report.process(process.pid, process.started, str(errors))
    except BaseException:
        process.abandon()
        await process.wait()
        raise
    process.begin()


def check_basis(plan: Plan, now: Basis) -> None:
    """Raises ChangedSinceError when a plan no longer holds."""
    changed = plan.basis.changed(now)
    if changed:
        raise ChangedSinceError(
            f"Something has changed since the plan was made: {'; '.join(changed)}",
            meaning="Nothing was written.",
            remedy="Look at a new plan.",
        )
