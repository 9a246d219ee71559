"""The feed of a hub's users: what it knows, when, and how little of the hub's time it takes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtui.errors import ApiError, ConfigError, DeniedError, LimitedError, UnreachableError
from hubtui.model.hub import HubUser, ServerKey
from hubtui.services.hub_feed import HubFeed
from hubtui.services.store import State
from tests.hub_of_users import Hub, jump, now


def crowd(hub: Hub, active: int, idle: int = 0) -> None:
    """So many users with a server, and so many without."""
    for number in range(active):
        hub.runs(f"user-{number:05}", last_activity=now() - timedelta(seconds=number))
    for number in range(idle):
        hub.users_by_name[f"idle-{number:05}"] = HubUser(name=f"idle-{number:05}")


async def loaded(hub: Hub) -> HubFeed:
    """A feed that runs and has its first load."""
    feed = hub.feed()
    feed.start()
    await feed.fill()
    return feed


# -- the hub's time


@settings(max_examples=15, deadline=None)
@given(
    takes=st.floats(0.005, 12.0),
    active=st.sampled_from([0, 3, 200, 201, 900]),
    pods=st.lists(st.floats(0.0, 20.0), max_size=40),
)
def test_after_the_first_load_a_twentieth_of_the_hub_is_for_us_in_any_minute(
    takes: float, active: int, pods: list[float]
) -> None:
    async def story() -> None:
        hub = Hub(takes)
        crowd(hub, active)
        feed = await loaded(hub)
        clock = asyncio.get_running_loop()
        began = clock.time()
        for number, pause in enumerate(pods):
            feed.look_at(f"user-{number:05}")
            await asyncio.sleep(pause)
        await asyncio.sleep(600)
        assert hub.most_under_way == 1
        since = [began, *(r.began for r in hub.requests if r.began >= began)]
        # A single request may take more than the minute has for us: then it was the only one.
        assert all(hub.busy(each, each + 60) <= max(3.0, takes) + 1e-6 for each in since)
        await feed.close()

    jump(story())


def test_a_hub_that_was_busy_with_its_own_work_is_asked_again_soon() -> None:
    async def story() -> None:
        hub = Hub(takes=0.1)
        crowd(hub, 2000)
        feed = await loaded(hub)
        await asyncio.sleep(20)
        hub.takes = 4.0
        await asyncio.sleep(3.2)  # one page is under way
        hub.takes = 0.1
        asked = len(hub.requests)
        await asyncio.sleep(14)
        slow, *others = hub.requests[asked:]
        assert slow.ended - slow.began == pytest.approx(4.0)
        assert len(others) >= 3
        await feed.close()

    jump(story())


def test_a_hub_that_is_slow_is_asked_seldom() -> None:
    async def story() -> None:
        hub = Hub(takes=4.0)
        crowd(hub, 2000)
        feed = await loaded(hub)
        asked = len(hub.requests)
        await asyncio.sleep(300)
        assert asked < len(hub.requests) <= asked + 5
        await feed.close()

    jump(story())


def test_what_others_ask_the_hub_for_leaves_less_for_the_feed() -> None:
    async def story() -> None:
        hub = Hub(takes=0.1)
        crowd(hub, 2000)
        feed = await loaded(hub)
        clock = asyncio.get_running_loop()
        asked = len(hub.requests)
        hub.time.spend("look", clock.time() - 2.0, clock.time())
        await asyncio.sleep(60)
        assert asked < len(hub.requests) <= asked + 10
        await feed.close()

    jump(story())


def test_two_thousand_servers_are_there_as_soon_as_the_hub_has_told_them() -> None:
    async def story() -> None:
        hub = Hub(takes=0.2)
        crowd(hub, 2000, idle=3000)
        feed = hub.feed()
        assert not feed.loading
        feed.start()
        assert feed.loading
        await feed.fill()
        assert len(feed.users) == 2000
        assert feed.complete
        assert not feed.loading
        assert asyncio.get_running_loop().time() == pytest.approx(10 * 0.2)
        assert [r.offset for r in hub.requests] == list(range(0, 2000, 200))
        await feed.close()

    jump(story())


def test_nothing_is_asked_while_nobody_looks() -> None:
    async def story() -> None:
        hub = Hub()
        crowd(hub, 3)
        feed = await loaded(hub)
        feed.start("details")
        feed.pause()
        await asyncio.sleep(60)
        asked = len(hub.requests)
        assert asked > 10  # the details still look
        feed.pause("details")
        await asyncio.sleep(600)
        assert len(hub.requests) <= asked + 1
        hub.runs("new")
        feed.start()
        await asyncio.sleep(4)
        assert "new" in feed.users
        await feed.close()

    jump(story())


# -- what changes


def test_a_new_server_is_seen_at_the_next_look_even_among_thousands() -> None:
    async def story() -> None:
        hub = Hub(takes=0.1)
        crowd(hub, 2000)
        feed = await loaded(hub)
        seen = feed.subscribe()
        seen.drain()
        hub.runs("new@example.org")
        await asyncio.sleep(7)
        assert "new@example.org" in feed.users
        assert "new@example.org" in seen.drain()[1]
        await feed.close()

    jump(story())


def test_newest_pages_go_on_as_long_as_they_hold_something_new() -> None:
    async def story() -> None:
        hub = Hub(takes=0.01)
        crowd(hub, 1000)
        feed = await loaded(hub)
        for number in range(300):
            hub.runs(f"user-{number:05}")
        hub.requests.clear()
        await asyncio.sleep(30)
        newest = [r.offset for r in hub.requests if r.what == "-last_activity"]
        assert newest[:4] == [0, 200, 400, 0]
        await feed.close()

    jump(story())


@pytest.mark.parametrize("others", [5, 1000])
def test_who_has_stopped_is_gone_and_nobody_else(others: int) -> None:
    async def story() -> None:
        hub = Hub(takes=0.05)
        crowd(hub, others)
        feed = await loaded(hub)
        hub.stops("user-00001")
        await asyncio.sleep(90)
        assert feed.users.keys() == {u.name for u in hub.users_by_name.values() if u.servers}
        assert "user-00001" not in feed.users
        await feed.close()

    jump(story())


def test_who_moves_from_one_page_to_another_while_they_are_read_is_not_lost() -> None:
    async def story() -> None:
        hub = Hub(takes=0.05)
        crowd(hub, 1000)
        feed = await loaded(hub)
        for number in range(60):  # the pages behind move up by one, at every moment of a pass
            hub.stops(f"user-{number:05}")
            await asyncio.sleep(1.7)
            missing = {u.name for u in hub.users_by_name.values() if u.servers} - feed.users.keys()
            assert not missing
        await feed.close()

    jump(story())


def test_one_user_whose_pod_has_changed_is_asked_for_before_the_next_page() -> None:
    async def story() -> None:
        hub = Hub(takes=0.1)
        crowd(hub, 2000)
        feed = await loaded(hub)
        await asyncio.sleep(30)
        hub.stops("user-01500")
        feed.look_at("user-01500")
        await asyncio.sleep(2.5)
        assert "user-01500" not in feed.users
        await feed.close()

    jump(story())


def test_a_user_who_is_deleted_is_forgotten() -> None:
    async def story() -> None:
        hub = Hub()
        crowd(hub, 3)
        feed = await loaded(hub)
        del hub.users_by_name["user-00001"]
        feed.look_at("user-00001")
        await asyncio.sleep(3)
        assert feed.users.keys() == {"user-00000", "user-00002"}
        await feed.close()

    jump(story())


# -- all users


def test_all_users_are_read_on_demand_and_forgotten_when_nobody_wants_them() -> None:
    async def story() -> None:
        hub = Hub(takes=0.02)
        crowd(hub, 300, idle=19700)
        feed = await loaded(hub)
        assert len(feed.users) == 300
        feed.wants_all(True)
        assert not feed.complete
        began = asyncio.get_running_loop().time()
        await feed.fill()
        assert (len(feed.users), feed.complete) == (20000, True)
        # the hub has half of its time for itself meanwhile
        ended = asyncio.get_running_loop().time()
        assert hub.busy(began, ended) <= 0.6 * (ended - began)
        hub.stops("user-00007")
        feed.look_at("user-00007")
        await asyncio.sleep(3)
        assert not feed.users["user-00007"].servers
        feed.wants_all(False)
        assert (len(feed.users), feed.complete) == (299, True)
        await feed.close()

    jump(story())


def test_who_looks_once_reads_all_that_is_wanted() -> None:
    async def story() -> None:
        hub = Hub()
        crowd(hub, 250, idle=300)
        feed = hub.feed()
        await feed.fill()
        assert (len(feed.users), len(hub.requests)) == (250, 2)
        feed.wants_all(True)
        await feed.fill()
        assert (len(feed.users), feed.health.state) == (550, State.LIVE)

    jump(story())


# -- errors


def test_what_was_known_stays_while_the_hub_is_away_and_a_key_asks_at_once() -> None:
    async def story() -> None:
        hub = Hub()
        crowd(hub, 300)
        feed = await loaded(hub)
        hub.broken = UnreachableError("the hub does not answer")
        await asyncio.sleep(600)
        assert len(feed.users) == 300
        assert (feed.health.state, feed.health.error) == (State.STALE, hub.broken)
        gaps = [b.began - a.ended for a, b in zip(hub.requests, hub.requests[1:], strict=False)]
        assert max(gaps) <= 30
        hub.broken = None
        hub.runs("new")
        feed.retry()
        await asyncio.sleep(0.5)
        assert feed.health.state is State.LIVE
        assert "new" in feed.users
        await feed.close()

    jump(story())


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (UnreachableError("no hub pod"), State.CONNECTING),
        (ApiError("the hub answers 500", status=500), State.CONNECTING),
        (DeniedError("no scope list:users"), State.DENIED),
        (ConfigError("no token"), State.DENIED),
    ],
)
def test_a_hub_that_never_answered_is_told_with_the_reason(
    error: UnreachableError, state: State
) -> None:
    async def story() -> None:
        hub = Hub(broken=error)
        feed = hub.feed()
        feed.start()
        with pytest.raises(type(error)):
            await feed.fill()
        assert (feed.health.state, feed.health.error) == (state, error)
        assert not feed.complete
        crowd(hub, 3)
        hub.broken = None
        await asyncio.sleep(31)
        assert (feed.health.state, len(feed.users)) == (State.LIVE, 3)
        await feed.close()

    jump(story())


def test_a_hub_that_says_when_to_come_again_is_left_alone_until_then() -> None:
    async def story() -> None:
        hub = Hub()
        crowd(hub, 3)
        feed = await loaded(hub)
        hub.broken = LimitedError("too much to do", status=429, wait=20)
        await asyncio.sleep(10)
        asked = len(hub.requests)
        await asyncio.sleep(10)
        assert len(hub.requests) == asked
        await feed.close()

    jump(story())


# -- activity that is renewed


def test_activity_that_is_newer_at_each_of_the_last_looks_is_renewed() -> None:
    async def story() -> None:
        hub = Hub()
        busy, idle = ServerKey("busy", "gpu"), ServerKey("idle")
        hub.runs("idle")
        hub.runs("busy", "gpu")
        started = hub.users_by_name["busy"].servers["gpu"].started
        feed = await loaded(hub)
        when = None
        for second in range(0, 400, 60):
            hub.runs("busy", "gpu", started=started)
            await asyncio.sleep(60)
            if when is None and feed.renewed(busy):
                when = second + 60
        assert when is not None
        assert when >= 180
        assert not feed.renewed(idle)
        seen = feed.subscribe()
        await asyncio.sleep(200)  # it rests
        assert not feed.renewed(busy)
        assert "busy" in seen.keys
        await feed.close()

    jump(story())


def test_a_server_that_was_started_anew_was_not_looked_at_before() -> None:
    async def story() -> None:
        hub = Hub()
        key = ServerKey("busy")
        feed = hub.feed()
        feed.start()
        for _ in range(8):
            hub.runs("busy")  # started now, each time
            await asyncio.sleep(60)
        assert not feed.renewed(key)
        await feed.close()

    jump(story())
