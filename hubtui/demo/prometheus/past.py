"""The days before somebody came to the demo's hub: who was there then, and what it measured.

Nobody lived through them. They follow from the seed when somebody first asks: work days with a
morning and an afternoon, quiet nights and weekends, a class on Tuesdays and Thursdays.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from hubtui.demo.disks import DAY
from hubtui.demo.history import Labels, Observed
from hubtui.demo.hub.requests import Requests
from hubtui.demo.world import World

DAYS: Final = 15
"""So many days back: a week that is kept, and the week that its active users are counted over."""

_SPAWN: Final = "jupyterhub_server_spawn_duration_seconds"
_HOURS: Final = ((9.2, 0.9, 0.6), (13.8, 1.3, 0.4))
"""When people come: mean and spread in hours UTC, and the part of them."""
_COMES, _WEEKEND = 0.45, 0.1
_CLASS_DAYS: Final = (1, 3)
_CLASS: Final = (10.0, 0.4)
"""The hour of the class, and the part of the users that is in it."""
_REGULARS: Final = 90
"""So many users come by themselves; of a large hub most are there for their classes alone."""
_IDLE: Final = 3600.0
_TIMEOUT: Final = 300.0


class Visit(NamedTuple):
    """Somebody's server: asked for, ready after `took` seconds, and its end; `place` in [0, 1)
    says on which node. Without an end after the begin it did not start."""

    user: str
    begin: float
    took: float
    end: float
    place: float

    @property
    def started(self) -> bool:
        """Whether its server was ever ready."""
        return self.end > self.begin


def visits(world: World) -> tuple[Visit, ...]:
    """All that were before the first that somebody lived through, in the order of their begin."""
    hub, begun = world.history.hub, world.history.begun
    if hub is None:
        return ()
    users = sorted(hub.users)
    world.chance.of("regulars").shuffle(users)
    users = users[:_REGULARS]
    first = datetime.fromtimestamp(begun, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    for back in range(DAYS, -4, -1):
        day = first - timedelta(days=back)
        dice = world.chance.of("earlier", day.date())
        found += list(_day(dice, day, users))
    until = world.history.running[0][0] if world.history.running else begun
    kept = [each for each in found if max(each.end, each.begin + _TIMEOUT) < until - 60]
    return tuple(sorted(kept, key=lambda each: each.begin))


def _day(dice: Random, day: datetime, users: list[str]) -> Iterator[Visit]:
    at, weekday = day.timestamp(), day.weekday()
    rate = _WEEKEND if weekday >= 5 else _COMES
    for user in users:
        draws = dice.random(), dice.random(), dice.gauss(0, 1), dice.lognormvariate(0, 0.5)
        took, place = dice.lognormvariate(2.1, 0.35), dice.random()
        if weekday in _CLASS_DAYS and draws[1] < _CLASS[1]:
            begin = at + 3600 * _CLASS[0] + 300 * draws[0]
            # The first of a class find their nodes, the others wait for new ones.
            late = 60.0 * (draws[0] > 0.6) * draws[3]
            yield Visit(user, begin, took + late, begin + 5400 + _IDLE * draws[3], place)
        elif draws[0] < rate:
            mean, spread, _ = _HOURS[draws[1] > _HOURS[0][2]]
            begin = at + 3600 * max(0.2, mean + spread * draws[2])
            if draws[3] > 3.2:
                yield Visit(user, begin, _TIMEOUT, begin, place)
            yield Visit(user, begin + 400, took, begin + 6600 * draws[3] + _IDLE, place)


def observed(world: World, earlier: tuple[Visit, ...]) -> list[Observed]:
    """What the hub measured of those visits, and the failures after its last upgrade."""
    hub, begun = world.history.hub, world.history.begun
    if hub is None or not world.history.processes:
        return []
    is_six = hub.settings.is_six
    found = [each for visit in earlier for each in _of_visit(visit, is_six)]
    users = _request("GET", "apihandlers.users.UserListAPIHandler", "200")
    every = range(int(begun - 8 * DAY), int(begun), 600)
    found += [Observed(at, Requests.NAME, users, 0.02) for at in every]
    return found + _failures(world, is_six)


def _of_visit(visit: Visit, is_six: bool) -> Iterator[Observed]:
    at, ready = visit.begin, visit.begin + visit.took
    login = _request("POST", "handlers.login.LoginHandler", "302")
    yield Observed(at - 4, Requests.NAME, login, 0.08 + 0.3 * visit.place)
    yield Observed(at, Requests.NAME, _request("GET", "handlers.pages.SpawnHandler", "302"), 0.04)
    pending = _request("GET", "handlers.pages.SpawnPendingHandler", "200")
    yield Observed(at, Requests.NAME, pending, 0.02)
    if not visit.started:
        yield Observed(ready, _SPAWN, outcome(is_six, "timeout"), visit.took)
        return
    yield Observed(ready, _SPAWN, outcome(is_six), visit.took)
    yield Observed(ready, "jupyterhub_proxy_add_duration_seconds", _OK, 0.006)
    activity = _request("POST", "apihandlers.users.ActivityAPIHandler", "200")
    for number in range(int((visit.end - ready) / 300)):
        yield Observed(ready + 300 * number + 7, Requests.NAME, activity, 0.006)
    stop = _request("DELETE", "apihandlers.users.UserServerAPIHandler", "204")
    yield Observed(visit.end, Requests.NAME, stop, 1.4)
    yield Observed(visit.end, "jupyterhub_server_stop_seconds", _OK, 3 + 4 * visit.place)
    yield Observed(visit.end, "jupyterhub_proxy_delete_duration_seconds", _OK, 0.006)


def _failures(world: World, is_six: bool) -> list[Observed]:
    """What went wrong in the hour after the last upgrade of the past, before somebody mended it."""
    *_, last = world.history.processes
    present = world.disks.present
    if len(world.history.processes) < 2 or present is None or last.begin > present.timestamp():
        return []
    dice = world.chance.of("after the upgrade")
    times = sorted(dice.uniform(400, 3000) for _ in range(6))
    labels = outcome(is_six, "timeout")
    return [Observed(last.begin + at, _SPAWN, labels, _TIMEOUT) for at in times]


_OK: Final = (("status", "success"),)


def outcome(is_six: bool, failed: str = "") -> Labels:
    """The labels of a spawn: 6.x names status and reason, 5.x one of them."""
    if not is_six:
        return (("status", "failure" if failed else "success"),)
    return (("reason", failed), ("status", "error" if failed else "success"))


def _request(method: str, handler: str, code: str) -> Labels:
    return (("code", code), ("handler", f"jupyterhub.{handler}"), ("method", method))
