"""The screen of an upgrade: which node holds the hook up, and what can be done from there."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.model.plan import Outcome, Phase, Progress, Result, Step, StepState
from hubtui.services.operation import Operation
from hubtui.tui.screens.events import EventsScreen
from hubtui.tui.screens.logs import LogsScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.problems import ProblemsScreen
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.screens.recover import RecoverScreen
from hubtui.tui.screens.why import PodWhyScreen
from tests.tui import prepared
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until
from tests.tui.upgrading import operation, upgrading
from tests.tui.world import World, ago

SIZES = ((160, 48), (80, 24))


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def watching(app: PreparedApp, pilot: Pilot[Any]) -> Operation:
    """The upgrade's screen, with the matrix on it."""
    await ready(pilot)
    running = operation(app.prepared)
    app.prepared.operations.all.append(running)
    app.push_screen(ProgressScreen(running))
    await shown(pilot, "hook-image-awaiter waits")
    return running


def calls(app: PreparedApp) -> list[tuple[str, str, str]]:
    return [(call.verb, call.resource, call.name) for call in app.client.calls]


def joined(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_blocking_nodes_stand_first_with_image_time_and_reason(
    make: Make, size: tuple[int, int]
) -> None:
    app = make(upgrading())
    async with app.run_test(size=size) as pilot:
        await watching(app, pilot)
        text = joined(app.text)
        assert "hook-image-puller 2 of 4 nodes have all images" in text
        assert "3 m left of helm's timeout of 10 m" in text
        assert "user-2 ● ✗ · ▲ blocks 2 ErrImagePull: manifest unknown for 6 m" in text
        assert "user-1 ● ◌ · ▲ blocks pulls 2 for 6 m 30 s" in text
        assert "2 quay.io/uni/course:2026.11 on 2 of 4" in text
        assert text.index("user-2") < text.index("user-1") < text.index("user-0")


async def test_o_plans_to_leave_the_blocking_node_out(make: Make) -> None:
    app = make(upgrading())
    async with app.run_test(size=(160, 48)) as pilot:
        await watching(app, pilot)
        await pilot.press("o")
        await shown(pilot, "Cordon node user-2, pullers off")
        await shown(pilot, "3 instead of 4 nodes are waited for")
        assert isinstance(app.screen, PlanScreen)
        assert "kubectl taint node user-2" in joined(app.text)
        await pilot.press(*"user-2", "enter")
        deletes = ("delete", "pods", "hook-image-puller-user-2")
        await until(pilot, lambda: deletes in calls(app), "the pod's deletion")
        assert ("patch", "nodes", "user-2") in calls(app)


async def test_o_on_another_line_is_about_that_node(make: Make) -> None:
    app = make(upgrading())
    async with app.run_test(size=(160, 48)) as pilot:
        await watching(app, pilot)
        screen = app.screen
        assert isinstance(screen, ProgressScreen)
        lines = app.text.splitlines()
        top = next(n for n, line in enumerate(lines) if "revision 13" in line)
        here = next(n for n, line in enumerate(lines) if "user-0" in line)
        await pilot.press(*"j" * (here - top), "o")
        await shown(pilot, "Cordon node user-0")
        assert "pullers off" not in app.text


async def test_a_cordoned_node_is_uncordoned(make: Make) -> None:
    known = upgrading()
    node = known.objects["nodes"][-1]
    node["spec"]["unschedulable"] = True
    node["spec"]["taints"].append({"key": "hubtui/pullers-off", "effect": "NoSchedule"})
    app = make(known)
    async with app.run_test(size=(160, 48)) as pilot:
        await watching(app, pilot)
        await pilot.press("o")
        await shown(pilot, "Uncordon node user-2")
        await shown(pilot, "Image pullers come back to it")


@pytest.mark.parametrize(
    ("key", "screen"), [("l", LogsScreen), ("e", EventsScreen), ("w", PodWhyScreen)]
)
async def test_from_there_to_logs_events_and_reasons(
    make: Make, key: str, screen: type[Any]
) -> None:
    app = make(upgrading())
    async with app.run_test(size=(160, 48)) as pilot:
        await watching(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, screen), str(screen))
        await pilot.press("escape")
        await shown(pilot, "hook-image-awaiter waits")


