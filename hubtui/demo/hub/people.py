"""What the users do: they come, start a server, work in bursts, and stop or forget it.

A visit is a few callbacks: nothing ticks, and what the hub knows of an activity is computed when
somebody asks for it (`Server.activity`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from hubtui.demo.hub.names import Person
from hubtui.demo.hub.records import Server, User, path_part
from hubtui.demo.hub.refusals import HubRefusalError
from hubtui.demo.hub.settings import profile_slug
from hubtui.demo.storage import Json

if TYPE_CHECKING:
    from hubtui.demo.hub.hub import Hub, News

Span = tuple[float, float]
"""The least and the most seconds."""

DAY: Final = 86400.0
_LOGIN: Final = "jupyterhub.handlers.login.LoginHandler"
_SPAWN: Final = "jupyterhub.handlers.pages.SpawnHandler"
_PENDING: Final = "jupyterhub.handlers.pages.SpawnPendingHandler"
_ACTIVITY: Final = "jupyterhub.apihandlers.users.ActivityAPIHandler"
_REPORTED: Final = 300.0
"""Seconds between two reports of a server's activity (JUPYTERHUB_ACTIVITY_INTERVAL)."""
_PATIENCE: Final = 6
"""How often somebody tries again before they give up for the day."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How people use the hub; times in seconds, `hours` those of the day in UTC."""

    comes: float = 0.6
    hours: tuple[float, float] = (7.5, 17.0)
    bursts: tuple[int, int] = (2, 7)
    burst: Span = (240.0, 2400.0)
    pause: Span = (120.0, 1500.0)
    stops: float = 0.2
    weekends: float = 0.25


WORKING: Final = Habits()
CLASS: Final = Habits(bursts=(4, 6), burst=(600.0, 1500.0), pause=(60.0, 240.0), stops=0.1)
"""A class of 90 minutes or so: everybody is there, hardly anybody stops their server."""


@dataclass(eq=False)
class Visit:
    """Somebody at the hub: the bursts of work that they have still before them."""

    user: User
    server: Server
    habits: Habits
    dice: Random
    bursts: int
    tries: int = 0


