"""One server on its way out: what was planned, whether that holds still, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hubtui.model.age import precise, seconds_between
from hubtui.model.hub import HubServer, ServerKey


@dataclass(frozen=True, slots=True)
class ToStop:
    """A server that a plan stops, as it was when the plan was made; with `in_use` it is stopped
    whatever it does since."""

    key: ServerKey
    started: datetime | None = None
    last_activity: datetime | None = None
    pending: str | None = None
    in_use: bool = False

    @classmethod
    def of(cls, user: str, server: HubServer) -> ToStop:
        """The server as the hub tells it."""
        key = ServerKey(user, server.name)
        return cls(key, server.started, server.last_activity, server.pending)

    @property
    def idle_since(self) -> datetime | None:
        """Its last activity; without one its start, as the idle culler counts (facts.md §4)."""
        return self.last_activity or self.started


class Fate(StrEnum):
    """What became of a server."""

    STOPPED = "stopped"
    GONE = "gone before"
    """It did not run any more when its turn came."""
    SKIPPED = "skipped"
    """It is in use, or not the one of the plan: it goes on."""
    FAILED = "failed"
    """It was to be stopped, and is not gone."""
    LEFT = "left"
    """Its turn did not come."""


@dataclass(frozen=True, slots=True)
class End:
    """What became of one server; `again` when it has started anew since."""

    key: ServerKey
    fate: Fate
    words: str = ""
    todo: str = ""
    again: bool = False


def is_active(server: HubServer) -> bool:
    """Whether a server runs, or is about to: JupyterHub's own `Spawner.active`."""
    return server.ready or server.pending is not None


def verdict(planned: ToStop, server: HubServer | None, now: datetime) -> End | None:
    """Why a server is not stopped, looked at just before; None when it is to be stopped."""
    key = planned.key
    if server is None or not is_active(server):
        return End(key, Fate.GONE, "it did not run any more")
    if is_newer(planned, server):
        return End(key, Fate.SKIPPED, "it was started anew since the plan")
    if planned.in_use:
        return None
    if planned.pending == "spawn" and server.ready:
        return End(key, Fate.SKIPPED, "it has become ready since the plan")
    seen, before = server.last_activity, planned.last_activity
    if seen is not None and (before is None or seen > before):
        ago = precise(seconds_between(seen, now))
        return End(key, Fate.SKIPPED, f"it was active since the plan, {ago} ago")
    return None


def is_newer(planned: ToStop, server: HubServer) -> bool:
    """Whether a server is another run than the one of the plan."""
    before, now = planned.started, server.started
    return now is not None and (before is None or now > before)
