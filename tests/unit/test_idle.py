"""The cull forecast: which run stops a server, by which rule, and what it says of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hubtui.model.hub import HubServer, HubUser, ServerKey
from hubtui.model.idle import (
    CullRule,
    Forecast,
    Grid,
    Rule,
    forecast,
    next_to_go,
    removal,
    stops_from,
    what_if,
    would_cull,
    would_remove,
)
from hubtui.model.idle_grid import RUN_LINE, START_LINE

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
HOUR = 3600
ASKED = "[I 2026-03-02 12:00:00.250 JupyterHub log:192]"


@pytest.fixture(autouse=True)
def clock_of_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The operator's clock is the hub's, so that times can be written down here."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rule_of(**cull: Any) -> CullRule:
    return CullRule.of_values({"cull": {"enabled": True, "timeout": HOUR, "every": 600, **cull}})


def running(idle: float, age: float = 120, **more: Any) -> HubServer:
    """A server that was active and started so many minutes ago."""
    seen, started = NOW - idle * MINUTES, NOW - age * MINUTES
    return replace(HubServer(ready=True, last_activity=seen, started=started), **more)


def clock(found: Forecast) -> str:
    return "never" if found.at is None else f"{found.at:%H:%M}"


GRID = Grid(NOW - 65 * MINUTES, 600)
"""Runs at 11:55, 12:05, 12:15 and so on."""


@pytest.mark.parametrize(
    ("server", "cull", "at", "rule"),
    [
        (running(40), {}, "12:25", Rule.IDLE),
        (running(55), {}, "12:05", Rule.IDLE),
        (running(54.9), {}, "12:15", Rule.IDLE),
        (running(500, 600), {}, "12:05", Rule.IDLE),
        (running(0, 30, last_activity=None), {}, "12:35", Rule.IDLE),
        (running(40), {"maxAge": 2 * HOUR}, "12:05", Rule.MAX_AGE),
        (running(40), {"maxAge": 12 * HOUR}, "12:25", Rule.IDLE),
        (running(40), {"timeout": 0}, "12:05", Rule.IDLE),
        (running(5), {"timeout": None}, "12:05", Rule.IDLE),
        (running(4), {"timeout": 0}, "12:15", Rule.IDLE),
        (running(0), {"maxAge": -1}, "12:05", Rule.MAX_AGE),
        (running(-50), {"timeout": -5}, "12:55", Rule.IDLE),
        (running(40, pending="spawn"), {}, "never", None),
        (running(40, pending="stop"), {}, "never", None),
        (running(40, ready=False), {}, "never", None),
        (running(40, stopped=True), {}, "never", None),
        (running(40), {"enabled": False}, "never", None),
    ],
)
def test_a_server_goes_at_the_first_run_after_its_time(
    server: HubServer, cull: dict[str, Any], at: str, rule: Rule | None
) -> None:
    found = forecast(server, rule_of(**cull), NOW, GRID)
    assert (clock(found), found.rule, found.at_least) == (at, rule, False)


@pytest.mark.parametrize(
    ("server", "cull", "words"),
    [
        (
            running(40),
            {},
            "idle since 11:20; culled at 12:25 by the idle rule: timeout 1 h, looked at every 10 m",
        ),
        (
            running(0, 30, last_activity=None),
            {},
            "no activity since its start 11:30; culled at 12:35 by the idle rule: timeout 1 h, "
            "looked at every 10 m",
        ),
        (
            running(3, 24 * 60),
            {"maxAge": 24 * HOUR},
            "started 2026-03-01 12:00; culled at 12:05 by the maximum age: 1 d, "
            "looked at every 10 m",
        ),
        (running(40), {"enabled": False}, "never, because culling is off (cull.enabled: false)"),
        (
            running(40, pending="spawn"),
            {},
            "passed over while its spawn is pending; forecast again after that",
        ),
        (
            running(40, ready=False),
            {},
            "passed over while it is not ready; forecast again after that",
        ),
        (running(40, stopped=True), {}, "never, because it is stopped"),
        (
            running(40),
            {"timeout": 1, "every": None},
            "never, because the culler cannot start: half of cull.timeout, 1 s, is no interval",
        ),
        (running(40), {"timeout": 10**15}, "never, because the time it is given ends on no date"),
    ],
)
def test_one_sentence_says_when_and_why(
    server: HubServer, cull: dict[str, Any], words: str
) -> None:
    assert forecast(server, rule_of(**cull), NOW, GRID).words == words


def test_without_cull_settings_nothing_is_said_for_certain() -> None:
    found = forecast(running(900), CullRule.of_values({"hub": {}}), NOW, GRID)
    assert (found.at, found.known) == (None, False)
    assert found.words == "not known: the values in force tell no cull settings"


def test_activity_that_was_renewed_at_each_look_makes_it_a_least_time() -> None:
    found = forecast(running(1), rule_of(), NOW, GRID, renewed=True)
    assert (clock(found), found.at_least) == ("13:05", True)
    assert found.words == (
        "in use: active 11:59, and anew at each of the last looks; culled not before 13:05 by the "
        "idle rule: timeout 1 h, looked at every 10 m; while that goes on no rule stops it"
    )


def test_the_maximum_age_takes_a_server_in_use_too() -> None:
    rule = rule_of(maxAge=2 * HOUR + 1500)
    found = forecast(running(1), rule, NOW, GRID, renewed=True)
    assert (clock(found), found.rule, found.at_least) == ("12:25", Rule.MAX_AGE, False)


def test_runs_that_nobody_knows_give_the_earliest_time_and_the_interval() -> None:
    found = forecast(running(40), rule_of(), NOW, Grid(None, 600))
    assert (clock(found), found.at_least) == ("12:20", True)
    assert found.words.startswith("idle since 11:20; culled between 12:20 and 12:30 by the idle")


def test_the_hubs_start_tells_the_runs_but_for_the_time_that_it_takes() -> None:
    ready = NOW - 59.5 * MINUTES
    grid = Grid.of_hub_start(NOW - 60 * MINUTES, 600, ready)
    sure, unsure = running(55), running(49.9)
    assert forecast(sure, rule_of(), NOW, grid).words.startswith(
        "idle since 11:05; culled at 12:10"
    )
    found = forecast(unsure, rule_of(), NOW, grid)
    assert (found.at, found.latest, found.at_least) == (
        NOW + timedelta(minutes=10, seconds=6),
        NOW + timedelta(minutes=20, seconds=6),
        True,
    )
    assert Grid.of_hub_start(None, 600) == Grid(None, 600)


def test_lines_of_the_log_tell_the_runs_by_the_first_of_each() -> None:
    run = NOW - 40 * MINUTES
    lines = [
        run + timedelta(seconds=number * 600 + late)
        for number, late in ((0, 1), (0, 90), (1, 2), (3, 1), (3, 45), (3, 130))
    ]
    first, last = Grid.of_log(lines, 600).run_from(NOW - 5 * MINUTES)
    assert first <= NOW <= last
    assert (last - first).total_seconds() < 10


def test_lines_all_over_the_interval_tell_no_runs() -> None:
    lines = [NOW + timedelta(seconds=150 * number) for number in range(8)]
    assert Grid.of_log(lines, 600) == Grid(None, 600)
    assert Grid.of_log((), 600) == Grid(None, 600)


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("[I 260302 12:00:01 __init__:251] Culling server ann (inactive for 01:00:03)", RUN_LINE),
        ("[W 260302 12:00:01 __init__:190] Not culling server b/gpu with pending spawn", RUN_LINE),
        ("[W 260302 12:00:11 __init__:306] Server ann is slow to stop", None),
        (f"{ASKED} 200 GET /hub/api/ (jupyterhub-idle-culler@127.0.0.1) 4.31ms", START_LINE),
        (f"{ASKED} 200 GET /jupyter/hub/api/ (jupyterhub-idle-culler@::1) 4.31ms", START_LINE),
        (f"{ASKED} 200 GET /hub/api/users?state=[secret] (jupyterhub-idle-culler@::1) 9ms", None),
        (f"{ASKED} 200 GET /hub/api/ (hubtui@::1) 4.31ms", None),
    ],
)
def test_which_lines_come_of_a_run(line: str, pattern: re.Pattern[str] | None) -> None:
    assert [each for each in (RUN_LINE, START_LINE) if each.search(line)] == (
        [] if pattern is None else [pattern]
    )


def test_another_timeout_leaves_the_interval_unless_that_is_half_of_it() -> None:
    assert rule_of().with_timeout(1800) == rule_of(timeout=1800)
    assert rule_of(every=0).every == 1800
    assert rule_of(every=0).with_timeout(1200) == rule_of(every=0, timeout=1200)
    assert rule_of().with_timeout(0).timeout == 600


def test_another_timeout_is_tried_on_the_servers_by_name() -> None:
    servers = {ServerKey("ann"): running(70), ServerKey("bob", "gpu"): running(40)}
    shorter, longer = (what_if(servers, rule_of(), seconds, NOW) for seconds in (1800, 7200))
    assert shorter.goes == tuple(servers)
    assert (shorter.more, shorter.fewer) == ((ServerKey("bob", "gpu"),), ())
    assert (longer.goes, longer.fewer) == ((), (ServerKey("ann"),))


def test_those_that_never_go_are_sorted_last() -> None:
    found = [forecast(running(idle), rule_of(), NOW, GRID) for idle in (1, 50, 20)]
    never = forecast(running(900, pending="stop"), rule_of(), NOW, GRID)
    assert sorted([never, *found], key=next_to_go) == [found[1], found[2], found[0], never]


@pytest.mark.parametrize(
    ("user", "cull", "at", "words"),
    [
        (HubUser(), {}, "never", "never, because users are not culled (cull.users: false)"),
        (
            HubUser(servers={"": running(40)}),
            {"users": True},
            "12:25",
            "deleted at 12:25 by cull.users: true, and their claim by KubeSpawner with it",
        ),
        (
            HubUser(admin=True),
            {"users": True, "adminUsers": False},
            "never",
            "never, because admins are not culled (cull.adminUsers: false); their servers are",
        ),
        (
            HubUser(servers={"": running(40, pending="spawn")}),
            {"users": True},
            "never",
            "not while a server is there that no run stops",
        ),
    ],
)
def test_users_are_deleted_where_the_values_say_so(
    user: HubUser, cull: dict[str, Any], at: str, words: str
) -> None:
    old = replace(user, name="ann", created=NOW - timedelta(days=9))
    found = removal(old, rule_of(**cull), NOW, GRID)
    assert (clock(found), found.words) == (at, words)
    assert would_remove([old], rule_of(**cull), found.at or NOW) == (
        () if at == "never" else ("ann",)
    )


moments = st.integers(-9000, 9000).map(lambda seconds: NOW + timedelta(seconds=seconds))
servers = st.builds(
    HubServer,
    last_activity=st.none() | moments,
    started=moments,
    ready=st.just(True) | st.booleans(),
    pending=st.none() | st.sampled_from(("spawn", "stop")),
)
rules = st.builds(
    rule_of,
    timeout=st.sampled_from((0, 60, 1800, HOUR)),
    every=st.sampled_from((0, 60, 601)),
    maxAge=st.sampled_from((0, 600, 7200)),
)
anchors = st.none() | moments
slacks = st.sampled_from((0.0, 30.0, 700.0))


@given(server=servers, rule=rules, anchor=moments, renewed=st.booleans())
def test_the_run_that_is_named_is_one_ahead_and_would_stop_it(
    server: HubServer, rule: CullRule, anchor: datetime, renewed: bool
) -> None:
    found = forecast(server, rule, NOW, Grid(anchor, rule.every), renewed=renewed)
    servers = {ServerKey("ann"): server}
    if found.at is None:
        assert would_cull(servers, rule, NOW + timedelta(days=9)) == ()
        return
    every = timedelta(seconds=rule.every)
    assert found.at >= NOW
    assert (found.at - anchor) % every == timedelta(0)
    assert would_cull(servers, rule, found.at) == (ServerKey("ann"),)
    assert found.at - every < NOW or would_cull(servers, rule, found.at - every) == ()
    assert found.due(NOW) is bool(would_cull(servers, rule, NOW))


@given(server=servers, rule=rules, anchor=anchors, slack=slacks, real=st.floats(0, 1))
def test_the_run_lies_within_what_is_known_of_it(
    server: HubServer, rule: CullRule, anchor: datetime | None, slack: float, real: float
) -> None:
    """Whatever the culler's start was within what is known, its run is between the two times."""
    found = forecast(server, rule, NOW, Grid(anchor, rule.every, slack))
    started = (anchor or NOW) + timedelta(seconds=real * (slack if anchor else rule.every))
    exact = forecast(server, rule, NOW, Grid(started, rule.every))
    if exact.at is None:
        assert found.at is None
    else:
        assert found.at is not None
        assert found.latest is not None
        assert found.at <= exact.at <= found.latest


@given(server=servers, rule=rules, anchor=anchors, longer=st.integers(1, 9000))
def test_a_longer_timeout_lets_no_server_go_sooner(
    server: HubServer, rule: CullRule, anchor: datetime | None, longer: int
) -> None:
    grid = Grid(anchor, rule.every)
    now, later = (
        forecast(server, item, NOW, grid)
        for item in (rule, rule.with_timeout(rule.timeout + longer))
    )
    assert next_to_go(now) <= next_to_go(later)


@given(server=servers, rule=rules, seconds=st.integers(0, 9000))
def test_whoever_goes_at_one_run_would_go_at_any_later_one(
    server: HubServer, rule: CullRule, seconds: int
) -> None:
    found = stops_from(server, rule)
    servers = {ServerKey("ann"): server}
    later = NOW + timedelta(seconds=seconds)
    assert set(would_cull(servers, rule, NOW)) <= set(would_cull(servers, rule, later))
    assert bool(would_cull(servers, rule, later)) is (found is not None and found[0] <= later)
