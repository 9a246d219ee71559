"""The diff screen: searched, unfolded, read in full, saved; and the live cluster under `d`."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.tui.screens.diff import DiffFrame, DiffScreen
from hubtui.tui.screens.drift import DriftScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.text import TextScreen
from tests.tui import world
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, freeze, ready, shown, until
from tests.tui.world import HISTORY, SECRET

SIZE = (160, 48)
OLDER = tuple(
    (number, "superseded", (40 + number) * 1440, "4.3.3", f"2025.{number:02}", "Upgrade complete")
    for number in range(1, 7)
)
"""Six revisions more, so that not all are on the screen."""

COUNTS = re.compile(r"~\d+ \+\d+ -\d+")


@pytest.fixture
def app(make: Make, monkeypatch: pytest.MonkeyPatch) -> PreparedApp:
    freeze(monkeypatch)
    return make()


async def _diff(app: PreparedApp, pilot: Pilot[Any]) -> DiffFrame:
    """The diff of the revision before with the current one."""
    await ready(pilot)
    await pilot.press("1", "g", "j", "d")
    await until(pilot, lambda: isinstance(app.screen, DiffScreen), "the diff screen")
    await shown(pilot, "secrets masked")
    await shown(pilot, "objects unchanged")  # the rows come with the next beat
    return app.screen.query_one(DiffFrame)


async def test_the_history_counts_what_each_revision_changed(app: PreparedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "CHANGED")
        await until(pilot, lambda: len(COUNTS.findall(app.text)) == len(HISTORY) - 1, "counts")


async def test_a_search_finds_what_is_folded_and_n_goes_from_match_to_match(
    app: PreparedApp,
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        frame = await _diff(app, pilot)
        await pilot.press("slash", *"memory")
        await shown(pilot, "with memory")
        await pilot.press("enter")
        first = frame.table.cursor
        assert first is not None
        assert "memory" in "\n".join(frame.view.detail(first)).lower()
        await pilot.press("slash", "escape")
        assert frame.view.needle == ""
        assert frame.table.has_focus


async def test_everything_unfolds_and_folds_again(app: PreparedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        frame = await _diff(app, pilot)
        before = list(frame.view.keys())
        await pilot.press("o")
        assert len(frame.view.keys()) > len(before)
        await pilot.press("o")
        assert list(frame.view.keys()) == before


async def test_enter_on_a_leaf_shows_its_text_in_full(app: PreparedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        frame = await _diff(app, pilot)
        leaf = frame.view.next_change(None)
        while leaf is not None and frame.view.is_open(leaf):
            leaf = frame.view.next_change(leaf)
        assert leaf is not None
        frame.table.move_to(leaf)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TextScreen), "the text")
        await pilot.press("escape")
        assert isinstance(app.screen, DiffScreen)


async def test_a_saved_diff_is_for_its_owner_and_without_secrets(
    app: PreparedApp, tmp_path: Path
) -> None:
    path = tmp_path / "out.txt"
    async with app.run_test(size=SIZE) as pilot:
        await _diff(app, pilot)
        await pilot.press("ctrl+s")
        await pilot.press("ctrl+u", *str(path), "enter")
        await until(pilot, path.exists, "the file")
        await pilot.press("ctrl+s")
        await pilot.press("ctrl+u", *str(path), "enter")
        await until(pilot, lambda: any("exists" in said for said in app.told()), "a refusal")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("11 → 12")
    assert SECRET not in path.read_text()


async def _save_as(app: PreparedApp, path: Path) -> str:
    """What is in the file that the diff screen writes under this name."""
    async with app.run_test(size=SIZE) as pilot:
        await _diff(app, pilot)
        await pilot.press("ctrl+s")
        await pilot.press("ctrl+u", *str(path), "enter")
        await until(pilot, path.exists, "the file")
    return await asyncio.to_thread(path.read_text)


async def test_a_diff_saved_as_json_is_the_document_of_the_command(
    app: PreparedApp, tmp_path: Path
) -> None:
    text = await _save_as(app, tmp_path / "out.json")
    found = json.loads(text)
    assert (found["schema"], found["kind"], found["release"]) == (1, "diff", "hub")
    assert (found["before"], found["after"]) == (11, 12)
    assert {each["object"] for each in found["changes"]["objects"]} >= {"Deployment/hub"}
    assert SECRET not in text


async def test_a_diff_saved_as_csv_has_a_row_for_each_change(
    app: PreparedApp, tmp_path: Path
) -> None:
    text = await _save_as(app, tmp_path / "out.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["section"] for row in rows} >= {"image", "value", "object"}
    hub = [row for row in rows if row["object"] == "Deployment/hub" and not row["noise"]]
    assert any(row["path"].startswith("spec.") for row in hub)
    assert SECRET not in text


async def test_c_copies_the_diff_as_it_is_shown(app: PreparedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        frame = await _diff(app, pilot)
        await pilot.press("c")
        assert app.clipboard.split("\n") == frame.view.lines()
        assert "objects unchanged" in app.clipboard
        assert SECRET not in app.clipboard


async def test_d_in_a_diff_goes_to_the_cluster_and_back(app: PreparedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await _diff(app, pilot)
        await shown(pilot, "with the cluster")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DriftScreen), "the drift")
        await shown(pilot, "11 → live")
        await pilot.press("d")
        await until(pilot, lambda: not isinstance(app.screen, DriftScreen), "the diff")
        await shown(pilot, "11 → 12")
        await pilot.press("d")
        await shown(pilot, "11 → live")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")
        await shown(pilot, "revision 12 → 11, which becomes revision 13")


async def test_the_current_revision_has_no_other_side(app: PreparedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("1", "g", "d")
        await shown(pilot, "12 → live")
        assert "with the cluster" not in app.text
        await pilot.press("d")
        assert isinstance(app.screen, DriftScreen)


async def test_d_on_the_current_revision_compares_with_the_cluster(app: PreparedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("1", "g", "d")
        await until(pilot, lambda: isinstance(app.screen, DriftScreen), "the drift")
        await shown(pilot, "12 → live")
        await shown(pilot, "Roll back to the same revision to undo it.")
        assert all(
            call.verb != "patch" or call.query["dryRun"] == "All" for call in app.client.calls
        )
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")


async def test_d_on_a_failed_revision_compares_it_with_the_good_one_before(
    app: PreparedApp,
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("1", "g", "j", "j", "d")
        await until(pilot, lambda: isinstance(app.screen, DiffScreen), "the diff")
        await shown(pilot, "9 → 10")


async def test_in_read_only_the_cluster_is_only_read(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze(monkeypatch)
    app = make(read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("1", "g", "d")
        await shown(pilot, "12 → live")
        assert {call.verb for call in app.client.calls} <= {"get", "list", "watch"}


async def test_revisions_out_of_sight_are_not_counted(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze(monkeypatch)
    monkeypatch.setattr(world, "HISTORY", (*OLDER, *HISTORY))
    app = make(world.hub())
    async with app.run_test(size=(160, 12)) as pilot:
        await ready(pilot)
        await pilot.press("1", "g")
        changed = app.prepared.changed
        await until(pilot, lambda: changed.idle and len(COUNTS.findall(app.text)) > 1, "counts")
        seen = len(COUNTS.findall(app.text))
        assert seen < len(world.HISTORY) - 1
        assert changed.known <= seen + 1  # a row may be hidden by half
        await pilot.press("G")
        await until(pilot, lambda: changed.idle and changed.known > seen + 1, "further counts")


async def test_a_revision_that_cannot_be_read_is_said_where_the_diff_would_be(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze(monkeypatch)
    known = world.hub()
    name = "sh.helm.release.v1.hub.v12"
    stored = next(o for o in known.objects["secrets"] if o["metadata"]["name"] == name)
    stored["data"]["release"] = "bm90aGluZw=="
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "The stored rele")
        await pilot.press("1", "g", "d")
        await shown(pilot, "cannot be shown, compared or rolled back to")
        assert "Comparing" not in app.text
