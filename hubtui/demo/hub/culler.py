"""The idle culler as a service of the hub: its rule and its grid (facts.md §4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.demo.hub.records import Server, User

if TYPE_CHECKING:
    from hubtui.demo.hub.hub import Hub

_BOOT: Final = 2.0
"""Seconds from the hub's start to the culler's first run."""
_WHO: Final = "(jupyterhub-idle-culler@127.0.0.1)"
_USERS: Final = "jupyterhub.apihandlers.users.UserListAPIHandler"
_SERVER: Final = "jupyterhub.apihandlers.users.UserServerAPIHandler"


class Culler:
    """Runs as long as the process of the hub that began it; `runs` are the times it looked."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.runs: list[datetime] = []
        self._hangs = False

    def hang(self) -> None:
        """Does nothing any more, until the next process of the hub."""
        self._hangs = True

    def begin(self) -> None:
        """Starts with the hub's process, if the settings have it."""
        self._hangs = False
        if self._hub.settings.culling.enabled:
            self._next(_BOOT, self._hub.started)

    def _next(self, seconds: float, process: datetime | None) -> None:
        def run() -> None:
            if self._hub.is_up and self._hub.started == process and not self._hangs:
                self._run()
                self._next(self._hub.settings.culling.every, process)

        self._hub.world.timeline.after(seconds, run)

    def _run(self) -> None:
        self.runs = [*self.runs[-99:], self._hub.now]
        for path, seconds in (("", 0.004), ("users?state=[secret]", 0.02)):
            words = f"200 GET /hub/api/{path} {_WHO} {1000 * seconds:.2f}ms"
            self._hub.pen.info("log:192", words)
        self._hub.metrics.request("GET", _USERS, 200, 0.02)
        for user in tuple(self._hub.users.values()):
            alive = user.active
            for server in alive:
                self._cull(server)
            if self._hub.settings.culling.users and not alive:
                self._cull_user(user)

    def _cull(self, server: Server) -> None:
        """Stops a server that is past its time."""
        name = f"{server.user.name}/{server.name}" if server.name else server.user.name
        if server.pending is not None:
            words = f"Not culling server {name} with pending {server.pending}"
            self._hub.pen.culler("W", "__init__:190", words)
            return
        rule = self._hub.settings.culling
        age = self._age(server.started)
        seen = server.activity(self._hub.now)
        inactive = age if seen is None else self._age(seen)
        if inactive >= rule.timeout:
            words = f"Culling server {name} (inactive for {_shown(inactive)})"
            self._hub.pen.culler("I", "__init__:251", words)
        elif rule.max_age and age >= rule.max_age:
            ages = f"(age: {_shown(age)}, inactive for {_shown(inactive)})"
            self._hub.pen.culler("I", "__init__:260", f"Culling server {name} {ages}")
        else:
            return
        self._hub.spawner.stop(server, remove=bool(server.name) and rule.remove_named)
        self._hub.metrics.request("DELETE", _SERVER, 204, 1.4)

    def _cull_user(self, user: User) -> None:
        rule = self._hub.settings.culling
        seen = user.activity(self._hub.now) or user.created
        inactive, age = self._age(seen), self._age(user.created)
        idle = inactive >= rule.timeout and (rule.admin_users or not user.admin)
        if idle or (rule.max_age and age >= rule.max_age):
            words = f"Culling user {user.name} (inactive for {_shown(inactive)})"
            self._hub.pen.culler("I", "__init__:381", words)
            self._hub.remove_user(user)

    def _age(self, since: datetime | None) -> float:
        return self._hub.elapsed(since) if since else 0.0


def _shown(seconds: float) -> str:
    hours, rest = divmod(int(timedelta(seconds=seconds).total_seconds()), 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
