"""Starts a server, measures each part of its spawn, and takes it away again whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hubtui.clients.gate import WriteToken
from hubtui.clients.hub import HubClient
from hubtui.errors import (
    ApiError,
    DeniedError,
    HubtuiError,
    LimitedError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)
from hubtui.model.hub import ServerKey
from hubtui.model.kinds import PODS
from hubtui.model.podstate import state_of
from hubtui.model.spawn import Part, Trace
from hubtui.services import why
from hubtui.services.actions import ActionSession, following
from hubtui.services.actions.spawn_check_watch import Spawn

TICK: Final = 0.5
"""Seconds between two looks at the clock while nothing comes."""

GONE_WITHIN: Final = 120.0
"""Seconds that the server may take to go."""

LEAVING: Final = 15.0
"""The same for the request alone when hubtui is about to end."""


@dataclass(frozen=True, slots=True)
class Canary:
    """Which server is started, with which of the user's options, and how long that may take in
    seconds; with `keep` it goes on. `theirs`: it is no canary but somebody's own server, which is
    never taken away."""

    key: ServerKey
    options: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 300.0
    keep: bool = False
    theirs: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """How it went. `failed` is why the server did not become ready, `why` what explains its pod;
    `left` is why it is still there, where it should have gone, which took `went` seconds.
    `refused`: the hub did not even take the request."""

    canary: Canary
    trace: Trace
    ended: float
    failed: str = ""
    why: str = ""
    left: str = ""
    went: float | None = None
    refused: bool = False
    interrupted: bool = False


Tell = Callable[[Trace, float, str], None]
"""Takes how far a spawn is, the seconds since its request, and what is waited for."""


async def run(
    session: ActionSession,
    canary: Canary,
    token: WriteToken,
    tell: Tell,
    interrupted: asyncio.Event,
) -> Checked:
    """Starts the server, and stops it again when it is ready, fails, hangs or when it is
    interrupted; also when this is cancelled. Raises UnreachableError before anything is sent.
    """
    hub = await session.hub_link.open()
    spawn = Spawn(session, canary.key)
    asked = False
    try:
        async with spawn.followed():
            tell(spawn.trace, 0.0, f"asks the hub for {canary.key}")
            asked = True
            refused = await _start(session, hub, canary, token)
            if not refused:
                spawn.requested()
                await _until_over(spawn, canary, tell, interrupted)
            failed = refused or _failed(spawn, canary, interrupted)
            why = await _why(session, spawn) if failed and not refused else ""
            ended = spawn.now
        known = Checked(canary, spawn.trace, ended, failed, why, interrupted=interrupted.is_set())
        if refused:
            return replace(known, refused=True)
        if canary.theirs or (canary.keep and not failed):
            return known
        return await _taken_away(session, known, spawn, token, tell)
    except BaseException:
        # Whoever ends this leaves no canary behind.
        if asked and not canary.theirs:
            await _stop(session, canary.key, token, LEAVING)
        raise


async def _start(session: ActionSession, hub: HubClient, canary: Canary, token: WriteToken) -> str:
    """Why the hub does not take the request; "" when it has, or may have."""
    try:
        await hub.start(canary.key, token, canary.options)
    except LimitedError as error:
        return error.what
    except UnreachableError:
        await session.hub_link.drop()  # it may have been heard: what follows tells
    except ApiError as error:
        return error.what
    return ""


async def _until_over(spawn: Spawn, canary: Canary, tell: Tell, interrupted: asyncio.Event) -> None:
    stop = asyncio.create_task(interrupted.wait())
    try:
        while not (spawn.trace.ready or spawn.failed or stop.done()):
            if spawn.now > canary.timeout:
                return
            spawn.moved.clear()
            tell(spawn.trace, spawn.now, spawn.trace.words.get(Part.READY, ""))
            moved = asyncio.create_task(spawn.moved.wait())
            try:
                await asyncio.wait({moved, stop}, timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
            finally:
                moved.cancel()
    finally:
        stop.cancel()


def _failed(spawn: Spawn, canary: Canary, interrupted: asyncio.Event) -> str:
    if spawn.trace.ready:
        return ""
    if spawn.failed:
        return f"the hub says: {spawn.failed}"
    if interrupted.is_set():
        return "it was interrupted"
    return f"it was not ready within {canary.timeout:g} s"


async def _why(session: ActionSession, spawn: Spawn) -> str:
    """What explains the pod as it was last seen."""
    if spawn.pod is None:
        return ""
    try:
        found = await why.of_seen(session, spawn.pod)
    except HubtuiError:
        return state_of(spawn.pod).status
    return " ".join(part for part in (found.happened, found.means) if part)


async def _taken_away(
    session: ActionSession, known: Checked, spawn: Spawn, token: WriteToken, tell: Tell
) -> Checked:
    """Stops the server and waits until it and its pod are gone."""
    key, began = known.canary.key, _time()
    tell(known.trace, known.ended, f"stops {key} again")
    left = await _stop(session, key, token, GONE_WITHIN)
    while not left and (left := await _still_there(session, key, spawn)):
        if _time() - began > GONE_WITHIN:
            return replace(known, left=left)
        tell(known.trace, known.ended, f"waits until {key} is gone: {left}")
        await asyncio.sleep(following.CADENCE)
        left = ""
    return replace(known, left=left, went=None if left else _time() - began)


async def _stop(session: ActionSession, key: ServerKey, token: WriteToken, limit: float) -> str:
    """Has the hub stop the server; why it was not, when for so many seconds it could not be."""
    end = _time() + limit
    while True:
        try:
            hub = await session.hub_link.open()
            await hub.stop(key, token)
        except NotFoundError:
            return ""
        except (DeniedError, RefusedError) as error:
            return error.what
        except HubtuiError as error:
            if _time() > end:
                return error.what
            if not isinstance(error, ApiError):
                await session.hub_link.drop()
            await asyncio.sleep(following.CADENCE)
        else:
            return ""


async def _still_there(session: ActionSession, key: ServerKey, spawn: Spawn) -> str:
    """What of a stopped server is left, in words; "" when it is gone."""
    try:
        hub = await session.hub_link.open()
        server = (await hub.user(key.user)).servers.get(key.server)
        if server is not None and not server.stopped:
            return f"pending {server.pending}" if server.pending else "the hub still has it"
    except NotFoundError:
        pass
    except HubtuiError as error:
        return error.what
    if spawn.pod is None:
        return ""
    try:
        name = spawn.pod.metadata.name
        pod = await session.client.get(PODS, session.namespace, name)
    except NotFoundError:
        return ""
    except HubtuiError as error:
        return "" if isinstance(error, DeniedError) else error.what
    same = pod.metadata.uid == spawn.pod.metadata.uid
    return f"pod {name} is {state_of(pod).status}" if same else ""


def _time() -> float:
    return asyncio.get_running_loop().time()
