"""The drills by commands, each on one demo that runs: from the list of problems to its end."""

from __future__ import annotations

import shlex
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hubtui.demo import launch
from hubtui.demo.scenarios.drills.scale_down import LECTURER
from hubtui.demo.seed.values import TYPO
from tests.headless.conftest import Answered, Command

Drill = Callable[..., Answered]

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for temporary files that only this test uses."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


@contextmanager
def begun(hubtui: Command, name: str, speed: float = 1.0) -> Iterator[Drill]:
    """The command line on a new demo, in which a drill has just begun."""
    demo = launch.Demo(launch.Wanted(drill=name, speed=speed))
    demo.wait()

    def call(*argv: str) -> Answered:
        where = ("--kubeconfig", str(demo.kubeconfig), "-n", "hub", "--release", "hub")
        return hubtui(*where, *argv, "--json")

    yield call
    demo.close()


def problem(drill: Drill, incident: str) -> dict[str, Any] | None:
    items = drill("problems").document["items"]
    return next((each for each in items if each["incident"] == incident), None)


def newest(drill: Drill) -> tuple[int, str]:
    head = drill("history").document["items"][0]
    return head["revision"], head["status"]


def comes(drill: Drill, revision: int, status: str) -> None:
    """Asks for the history until its newest revision is that."""
    limit = time.monotonic() + PATIENCE
    while newest(drill) != (revision, status):
        assert time.monotonic() < limit, newest(drill)


def test_the_node_that_blocks_is_left_out_and_comes_back(hubtui: Command) -> None:
    with begun(hubtui, "hook-puller", speed=0.5) as drill:
        found = problem(drill, "hook-puller")
        assert found is not None
        (node,) = (each["name"] for each in found["targets"] if each["kind"] == "node")
        commands = {fix["action"]: fix["command"] for fix in found["fixes"]}
        assert commands["cordon"] == f"hubtui cordon {node} --pullers-off"
        assert commands["why"] == "hubtui why hook-image-puller"
        (pullers,) = drill("why", "hook-image-puller").document["pullers"]
        assert (pullers["ready"], pullers["wanted"]) == (5, 6)
        assert 0 < pullers["awaited"]["left_seconds"] < pullers["awaited"]["timeout_seconds"]
        blocking = [each for each in pullers["nodes"] if each["blocking"]]
        assert [each["node"] for each in blocking] == [node]
        assert [pull["state"] for pull in blocking[0]["pulls"]] == ["pulling", "waiting"]
        done = drill("cordon", node, "--pullers-off", "--confirm", node)
        assert done.code == 0, done.err
        comes(drill, 5, "deployed")
        assert problem(drill, "hook-puller") is None
        assert drill("uncordon", node, "--confirm", node).code == 0


def test_a_revision_that_the_timeout_has_ended_leaves_no_problem(hubtui: Command) -> None:
    with begun(hubtui, "hook-puller", speed=60) as drill:
        comes(drill, 5, "failed")
        assert problem(drill, "hook-puller") is None
        assert problem(drill, "pending-release") is None
        assert drill("rollback", "4", "--confirm", "hub").code == 0
        assert newest(drill) == (6, "deployed")


@pytest.mark.parametrize(
    ("way", "ends"),
    [(["rollback"], (6, "deployed")), (["mark-failed", "--save", "kept.json"], (5, "failed"))],
    ids=["rolled back", "marked"],
)
def test_the_stuck_release_is_free_again(
    hubtui: Command,
    way: list[str],
    ends: tuple[int, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with begun(hubtui, "pending-release", speed=20) as drill:
        found = problem(drill, "pending-release")
        assert found is not None
        assert "hubtui recover" in {fix["command"] for fix in found["fixes"]}
        done = drill("recover", "--way", *way, "--confirm", "hub")
        assert done.code == 0, done.err
        assert newest(drill) == ends
        assert problem(drill, "pending-release") is None
        tag = ("--set-string", "singleuser.image.tag=2026-10-05", "--values-mode", "reuse")
        again = drill("upgrade", *tag).document
        assert [each["name"] for each in again["checks"] if each["level"] == "stop"] == []


def test_a_hook_that_fails_is_told_with_job_pod_nodes_events_and_log(hubtui: Command) -> None:
    tag = ("--set-string", f"singleuser.image.tag={TYPO}", "--values-mode", "reuse")
    done = hubtui("--demo", "upgrade", *tag, "--timeout", "8s", "--confirm", "hub", "--json")
    assert done.code == 1
    outcome = done.document["outcome"]
    hook = "Job/hook-image-awaiter"
    words = f"The pre-upgrade hook {hook} failed (helm gave up waiting for it): nothing was applied"
    assert outcome["summary"].startswith(words)
    told = [note.removeprefix(f"{hook}: ") for note in outcome["notes"]]
    kinds = dict.fromkeys(line.partition(" ")[0] for line in told)
    assert list(kinds) == ["job", "pod", "puller", "event", "log"]
    assert any(f"scipy-notebook:{TYPO}: not found" in line for line in told)
    assert any(line.startswith("log 0 of 6 nodes currently") for line in told)
    assert outcome["next_steps"][0].startswith("A wrong image on all nodes")


def test_the_proxy_has_its_routes_again(hubtui: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("model", "services"):  # two looks are a moment apart
        monkeypatch.setattr(f"hubtui.{module}.orphans.APART", 0.2)
    with begun(hubtui, "proxy") as drill:
        found = problem(drill, "proxy")
        assert found is not None
        assert "hubtui sync-routes" in {fix["command"] for fix in found["fixes"]}
        assert {each["kind"] for each in drill("orphans").document["items"]} == {"no route"}
        assert drill("sync-routes", "--confirm", "hub").code == 0
        agreed = drill("orphans").document
        assert (agreed["items"], agreed["notes"]) == ([], [])
        assert problem(drill, "proxy") is None


def test_a_hub_that_is_started_anew_culls_again(hubtui: Command) -> None:
    with begun(hubtui, "culling", speed=5) as drill:
        found = problem(drill, "culling")
        assert found is not None
        assert "idle-culler" in found["evidence"][-1]["words"]
        assert "hubtui restart hub" in {fix["command"] for fix in found["fixes"]}
        assert drill("restart", "hub", "--confirm", "hub").code == 0
        assert problem(drill, "culling") is None


def test_the_last_idle_server_of_a_pool_is_stopped(hubtui: Command) -> None:
    with begun(hubtui, "scale-down", speed=5) as drill:
        found = problem(drill, "scale-down")
        assert found is not None
        assert "The culler frees it" in found["todo"]
        (node,) = (each["name"] for each in found["targets"] if each["kind"] == "node")
        commands = {fix["action"]: fix["command"] for fix in found["fixes"]}
        assert commands["stop"] == f"hubtui stop {LECTURER}"
        assert commands["cordon"] == f"hubtui cordon {node}"
        (item,) = drill(*shlex.split(commands["why"])[1:]).document["items"]
        assert item["held"]
        assert [(each["kind"], each["user"]) for each in item["blockers"]] == [("user", LECTURER)]
        assert item["last_cull"] == item["blockers"][0]["until"]
        assert drill("stop", LECTURER, "--confirm", "1").code == 0
        assert problem(drill, "scale-down") is None
