"""Restart, delete and save from the pods pane, by their keys."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until
from tests.tui.world import World, ago, hub

WIDE = (160, 48)
GONE = "jupyter-ana"


def settled() -> World:
    """A hub whose Deployments are as they are meant to be."""
    known = hub()
    for each in known.objects["deployments.apps"]:
        count = each["spec"]["replicas"]
        each["spec"]["selector"] = {"matchLabels": dict(each["metadata"]["labels"])}
        each["status"] |= {"updatedReplicas": count, "availableReplicas": count}
    return known


def written(app: PreparedApp) -> list[tuple[str, str, str]]:
    return [
        (call.verb, call.resource, call.name)
        for call in app.client.calls
        if call.verb in ("patch", "delete", "update") and call.query.get("dryRun") != "All"
    ]


async def at_pod_row(app: PreparedApp, pilot: Pilot[Any], key: str) -> None:
    """The cursor on a row of the pods pane."""
    await ready(pilot)
    await pilot.press("2")
    table = app.pane("pods").table
    if key.startswith("pod:"):
        table.move_to("role:users")
        await pilot.press("enter")
        await until(pilot, lambda: key in list(app.pane("pods").pane_view.keys()), key)
    await until(pilot, lambda: table.move_to(key) or table.cursor == key, f"the row {key}")


async def planned(app: PreparedApp, pilot: Pilot[Any]) -> PlanScreen:
    await until(pilot, lambda: app.screen.query("ConfirmLine Input"), "a plan")
    await pilot.pause()
    assert isinstance(app.screen, PlanScreen)
    return app.screen


def go(screen: PlanScreen) -> Button:
    return screen.query_one("#confirm-go", Button)


async def test_b_restarts_the_part_under_the_cursor(make: Make) -> None:
    app = make(settled())
    async with app.run_test(size=WIDE) as pilot:
        await at_pod_row(app, pilot, "role:hub")
        await pilot.press("B")
        screen = await planned(app, pilot)
        await shown(pilot, "Restart hub of hub")
        await shown(pilot, "no log-in and no new server")
        await shown(pilot, "What happens")
        assert "What changes" not in app.text
        assert go(screen).disabled
        await pilot.press(*"hu", "enter")
        assert isinstance(app.screen, PlanScreen)
        await pilot.press("b", "enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "progress")
        await until(pilot, lambda: written(app), "a write")
        assert written(app) == [("patch", "deployments.apps", "hub")]


async def test_b_elsewhere_says_where_it_works(make: Make) -> None:
    app = make(settled())
    async with app.run_test(size=WIDE) as pilot:
        await at_pod_row(app, pilot, "role:user-placeholder")
        await pilot.press("B")
        await pilot.pause()
        assert "Go to the row of one of: hub, proxy" in app.told()[-1]
        assert not isinstance(app.screen, PlanScreen)


async def test_x_asks_for_the_user_of_a_stuck_server(make: Make) -> None:
    app = make(settled())
    async with app.run_test(size=WIDE) as pilot:
        await at_pod_row(app, pilot, f"pod:hub/{GONE}")
        await pilot.press("X")
        screen = await planned(app, pilot)
        await shown(pilot, "Delete pod jupyter-ana")
        await shown(pilot, "ImagePullBackOff")
        await pilot.press(*"ana@uni.example")
        assert not go(screen).disabled
        await pilot.press("enter")
        await until(pilot, lambda: written(app), "a write")
        assert written(app) == [("delete", "pods", GONE)]


async def test_a_pod_on_its_way_out_is_forced_and_that_is_a_stop(make: Make) -> None:
    known = settled()
    for each in known.objects["pods"]:
        if each["metadata"]["name"] == GONE:
            each["metadata"]["deletionTimestamp"] = ago(3)
    known.objects["nodes"].clear()
    app = make(known)
    async with app.run_test(size=WIDE) as pilot:
        await at_pod_row(app, pilot, f"pod:hub/{GONE}")
        await pilot.press("X")
        screen = await planned(app, pilot)
        await shown(pilot, "by force")
        await pilot.press(*"ana@uni.example")
        await shown(pilot, "deleted already")
        # Its node does not exist any more: nothing of the pod can still run.
        assert not go(screen).disabled
        assert written(app) == []


async def test_x_on_a_role_asks_for_a_pod(make: Make) -> None:
    app = make(settled())
    async with app.run_test(size=WIDE) as pilot:
        await at_pod_row(app, pilot, "role:hub")
        await pilot.press("X")
        await pilot.pause()
        assert "Go to a pod" in app.told()[-1]


@pytest.mark.parametrize(("key", "row"), [("B", "role:hub"), ("X", f"pod:hub/{GONE}")])
async def test_read_only_shows_the_plan_and_never_the_button(
    make: Make, key: str, row: str
) -> None:
    app = make(settled(), read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await at_pod_row(app, pilot, row)
        await pilot.press(key)
        await pilot.pause()
        if isinstance(app.screen, PlanScreen):
            screen = await planned(app, pilot)
            await pilot.press(*screen._plan.confirm if screen._plan else "", "enter")
            assert go(screen).disabled
        assert written(app) == []


# Saving


async def saved(app: PreparedApp, pilot: Pilot[Any], path: Path) -> None:
    await pilot.press("ctrl+s")
    await pilot.press(*["backspace"] * 60, *str(path))
    await pilot.press("enter")
    await pilot.pause()


@pytest.mark.parametrize("form", ["txt", "csv", "json"])
async def test_a_pane_is_saved_in_the_form_of_its_ending(
    make: Make, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make(settled())
    async with app.run_test(size=WIDE) as pilot:
        await at_pod_row(app, pilot, "role:hub")
        await saved(app, pilot, Path(f"pods.{form}"))
        assert "Saved as" in app.told()[-1]
        assert app.pane("pods").table.has_focus
    path = tmp_path / f"pods.{form}"
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    if form == "txt":
        assert text.startswith("gke-eu-prod / hub / hub · 20")
    elif form == "csv":
        names = [row["role"] for row in csv.DictReader(text.splitlines())]
        assert names[0] == "hub"
        assert "ana@uni.example/gpu" in [name.replace(" ", "") for name in names]
    else:
        assert json.loads(text)["items"][0]["role"] == "hub"


async def test_no_file_is_overwritten_and_a_form_must_be_said(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.csv").write_text("mine")
    app = make(settled())
    async with app.run_test(size=WIDE) as pilot:
        await at_pod_row(app, pilot, "role:hub")
        await saved(app, pilot, Path("here.csv"))
        assert "exists already" in app.told()[-1]
        await saved(app, pilot, Path("pods.xlsx"))
        assert "does not say in which form" in app.told()[-1]
        await pilot.press("ctrl+s", "escape")
        await pilot.pause()
        assert app.pane("pods").table.has_focus
    assert (tmp_path / "here.csv").read_text() == "mine"
    assert not (tmp_path / "pods.xlsx").exists()


async def test_releases_and_a_document_are_saved_too(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make(settled())
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("1")
        await saved(app, pilot, Path("releases.csv"))
        rows = list(csv.DictReader((tmp_path / "releases.csv").read_text().splitlines()))
        assert [row["revision"] for row in rows][:2] == ["12", "11"]
        await at_pod_row(app, pilot, f"pod:hub/{GONE}")
        await pilot.press("enter")
        await shown(pilot, "ImagePullBackOff")
        await saved(app, pilot, Path("pod.txt"))
        assert "ImagePullBackOff" in (tmp_path / "pod.txt").read_text()
