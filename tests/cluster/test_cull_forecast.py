"""The cull forecast against the real jupyterhub-idle-culler, 1.4 of z2jh and the newest.

Its options and its rule are its own; for the many generated cases its clock is the test's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec import structs

from hubtui.model.hub import HubServer, HubUser, ServerKey
from hubtui.model.idle import (
    CullRule,
    Forecast,
    Grid,
    Rule,
    forecast,
    removal,
    would_cull,
    would_remove,
)
from hubtui.model.idle_grid import RUN_LINE, START_LINE
from tests.cluster.clusters import Cluster
from tests.cluster.opened import session_of
from tests.testbed import Testbed
from tests.testbed.culler import VERSIONS, Clocked, Line, arguments, clocked, culling
from tests.testbed.culler_hub import FakeHub, fake_hub
from tests.testbed.processes import wait_for

pytestmark = pytest.mark.cluster

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAMES = ("alice", "Carol.Nguyen@Example.edu", "1st-Heidi")
CULLER = "jupyterhub-idle-culler"
"""Who it is in the hub's log: with z2jh a service of this name."""
LOOKED = "users with ready servers"
"""What each run of the culler logs when it is asked for all that it does."""
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


class Culled:
    """Users of the real hub for a culler that may see them and no others."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api

    def start(self, *keys: ServerKey) -> None:
        names = sorted({key.user for key in keys})
        self._ask("POST", "/users", usernames=[*names, CULLER])
        self._ask("PATCH", f"/users/{CULLER}", admin=True)
        self._ask("POST", "/groups/culled")
        self._ask("POST", "/groups/culled/users", users=names)
        for key in keys:
            self._ask("POST", f"/users/{key.user}/servers/{key.server}")
        assert wait_for(lambda: all(self.servers()[key].ready for key in keys), 60)

    def end(self) -> None:
        """The hub deletes nobody whose named server runs."""
        servers = self.servers()
        for key in servers:
            self._ask("DELETE", f"/users/{key.user}/servers/{key.server}")
        assert wait_for(self.all_stopped, 60)
        for user in [*{key.user for key in servers}, CULLER]:
            self._ask("DELETE", f"/users/{user}")
        self._ask("DELETE", "/groups/culled")

    def all_stopped(self) -> bool:
        return not any(item.ready or item.pending for item in self.servers().values())

    def token(self) -> str:
        """What z2jh gives its culler, for one group."""
        rights = ("list:users", "read:users:activity", "read:servers", "delete:servers")
        scopes = [f"{right}!group=culled" for right in rights]
        return str(self._ask("POST", f"/users/{CULLER}/tokens", scopes=scopes)["token"])

    def active(self, key: ServerKey, moment: datetime) -> None:
        """As the server itself tells it, or one that is ahead of its time."""
        told = {"last_activity": moment.isoformat()}
        self._ask("POST", f"/users/{key.user}/activity", servers={key.server: told}, **told)

    def servers(self) -> Servers:
        users = (
            self.api.get("/users?include_stopped_servers=1&name_filter=cull")
            .raise_for_status()
            .content
        )
        everyone = msgspec.json.decode(users, type=list[HubUser])
        return servers_of([user for user in everyone if "culled" in (user.groups or ())])

    def _ask(self, method: str, path: str, **body: object) -> dict[str, Any]:
        answer = self.api.request(method, path, json=body).raise_for_status()
        return dict(answer.json()) if answer.content[:1] == b"{" else {}


@pytest.fixture
def culled(testbed: Testbed) -> Iterator[Culled]:
    with testbed.hub_client() as api:
        people = Culled(api)
        yield people
        people.end()


def culling_lines(lines: Iterator[Line], count: int) -> dict[str, Line]:
    """The lines of the next servers that go, by the server's name; eight runs are waited for."""
    found: dict[str, Line] = {}
    runs = 0
    for line in lines:
        runs += LOOKED in line.text
        if "] Culling server " in line.text:
            assert RUN_LINE.search(line.text)
            found[line.text.partition(" server ")[2].split()[0]] = line
        if len(found) == count or runs > 8:
            break
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_servers_of_a_real_hub_go_at_the_runs_that_were_named(
    testbed: Testbed, culled: Culled, version: str
) -> None:
    first, second, old = (
        ServerKey("cull.First@example.org"),
        ServerKey("cull-second", "gpu"),
        ServerKey("cull-old"),
    )
    culled.start(first, second, old)
    begun = datetime.now(UTC)
    for key, ahead in ((first, 4), (second, 8), (old, 1000)):
        culled.active(key, begun + timedelta(seconds=ahead))
    started = culled.servers()[old].started
    assert started is not None
    age = int((begun - started).total_seconds()) + 15
    values = {"cull": {"enabled": True, "timeout": 3, "every": 4, "maxAge": age}}
    rule = CullRule.of_values(values)
    url = f"{testbed.hub_url}/hub/api"

    log = Path(testbed.site.log("hub"))
    written = log.stat().st_size
    with culling(version, values, url, culled.token()) as lines:
        looked = next(line.at for line in lines if LOOKED in line.text)
        grid = Grid(begun, rule.every, (looked - begun).total_seconds())
        told = {
            str(key): forecast(server, rule, looked, grid)
            for key, server in culled.servers().items()
            if not server.stopped
        }
        went = culling_lines(lines, len(told))
        assert wait_for(culled.all_stopped, 30)

    assert went.keys() == told.keys()
    assert [told[str(key)].rule for key in (first, second, old)] == [
        Rule.IDLE,
        Rule.IDLE,
        Rule.MAX_AGE,
    ]
    late = timedelta(seconds=rule.every / 2)
    for name, line in went.items():
        run = told[name]
        assert run.at is not None
        assert run.latest is not None
        assert run.at <= line.at <= run.latest + late
    with log.open() as hub_log:
        hub_log.seek(written)
        assert sum(bool(START_LINE.search(line)) for line in hub_log) >= len(told)


async def test_the_hubs_log_tells_the_runs_to_the_second(cluster: Cluster) -> None:
    async with session_of(cluster.kubeconfig) as session:
        await session.feeds.fill(session.pods.stores.pods, session.releases.store)
        looked = datetime.now(UTC)
        cluster.write_log("hub", f"200 GET /hub/api/ ({CULLER}@127.0.0.1) 4.31ms")
        await session.users.fill()
        session.users.update()
        first, last = session.users.grid.run_from(looked + timedelta(minutes=1))

    next_run = looked + timedelta(seconds=session.users.rule.every)
    assert next_run - timedelta(seconds=6) <= first <= last <= next_run + timedelta(seconds=6)
