"""The alerts as an operator sees them: counted, listed and read, and the link of one taken."""

from __future__ import annotations

import pytest

from hubtui.errors import UnreachableError
from hubtui.model.alerts import Alert, AlertRule, AlertState
from hubtui.tui.screens.alerts import AlertsScreen
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.runbook import RunbookScreen
from tests.tui import prepared, world, world_storage
from tests.tui.conftest import Make
from tests.tui.prepared import ready, shown, until
from tests.tui.prepared_prometheus import PreparedPrometheus
from tests.tui.world import NOW

SMALL = (80, 24)
LINK = "https://runbooks.example.org/hub-slow"


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


def told(monkeypatch: pytest.MonkeyPatch, *alerts: Alert) -> None:
    """A Prometheus with these alerts, and the rule of one of them."""

    async def of_client(_client: PreparedPrometheus) -> list[Alert]:
        return list(alerts)

    async def rules(_client: PreparedPrometheus) -> list[AlertRule]:
        return [AlertRule("HubSlow", "hub_latency > 5")]

    monkeypatch.setattr(PreparedPrometheus, "alerts", of_client)
    monkeypatch.setattr(PreparedPrometheus, "rules", rules)


async def test_alerts_are_counted_listed_and_lead_on(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Alert(
        labels={"alertname": "HubSlow", "namespace": "hub", "severity": "critical"},
        annotations={"summary": "Slow \u202ehub", "runbook_url": LINK},
        since=NOW,
        value=7.5,
    )
    ana = {"alertname": "PodWaits", "namespace": "hub", "pod": "jupyter-ana"}
    waits = Alert(labels=ana, state=AlertState.PENDING, since=NOW)
    told(monkeypatch, waits, slow, Alert(labels={"alertname": "Far", "namespace": "other"}))
    app = make(world_storage.with_storage(world.hub()))
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot)
        await until(pilot, lambda: app.prepared.problems.found, "the problems")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AlertsScreen), "the alerts")
        await shown(pilot, "hub_latency > 5")
        await shown(pilot, "✗ 1 now ◌ 1 pending")
        await shown(pilot, "1 alert of other namespaces not shown")
        assert "a✗1" in app.text.splitlines()[0] or "✗ 1 alert" in app.text.splitlines()[0]
        await pilot.press("c")
        assert app.clipboard == LINK
        await pilot.press("j")
        await shown(pilot, "hubtui's own problem image-pull")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunbookScreen), "the runbook")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen), "back")


async def test_a_prometheus_that_does_not_answer_is_said_and_asked_again_by_a_key(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_client: PreparedPrometheus) -> list[Alert]:
        raise UnreachableError("Prometheus is not up")

    monkeypatch.setattr(PreparedPrometheus, "alerts", fails)
    app = make(world_storage.with_storage(world.hub()))
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot)
        await pilot.press("a")
        await shown(pilot, "Cannot be said: Prometheus (Prometheus is not up)")
        told(monkeypatch)
        await pilot.press("ctrl+r")
        await shown(pilot, "No alert fires")