async def test_the_puller_that_is_gone_is_told_and_the_matrix_follows(make: Make) -> None:
    app = make(upgrading())
    async with app.run_test(size=(160, 48)) as pilot:
        await watching(app, pilot)
        stores = app.prepared.pods.stores
        stores.pods.remove("hub/hook-image-puller-user-2")
        await until(pilot, lambda: "user-2" not in app.text, "no user-2")
        stores.daemonsets.remove("hub/hook-image-puller")
        await shown(pilot, "hook-image-puller is gone; what lacked an image: user-1")


async def test_r_goes_back_at_once_when_the_upgrade_failed(make: Make) -> None:
    app = make(upgrading())
    async with app.run_test(size=(160, 48)) as pilot:
        running = await watching(app, pilot)
        lines = ("pre-upgrade hook Job/hook-image-awaiter: puller on user-2: manifest unknown",)
        running.end(Outcome(Result.FAILED, "Revision 13 failed in its hook", notes=lines))
        await shown(pilot, "Revision 13 failed in its hook")
        await shown(pilot, "puller on user-2: manifest unknown")
        await pilot.press("r")
        await shown(pilot, "revision 12 → 12, which becomes revision 13")


async def test_the_keys_in_the_footer_follow_what_is_there(make: Make) -> None:
    app = make(upgrading())
    async with app.run_test(size=(80, 24)) as pilot:
        await watching(app, pilot)
        await shown(pilot, "o cordon")
        app.prepared.pods.stores.daemonsets.remove("hub/hook-image-puller")
        await until(pilot, lambda: "o cordon" not in app.text, "no cordon")


async def test_without_a_line_o_takes_no_node_while_most_have_no_image(make: Make) -> None:
    known = upgrading()
    pods = known.objects["pods"]
    known.objects["pods"] = [p for p in pods if p["metadata"]["name"] != "hook-image-puller-user-0"]
    app = make(known)
    async with app.run_test(size=(160, 48)) as pilot:
        await watching(app, pilot)
        await pilot.press("o")
        await until(pilot, lambda: "Go to the line of a node." in app.told(), "the word")
        assert isinstance(app.screen, ProgressScreen)


async def test_while_a_hook_is_waited_for_its_pullers_stand_before_the_workloads(
    make: Make,
) -> None:
    app = make(upgrading())
    async with app.run_test(size=(160, 48)) as pilot:
        running = await watching(app, pilot)
        step = Step("Deployment", "hub", 1, 1, state=StepState.DONE)
        running.advance(Progress(Phase.HOOKS, (step,), "helm waits"))
        await shown(pilot, "Deployment/hub")
        assert app.text.index("hook-image-awaiter waits") < app.text.index("Deployment/hub")


async def test_what_is_left_of_a_hook_that_is_over_says_nothing(make: Make) -> None:
    known = upgrading()
    known.objects["jobs.batch"].clear()
    pods = known.objects["pods"]
    waits = ("hook-image-puller-user-1", "hook-image-puller-user-2")
    known.objects["pods"] = [p for p in pods if p["metadata"]["name"] not in waits]
    app = make(known)
    async with app.run_test(size=(160, 48)) as pilot:
        await ready(pilot)
        app.push_screen(ProgressScreen(operation(app.prepared)))
        await shown(pilot, "ctrl+e comes back here")
        assert "hook-image-puller" not in app.text


