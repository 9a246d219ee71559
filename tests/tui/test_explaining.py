"""Why, logs, events and YAML on the screen, as an operator opens and leaves them."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from hubtui.errors import DeniedError
from hubtui.model.kinds import EVENTS
from hubtui.model.kube import Pod
from hubtui.model.redact import MASK
from hubtui.tui.screens.events import EventScreen, EventsScreen
from hubtui.tui.screens.logs import LogsScreen
from hubtui.tui.screens.why import PodWhyScreen, RoleWhyScreen
from hubtui.tui.screens.yaml import YamlScreen
from tests.tui import world
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until
from tests.tui.world import World

SIZE = (150, 45)


def event(reason: str, message: str, pod: str, minutes: float, type_: str = "Warning") -> Any:
    about = {"kind": "Pod", "namespace": "hub", "name": pod, "uid": f"uid-{pod}"}
    return {
        "metadata": {"name": f"{pod}.{reason}.{minutes}", "namespace": "hub"},
        "involvedObject": about,
        "type": type_,
        "reason": reason,
        "message": message,
        "lastTimestamp": world.ago(minutes),
    }


@pytest.fixture
def known() -> World:
    known = world.hub()
    well = {"conditions": [{"type": "Ready", "status": "True"}]}
    names = ("core-1", "user-0", "user-1", "user-2")
    known.add("nodes", *({"metadata": {"name": name}, "status": well} for name in names))
    pull = (
        'Failed to pull image "image:1": rpc error: code = NotFound desc = no such tag: not found'
    )
    known.add(
        "events",
        event("Failed", pull, "jupyter-ana", 1),
        event("Started", "Started container", "hub-6d9c7f0", 9, "Normal"),
    )
    return known


async def on_pod(pilot: Pilot[int], app: PreparedApp, name: str) -> None:
    """The cursor stands on a row of the pods pane."""
    await ready(pilot)
    await pilot.press("2")
    table = app.pane("pods").table
    await until(pilot, lambda: table.move_to(name), name)
    await pilot.pause()


def put(app: PreparedApp, found: Any) -> None:
    """The server has another pod."""
    app.prepared.pods.stores.pods.put(msgspec.convert(found, Pod))


ANA, BO = "pod:hub/jupyter-ana", "pod:hub/jupyter-bo"


async def test_w_explains_a_pod_with_what_the_registry_said(make: Make, known: World) -> None:
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, ANA)
        await pilot.press("w")
        await shown(pilot, "no such tag: not found")
        assert isinstance(app.screen, PodWhyScreen)
        await shown(pilot, "The registry has no such image or tag.")
        await pilot.press("escape")
        assert not isinstance(app.screen, PodWhyScreen)


async def test_w_on_a_role_explains_each_trouble_once(make: Make, known: World) -> None:
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, "role:users")
        await pilot.press("w")
        await shown(pilot, "have too little free memory")
        assert isinstance(app.screen, RoleWhyScreen)
        await shown(pilot, "bo@uni.example")
        await shown(pilot, "cannot be pulled")
        assert "carla" not in app.text


async def test_a_source_that_is_denied_costs_a_line_and_not_the_answer(
    make: Make, known: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make(known)
    answer = app.client._answer

    def refuse(call: Any) -> Any:
        if call.resource == "nodes":
            raise DeniedError("no right to list nodes", status=403)
        return answer(call)

    monkeypatch.setattr(app.client, "_answer", refuse)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, BO)
        await pilot.press("w")
        await shown(pilot, "no right to list nodes")
        await shown(pilot, "have too little free memory")


async def test_l_on_a_role_follows_all_its_pods_with_their_names(make: Make, known: World) -> None:
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, "role:users")
        await pilot.press("l")
        await shown(pilot, "6 pods")
        await shown(pilot, "carla ")
        screen = app.screen
        assert isinstance(screen, LogsScreen)
        await until(pilot, lambda: screen.view.count == 6 * len(known.log), "all lines")
        await shown(pilot, "following")


async def test_marked_pods_are_followed_together(make: Make, known: World) -> None:
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, ANA)
        await pilot.press("space")
        app.pane("pods").table.move_to(BO)
        await pilot.press("space", "l")
        await shown(pilot, "Log of 2 pods")


async def opened_log(pilot: Pilot[int], app: PreparedApp) -> LogsScreen:
    await on_pod(pilot, app, "role:hub")
    await pilot.press("l")
    screen = app.screen
    assert isinstance(screen, LogsScreen)
    await until(pilot, lambda: screen.view.count >= len(world.LOG), "the log")
    return screen


async def test_a_filter_hides_h_shows_all_and_n_goes_from_match_to_match(
    make: Make, known: World
) -> None:
    known.log = [f"line {n} {'spawn' if n % 10 == 0 else 'other'}" for n in range(100)]
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened_log(pilot, app)
        await pilot.press("slash", *"spawn", "enter")
        await shown(pilot, "90 hidden")
        await pilot.press("h")
        await until(pilot, lambda: screen.view.hidden == 0, "all lines")
        await pilot.press("g", "n")
        assert screen.table.cursor == "10"
        await pilot.press("n", "n", "N")
        assert screen.table.cursor == "20"
        await shown(pilot, "marked: spawn")


async def test_since_previous_and_container_are_asked_of_the_server(
    make: Make, known: World
) -> None:
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened_log(pilot, app)

        def asked() -> dict[str, str]:
            logs = [call for call in app.client.calls if call.subresource == "log"]
            return dict(logs[-1].query)

        await pilot.press("t")
        await until(pilot, lambda: asked().get("sinceSeconds") == "600", "10 minutes")
        await shown(pilot, "last 10 m")
        await pilot.press("t", "t")
        await until(pilot, lambda: asked().get("tailLines") == "10000", "all")
        await pilot.press("t", "p")
        await until(pilot, lambda: asked().get("previous") == "true", "previous")
        await shown(pilot, "before the last restart")
        await pilot.press("tab")
        await until(pilot, lambda: "one container" in "".join(app.told()), "one container")
        assert screen.view.count == len(known.log)


async def test_wrapping_a_line_of_a_megabyte_and_bytes_that_are_no_text(
    make: Make, known: World
) -> None:
    known.log = ["x" * 2**20, "\x1b[31mred\x1b[0m", "the end"]
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, "role:hub")
        await pilot.press("l")
        await shown(pilot, "the end")
        await shown(pilot, "\\x1b[31mred")
        await pilot.press("W")
        await shown(pilot, "more characters")
        await pilot.press("W")
        await until(pilot, lambda: "more characters" not in app.text, "cut again")


async def test_saving_writes_a_file_for_oneself_alone_and_never_over_another(
    make: Make, known: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await opened_log(pilot, app)
        for _ in range(2):
            await pilot.press("ctrl+s", "ctrl+u", *"my.log", "enter")
            await until(pilot, lambda: app.told(), "told")
        await until(pilot, lambda: "exists already" in "".join(app.told()), "refused")
    saved = tmp_path / "my.log"
    assert saved.read_text().splitlines() == known.log
    assert saved.stat().st_mode & 0o777 == 0o600


async def test_a_pod_that_comes_later_joins_the_log_of_its_role(make: Make, known: World) -> None:
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened_log(pilot, app)
        before = screen.view.count
        put(app, world.pod("hub-new", "hub", "hub", 0))
        await shown(pilot, "2 pods")
        await until(pilot, lambda: screen.view.count > before, "more lines")
        await shown(pilot, "new ")


async def test_e_shows_the_events_of_a_pod_then_of_the_namespace(make: Make, known: World) -> None:
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, ANA)
        await pilot.press("e")
        screen = app.screen
        assert isinstance(screen, EventsScreen)
        await app.prepared.feeds.fill(app.prepared.feeds.add(EVENTS, "hub"))
        await shown(pilot, "Failed to pull")
        assert "Started container" not in app.text
        await pilot.press("e")
        await shown(pilot, "Started container")
        await pilot.press("slash", *"warning", "enter")
        await until(pilot, lambda: "Started container" not in app.text, "filtered")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, EventScreen), "one event")
        await shown(pilot, "hub/jupyter-ana")


async def test_events_are_saved_as_rows_that_the_filter_leaves(
    make: Make, known: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, ANA)
        await pilot.press("e", "e")
        await app.prepared.feeds.fill(app.prepared.feeds.add(EVENTS, "hub"))
        await shown(pilot, "Started container")
        await pilot.press("slash", *"warning", "enter")
        await until(pilot, lambda: "Started container" not in app.text, "filtered")
        await pilot.press("ctrl+s", "ctrl+u", *"events.csv", "enter")
        await until(pilot, lambda: "Saved as" in "".join(app.told()), "saved")
        assert isinstance(app.screen, EventsScreen)
        assert app.screen.table.has_focus
    rows = list(csv.DictReader((tmp_path / "events.csv").read_text().splitlines()))
    assert rows
    assert any("Failed to pull" in row["message"] for row in rows)
    assert not any("Started container" in row["message"] for row in rows)


async def test_y_shows_a_pod_or_a_roles_workload_without_secrets(make: Make, known: World) -> None:
    pod = next(p for p in known.objects["pods"] if p["metadata"]["name"] == "jupyter-ana")
    env = [{"name": "JUPYTERHUB_API_TOKEN", "value": "nobody-may-see-this"}]
    pod["spec"]["containers"][0]["env"] = env
    pod["metadata"]["managedFields"] = [{"manager": "kubespawner"}]
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, ANA)
        await pilot.press("y")
        await shown(pilot, "JUPYTERHUB_API_TOKEN")
        assert isinstance(app.screen, YamlScreen)
        await shown(pilot, MASK)
        assert "nobody-may-see-this" not in app.text
        await shown(pilot, "managedFields of kubespawner are left out")
        await pilot.press("escape")
        app.pane("pods").table.move_to("role:hub")
        await pilot.press("y")
        await shown(pilot, "Deployment hub")
        await shown(pilot, "replicas: 1")


def _shows(app: PreparedApp, screen: type[object]) -> bool:
    return isinstance(app.screen, screen)


async def test_from_the_details_of_a_pod_every_way_leads_on(make: Make, known: World) -> None:
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await on_pod(pilot, app, ANA)
        await pilot.press("enter")
        screens = {"w": PodWhyScreen, "e": EventsScreen, "y": YamlScreen, "l": LogsScreen}
        for key, screen in screens.items():
            await pilot.press(key)
            await until(pilot, partial(_shows, app, screen), key)
            await pilot.press("escape")
            await pilot.pause()
