"""How it looks: pictures that were looked at; `pytest --snapshot-update` takes them again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.clients import cluster_flags
from hubtui.clients.kubeconfig import contexts
from hubtui.config import Settings
from hubtui.errors import UnreachableError
from hubtui.model.plan import Basis, Phase, Plan, Progress, Step, StepState
from hubtui.services.discovery import Hub
from hubtui.services.operation import Operation
from hubtui.services.session import Found
from hubtui.services.store import Health, State
from hubtui.tui.screens import picker
from hubtui.tui.screens.progress import ProgressScreen
from tests.tui import prepared, world
from tests.tui.conftest import Make
from tests.tui.prepared import CONTEXT, PreparedApp, shown, until
from tests.tui.world import NOW
from tests.tui.world_metrics import with_metrics
from tests.tui.world_storage import with_storage

WIDE = (160, 48)
Compare = Callable[..., bool]
Do = Callable[[Pilot[Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    kubeconfig = Path("/home/ada/.kube/hubs.yaml")  # stands in the plan's command
    monkeypatch.setattr(cluster_flags, "kubeconfigs", lambda *_: [kubeconfig])


async def quiet(pilot: Pilot[Any]) -> None:
    """Nothing moves any more."""
    app = pilot.app
    assert isinstance(app, PreparedApp)
    await until(pilot, lambda: not app.prepared.problems.busy, "the problems")
    before: list[list[Segment]] = []
    while before != (now := [list(strip) for strip in app.screen._compositor.render_strips()]):
        before = now
        await pilot.pause(0.2)
        app._beat()
        await pilot.pause()


def pressing(*keys: str, until_shown: str = "") -> Do:
    """Waits for the overview, presses keys, waits for words."""

    async def do(pilot: Pilot[Any]) -> None:
        await shown(pilot, "bump")
        await pilot.press(*keys)
        if until_shown:
            await shown(pilot, until_shown)
        await quiet(pilot)

    return do


@pytest.mark.parametrize("theme", ["dark", "light", "ansi"])
def test_overview(snap_compare: Compare, make: Make, theme: str) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await pressing("j", until_shown="farid@uni.example")(pilot)
        await shown(pilot, "full in 4 d ·")
        await shown(pilot, "Event loop lag p95 240 ms ↑")
        await quiet(pilot)

    app = make(with_metrics(with_storage(world.hub())), theme=theme)
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


def test_pods_on_a_small_terminal_read_only_and_stale(snap_compare: Compare, make: Make) -> None:
    app = make(read_only=True)
    error = UnreachableError("https://127.0.0.1:1 does not answer: no answer in time")
    since, again = NOW - timedelta(seconds=42), NOW + timedelta(seconds=4)

    async def before(pilot: Pilot[Any]) -> None:
        await pressing("2")(pilot)
        for store in (app.prepared.pods.stores.pods, app.prepared.pods.stores.deployments):
            store._health(Health(State.STALE, since, error, again))
        await quiet(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=before)


def test_users(snap_compare: Compare, make: Make) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await pressing("4", until_shown="farid@uni.example")(pilot)
        await pilot.press("space", "t", *"30m", "enter")
        await shown(pilot, "2 would go now")
        await quiet(pilot)

    assert snap_compare(make(), terminal_size=(100, 30), run_before=before)


@pytest.mark.parametrize("size", [WIDE, (80, 24)], ids=["160x48", "80x24"])
def test_storage(snap_compare: Compare, make: Make, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await pressing("5", *(("z",) if size == WIDE else ()), until_shown="full in 4 d ·")(pilot)
        await shown(pilot, "+24G/d")
        await pilot.press("g", "j", "j")
        await quiet(pilot)

    app = make(with_storage(world.hub()))
    assert snap_compare(app, terminal_size=size, run_before=before)


def test_metrics(snap_compare: Compare, make: Make) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await pressing("6", until_shown="Event loop lag p95 240 ms ↑")(pilot)
        await pilot.press("g")
        await quiet(pilot)

    assert snap_compare(make(with_metrics(world.hub())), terminal_size=(80, 24), run_before=before)


def test_plot(snap_compare: Compare, make: Make) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await pressing("6", "z", until_shown="Event loop lag p95 240 ms ↑")(pilot)
        await pilot.press("g", *"jj", "space", *"jjjjjj", "enter")
        await shown(pilot, "Hub memory and Running servers")
        await pilot.press("7")
        await shown(pilot, "r12")
        await pilot.press("left", *["shift+left"] * 4)
        await shown(pilot, "  at ")
        await quiet(pilot)

    app = make(with_metrics(world.hub()))
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


def test_diff(snap_compare: Compare, make: Make) -> None:
    before = pressing("j", "d", until_shown="singleuser.memory.limit")
    assert snap_compare(make(), terminal_size=WIDE, run_before=before)


@pytest.mark.parametrize("size", [WIDE, (100, 30), (80, 24)], ids=["160x48", "100x30", "80x24"])
def test_plan(snap_compare: Compare, make: Make, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await pressing("j", "r", until_shown="Type hub")(pilot)
        await until(pilot, lambda: isinstance(pilot.app.screen.focused, Input), "the field")
        await pilot.press(*"hu")
        await quiet(pilot)

    assert snap_compare(make(), terminal_size=size, run_before=before)


def rolling_out() -> Operation:
    """A rollback that is half way through."""
    plan = Plan(
        id="one", action="rollback", title="Roll back hub to revision 11",
        summary="revision 12 → 11, which becomes revision 13", context=CONTEXT, server="",
        namespace="hub", release="hub", targets=(), checks=(), confirm="hub", basis=Basis(),
        command="",
    )  # fmt: skip
    steps = (
        Step("Deployment", "hub", 0, 1, 1, StepState.STUCK, "ImagePullBackOff: k8s-hub:4.4.0"),
        Step("Deployment", "proxy", 1, 1, 1, StepState.DONE),
        Step("Deployment", "user-scheduler", 1, 2, 1, StepState.MOVING, "1 of 2 updated"),
        Step("DaemonSet", "continuous-image-puller", 2, 3, 3, StepState.EXCUSED, "still pulls"),
        Step("StatefulSet", "user-placeholder", 0, 5, 0, StepState.WAITING),
    )
    operation = Operation("one", plan)
    operation.advance(Progress(Phase.ROLLING_OUT, steps, "Deployment/hub"))
    return operation


def test_progress(snap_compare: Compare, make: Make) -> None:
    app = make()

    async def before(pilot: Pilot[Any]) -> None:
        await shown(pilot, "bump")
        operation = rolling_out()
        app.prepared.operations.all.append(operation)
        app.push_screen(ProgressScreen(operation))
        await shown(pilot, "ctrl+e comes back here")
        await shown(pilot, "revision 11: rolling out")
        await quiet(pilot)

    assert snap_compare(app, terminal_size=WIDE, run_before=before)


def test_problems(snap_compare: Compare, make: Make) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await shown(pilot, "424 seats")
        await pressing("exclamation_mark", until_shown="waits for a node")(pilot)
        await pilot.press("g")  # whichever was found first
        await quiet(pilot)

    assert snap_compare(make(), terminal_size=WIDE, run_before=before)


def test_picker(snap_compare: Compare, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hubs_of(settings: Settings) -> AsyncIterator[Found]:
        first, second = contexts(settings)
        here = Hub("hub", "hub", "hub", "jupyterhub-4.4.0")
        there = Hub("staging", "staging", "hub", "jupyterhub-4.4.1")
        yield first, [here, there], None
        yield second, [], UnreachableError("https://127.0.0.1:1 does not answer: refused")

    monkeypatch.setattr(picker, "hubs_of", hubs_of)
    before = pressing("H", until_shown="refused")
    assert snap_compare(make(), terminal_size=WIDE, run_before=before)


def test_logs(snap_compare: Compare, make: Make) -> None:
    before = pressing("2", "l", until_shown="JupyterHub is now running")
    assert snap_compare(make(), terminal_size=WIDE, run_before=before)


def test_help(snap_compare: Compare, make: Make) -> None:
    before = pressing("question_mark", until_shown="Go to the next pane")
    assert snap_compare(make(), terminal_size=WIDE, run_before=before)


def test_the_smallest_terminal(snap_compare: Compare, make: Make) -> None:
    assert snap_compare(make(), terminal_size=(40, 10), run_before=pressing())