class People:
    """The users of a hub and their days."""

    def __init__(self, hub: Hub, people: Iterable[Person], habits: Habits = WORKING) -> None:
        self._hub = hub
        self._after = hub.world.timeline.after
        self.people = tuple(people)
        self.habits = habits
        self._visits: dict[Server, Visit] = {}
        self._number = 0

    def begin(self) -> None:
        """They are in the hub's database from here on, and come day by day."""
        for person in self.people:
            self._admit(person)
        self._hub.listen(self._told)
        now = self._hub.now
        gone = timedelta(hours=now.hour, minutes=now.minute, seconds=now.second).total_seconds()
        self._day(now.weekday(), 0, gone)

    def come(self, people: Iterable[Person], within: float, habits: Habits = CLASS) -> None:
        """These people come, each at some time within so many seconds."""
        chance = self._hub.world.chance
        for person in people:
            self._admit(person)
            dice = chance.of("comes", person.name, chance.count("comes", person.name))
            self._plan(person, dice.uniform(0, within), habits)

    def leave(self, server: Server) -> None:
        """The user of a server goes away, and leaves it as it is."""
        self._visits.pop(server, None)

    def _admit(self, person: Person) -> None:
        created = self._hub.now - timedelta(days=person.member)
        self._hub.add_user(person.name, admin=person.admin, created=created)
        for name in person.groups:
            group = self._hub.add_group(name)
            if person.name not in group.users:
                group.users.append(person.name)

    def _day(self, weekday: int, number: int, gone: float = 0.0) -> None:
        """Plans who comes on a day of which some seconds are gone."""
        rate = self.habits.comes * (self.habits.weekends if weekday >= 5 else 1.0)
        for person in self.people:
            dice = self._hub.world.chance.of("day", number, person.name)
            comes, hour = dice.random() < rate, dice.uniform(*self.habits.hours)
            if comes and hour * 3600 > gone:
                self._plan(person, hour * 3600 - gone, self.habits)
        self._after(DAY - gone, lambda: self._day((weekday + 1) % 7, number + 1))

    def _plan(self, person: Person, seconds: float, habits: Habits) -> None:
        self._after(seconds, lambda: self._arrive(person, habits))

    def _arrive(self, person: Person, habits: Habits) -> None:
        self._number += 1
        dice = self._hub.world.chance.of("visit", self._number, person.name)
        user = self._hub.add_user(person.name, admin=person.admin)
        named = self._hub.settings.named_servers and person.servers
        name = dice.choice(person.servers) if named and dice.random() < 0.5 else ""
        server = self._hub.server_of(user, name)
        if server not in self._visits:
            visit = Visit(user, server, habits, dice, dice.randint(*habits.bursts))
            self._visits[server] = visit
            self._log_in(visit)

    def _log_in(self, visit: Visit) -> None:
        if not self._hub.is_up:
            self._try_later(visit, self._log_in)
            return
        visit.user.seen = self._hub.now
        pen, name = self._hub.pen, visit.user.name
        pen.info("base:1033", f"User logged in: {name}")
        seconds = visit.dice.uniform(0.08, 0.4)
        who = f"({name}@::ffff:10.20.0.1) {1000 * seconds:.2f}ms"
        pen.info("log:192", f"302 POST /hub/login?next=%2Fhub%2F -> /hub/spawn {who}")
        self._hub.metrics.logged_in(seconds)
        self._hub.metrics.request("POST", _LOGIN, 302, seconds)
        self._after(visit.dice.uniform(1, 8), lambda: self._open(visit))

    def _open(self, visit: Visit) -> None:
        server = visit.server
        if not self._hub.is_up:
            self._try_later(visit, self._open)
        elif server.ready:
            self._work(visit)
        elif server.pending is None:
            self._start(visit)
        elif server.pending == "stop":
            self._try_later(visit, self._open)

    def _start(self, visit: Visit) -> None:
        metrics = self._hub.metrics
        profiles = [each for each in self._hub.settings.spawning.profiles if not _is_apart(each)]
        weights = range(len(profiles), 0, -1)
        options = {}
        if profiles:
            options = {"profile": profile_slug(visit.dice.choices(profiles, list(weights))[0])}
        try:
            self._hub.spawner.start(visit.user, visit.server.name, options)
        except HubRefusalError as refused:
            metrics.request("POST", _SPAWN, refused.code, 0.01)
            self._try_later(visit, self._open)
            return
        target = f"/hub/spawn-pending/{path_part(visit.user.name)}"
        who = f"({visit.user.name}@::ffff:10.20.0.1) 38.40ms"
        self._hub.pen.info("log:192", f"302 GET /hub/spawn -> {target} {who}")
        metrics.request("GET", _SPAWN, 302, 0.04)
        metrics.request("GET", _PENDING, 200, 0.02)

    def _told(self, news: News, server: Server | None) -> None:
        visit = self._visits.get(server) if server is not None else None
        if visit is None:
            return
        if news == "ready" and visit.server.busy is None:
            self._after(visit.dice.uniform(1, 10), lambda: self._work(visit))
        elif news == "failed":
            self._try_later(visit, self._open)
        elif news == "stopped":
            self._leave(visit)

    def _try_later(self, visit: Visit, what: Callable[[Visit], None]) -> None:
        visit.tries += 1
        if visit.tries > _PATIENCE:
            self._leave(visit)
        else:
            self._after(visit.dice.uniform(20, 90), lambda: what(visit))

    def _work(self, visit: Visit) -> None:
        server = visit.server
        if self._visits.get(server) is not visit or server.busy is not None:
            return
        if not server.ready:
            self._try_later(visit, self._work)
            return
        length = visit.dice.uniform(*visit.habits.burst)
        server.busy = self._after(length, lambda: self._rest(visit, length))
        visit.bursts -= 1

    def _rest(self, visit: Visit, worked: float) -> None:
        server = visit.server
        if self._visits.get(server) is not visit or server.busy is None:
            return
        server.seen, server.busy = self._hub.now, None
        if self._hub.is_up:
            posts = 1 + int(worked / _REPORTED)
            self._hub.metrics.request("POST", _ACTIVITY, 200, 0.006, posts)
        if visit.bursts > 0:
            self._after(visit.dice.uniform(*visit.habits.pause), lambda: self._work(visit))
            return
        stops = visit.dice.random() < visit.habits.stops
        self._leave(visit)
        if stops and server.ready and self._hub.is_up:
            self._hub.spawner.stop(server)

    def _leave(self, visit: Visit) -> None:
        self.leave(visit.server)


def _is_apart(profile: Json) -> bool:
    """Whether a profile has nodes of its own: it is not for everybody."""
    return "node_selector" in (profile.get("kubespawner_override") or {})
