"""What the hub's database holds: users, their servers, groups. It outlives the hub's pod."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import quote

from hubtui.demo.storage import Json
from hubtui.demo.timeline import Due

Pending = Literal["spawn", "stop", "check"]

POLLED: Final = 60
"""Seconds between two looks at the proxy's times of activity in z2jh (facts.md §3)."""

SLOW_STOP: Final = 10.0
"""Seconds that the hub waits for a stop before it answers (slow_stop_timeout)."""


def path_part(name: str) -> str:
    """A name as JupyterHub writes it into URLs."""
    return quote(name, safe="@~")


@dataclass(eq=False)
class Server:
    """A server of a user, by its name ("" is the default one), running or not.

    `busy` is the end of the time in which its user works; `run` counts what was begun with it, so
    that an old timer knows that it is too late. `failing` is why its spawn is being undone,
    `failure` why the last one failed. It `replaces` a pod that was in the way of its own, and is
    removed when it has stopped if `removes`. `turn` is set, and replaced, at each change.
    """

    user: User
    name: str
    pod: str
    claim: str
    display_name: str = ""
    options: Json = field(default_factory=dict)
    created: datetime | None = None
    started: datetime | None = None
    seen: datetime | None = None
    pending: Pending | None = None
    ready: bool = False
    url: str = ""
    busy: Due | None = None
    failing: str = ""
    failure: str = ""
    progress: list[Json] = field(default_factory=list)
    removes: bool = False
    replaces: bool = False
    run: int = 0
    began: datetime | None = None
    turn: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_active(self) -> bool:
        """Whether the database has a server for it: it runs, or is about to start or to stop."""
        return self.ready or self.pending is not None

    @property
    def log_name(self) -> str:
        """As the hub's log calls it."""
        return f"{self.user.name}:{self.name}" if self.name else self.user.name

    @property
    def path(self) -> str:
        """Where users find it."""
        return f"{self.user.path}{path_part(self.name)}/" if self.name else self.user.path

    def activity(self, now: datetime) -> datetime | None:
        """The last activity that the hub knows of."""
        if self.busy is None:
            return self.seen
        until = min(now, self.busy.at)
        looked = until - timedelta(seconds=until.timestamp() % POLLED)
        return max(looked, self.seen) if self.seen else looked

    def changed(self) -> None:
        """Wakes those who wait for it."""
        turn, self.turn = self.turn, asyncio.Event()
        turn.set()

    async def until_stopped(self) -> bool:
        """Waits for a stop as long as the hub does; gives whether it is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SLOW_STOP):
                while self.pending == "stop":
                    await self.turn.wait()
        return self.pending != "stop"


@dataclass(eq=False)
class User:
    """A user of the hub."""

    id: int
    name: str
    created: datetime
    admin: bool = False
    seen: datetime | None = None
    servers: dict[str, Server] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the default server is found."""
        return f"/user/{path_part(self.name)}/"

    @property
    def active(self) -> list[Server]:
        """The servers that the database has."""
        return [each for each in self.servers.values() if each.is_active]

    def activity(self, now: datetime) -> datetime | None:
        """The last activity of the user or of a server."""
        times = [self.seen, *(each.activity(now) for each in self.servers.values())]
        return max((each for each in times if each is not None), default=None)


@dataclass(eq=False)
class Group:
    """A group and the names of its users."""

    id: int
    name: str
    users: list[str] = field(default_factory=list)
    properties: Json = field(default_factory=dict)
