"""The problems screen as an operator uses it at night: find, read, start the fix, look up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from hubtui.errors import DeniedError
from hubtui.model.kube import Pod
from hubtui.tui.screens.events import EventsScreen
from hubtui.tui.screens.logs import LogsScreen
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.problems import ProblemsScreen
from hubtui.tui.screens.runbook import RunbookScreen
from hubtui.tui.screens.why import PodWhyScreen
from tests import releases
from tests.tui import prepared, world
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until
from tests.tui.test_small_verbs_tui import planned
from tests.tui.world import World

SIZE = (150, 45)
KEY = "exclamation_mark"


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


def stuck() -> World:
    """The hub, with a revision 13 that has been pending for most of an hour."""
    known = calm()
    document = releases.release(13, releases.values("2026.12", "4G"), "4.4.0", others=6, info={})
    document["info"] = world._info("pending-upgrade", 43, "Preparing upgrade")
    known.add("secrets", world._stored(document, "pending-upgrade", 43))
    return known


def calm() -> World:
    """The hub without those who wait."""
    known = world.hub()
    waiting = ("jupyter-ana", "jupyter-bo")
    pods = known.objects["pods"]
    known.objects["pods"] = [each for each in pods if each["metadata"]["name"] not in waiting]
    return known


async def problems(pilot: Pilot[Any], app: PreparedApp, words: str) -> ProblemsScreen:
    """The screen, with a problem or a sentence on it."""
    await ready(pilot)
    # The first look reads what it decides on: a row that is under the cursor stays there.
    await until(pilot, lambda: not app.prepared.problems.busy, "the first look")
    await pilot.press(KEY)
    await shown(pilot, words)
    assert isinstance(app.screen, ProblemsScreen)
    return app.screen


async def test_the_status_line_counts_them_on_every_screen(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await shown(pilot, "✗ 2 problems")
        await pilot.press("ctrl+e")
        await shown(pilot, "Operations")
        await until(pilot, lambda: "✗ 2 problems" in app.text.splitlines()[0], "the count")


async def test_a_calm_hub_says_so(make: Make) -> None:
    app = make(calm())
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "No problem is known.")
        await until(pilot, lambda: "no problems" in app.text.splitlines()[0], "the count")
        await pilot.press("enter", "r", "w", "c")
        assert isinstance(app.screen, ProblemsScreen)


async def test_what_could_not_be_looked_at_stands_beside_it(make: Make) -> None:
    app = make(calm())
    async with app.run_test(size=SIZE) as pilot:
        app.prepared.jobs.failed(DeniedError("no right to list jobs.batch", status=403), 30)
        await problems(pilot, app, "Not looked at: jobs (no right to list jobs.batch).")


async def test_the_evidence_follows_the_cursor(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        screen = await problems(pilot, app, "0/9 nodes are available")
        await pilot.press("down")
        await shown(pilot, "Back-off pulling image")
        assert "0/9 nodes are available" not in app.text
        await pilot.press("c")
        assert "Back-off pulling image" in app.clipboard
        await pilot.press("tab")
        assert screen.focused is screen.query_one("#problem-text")


@pytest.mark.parametrize(
    ("key", "screen"), [("w", PodWhyScreen), ("e", EventsScreen)], ids=["why", "events"]
)
async def test_keys_open_what_helps(make: Make, key: str, screen: type[Any]) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "0/9 nodes are available")
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, screen), screen.__name__)
        await shown(pilot, "jupyter-bo")
        await pilot.press("escape")
        assert isinstance(app.screen, ProblemsScreen)


async def test_a_key_that_does_not_help_here_does_nothing_and_is_not_offered(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "0/9 nodes are available")
        assert "roll back" not in app.text.splitlines()[-1]
        await pilot.press("r", "B", "X", "l")
        await pilot.pause()
        assert isinstance(app.screen, ProblemsScreen)
        assert app.told() == []


async def test_nothing_is_marked_where_nothing_is_done_with_marks(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "space mark")
        screen = await problems(pilot, app, "0/9 nodes are available")
        await until(pilot, lambda: "space mark" not in app.text, "its own keys")
        await pilot.press("space")
        assert screen.table.marks == frozenset()


async def test_a_stuck_release_is_rolled_back_from_here(make: Make) -> None:
    app = make(stuck())
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "Release hub is stuck")
        await shown(pilot, "r roll back")
        await shown(pilot, "What starts from here")
        await shown(pilot, "r   Roll back to revision 12 · hubtui rollback 12")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")
        await shown(pilot, "revision 13 is pending-upgrade")
        await pilot.press("escape")
        assert isinstance(app.screen, ProblemsScreen)


async def test_a_fix_is_dim_in_read_only(make: Make) -> None:
    app = make(stuck(), read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "Release hub is stuck")
        await pilot.press("r")
        await planned(app, pilot)
        await shown(pilot, "--read-only")


async def test_ones_own_key_is_named_in_the_text(make: Make) -> None:
    app = make(stuck(), keys={"rollback": "b"})
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "b   Roll back to revision 12")


async def test_a_hub_that_does_not_end_can_be_forced_and_its_log_read(make: Make) -> None:
    known = calm()
    hub = next(p for p in known.objects["pods"] if p["metadata"]["name"] == "hub-6d9c7f0")
    hub["metadata"]["deletionTimestamp"] = world.ago(3)
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "The hub is down: its pod does not end")
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen), "the log")
        await pilot.press("escape", "X")
        await planned(app, pilot)
        await shown(pilot, "Force")


async def test_enter_opens_the_runbook_and_esc_leads_back(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "0/9 nodes are available")
        await pilot.press("enter")
        await shown(pilot, "Runbook of hubtui")
        assert isinstance(app.screen, RunbookScreen)
        await shown(pilot, "Which constraint")
        await shown(pilot, "0/9 nodes are available")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, PodWhyScreen), "why")
        await pilot.press("escape", "escape", "escape")
        assert isinstance(app.screen, OverviewScreen)


async def test_ones_own_runbook_is_shown_first(make: Make, tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "pending-user.md").write_text("# Call Ana\n\n[red]at once[/red]")
    app = make(runbooks=str(tmp_path / "books"))
    async with app.run_test(size=(150, 60)) as pilot:
        await problems(pilot, app, "0/9 nodes are available")
        await pilot.press("enter")
        await shown(pilot, "Call Ana")
        await shown(pilot, "[red]at once[/red]")
        assert app.text.index("Call Ana") < app.text.index("Runbook of hubtui")


async def test_a_folder_that_is_not_there_is_said_on_the_runbook(make: Make) -> None:
    app = make(runbooks="/nowhere/at/all")
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "0/9 nodes are available")
        await pilot.press("enter")
        await shown(pilot, "No such file or directory")
        await shown(pilot, "Which constraint")


async def test_a_problem_that_is_over_says_so_on_its_runbook(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "0/9 nodes are available")
        await pilot.press("enter")
        await shown(pilot, "Runbook of hubtui")
        app.prepared.pods.stores.pods.remove("hub/jupyter-bo")
        await shown(pilot, "This problem is not seen any more")
        await pilot.press("escape")
        await shown(pilot, "✗ 1 now")
        assert "pending-user" not in app.text


async def test_a_new_problem_comes_while_one_looks(make: Make) -> None:
    app = make(calm())
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "No problem is known.")
        bo = world.pending("jupyter-bo", "singleuser-server", "hub", 6)
        app.prepared.pods.stores.pods.put(msgspec.convert(bo, Pod))
        await shown(pilot, "waits for a node")
        await shown(pilot, "w why")


@pytest.mark.parametrize("size", [(160, 48), (100, 30), (80, 24), (40, 10), (20, 5)], ids=str)
@pytest.mark.parametrize("theme", ["dark", "light", "ansi"])
async def test_it_fits_each_terminal(make: Make, size: tuple[int, int], theme: str) -> None:
    app = make(theme=theme)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.prepared.problems.found, "problems")
        await pilot.press(KEY)
        await until(pilot, lambda: isinstance(app.screen, ProblemsScreen), "the screen")
        await shown(pilot, "Problems")
        await pilot.press("enter")
        await shown(pilot, "Runbook")
        assert all(len(line) <= size[0] for line in app.text.splitlines())


async def test_the_list_can_be_saved(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make()

    def saved() -> str:
        return "".join(each.read_text() for each in tmp_path.glob("*.csv"))

    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "0/9 nodes are available")
        await pilot.press("ctrl+s", "enter")
        await until(pilot, lambda: "pending-user" in saved(), "a file")
