"""Turns a scenario into a cluster: its past passes at once, then it is handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from hubtui.demo.hub.hub import Hub
from hubtui.demo.hub.names import Person, cast
from hubtui.demo.hub.people import CLASS, WORKING, Habits, People
from hubtui.demo.life import attach
from hubtui.demo.resources import NAMESPACES, NODES
from hubtui.demo.scenarios import homes, leftovers, support
from hubtui.demo.scenarios.pools import group_of, node_of
from hubtui.demo.scenarios.releases import Release
from hubtui.demo.scenarios.story import Drill, Scenario, Wave
from hubtui.demo.scenarios.system import install
from hubtui.demo.seed.values import ARCHIVED, JUPYTER, PUBLISHED, TYPO
from hubtui.demo.world import World

NAME: Final = "hub"
"""The namespace and the release."""

RETURN: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A world with a hub in it."""

    world: World
    hub: Hub
    people: People
    release: Release


def stage(
    scenario: Scenario,
    drill: Drill | None,
    *,
    seed: int,
    speed: float,
    clock: Callable[[], datetime],
) -> Cluster:
    """The cluster at the present of the clock, not yet live."""
    now = clock()
    chapters = (*scenario.chapters, *(drill.chapters if drill else ()))
    world = World.make(now - chapters[0].ago, seed=seed, speed=speed, clock=clock)
    timeline = world.timeline
    world.faults.missing_images |= {TYPO, ARCHIVED}
    world.faults.published[JUPYTER] = PUBLISHED
    world.objects.create(NAMESPACES, {"metadata": {"name": NAME}, "status": {"phase": "Active"}})
    pools = (*scenario.pools, *(drill.pools if drill else ()))
    for pool in pools:
        for number in range(pool.count):
            world.objects.create(NODES, node_of(world, pool, number))
    install(world)
    support.install(world)
    homes.install(world, NAME, scenario.homes)
    world.disks.present = now
    people = cast(world.chance, scenario.people)
    if scenario.leftovers:
        leftovers.install(world, NAME, (each.name for each in people))
    release = Release(world, NAME)
    begun = now - scenario.lives
    for chapter in chapters:
        if now - chapter.ago <= begun:
            timeline.run_until(now - chapter.ago)
            release.begin(chapter)
    timeline.run_until(max(timeline.now, begun))
    attach(world, [group_of(world, pool) for pool in pools if pool.most is not None])
    hub = Hub(world, NAME, NAME)
    cluster = Cluster(world, hub, _people(hub, people), release)
    homes.furnish(world, scenario.homes, (each.name for each in people), now)
    for chapter in chapters:
        if now - chapter.ago > begun:
            _at(world, now - chapter.ago, partial(release.begin, chapter))
    for turn in (*scenario.turns, *(drill.turns if drill else ())):
        _at(world, now - turn.ago, partial(turn.do, cluster))
    _invite(cluster, scenario, drill, now)
    timeline.run_until(now)
    world.history.watch()
    return cluster


def _at(world: World, when: datetime, do: Callable[[], None]) -> None:
    world.timeline.after((when - world.timeline.now).total_seconds(), do)


def _people(hub: Hub, known: Iterable[Person]) -> People:
    """The people of a hub; they come in waves, whatever time of the day it is."""
    people = People(hub, known, Habits(comes=0.0))
    people.begin()
    return people


def _invite(cluster: Cluster, scenario: Scenario, drill: Drill | None, now: datetime) -> None:
    places = _circle(cluster.people.people)
    for wave in (*scenario.waves, *(drill.waves if drill else ())):
        guests = [next(places) for _ in range(wave.people)] if cluster.people.people else []
        come = partial(_come, cluster, guests, wave)
        _at(cluster.world, now - wave.ago, come)
    if scenario.returning:
        _at(cluster.world, now, partial(_return, cluster, scenario.returning, places))


def _come(cluster: Cluster, guests: list[Person], wave: Wave) -> None:
    habits = CLASS if wave.is_class else WORKING
    cluster.people.come(guests, wave.within.total_seconds(), habits)


def _return(cluster: Cluster, count: int, places: Iterator[Person]) -> None:
    """Some come in each half hour, for as long as the demo runs."""
    seconds = RETURN.total_seconds()
    cluster.people.come([next(places) for _ in range(count)], seconds, WORKING)
    cluster.world.timeline.after(seconds, partial(_return, cluster, count, places))


def _circle(people: tuple[Person, ...]) -> Iterator[Person]:
    while people:
        yield from people
