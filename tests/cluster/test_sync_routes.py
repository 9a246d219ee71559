"""A route that the real proxy has lost is set again by the hub, and one that leads nowhere goes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from hubtui.model.plan import Result
from hubtui.services.actions.sync_routes import SyncRoutesRequest
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests
from tests.cluster.opened import session_of
from tests.cluster.parts import level
from tests.cluster.servers import running
from tests.testbed import Testbed, hub
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

USER = "rosa-routes"
ROUTE, NOBODYS = f"/user/{USER}/", "/user/nobody-routes/"


@pytest.fixture
def proxy_api(testbed: Testbed) -> Iterator[httpx.Client]:
    """The proxy's own API, as somebody has it who meddles."""
    with testbed.api() as api:
        token = hub.secret(api)["hub.config.ConfigurableHTTPProxy.auth_token"]
    base = testbed.site.url("proxy-api", "http") + "/api/routes"
    with httpx.Client(base_url=base, headers={"Authorization": f"token {token}"}) as client:
        yield client


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    with guests(cluster, USER):
        async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
            yield session


def meddle(proxy_api: httpx.Client) -> None:
    """The proxy loses one route, and has one of nobody's."""
    proxy_api.delete(ROUTE.rstrip("/")).raise_for_status()
    stray = {"target": "http://127.0.0.1:9", "user": "nobody-routes", "jupyterhub": True}
    proxy_api.post(NOBODYS.rstrip("/"), json=stray).raise_for_status()


async def test_routes_are_set_and_taken_away_until_all_are_right(
    session: Session, proxy_api: httpx.Client
) -> None:
    await running(session, USER)
    right = (await (await session.hub_link.open()).routes())[ROUTE].target
    meddle(proxy_api)
    plan = await session.operations.plan("sync-routes", SyncRoutesRequest())
    assert (plan.confirm, level(plan, "token")) == ("hub", "ok")
    outcome = await (await session.operations.start(plan, "hub")).wait()
    assert outcome.result is Result.OK, outcome
    assert f"set: {ROUTE}" in outcome.notes
    assert f"taken away: {NOBODYS}" in outcome.notes
    routes = await (await session.hub_link.open()).routes()
    assert routes[ROUTE].target == right
    again = await session.operations.plan("sync-routes", SyncRoutesRequest())
    outcome = await (await session.operations.start(again, "hub")).wait()
    assert outcome.summary == f"All {len(routes)} routes were right"
