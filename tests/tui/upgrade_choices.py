"""The choices of an upgrade, made by keys; a deployment folder that is told, not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from hubtui.clients import charts, repo
from hubtui.errors import UsageError
from hubtui.model.deployment import (
    ChartKind,
    ChartSource,
    Deployment,
    GitState,
    Layout,
    Recipient,
    ValueFile,
)
from hubtui.model.plan import Basis, Check, Level, Plan
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.tui.screens.upgrade import UpgradeScreen
from tests.tui.prepared import PreparedApp, ready, text, until

FOUND = Deployment(
    layout=Layout.HUBPLOY,
    root="/repo",
    hub="hub",
    environment="prod",
    release="hub",
    namespace="hub",
    chart=ChartSource(ChartKind.FOLDER, "/repo/chart", missing=("jupyterhub",)),
    files=(
        ValueFile("/repo/deployments/hub/config/common.yaml"),
        ValueFile("/repo/deployments/hub/secrets/prod.yaml", True, (Recipient("age", "age1xyz"),)),
    ),
    git=GitState(
        "/repo", "main", "abcdef0123456789", "Ada", "More memory", dirty=("a.yaml",), ahead=2,
        upstream="origin/main",
    ),
)  # fmt: skip


class Asked:
    """Takes the place of planning: notes what was asked and gives a small plan, or an error."""

    def __init__(self) -> None:
        self.requests: list[UpgradeRequest] = []
        self.error: UsageError | None = None

    async def plan(self, action: str, request: UpgradeRequest) -> Plan:
        assert action == "upgrade"
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return Plan(
            id="1",
            action=action,
            title="Upgrade hub",
            summary="Upgrades hub",
            context="gke-eu-prod",
            server="https://127.0.0.1:1",
            namespace="hub",
            release="hub",
            targets=("hub",),
            checks=(Check("values", Level.OK, "fine"),),
            confirm="hub",
            basis=Basis(),
            command="helm upgrade hub",
        )


def told(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A deployment folder and a chart repository are told, not read."""
    asked = Asked()

    async def read(
        root: Path, hub: str = "", environment: str = "", *, chart: str = ""
    ) -> Deployment:
        if hub == "nobody":
            raise UsageError("There is no hub nobody in /repo")
        return FOUND

    async def source(reference: str, version: str = "", repository: str = "") -> ChartSource:
        return ChartSource(ChartKind.REPOSITORY, reference, version, repository)

    monkeypatch.setattr(repo, "find", lambda _start: Path("/repo"))
    monkeypatch.setattr(repo, "hubs", lambda _root: (("hub", "prod"), ("other", "prod")))
    monkeypatch.setattr(repo, "read", read)
    monkeypatch.setattr(charts, "source", source)
    monkeypatch.setattr(
        "hubtui.services.operations.Operations.plan", lambda _, action, r: asked.plan(action, r)
    )
    return asked


async def opened(pilot: Pilot[Any], app: PreparedApp) -> UpgradeScreen:
    await ready(pilot)
    await pilot.press("u")
    await until(pilot, lambda: isinstance(app.screen, UpgradeScreen), "the screen")
    screen = app.screen
    assert isinstance(screen, UpgradeScreen)
    await until(pilot, lambda: screen._now is not None, "the running revision")
    return screen


async def shows(pilot: Pilot[Any], app: PreparedApp, words: str) -> None:
    def seen() -> bool:
        app._beat()
        return words in text(pilot)

    await until(pilot, seen, words)


async def choose(pilot: Pilot[Any], app: PreparedApp, at: int) -> None:
    """The source at a place in the list."""
    app.screen.query_one("#upgrade-sources").focus()
    await pilot.press("g", *"j" * at, "enter")


async def keep(pilot: Pilot[Any], app: PreparedApp, at: int) -> None:
    """The mode at a place in the list; the button then has the focus."""
    app._beat()
    app.screen.query_one("#upgrade-modes").focus()
    await pilot.press("g")
    modes = app.screen.query_one("#upgrade-modes")
    for _ in range(20):
        if modes.chosen(modes.cursor) == at:  # type: ignore[attr-defined]
            break
        await pilot.press("j")
    await pilot.press("enter")
    button = app.screen.query_one("#upgrade-plan", Button)
    # A button that was pressed a moment ago does not hear the next press.
    await until(pilot, lambda: button.has_focus and not button.has_class("-active"), "the button")


async def planned(pilot: Pilot[Any], app: PreparedApp, asked: Asked) -> UpgradeRequest:
    await pilot.press("enter")
    await until(pilot, lambda: asked.requests, "a plan")
    return asked.requests[-1]
