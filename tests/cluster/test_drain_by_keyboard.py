"""A node is drained by keyboard: a way is chosen, ended early, and the cordon taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from textual.widgets import Input

from hubtui.config import Settings
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Result
from hubtui.services.session import Session
from hubtui.tui.app import HubtuiApp
from hubtui.tui.screens.drain import DrainScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from tests.cluster import yards
from tests.cluster.clusters import Cluster
from tests.cluster.draining import ANNA, YARD, aboard
from tests.cluster.guests import server_of
from tests.cluster.opened import session_of
from tests.testbed.users import NAMESPACE
from tests.tui.prepared import shown, until

pytestmark = pytest.mark.usefixtures("state", "yard")


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    """Somebody else at work in the cluster."""
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def test_a_way_is_chosen_ended_early_and_the_cordon_taken_back(
    cluster: Cluster, session: Session
) -> None:
    await aboard(cluster, session, ANNA)
    app = HubtuiApp(Settings(kubeconfig=str(cluster.kubeconfig), namespace=NAMESPACE))
    async with app.run_test(size=(160, 48)) as pilot:
        await shown(pilot, "3 Nodes")
        await pilot.press("3", "slash", *f"node:{YARD}", "enter")
        await shown(pilot, YARD)
        await pilot.press("G", "D")
        await until(pilot, lambda: isinstance(app.screen, DrainScreen), "the ways")
        await shown(pilot, "Stop the idle, evict the rest")
        await shown(pilot, f"{ANNA}: idle since")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
        await pilot.press(*YARD, "enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "the progress")
        await shown(pilot, "waits for 1 server: the culler stops it")
        await pilot.press("i")
        await shown(pilot, f"{YARD} is cordoned, 1 server left ({ANNA}): it was asked to end")
        assert app.session is not None
        (operation,) = app.session.operations.all
        assert operation.outcome is not None
        assert operation.outcome.result is Result.INTERRUPTED
        assert yards.is_cordoned(cluster, YARD)
        await pilot.press("o")
        await shown(pilot, f"Uncordon node {YARD}")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
        await pilot.press(*YARD, "enter")
        await shown(pilot, f"{YARD} takes new pods again")
    assert not yards.is_cordoned(cluster, YARD)
    assert await server_of(session, ServerKey(ANNA)) is not None
