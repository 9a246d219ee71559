"""Idle servers are culled by hand: which ones, which are left alone and why, on both hubs.

Everybody but this file's own users is kept by the configuration: the hub is that of other tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from hubtui.config import HubApi
from hubtui.errors import CheckStopsError, UsageError
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Plan, Result
from hubtui.services import journal
from hubtui.services.actions.cull import CullRequest
from hubtui.services.actions.start import StartRequest
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests, server_of
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level
from tests.cluster.servers import running
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

IDLE, BUSY, KEPT, CHIEF = "zoe-idles", "zoe-works", "zoe-keeps", "zoe-rules"
OTHERS = "[!z]*"
HOUR = 3600.0


@pytest.fixture(autouse=True)
def people(cluster: Cluster) -> Iterator[None]:
    """Users of this file, one of them an admin."""
    with guests(cluster, IDLE, BUSY, KEPT):
        cluster.add_user(CHIEF, admin=True)
        yield
        cluster.remove_user(CHIEF)


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    keep = HubApi(keep=(OTHERS, KEPT))
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE, hub=keep) as session:
        yield session


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour has gone by for whoever plans: nobody was seen in it."""
    real = journal.now
    monkeypatch.setattr(journal, "now", lambda: real() + timedelta(hours=1, minutes=1))


async def culling(session: Session, idle: float = HOUR, *, admins: bool = False) -> Plan:
    return await session.operations.plan("cull", CullRequest(idle, include_admins=admins))


def left_alone(plan: Plan) -> dict[str, str]:
    """Why each server is left alone, by its name."""
    lines = [line for check in plan.checks if check.name == "left alone" for line in check.details]
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.usefixtures("later")
async def test_idle_servers_go_and_admins_kept_and_busy_ones_stay(
    cluster: Cluster, session: Session
) -> None:
    await running(session, IDLE, BUSY, KEPT, CHIEF)
    plan = await culling(session)
    assert plan.stops == ()
    assert (set(plan.targets), plan.confirm) == ({f"server {IDLE}", f"server {BUSY}"}, "2")
    left = left_alone(plan)
    assert left[CHIEF] == "of admins"
    assert left[KEPT] == f"kept (hub.keep: {KEPT})"
    assert left["alice"] == f"kept (hub.keep: {OTHERS})"
    assert level(plan, "unsaved work") == "ok"
    assert plan.command.startswith("hubtui cull --idle 1h --confirm 2 --namespace hub")
    cluster.work(BUSY)
    outcome = await (await session.operations.start(plan, "2")).wait()
    assert (outcome.result, outcome.summary) == (Result.OK, "1 of 2 servers stopped, 1 skipped")
    assert await server_of(session, ServerKey(IDLE)) is None
    for name in (BUSY, KEPT, CHIEF, "alice"):
        assert await server_of(session, ServerKey(name)) is not None
    with_admins = await culling(session, admins=True)
    assert set(with_admins.targets) == {f"server {BUSY}", f"server {CHIEF}"}


async def test_who_was_active_is_not_idle_and_nothing_is_to_be_done(session: Session) -> None:
    await running(session, BUSY)
    plan = await culling(session)
    assert left_alone(plan)[BUSY] == "not idle for 1 h"
    assert evidence(plan, "servers").startswith("no server was idle for 1 h; ")
    with pytest.raises(CheckStopsError):
        await session.operations.start(plan, "0")
    assert level(await culling(session, 60.0), "idle time") == "warn"
    with pytest.raises(UsageError):
        CullRequest(0.0)


async def test_a_server_that_is_about_to_start_is_left_alone(
    cluster: Cluster, session: Session
) -> None:
    plan = await session.operations.plan("start", StartRequest(ServerKey(IDLE)))
    with cluster.trouble(IDLE, "never-ready"):
        operation = await session.operations.start(plan, plan.confirm)
        while (server := await server_of(session, ServerKey(IDLE))) is None or server.ready:
            await operation.changed(operation.version)
        culled = await culling(session)
        assert left_alone(culled)[IDLE] == "with a pending spawn"
        operation.interrupt()
        outcome = await operation.wait()
    assert outcome.summary == f"{IDLE} is on its way; it was not watched to the end"
