"""The days of users, and the culler that ends what they forgot."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from hubtui.demo.hub.hub import Hub
from hubtui.demo.hub.names import cast
from hubtui.demo.hub.people import CLASS, Habits, People
from hubtui.demo.world import World
from hubtui.model.idle_grid import START_LINE
from tests.demo.hubs import START, Stage, stage, start_hub_pod, stop_hub_pod, values

HOUR = 3600


def cull(**rule: object) -> dict[str, object]:
    return values() | {"cull": {"enabled": True, "timeout": 3600, "every": 600, **rule}}


def worked(made: Stage, name: str, seconds: float) -> None:
    """Somebody's server runs, and was worked on for so long."""
    server = made.hub.spawner.start(made.hub.add_user(name))
    made.pass_by(10)
    server.busy = made.world.timeline.after(seconds, lambda: None)
    made.pass_by(seconds)
    server.seen, server.busy = server.busy.at, None


def test_an_idle_server_is_culled_at_the_first_run_after_the_timeout() -> None:
    made = stage(cull())
    worked(made, "ana", 900)
    server = made.hub.users["ana"].servers[""]
    idle = server.seen
    assert idle is not None
    made.pass_by(2 * HOUR)
    first = next(run for run in made.hub.culler.runs if run - idle >= timedelta(hours=1))
    line = next(
        (when, text)
        for when, text in made.world.logs.of("hub", "hub-1", "hub").lines
        if "Culling server ana (inactive for 01:0" in text
    )
    assert line[0] == first
    grid = [later - run for run, later in pairwise(made.hub.culler.runs)]
    assert set(grid) == {timedelta(seconds=600)}
    assert not server.is_active


def test_the_hubs_log_tells_each_run_of_the_culler() -> None:
    made = stage(cull())
    made.pass_by(HOUR)
    lines = made.world.logs.of("hub", "hub-1", "hub").lines
    assert [when for when, text in lines if START_LINE.search(text)] == made.hub.culler.runs


def test_who_works_is_not_culled() -> None:
    made = stage(cull())
    server = made.hub.spawner.start(made.hub.add_user("ana"))
    made.pass_by(10)
    server.busy = made.world.timeline.after(5 * HOUR, lambda: None)
    made.pass_by(4 * HOUR)
    assert server.ready
    seen = server.activity(made.hub.now)
    assert seen is not None
    assert timedelta(0) <= made.hub.now - seen <= timedelta(seconds=60)


@pytest.mark.parametrize(
    ("rule", "alive"),
    [({"enabled": False}, True), ({"timeout": 0}, False), ({"maxAge": 1200}, False)],
)
def test_the_culler_follows_its_settings(rule: dict[str, object], alive: bool) -> None:
    """`cull.timeout: 0` is the culler's own default of 600 s (facts.md §1.9)."""
    made = stage(cull(**rule))
    worked(made, "ana", 600)
    made.pass_by(1500)
    assert made.hub.users["ana"].servers[""].is_active == alive


def test_with_cull_users_an_idle_user_is_deleted_but_no_admin() -> None:
    made = stage(cull(users=True, adminUsers=False))
    made.hub.add_user("root", admin=True)
    worked(made, "ana", 60)
    made.pass_by(2 * HOUR)
    assert list(made.hub.users) == ["root"]


def test_a_class_comes_works_and_is_culled() -> None:
    made = stage(cull())
    people = cast(made.world.chance, 300)
    crowd = People(made.hub, people, Habits(comes=0.0))
    crowd.begin()
    crowd.come(people, within=900)
    made.pass_by(1200)
    ready = sum(server.ready for server in made.hub.servers())
    assert ready > 290
    made.pass_by(6 * HOUR)
    assert not any(server.is_active for server in made.hub.servers())
    culled = [text for text in made.log().splitlines() if "Culling server" in text]
    assert 200 < len(culled) < 300
    assert len(made.hub.groups) == 5


def test_a_week_of_people_has_days_and_nights_and_the_same_seed_the_same_week() -> None:
    def week() -> list[tuple[int, list[str]]]:
        made = stage(cull())
        People(made.hub, cast(made.world.chance, 40)).begin()
        found = []
        for _ in range(7 * 4):
            made.pass_by(6 * HOUR)
            up = sorted(each.pod for each in made.hub.servers() if each.ready)
            found.append((made.hub.now.hour, up))
        return found

    first = week()
    by_hour = {hour: sum(len(up) for at, up in first if at == hour) for hour, _ in first}
    assert by_hour[14] > 20
    assert by_hour[2] == 0
    assert week() == first


def test_a_hub_that_is_down_is_tried_again() -> None:
    made = stage(cull())
    person = cast(made.world.chance, 1)
    crowd = People(made.hub, person, Habits(comes=0.0))
    crowd.begin()
    stop_hub_pod(made.world)
    crowd.come(person, within=1, habits=CLASS)
    made.pass_by(30)
    assert not any(made.hub.servers()) or not next(made.hub.servers()).is_active
    start_hub_pod(made.world)
    made.pass_by(300)
    assert next(made.hub.servers()).ready


def test_idleness_passes_as_fast_as_the_demo_runs() -> None:
    """At ten times the speed 30 minutes before the demo and 3 after its start are an hour."""
    clock = [START]
    world = World.make(START, speed=10.0, clock=lambda: clock[0])
    hub = Hub(world, "hub", "hub")
    world.timeline.run_until(START + timedelta(minutes=30))
    clock[0] = START + timedelta(minutes=30)
    world.timeline.go_live()
    assert hub.elapsed(START) == 1800
    clock[0] += timedelta(minutes=3)
    assert hub.elapsed(START) == 3600
    assert hub.elapsed(clock[0] - timedelta(minutes=1)) == 600
