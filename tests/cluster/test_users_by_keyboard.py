"""Servers are stopped by keyboard: found by a filter, marked, named in the plan, and gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.config import Settings
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Result
from hubtui.services.session import Session
from hubtui.tui.app import HubtuiApp
from hubtui.tui.panes.users import UsersPane
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.screens.user_details import UserDetailsScreen
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests, pods_of, server_of
from tests.cluster.opened import session_of
from tests.cluster.servers import running
from tests.testbed.users import NAMESPACE
from tests.tui.prepared import shown, until

pytestmark = pytest.mark.usefixtures("state")

SIZE = (160, 48)
KAI, LIV, MIO = "kai-by-keys", "Liv.By-Keys@Example.org", "mio-by-keys"


@pytest.fixture(autouse=True)
def people(cluster: Cluster) -> Iterator[None]:
    with guests(cluster, KAI, LIV, MIO):
        yield


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    """Somebody else at work in the cluster."""
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


def app_on(cluster: Cluster, **more: Any) -> HubtuiApp:
    return HubtuiApp(Settings(kubeconfig=str(cluster.kubeconfig), namespace=NAMESPACE, **more))


async def filtered(pilot: Pilot[Any]) -> UsersPane:
    """In the pane, which shows the three alone."""
    app = pilot.app
    await shown(pilot, "4 Users")
    await pilot.press("4", "slash", *"by-keys", "enter")
    pane = app.screen.query_one(UsersPane)
    await until(pilot, lambda: set(pane.view.keys()) == {KAI, LIV, MIO}, "the three")
    await pilot.press("s")  # by name
    await until(pilot, lambda: list(pane.view.keys()) == [KAI, LIV, MIO], "their order")
    await pilot.press("g")
    await until(pilot, lambda: pane.table.cursor == KAI, "the first")
    return pane


async def test_two_that_are_marked_are_stopped_and_the_third_runs_on(
    cluster: Cluster, session: Session
) -> None:
    await running(session, KAI, LIV, MIO)
    app = app_on(cluster)
    async with app.run_test(size=SIZE) as pilot:
        pane = await filtered(pilot)
        await pilot.press("space", "j", "space")
        await until(pilot, lambda: pane.table.marks == {KAI, LIV}, "two marks")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
        await shown(pilot, f"{KAI}: idle for")
        await shown(pilot, f"{LIV}: idle for")
        await pilot.press("1", "enter", "backspace", "2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "the progress")
        assert app.session is not None
        (operation,) = app.session.operations.all
        await until(pilot, lambda: operation.done, "the end")
        await pilot.press("escape")
        await until(pilot, lambda: list(pane.view.keys()) == [MIO], "the one that is left")
        assert pane.table.marks == frozenset()
    assert operation.outcome is not None
    assert operation.outcome.result is Result.OK
    assert pods_of(cluster, KAI) == pods_of(cluster, LIV) == []
    left = await server_of(session, ServerKey(MIO))
    assert left is not None
    assert left.ready


async def test_the_details_of_a_user_say_what_their_server_runs_on(
    cluster: Cluster, session: Session
) -> None:
    await running(session, KAI, LIV, MIO)
    (pod,) = pods_of(cluster, LIV)
    app = app_on(cluster, read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        pane = await filtered(pilot)
        await pilot.press("j")
        await until(pilot, lambda: pane.table.cursor == LIV, "the second")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, UserDetailsScreen), "the details")
        await shown(pilot, str(pod))
        await shown(pilot, "last activity")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
        await pilot.press("1", "enter")
        assert isinstance(app.screen, PlanScreen)
    assert await server_of(session, ServerKey(LIV)) is not None
