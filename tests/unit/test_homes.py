"""Homes on a shared disk: whose they are, how they grow, and which gauges are left over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest

from hubtui.errors import UnreachableError
from hubtui.model import homes as model
from hubtui.model.age import DAY, HOUR, MINUTE
from hubtui.model.disk import Source
from hubtui.model.homes import CHANGED, ENTRIES, GROUP_INFO, MEASURED, QUOTA, SIZE, folders_of
from hubtui.services.homes import CHUNK, GROWTH_EVERY, Homes
from hubtui.services.prometheus import PrometheusLink
from tests.past import NO_PROMETHEUS, Past
from tests.storage_desk import GIB, HUB, START, Desk

NOW = START.timestamp()
EXPORTER = {"namespace": HUB, "instance": "dirsize:8000", "job": "endpoints"}
NFS = {"namespace": HUB, "instance": "home-nfs:7500", "job": "endpoints"}


def watched(desk: Desk, *users: str) -> tuple[Homes, Past]:
    past = Past()
    return Homes(cast(PrometheusLink, past), HUB, lambda: users, now=desk.now), past


def tell(past: Past, directory: str, size: float, *, age: float = 10 * MINUTE) -> None:
    """A folder as the dirsize exporter walked it so long ago; it grew by 1 GiB in a day."""
    points = [(NOW - i * HOUR, (size - i / 24) * GIB) for i in range(7 * 24, -1, -1)]
    own = {**EXPORTER, "directory": directory}
    past.tell(SIZE, points, **own)
    for metric, value in ((CHANGED, NOW - age), (ENTRIES, 12), (MEASURED, NOW - age)):
        past.tell(metric, [(NOW, value)], **own)


async def test_a_home_is_told_with_its_user_and_growth() -> None:
    homes, past = watched(Desk(), "alice", "Bob.B@example.org")
    tell(past, "alice", 20)
    tell(past, "-42ob-2e-42-40example-2eorg", 30)
    tell(past, "_shared", 10)
    await homes.fill()
    home = homes.of("alice")
    assert home is not None
    assert home == homes.of_user("alice")
    assert (home.size, home.entries, home.user) == (20 * GIB, 12, "alice")
    assert home.grown_per_day == pytest.approx(GIB, rel=0.01)
    assert (home.quota, home.share, home.source, home.doubt) == (None, None, Source.DIRSIZE, "")
    assert home.as_of == home.last_change == datetime.fromtimestamp(NOW - 600, UTC)
    bob, shared = homes.of_user("Bob.B@example.org"), homes.of("_shared")
    assert bob is not None
    assert bob.directory == "-42ob-2e-42-40example-2eorg"
    assert shared is not None
    assert (shared.user, homes.of_user(""), homes.missing) == ("", None, "")
    assert len(homes.all()) == 3


async def test_the_larger_of_two_exporters_counts_and_a_quota_of_0_is_none() -> None:
    homes, past = watched(Desk())
    tell(past, "alice", 20)
    tell(past, "bob", 5)
    for name, size, quota in (("alice", 22, 40), ("bob", 4, 0)):
        past.tell(SIZE, [(NOW - 30, size * GIB)], **NFS, directory=name)
        past.tell(QUOTA, [(NOW - 30, quota * GIB)], **NFS, directory=name)
    await homes.fill()
    alice, bob = homes.of("alice"), homes.of("bob")
    assert alice is not None
    assert bob is not None
    assert (alice.size, alice.quota, alice.source) == (22 * GIB, 40 * GIB, Source.HOME_NFS)
    assert alice.share == pytest.approx(0.55)
    assert alice.as_of == datetime.fromtimestamp(NOW - 30, UTC)
    assert (bob.size, bob.quota, bob.source) == (5 * GIB, None, Source.DIRSIZE)


async def test_who_grows_most_comes_first_and_who_is_new_began_with_nothing() -> None:
    homes, past = watched(Desk())
    tell(past, "steady", 20)
    own = {**EXPORTER, "directory": "new"}
    past.tell(SIZE, [(NOW - i * HOUR, 30.0 * GIB) for i in range(48, -1, -1)], **own)
    past.tell(
        SIZE,
        [(NOW - i * HOUR, 9.0 * GIB) for i in range(168, -1, -1)],
        **EXPORTER,
        directory="calm",
    )
    falling = [(NOW - i * HOUR, (9 + i / 24) * GIB) for i in range(168, -1, -1)]
    past.tell(SIZE, falling, **EXPORTER, directory="shrinks")
    await homes.fill()
    assert [home.directory for home in homes.growers()] == ["new", "steady"]
    assert [home.directory for home in homes.growers(1)] == ["new"]
    told = {home.directory: home.grown_per_day for home in homes.all()}
    assert told["new"] == pytest.approx(15 * GIB)
    assert told["shrinks"] == pytest.approx(-GIB)
    assert told["calm"] == 0


async def test_a_gauge_of_a_folder_that_is_gone_is_doubtful() -> None:
    homes, past = watched(Desk())
    for number in range(9):
        tell(past, f"user-{number}", 20, age=number * 5 * MINUTE)
    tell(past, "gone", 20, age=3 * DAY)
    await homes.fill()
    assert "gone" not in [home.directory for home in homes.growers()]
    doubts = {home.directory: home.doubt for home in homes.all() if home.doubt}
    assert doubts == {"gone": "not measured for 3 d, while others were: perhaps it was deleted"}


async def test_a_change_in_the_future_is_none_and_the_home_grows_all_the_same() -> None:
    homes, past = watched(Desk(), "alice", "bob")
    tell(past, "alice", 20)
    tell(past, "bob", 20)
    for name, days in (("alice", 400), ("bob", 0.5)):
        past.tell(CHANGED, [(NOW, NOW + days * DAY)], **EXPORTER, directory=name)
    await homes.fill()
    alice, bob = homes.of("alice"), homes.of("bob")
    assert alice is not None
    assert alice.last_change is None
    assert "dated in the future" in alice.doubt
    assert alice in homes.growers(5)
    assert bob is not None
    assert (bob.last_change is None, bob.doubt) == (False, "")


async def test_a_long_walk_makes_nothing_doubtful() -> None:
    homes, past = watched(Desk())
    for number in range(10):
        tell(past, f"user-{number}", 20, age=number * 6 * HOUR)
    await homes.fill()
    assert not any(home.doubt for home in homes.all())


async def test_the_past_is_read_in_chunks_and_seldom() -> None:
    desk = Desk()
    homes, past = watched(desk)
    for number in range(CHUNK + 1):
        past.tell(SIZE, [(NOW, 1.0)], **EXPORTER, directory=f"u{number}")
    for seconds, ranges in ((0, 2), (60, 2), (GROWTH_EVERY.total_seconds(), 4)):
        desk.seconds = seconds
        await homes.fill()
        assert len(past.ranges) == ranges
    assert all(back / step <= 24 for _, back, step in past.ranges)


async def test_folders_are_named_by_the_groups_exporter_too() -> None:
    homes, past = watched(Desk())
    tell(past, "alice-b---1234", 20)
    tell(past, "c-2ed", 20)
    own = {"namespace": HUB, "usergroup": "g"}
    past.tell(GROUP_INFO, [(NOW, 1)], **own, username="alice.b", username_safe="alice-b---1234")
    past.tell(GROUP_INFO, [(NOW, 1)], **own, username="c.d", username_escaped="c-2ed")
    await homes.fill()
    assert [home.user for home in homes.all()] == ["alice.b", "c.d"]


async def test_a_users_name_goes_before_the_slug_that_a_claim_is_known_by() -> None:
    slug, user = "alice-b-example-org---b159722c", "Alice.B@example.org"
    homes, past = watched(Desk(), slug, user)
    tell(past, slug, 20)
    await homes.fill()
    assert homes.of_user(user) == homes.of(slug) is not None
    assert homes.of_user(slug) is None


async def test_a_home_is_named_when_its_user_becomes_known_without_being_asked_for_again() -> None:
    past, users = Past(), list[str]()
    tell(past, "c-2ed", 20)
    homes = Homes(cast(PrometheusLink, past), HUB, lambda: users, now=Desk().now)
    await homes.fill()
    asked, reader = len(past.queries), homes.subscribe()
    await homes.look_who()
    assert reader.drain()[1] == set()
    users.append("c.d")
    await homes.look_who()
    assert homes.of_user("c.d") == homes.of("c-2ed") is not None
    assert (len(past.queries), reader.drain()[1]) == (asked, {"c-2ed"})


async def test_series_without_a_namespace_are_those_of_the_only_hub() -> None:
    homes, past = watched(Desk())
    past.tell(SIZE, [(NOW, GIB)], directory="alice")
    past.tell(SIZE, [(NOW, GIB)], directory="bob", namespace="other")
    await homes.fill()
    assert [home.directory for home in homes.all()] == ["alice"]


async def test_what_is_missing_is_told_and_what_was_known_stays() -> None:
    homes, past = watched(Desk())
    assert homes.missing == "not read yet"
    past.absent = NO_PROMETHEUS
    await homes.fill()
    assert (homes.missing, homes.all()) == (NO_PROMETHEUS.what, ())
    past.absent = None
    await homes.fill()
    assert homes.missing == f"Prometheus has no {SIZE} of {HUB}"
    tell(past, "alice", 20)
    reader = homes.subscribe()
    await homes.fill()
    assert (homes.missing, reader.drain()[1]) == ("", {"alice"})
    past.failing = lambda _: UnreachableError("Prometheus does not answer")
    await homes.fill()
    assert homes.missing == "Prometheus does not answer"
    assert homes.of("alice") is not None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
async def test_a_number_that_is_none_is_unknown(value: float) -> None:
    homes, past = watched(Desk())
    own = {**EXPORTER, "directory": "alice"}
    past.tell(ENTRIES, [(NOW, 3)], **own)
    past.tell(SIZE, [(NOW, value)], **own)
    past.tell(MEASURED, [(NOW, NOW * 1e9)], **own)
    await homes.fill()
    home = homes.of("alice")
    assert home is not None
    assert (home.size, home.entries, home.as_of) == (None, 3, START)


@pytest.mark.parametrize(
    ("user", "folders"),
    [
        ("alice", ["alice"]),
        ("user-name", ["user-name", "user-2dname"]),
        (
            "Alice.B@example.org",
            ["alice-b-example-org---b159722c", "-41lice-2e-42-40example-2eorg"],
        ),
        ("1st", ["x-1st---e01ddf65", "1st"]),
        ("x" * 60, ["xxxxxxxxxxxxxxxxx--x---fb2abac5"]),
    ],
)
def test_every_folder_that_kubespawner_may_give_leads_to_its_user(
    user: str, folders: list[str]
) -> None:
    assert set(folders) <= set(folders_of(user))


@pytest.mark.parametrize(
    ("began", "size", "since", "grown"),
    [
        ((NOW - 2 * DAY, 10.0), 20.0, NOW - 2 * DAY, 5.0),
        ((NOW - 2 * DAY, 10.0), 20.0, NOW - 7 * DAY, 10.0),
        ((NOW - 2 * DAY, 30.0), 20.0, NOW - 2 * DAY, -5.0),
        ((NOW - HOUR, 10.0), 20.0, NOW - HOUR, None),
    ],
)
def test_growth_is_what_came_on_the_whole(
    began: tuple[float, float], size: float, since: float, grown: float | None
) -> None:
    assert model.growth(began, size, START, since) == grown
