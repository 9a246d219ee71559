"""`hubtui upgrade` as a script or a pipeline uses it, with option by option and from a folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.clusters import Cluster
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.testbed.places import ROOT

Hubtui = Callable[..., "subprocess.CompletedProcess[str]"]

GIT = {
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


@pytest.fixture
def small(cluster: Cluster, tmp_path: Path) -> Iterator[SmallRelease]:
    with installed(cluster, tmp_path, 4) as release:
        yield release


@pytest.fixture
def hubtui(small: SmallRelease, tmp_path: Path) -> Hubtui:
    """Runs `hubtui upgrade` on the small release, through a pipe, in a folder."""
    kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
    environment = {
        **kept,
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "HUBTUI_STATE": str(tmp_path / "state"),
        "HUBTUI_HELM": str(small.helm),
    }

    def call(
        *argv: str, folder: Path = tmp_path, namespace: str = small.namespace
    ) -> subprocess.CompletedProcess[str]:
        where = ["-n", namespace] if namespace else []
        found = subprocess.run(
            [
                *(sys.executable, "-m", "hubtui", "--kubeconfig", str(small.cluster.kubeconfig)),
                *(*where, "upgrade", *argv),
            ],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in found.stdout + found.stderr
        return found

    return call


@dataclass(frozen=True)
class Hub:
    """A hub of a folder as hubploy has it; its release has the name of its namespace."""

    name: str
    repository: Path

    @property
    def release(self) -> str:
        return f"{self.name}-prod"


@pytest.fixture
def hub(small: SmallRelease, tmp_path: Path) -> Iterator[Hub]:
    """The small release's chart deployed by hubploy's rules, from a commit."""
    found = Hub(small.namespace, tmp_path / "hubs")
    folder = found.repository / "deployments" / found.name
    (folder / "config").mkdir(parents=True)
    cluster = "cluster: {provider: kubeconfig, kubeconfig: {filename: kc, context: elsewhere}}"
    (folder / "hubploy.yaml").write_text(f"{cluster}\n")
    (folder / "config" / "common.yaml").write_text("mark: common\n")
    (folder / "config" / "prod.yaml").write_text("mark: four\n")
    small.chart.rename(found.repository / "hub")
    environment = {**os.environ, **GIT}
    for command in (["init", "-q", "-b", "prod"], ["add", "."], ["commit", "-qm", "More"]):
        subprocess.run(["git", *command], cwd=found.repository, env=environment, check=True)
    namespace = {"metadata": {"name": found.release}}
    with small.cluster.api() as api:
        api.request("POST", "/api/v1/namespaces", namespace)
    small.helm_in(found.release, "install", found.release, str(found.repository / "hub"))
    yield found
    with small.cluster.api() as api:
        api.request("DELETE", f"/api/v1/namespaces/{found.release}")


def document(found: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert found.returncode == 0, found.stderr
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def test_from_the_plan_of_a_pull_request_to_the_deployment(
    hubtui: Hubtui, small: SmallRelease, tmp_path: Path
) -> None:
    (tmp_path / "values.yaml").write_text("mark: four\n")
    asked = [
        *("--release", NAME, "--chart", "small", "-f", "values.yaml", "--set", "extra=true"),
        *("--values-mode", "reset-then-reuse", "--timeout", "8m", "--json"),
    ]
    plan = document(hubtui(*asked))
    assert (plan["kind"], plan["action"], plan["result"]) == ("plan", "upgrade", None)
    assert {each["level"] for each in plan["checks"]} == {"ok"}, plan["checks"]
    assert f"-f {tmp_path}/values.yaml --set extra=true" in plan["command"]
    assert small.mark() == "three"
    done = document(hubtui(*asked, "--confirm", NAME, "--expect", plan["basis"]))
    assert (done["kind"], done["result"], done["outcome"]["revision"]) == ("outcome", "ok", 4)
    assert small.mark() == "four"
    stale = hubtui(*asked, "--confirm", NAME, "--expect", plan["basis"])
    assert (stale.returncode, stale.stdout) == (3, "")


def test_what_becomes_of_the_running_values_has_to_be_said(hubtui: Hubtui, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("mark: four\n")
    for asked in (("-f", "values.yaml", "--chart", "small"), ("--set", "mark=four")):
        found = hubtui("--release", NAME, *asked)
        assert (found.returncode, found.stdout) == (2, "")
        for words in ("reset: ", "reuse: ", "reset-then-reuse: "):
            assert words in found.stderr


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ((), "It is not said what to upgrade to"),
        (("--version", "1"), "none is named"),
        (("-f", "no.yaml", "--values-mode", "reuse"), "There is no file no.yaml"),
        (("--chart", "./no", "--values-mode", "reuse"), "There is no chart at ./no"),
        (("--chart", "small", "--version", "9", "--values-mode", "reuse"), "is version 0.1.0, not"),
        (("--set", "a=b", "--values-mode", "reuse", "--timeout", "soon"), "is no duration"),
        (("--set", "a=b", "--values-mode", "reuse", "--timeout", "0s"), "is no duration"),
        (("--hub", "small"), "in no deployment folder"),
        (("--set", "a[=b", "--values-mode", "reuse"), ""),
    ],
    ids=["nothing", "version", "file", "chart", "other", "timeout", "no time", "folder", "set"],
)
def test_what_cannot_be_meant_is_a_usage_error(
    hubtui: Hubtui, argv: tuple[str, ...], says: str
) -> None:
    found = hubtui("--release", NAME, *argv)
    assert (found.returncode, found.stdout) == (2, ""), found.stderr
    assert says in found.stderr


def test_broken_yaml_is_told_with_its_file_and_line(hubtui: Hubtui, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("a: 1\nmark: [\n")
    found = hubtui("--release", NAME, "-f", "values.yaml", "--values-mode", "reuse")
    assert (found.returncode, found.stdout) == (1, "")
    assert "values.yaml, line 3" in found.stderr


def test_a_folder_says_which_hub_it_is_and_which_values_count(
    hubtui: Hubtui, small: SmallRelease, hub: Hub
) -> None:
    inside = hub.repository / "deployments"
    plan = document(hubtui("--json", folder=inside, namespace=""))
    assert (plan["release"], plan["namespace"]) == (hub.release, hub.release)
    assert plan["summary"].startswith("revision 1 → 2; values: reset: ")
    folder = next(each for each in plan["checks"] if each["name"] == "deployment folder")
    assert (folder["level"], folder["overridable"]) == ("stop", True)
    assert "it names the context elsewhere, and this is " in folder["evidence"]
    asked = ("--repo", str(hub.repository), "--hub", hub.name, "--env", "prod")
    confirmed = ("--confirm", hub.release, "--override", "deployment-folder", "--json")
    assert document(hubtui(*asked, *confirmed, namespace=""))["result"] == "ok"
    history = json.loads(small.helm_in(hub.release, "history", hub.release, "-o", "json").stdout)
    assert re.fullmatch(r"Commit [0-9a-f]{12} \(prod\) by Ada Lovelace", history[-1]["description"])
    settings = f"/api/v1/namespaces/{hub.release}/configmaps/settings"
    with small.cluster.api() as api:
        assert api.get(settings)["data"]["mark"] == "four"


def test_a_folder_of_another_hub_is_no_way_to_upgrade_this_one(hubtui: Hubtui, hub: Hub) -> None:
    found = hubtui("--repo", str(hub.repository), "--release", NAME, "--json")
    checks = {each["name"]: each for each in document(found)["checks"]}
    folder = checks["deployment folder"]
    assert (folder["level"], folder["overridable"]) == ("stop", False)
    assert f"is release {hub.release} in namespace {hub.release}, not " in folder["evidence"]
