"""The cull forecast against the real jupyterhub-idle-culler, 1.4 of z2jh and the newest.

Its options and its rule are its own; for the many generated cases its clock is the test's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec import structs

from hubtui.model.hub import HubServer, HubUser, ServerKey
from hubtui.model.idle import (
    CullRule,
    Forecast,
    Grid,
    forecast,
    removal,
    would_cull,
    would_remove,
)
from tests.testbed.culler import VERSIONS, Clocked, arguments, clocked
from tests.testbed.culler_hub import FakeHub, fake_hub

pytestmark = pytest.mark.cluster

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAMES = ("alice", "Carol.Nguyen@Example.edu", "1st-Heidi")
Servers = dict[ServerKey, HubServer]


@pytest.fixture(scope="module", params=VERSIONS)
def culler(request: pytest.FixtureRequest) -> Iterator[Clocked]:
    with clocked(request.param) as process:
        yield process


@pytest.fixture(scope="module")
def hub() -> Iterator[FakeHub]:
    with fake_hub() as fake:
        yield fake


def before(latest: int, earliest: int) -> st.SearchStrategy[datetime]:
    """A time so many seconds before NOW, often one that other times of a case meet exactly."""
    seconds = st.integers(latest, earliest) | st.integers(latest // 50, earliest // 50).map(
        lambda number: number * 50
    )
    return seconds.map(lambda number: NOW - timedelta(seconds=number))


servers = st.builds(
    HubServer,
    started=before(0, 9000),
    last_activity=st.none() | before(-400, 5000),
    pending=st.sampled_from((None, None, None, "spawn", "stop", "check")),
    ready=st.sampled_from((True, True, True, False)),
    stopped=st.sampled_from((False, False, False, True)),
)
culls = st.fixed_dictionaries(
    {
        "timeout": st.sampled_from((None, 0, 2, 600, 1800, 3600)),
        "every": st.sampled_from((None, 0, 1, 50, 600, 700)),
        "maxAge": st.sampled_from((None, 0, 0, 300, 7200, -1)),
        "users": st.booleans(),
        "adminUsers": st.booleans(),
        "removeNamedServers": st.booleans(),
    }
)


@st.composite
def users(draw: st.DrawFn) -> list[HubUser]:
    return [
        HubUser(
            name=name,
            admin=draw(st.booleans()),
            created=draw(before(0, 9000)),
            last_activity=draw(st.none() | before(-400, 5000)),
            servers={
                server: structs.replace(draw(servers), name=server)
                for server in draw(st.sets(st.sampled_from(("", "gpu", "a b"))))
            },
        )
        for name in draw(st.sets(st.sampled_from(NAMES), min_size=1))
    ]


def servers_of(people: list[HubUser]) -> Servers:
    return {
        ServerKey(user.name, name): server
        for user in people
        for name, server in user.servers.items()
    }


def at(found: dict[Any, Forecast], moment: datetime) -> set[Any]:
    """Those whose run is the one at this moment."""
    return {key for key, item in found.items() if item.at == moment}


@given(people=users(), cull=culls, started=before(-600, 20_000))
@settings(max_examples=250)
def test_each_run_stops_the_servers_that_the_forecast_named_for_it(
    culler: Clocked, hub: FakeHub, people: list[HubUser], cull: dict[str, Any], started: datetime
) -> None:
    values = {"cull": {"enabled": True, **cull}}
    rule = CullRule.of_values(values)
    grid = Grid(started, rule.every)
    going = {key: forecast(item, rule, NOW, grid) for key, item in servers_of(people).items()}
    leaving = {user.name: removal(user, rule, NOW, grid) for user in people}
    named = {item.at for item in (*going.values(), *leaving.values()) if item.at is not None}
    step = timedelta(seconds=rule.every)
    hub.set(people)
    for moment in sorted(named | {run - step for run in named if run - step >= NOW}):
        assert (moment - started) % step == timedelta(0)
        left = list(hub.users.values())
        hub.forget()

        ran = culler.run(arguments(values, hub.url), moment)

        assert (ran.every, ran.fault) == (rule.every, "")
        assert (
            set(hub.stopped) == at(going, moment) == set(would_cull(servers_of(left), rule, moment))
        )
        assert set(hub.removed) == at(leaving, moment) == set(would_remove(left, rule, moment))
        event(f"{'some' if hub.stopped else 'no'} servers at a run")


@pytest.mark.parametrize(
    "cull",
    [
        {"timeout": 1},
        {"timeout": -5},
        {"every": -5},
        {"concurrency": -1},
        {"timeout": "soon"},
        {"maxAge": 1.5},
    ],
)
def test_settings_that_the_culler_cannot_work_with_are_told_and_stop_nothing(
    culler: Clocked, hub: FakeHub, cull: dict[str, Any]
) -> None:
    values = {"cull": {"enabled": True, **cull}}
    rule = CullRule.of_values(values)
    old = HubServer(ready=True, started=NOW - timedelta(days=9))
    hub.set([HubUser(name="alice", servers={"": old})])

    ran = culler.run(arguments(values, hub.url), NOW)

    assert ran.fault
    assert hub.stopped == []
    told = forecast(old, rule, NOW, Grid(NOW, rule.every))
    assert told.at is None
    assert "the culler cannot start" in told.words or "each run of the culler fails" in told.words
