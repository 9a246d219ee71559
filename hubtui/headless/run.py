"""Opens a session for one command, asks, prints, and goes on asking with --watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from hubtui.config import Origin, Settings
from hubtui.errors import HubtuiError, UsageError
from hubtui.headless.output import Answer, Note, Output, Scope
from hubtui.services.opening import Opening
from hubtui.services.session import Session, Several
from hubtui.services.store import Health, State, Store, Subscription

WATCH_BEAT = 1.0
"""Seconds between two looks at what changed; a change is printed at the next one."""

REDRAW = 60.0
"""Seconds after which a terminal is drawn anew for the ages alone."""


@dataclass(frozen=True, slots=True)
class Run:
    """One command: its settings, how it prints, and whether it goes on."""

    settings: Settings
    origins: Sequence[Origin]
    out: Output
    watch: bool = False


class Source(Protocol):
    """What an answer is read from and changes with: a store, or the hub's feed."""

    @property
    def health(self) -> Health: ...
    def subscribe(self) -> Subscription: ...


Question = Callable[[Session], Awaitable[Answer]]
Watched = Callable[[Session], Sequence[Source]]
Follow = Callable[[Session], Awaitable[None]]


@asynccontextmanager
async def opened(run: Run) -> AsyncIterator[Session]:
    """The session of a command; live only with --watch.

    Raises UsageError when there are several hubs, since nobody can be asked.
    """
    opening = Opening(run.settings)
    try:
        found = await opening.connect(lambda silent: run.out.say(str(silent)), live=run.watch)
        if isinstance(found, Several):
            raise _several(found)
    finally:
        await opening.close()
    try:
        yield found
    finally:
        await found.close()


def _several(found: Several) -> UsageError:
    hubs = ", ".join(f"-n {hub.namespace} --release {hub.release}" for hub in found.hubs)
    return UsageError(
        f"There are {len(found.hubs)} hubs to choose from", remedy=f"Pass one of: {hubs}."
    )


async def ask(run: Run, question: Question, watched: Watched, follow: Follow | None = None) -> int:
    """Prints the answer to a question; with --watch again whenever a watched source changes.

    `follow` begins to watch what is no store.
    """
    async with opened(run) as session:
        if not run.watch:
            run.out.show(await question(session))
            return 0
        sources = watched(session)
        readers = [source.subscribe() for source in sources]
        await session.feeds.fill(*(each for each in sources if isinstance(each, Store)))
        if follow is not None:
            await follow(session)
        while True:
            _forget(readers)
            health = _states(sources)
            run.out.show(await question(session))
            await _change(readers, sources, health, REDRAW if run.out.terminal else None)


def _forget(readers: Sequence[Subscription]) -> None:
    for reader in readers:
        reader.drain()


def _states(sources: Sequence[Source]) -> list[State]:
    return [source.health.state for source in sources]


async def _change(
    readers: Sequence[Subscription],
    sources: Sequence[Source],
    health: list[State],
    at_latest: float | None,
) -> None:
    """Waits for a beat at which something is different."""
    clock = asyncio.get_running_loop()
    started = clock.time()
    while True:
        await asyncio.sleep(WATCH_BEAT)
        if any(reader.all or reader.keys for reader in readers) or _states(sources) != health:
            return
        if at_latest is not None and clock.time() - started >= at_latest:
            return


def scope_of(session: Session) -> Scope:
    """What the answers of a session are about."""
    return Scope(session.context.name, session.namespace, session.release)


def require(source: Source) -> None:
    """Raises what keeps a command's main source from being read."""
    if source.health.state is State.DENIED and source.health.error is not None:
        raise source.health.error


def store_notes(*stores: Store[Any]) -> tuple[Note, ...]:
    """What of the other sources could not be read, or is not fresh."""
    found = []
    for store in stores:
        error = store.health.error
        if error is not None:
            found.append(Note(store.name.partition(" ")[0], reason(error)))
    return tuple(found)


def reason(error: HubtuiError) -> str:
    """An error in a note."""
    return error.what
