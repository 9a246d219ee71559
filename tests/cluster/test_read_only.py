"""The proof of read-only (design §8): who may do everything presses everything, and the logs of
the apiserver and of the hub hold no write. It is on the real control plane, whose audit log nobody
here wrote; the demo has one short test of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.screen import Screen
from textual.widgets import Button

from hubtui.clients import forward
from hubtui.clients.gate import Call
from hubtui.config import MetricsSource, Settings
from hubtui.errors import ReadOnlyError
from hubtui.model.kinds import DEPLOYMENTS, PODS
from hubtui.model.plan import Outcome, Result
from hubtui.services.hub_health import HubAddress, ask
from hubtui.services.journal import Journal, Line
from hubtui.services.session import Session, connect, open_client
from hubtui.tui import screens
from hubtui.tui.commands import COMMANDS
from hubtui.tui.screens.asking import AskingScreen
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.screens.claim_details import ClaimScreen
from hubtui.tui.screens.listing import FilteredScreen, FilterScreen, ListScreen
from hubtui.tui.screens.maintenance import RequestForm
from hubtui.tui.screens.node_details import NodeScreen
from hubtui.tui.screens.of_pod import PodScreen
from hubtui.tui.screens.of_pullers import OfPullers
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.tui.screens.runbook import RunbookScreen
from hubtui.tui.screens.starting import FromProblem
from tests.cluster.clusters import Cluster
from tests.cluster.evidence import Asked, Evidence
from tests.cluster.parts import Place, server
from tests.cluster.read_only import ON_DEMO, SIZE, assert_only_read, node_of, pod_of, settings_of
from tests.testbed import Testbed
from tests.tui.prepared import until
from tests.tui.tables import screen_lines
from tests.tui.walk import StayingApp, Walk

pytestmark = pytest.mark.usefixtures("own_state")


async def remember_an_operation() -> None:
    """An operation in the journal, so that its screen can be reached."""
    line = Line(
        "id-1", "started", datetime.now(UTC), who="test", title="Roll back hub", release="x"
    )
    await Journal().append(line)
    over = Outcome(Result.OK, "It came.")
    await Journal().append(Line("id-1", "finished", datetime.now(UTC), outcome=over))


DASHBOARDS = Path(__file__).parent.parent / "dashboards"

NOT_WALKED = {
    "QuitScreen": "asks only while an operation runs, and in read-only none does",
    "RunbookScreen": "needs a problem: the next test has one",
    "RecoverScreen": "needs a release that is stuck: test_read_only_stuck has one",
    "PullersScreen": "needs image pullers: there are some while a helm waits for their hook",
    "DiskDetailsScreen": "has the keys of ClaimDetailsScreen, and needs a disk that is shared",
    "WorkflowRunsScreen": "needs a repository and a token, and asks GitHub only",
    "TextScreen": "shows a long value of a diff in full, and the revisions here have none",
}
"""Screens that no key leads to here, and why."""

BASES = {
    BaseScreen, ReadingScreen, AskingScreen, PodScreen, NodeScreen, ClaimScreen, OfPullers,
    FromProblem, RequestForm,
    ListScreen, FilterScreen, FilteredScreen,
}  # fmt: skip
"""What screens are built on, never shown by itself."""

NO_SCREENS_OF_OURS = {"CommandPalette"}


def screens_there_are() -> set[str]:
    """The names of all screens of hubtui, those apart that others are built on."""
    for module in pkgutil.iter_modules(screens.__path__):
        importlib.import_module(f"{screens.__name__}.{module.name}")
    found: set[str] = set()
    waiting: list[type[Screen[Any]]] = [Screen]
    while waiting:
        for screen in waiting.pop().__subclasses__():
            waiting.append(screen)
            ours = screen.__module__.startswith(f"{screens.__name__}.")
            if ours and screen not in BASES and not screen.__name__.startswith("_"):
                found.add(screen.__name__)
    return found


async def test_no_key_on_any_screen_writes(
    testbed: Testbed, readonly_admin: Path, evidence: Evidence
) -> None:
    await remember_an_operation()
    settings = settings_of(testbed, readonly_admin, read_only=True)
    metrics = MetricsSource(dashboards=str(DASHBOARDS))
    app = StayingApp(msgspec.structs.replace(settings, metrics=metrics))
    async with app.run_test(size=SIZE) as pilot:
        walk = Walk(app, pilot)
        await walk.everywhere()
    walked = walk.screens - NO_SCREENS_OF_OURS
    assert walked - set(NOT_WALKED) == screens_there_are() - set(NOT_WALKED)
    assert walk.screens >= {
        "OverviewScreen", "RevisionScreen", "DiffScreen", "DriftScreen", "PlanScreen",
        "PodDetailsScreen", "LogsScreen", "EventsScreen", "EventScreen", "PodWhyScreen",
        "RoleWhyScreen", "YamlScreen", "ProblemsScreen", "OperationsScreen", "ProgressScreen",
        "PickerScreen", "HelpScreen", "CommandPalette",
    }  # fmt: skip
    focused = {place.focus for place in walk.paths}
    assert {"Input#confirm-name", "Button#confirm-cancel", "ChecksTable#checks"} <= focused
    assert sum("_Field" in focus for focus in focused) > 0, "the filter line was not reached"
    assert sum(map(len, walk.pressed.values())) > 500
    assert app.ended > 0, "quit was not pressed"
    assert any("selfsubject" in entry["requestURI"] for entry in evidence.entries)
    assert_only_read(evidence)


@pytest.fixture
def trouble(testbed: Testbed) -> Iterator[str]:
    """A server whose image cannot be pulled: without a problem there is no runbook to walk."""
    place, name = Place(testbed, "hub"), "jupyter-not-pulled"
    place.make(server(name, "not-pulled", "image-pull-backoff"))
    try:
        place.until(name, "ImagePullBackOff")
        yield name
    finally:
        place.delete(name)


async def test_no_key_on_a_problems_runbook_writes(
    testbed: Testbed, readonly_admin: Path, evidence: Evidence, trouble: str
) -> None:
    app = StayingApp(settings_of(testbed, readonly_admin, read_only=True))
    async with app.run_test(size=SIZE) as pilot:
        walk = Walk(app, pilot)
        await walk.go(("!",))
        await until(pilot, lambda: trouble in "\n".join(screen_lines(app)), "the problem")
        await walk.press("enter")
        assert isinstance(app.screen, RunbookScreen)
        await walk.here(("!", "enter"))
    (place,) = walk.pressed
    assert place.screen == "RunbookScreen"
    assert len(walk.pressed[place]) > 10
    assert_only_read(evidence)


async def test_no_command_of_the_palette_writes(
    testbed: Testbed, readonly_admin: Path, evidence: Evidence
) -> None:
    app = StayingApp(settings_of(testbed, readonly_admin, read_only=True))
    async with app.run_test(size=SIZE) as pilot:
        walk = Walk(app, pilot)
        await walk.palette_of((), ("2",), ("2", "l"), ("down", "d"), ("r",), ("ctrl+e",), ("H",))
    assert "Roll back  (r)" in walk.commands["OverviewScreen"]
    assert {"PlanScreen", "LogsScreen", "DiffScreen"} <= walk.commands.keys()
    assert_only_read(evidence)


@pytest.mark.parametrize("how", ["--read-only", "HUBTUI_READ_ONLY", "protected"])
async def test_the_right_name_and_the_button_start_nothing(
    testbed: Testbed,
    readonly_admin: Path,
    evidence: Evidence,
    how: str,
    own_state: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if how == "HUBTUI_READ_ONLY":
        monkeypatch.setenv(how, "1")
    if how == "protected":
        (own_state / "config.toml").write_text('protected = ["testbed-*"]\n')
    flags = {"read_only": True} if how == "--read-only" else {}
    app = StayingApp(settings_of(testbed, readonly_admin, **flags))
    async with app.run_test(size=SIZE) as pilot:
        walk = Walk(app, pilot)
        await walk.confirm(("down", "r"), "hub")
        assert app.screen.query_one("#confirm-go", Button).disabled
        assert app.session is not None
        assert app.session.operations.all == []
        assert "READ-ONLY" in app.screen.query_one("StatusLine").render_line(0).text
    assert not Journal().path.exists()
    assert_only_read(evidence)


async def session_of(settings: Settings) -> Session:
    found = await connect(settings, open_client(settings), live=False)
    assert isinstance(found, Session)
    return found


async def test_only_the_hubs_own_port_is_forwarded(
    testbed: Testbed, readonly_admin: Path, evidence: Evidence
) -> None:
    session = await session_of(settings_of(testbed, readonly_admin, read_only=True))
    try:
        health = await ask(session.client, HubAddress("hub", "hub"))
        pod = (await session.client.list(PODS, "hub", labels="component=proxy"))[0]
        with pytest.raises(ReadOnlyError):
            await forward.get(session.client, "hub", pod.metadata.name, 8000, "/")
        dry = Call("patch", DEPLOYMENTS.resource, "hub", "hub", query={"dryRun": "All"})
        with pytest.raises(ReadOnlyError):
            await session.client.request(dry, kind=DEPLOYMENTS, body={})
    finally:
        await session.close()
    assert health.ok, health
    assert len(evidence.forwards()) > 0
    assert evidence.writes() == []
    assert evidence.intrusions() == []


@ON_DEMO
async def test_no_key_that_changes_something_writes_in_the_demo(
    cluster: Cluster, reads_all: Path, asked: Asked
) -> None:
    plans = {
        "r": (("down", "r"), "hub"),
        "B": (("2", "B"), "hub"),
        "X": (("2", "enter", "down", "X"), pod_of(cluster, "hub")),
        "o": (("2", "enter", "down", "o"), node_of(cluster, "hub")),
        "x": (("4", "x"), "1"),
    }
    # What asks something first, as upgrades and the forms of the users, nodes and storage panes do,
    # and the sync of routes, for which one has to be wrong.
    others = {"u", "R", "C", "b", "K", "M", "P", "D", "p", "E"}
    assert {*plans, *others} == {key for each in COMMANDS if each.danger for key in each.keys}
    app = StayingApp(settings_of(cluster, reads_all, read_only=True))
    async with app.run_test(size=SIZE) as pilot:
        walk = Walk(app, pilot)
        for path, name in plans.values():
            await walk.confirm(path, name)
            assert app.screen.query_one("#confirm-go", Button).disabled
            assert app.session is not None
            assert app.session.operations.all == []
            assert isinstance(app.screen, PlanScreen)
            assert app.screen._plan is not None
            assert app.screen._plan.confirm == name
    assert len(asked.entries) > 10
    assert asked.writes() == []
