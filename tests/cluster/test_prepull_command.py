"""`hubtui prepull` as a process: its answer, its early end, and what a killed one has left."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.clusters import Cluster
from tests.cluster.pulled import MISSING, clear, daemonsets
from tests.testbed.processes import wait_for
from tests.testbed.users import NAMESPACE

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def cleared(cluster: Cluster) -> Iterator[None]:
    clear(cluster)
    yield
    clear(cluster)


class Typed:
    """Commands of one operator, each a process."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        own = {"HOME": str(folder), "HUBTUI_STATE": str(folder / "state")}
        self._environ = {**kept, **own, "HUBTUI_HELM": str(cluster.helm())}
        self._where = ["--kubeconfig", str(cluster.kubeconfig), "-n", NAMESPACE]

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command that runs."""
        return subprocess.Popen(
            [sys.executable, "-m", "hubtui", *self._where, *words],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def say(self, *words: str) -> tuple[int, str]:
        """What a command answers."""
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in out + err
        return process.returncode, out

    def document(self, *words: str) -> Json:
        """The same as JSON."""
        found: Json = json.loads(self.say(*words, "--json")[1])
        return found


@pytest.fixture
def typed(cluster: Cluster, tmp_path: Path) -> Typed:
    return Typed(cluster, tmp_path)


def test_what_a_killed_one_has_left_is_told_and_taken_away(cluster: Cluster, typed: Typed) -> None:
    process = typed.start("prepull", MISSING, "--confirm", "hub")
    assert wait_for(lambda: len(daemonsets(cluster)) == 1, 60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (left,) = daemonsets(cluster)
    name = left["metadata"]["name"]
    (note,) = [n for n in typed.document("status")["notes"] if name in n["reason"]]
    assert "hubtui was ended, and its image puller is left" in note["reason"]
    (note,) = [n for n in typed.document("status")["notes"] if name in n["reason"]]
    assert note["source"] == "prepull"
    plan = typed.document("prepull", "--clean")
    assert (plan["targets"], plan["confirm"]) == ([f"daemonset {name}"], "hub")
    assert {check["level"] for check in plan["checks"]} == {"ok"}
    assert len(daemonsets(cluster)) == 1
    code, out = typed.say("prepull", "--clean", "--confirm", "hub")
    assert (code, "1 of 1 DaemonSet deleted" in out) == (0, True)
    assert daemonsets(cluster) == []
    notes = typed.document("status")["notes"]
    assert not [n for n in notes if "prepull" in n["source"]]


def test_ctrl_c_ends_it_early_and_leaves_nothing(cluster: Cluster, typed: Typed) -> None:
    process = typed.start("prepull", MISSING, "--confirm", "hub", "--json")
    assert wait_for(lambda: len(daemonsets(cluster)) == 1, 60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Nothing more is begun" in err
    found = json.loads(out)
    assert found["result"] == "interrupted"
    assert daemonsets(cluster) == []


def test_a_prepull_is_one_document_with_its_images(cluster: Cluster, typed: Typed) -> None:
    image = f"example.org/course/typed:{secrets.token_hex(4)}"
    found = typed.document("prepull", image, "--confirm", "hub")
    assert (found["kind"], found["action"], found["result"]) == ("outcome", "prepull", "ok")
    (step,) = found["outcome"]["steps"]
    assert (step["name"], step["ready"]) == (image, step["desired"])
    assert daemonsets(cluster) == []
    code, _ = typed.say("--read-only", "prepull", image, "--confirm", "hub")
    assert code == 3
    code, _ = typed.say("prepull", "no image:", "--confirm", "hub")
    assert code == 2


def test_the_images_of_a_planned_upgrade_come_before_it(cluster: Cluster, typed: Typed) -> None:
    tag = f"planned-{secrets.token_hex(4)}"
    image = f"singleuser.image.tag={tag}"
    words = ("upgrade", "--set-string", image, "--values-mode", "reuse", "--prepull")
    revision = typed.document("status")["value"]["revision"]["revision"]
    plan = typed.document(*words)
    assert (plan["kind"], plan["action"]) == ("plan", "prepull")
    (target,) = plan["targets"]
    assert target.endswith(f":{tag}")
    found = typed.document(*words, "--confirm", "hub")
    assert found["result"] == "ok"
    assert typed.document("status")["value"]["revision"]["revision"] == revision
    wrong = ("upgrade", "--set", "hub.db=5", "--values-mode", "reuse", "--prepull")
    code, _ = typed.say(*wrong)
    assert code == 3
