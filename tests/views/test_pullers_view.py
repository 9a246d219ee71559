"""The matrix of nodes and images, in lines; the stores are filled by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from hubtui.model.kube import Pod
from hubtui.model.roles import Role
from hubtui.services.pullers import NodePulls, Pullers, PullMatrix
from hubtui.views.cells import plain
from hubtui.views.document import Hung
from hubtui.views.pullers import Line, gone_line, matrix_lines
from tests.tui import prepared
from tests.tui.upgrading import AWAITER, NO_TAG, WAITS, ended, puller, upgrading
from tests.tui.world import NOW, Json, World, ago, pod

TEN = timedelta(minutes=10)
RUNS = {"running": {"startedAt": ago(5)}}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))


def hook_of(folder: Path, world: World, now: datetime = NOW) -> PullMatrix:
    pullers = Pullers(prepared.session(prepared.settings(folder), world))
    pullers.update()
    found = pullers.hook(now, TEN)
    assert found is not None
    return found


def text(lines: Iterable[Line]) -> list[str]:
    cells = (line.cell.cell if isinstance(line.cell, Hung) else line.cell for line in lines)
    return [plain(cell) for cell in cells]


def replaced(world: World, node: str, *states: Json) -> World:
    """The world with another pod on a node."""
    pods = world.objects["pods"]
    name = f"hook-image-puller-{node}"
    world.objects["pods"] = [p for p in pods if p["metadata"]["name"] != name]
    world.add("pods", puller(node, *states))
    return world


def names(rows: Iterable[NodePulls]) -> list[str]:
    return [row.node for row in rows]


async def test_what_blocks_comes_first_the_longest_waiting_before_others(tmp_path: Path) -> None:
    matrix = hook_of(tmp_path, upgrading())
    assert names(matrix.rows) == ["user-2", "user-1", "core-1", "user-0"]
    assert names(matrix.blocking) == ["user-2", "user-1"]
    longer = hook_of(tmp_path, replaced(upgrading(), "user-0", WAITS, WAITS, WAITS))
    assert names(longer.blocking) == ["user-2", "user-0", "user-1"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "waits for the 5 nodes that should have a puller, 3 more to come; 9 m 55 s left of"),
        (60, "waits for the 4 nodes that have a puller, 2 more to come; 9 m left of"),
        (700, "2 more to come; helm's timeout of 10 m is over, if that was given"),
    ],
)
async def test_the_awaiters_rule_changes_after_its_patience(
    tmp_path: Path, seconds: int, words: str
) -> None:
    world = upgrading()
    world.objects["daemonsets.apps"][-1]["status"]["desiredNumberScheduled"] = 5
    begun = datetime.fromisoformat(world.objects["jobs.batch"][-1]["status"]["startTime"])
    now = begun.astimezone(UTC) + timedelta(seconds=seconds)
    matrix = hook_of(tmp_path, world, now)
    assert words in " ".join(text(matrix_lines(matrix, now)))


async def test_nothing_blocks_once_the_awaiter_is_done(tmp_path: Path) -> None:
    world = upgrading()
    world.objects["jobs.batch"][-1]["status"] = {"succeeded": 1}
    matrix = hook_of(tmp_path, world)
    assert (matrix.awaited, matrix.blocking) == (None, ())
    assert names(matrix.lacking) == ["user-2", "user-1"]
    assert AWAITER not in " ".join(text(matrix_lines(matrix, NOW)))


async def test_each_line_of_a_node_knows_its_pod(tmp_path: Path) -> None:
    matrix = hook_of(tmp_path, upgrading())
    lines = list(matrix_lines(matrix, NOW))
    about = [(line.row.node, shown) for line, shown in zip(lines, text(lines), strict=True)
             if line.row is not None]  # fmt: skip
    assert [node for node, _ in about] == ["user-2", "user-1", "core-1", "user-0"]
    assert all(node in shown for node, shown in about)


async def test_many_nodes_that_are_done_are_counted(tmp_path: Path) -> None:
    world = upgrading()
    for number in range(10, 260):
        world.add("pods", puller(f"user-{number}", ended(7), ended(6), RUNS))
    lines = text(matrix_lines(hook_of(tmp_path, world), NOW))
    assert len(lines) < 20
    assert "and 244 more nodes that have all images" in " ".join(lines)
    assert "1 quay.io/jupyter/scipy-notebook:2026.11 on 254 of 254" in " ".join(lines)


async def test_a_pod_without_a_node_says_why(tmp_path: Path) -> None:
    world = upgrading()
    homeless = puller("", WAITS, WAITS, WAITS)
    homeless["spec"]["nodeName"] = ""
    full = {"type": "PodScheduled", "status": "False", "message": "1 Too many pods"}
    homeless["status"] = {"phase": "Pending", "conditions": [full]}
    world.add("pods", homeless)
    matrix = hook_of(tmp_path, world)
    assert "no node  ·  ·  ·  ▲ blocks 1 Too many pods" in " ".join(text(matrix_lines(matrix, NOW)))


async def test_the_registrys_words_are_kept_while_it_backs_off(tmp_path: Path) -> None:
    session = prepared.session(prepared.settings(tmp_path), upgrading())
    pullers = Pullers(session)
    pullers.update()
    back_off = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "a"'}}
    later = puller("user-2", ended(6), back_off, WAITS)
    store = session.pods.stores.pods
    store.put(msgspec.convert(later, Pod))
    assert pullers.update()
    matrix = pullers.hook(NOW, TEN)
    assert matrix is not None
    row = matrix.at("user-2")
    assert row is not None
    assert row.current is not None
    assert row.current.words == "ImagePullBackOff: manifest unknown"


async def test_what_is_left_to_say_when_it_is_gone(tmp_path: Path) -> None:
    matrix = hook_of(tmp_path, upgrading())
    assert plain(gone_line(matrix)) == (
        "hook-image-puller is gone; what lacked an image: user-2, user-1"
    )


async def test_what_the_registry_says_on_several_nodes_is_told_once(tmp_path: Path) -> None:
    world = replaced(upgrading(), "user-1", ended(6), NO_TAG, WAITS)
    lines = text(matrix_lines(hook_of(tmp_path, world), NOW))
    rows = [line.split("blocks ")[1] for line in lines if "blocks" in line]
    assert rows == ["2 ErrImagePull for 6 m", "2 ErrImagePull for 6 m"]
    assert [line.strip() for line in lines if "manifest unknown" in line] == [
        "on 2 nodes: manifest unknown"
    ]


async def test_the_pod_that_waits_for_the_pullers_is_not_counted_as_one(tmp_path: Path) -> None:
    world = World({"secrets": []})
    world.add("pods", pod("hook-image-puller-a", "hook-image-puller", "hub", 7))
    awaiter = pod(f"{AWAITER}-x", "image-puller", "hub", 7)
    awaiter["metadata"]["ownerReferences"] = [{"kind": "Job", "name": AWAITER}]
    world.add("pods", awaiter)
    labels = {"component": "hook-image-puller", "release": "hub"}
    meta = {"name": "hook-image-puller", "namespace": "hub", "labels": labels}
    status = {"desiredNumberScheduled": 2, "numberReady": 1}
    world.add("daemonsets.apps", {"metadata": meta, "status": status})
    session = prepared.session(prepared.settings(tmp_path), world)
    session.pods.update()
    role = session.pods.role(Role.HOOK_PULLER)
    assert (len(role.pods), role.ready, role.expected) == (2, 1, 2)


async def test_a_pod_that_stays_on_a_tainted_node_is_counted(tmp_path: Path) -> None:
    world = upgrading()
    world.objects["daemonsets.apps"][-1]["status"] |= {
        "desiredNumberScheduled": 3,
        "numberMisscheduled": 1,
    }
    session = prepared.session(prepared.settings(tmp_path), world)
    session.pods.update()
    assert session.pods.role(Role.HOOK_PULLER).expected == 4