async def test_a_revision_that_stays_pending_can_be_recovered_from_here(make: Make) -> None:
    app = make(with_pending(upgrading()))
    async with app.run_test(size=(160, 48)) as pilot:
        running = await watching(app, pilot)
        assert "R recover" not in app.text
        running.end(Outcome(Result.INTERRUPTED, "Helm was killed (SIGKILL) in the hook"))
        await shown(pilot, "R recover")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RecoverScreen), "the ways out")


async def test_from_the_problem_and_from_the_pane_w_shows_the_pullers(make: Make) -> None:
    app = make(with_pending(upgrading()))
    async with app.run_test(size=(160, 48)) as pilot:
        await ready(pilot)
        await pilot.press("2")
        app.pane("pods").table.move_to("role:hook-image-puller")
        await pilot.press("w")
        await shown(pilot, "Why: hook-image-puller")
        await shown(pilot, "▲ blocks 2 ErrImagePull: manifest unknown for 6 m")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EventsScreen), "the events")
        await pilot.press("escape")
        stores = app.prepared.pods.stores
        stores.daemonsets.remove("hub/hook-image-puller")
        await shown(pilot, "hook-image-puller is gone; what lacked an image: user-2, user-1")


async def test_other_operations_show_no_pullers_of_an_idle_hub(make: Make) -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.push_screen(ProgressScreen(operation(app.prepared)))
        await shown(pilot, "ctrl+e comes back here")
        assert "continuous-image-puller" not in app.text
        await pilot.press("o")
        await pilot.pause()
        assert isinstance(app.screen, ProgressScreen)


async def test_o_in_the_pods_pane_cordons_the_pods_node(make: Make) -> None:
    app = make(upgrading())
    async with app.run_test(size=(160, 48)) as pilot:
        await ready(pilot)
        await pilot.press("2")
        table = app.pane("pods").table
        table.move_to("role:users")
        await pilot.press("enter")
        key = "pod:hub/jupyter-carla"
        await until(pilot, lambda: table.move_to(key) or table.cursor == key, key)
        await pilot.press("o")
        await shown(pilot, "Cordon node user-1")
        await shown(pilot, "2 servers on it, which stay")
        assert "pullers off" not in app.text


async def test_o_on_the_problem_leaves_its_node_out(make: Make) -> None:
    known = upgrading()
    app = make(with_pending(known))
    async with app.run_test(size=(160, 48)) as pilot:
        await ready(pilot)
        await pilot.press("exclamation_mark")
        await shown(pilot, "waits for its hook image puller")
        screen = app.screen
        assert isinstance(screen, ProblemsScreen)
        screen.table.move_to("hook-puller:")
        await shown(pilot, "Leave user-2 out: the hook goes on without it")
        await pilot.press("o")
        await shown(pilot, "Cordon node user-2, pullers off")


def with_pending(known: World) -> World:
    """The same with a revision 13 that is pending."""
    newest = next(s for s in known.objects["secrets"] if s["metadata"]["name"].endswith("hub.v12"))
    pending = deepcopy(newest)
    meta = pending["metadata"]
    meta |= {"name": "sh.helm.release.v1.hub.v13", "uid": "uid-v13", "creationTimestamp": ago(7)}
    meta["labels"] |= {"version": "13", "status": "pending-upgrade"}
    known.add("secrets", pending)
    return known


async def test_i_has_an_operation_begin_nothing_more(make: Make) -> None:
    app = make(upgrading())
    async with app.run_test(size=(80, 24)) as pilot:
        upgrade = await watching(app, pilot)
        assert "end early" not in app.text
        assert not upgrade.may_be_interrupted
        stops = Operation("stops", replace(upgrade.plan, action="stop", interruptible=True))
        app.prepared.operations.all.append(stops)
        app.push_screen(ProgressScreen(stops))
        await shown(pilot, "i end early")
        await pilot.press("i")
        await shown(pilot, "Nothing more is begun")
        assert stops.interrupted.is_set()
        await until(pilot, lambda: "end early" not in app.text, "once is enough")
