"""`hubtui upgrade` as a script or a pipeline uses it, with option by option and from a folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubtui.cli import run
from hubtui.model.redact import MASK
from tests.cluster.small_release import NAME, SmallRelease
from tests.sops_keys import AgeKey, encrypted

CANARY = "kanarienvogel-7f3a"

Hubtui = Callable[..., "subprocess.CompletedProcess[str]"]

GIT = {
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


@pytest.fixture
def hubtui(
    small: SmallRelease,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Hubtui:
    """Runs `hubtui upgrade` on the small release in a folder, in this process."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HUBTUI_HELM", str(small.helm))

    def call(
        *argv: str, folder: Path = tmp_path, namespace: str = small.namespace
    ) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(folder)
        where = ["-n", namespace] if namespace else []
        code = run(["--kubeconfig", str(small.cluster.kubeconfig), *where, "upgrade", *argv])
        found = subprocess.CompletedProcess(argv, code, *capsys.readouterr())
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


# Of a folder: what is in it, what git is in the middle of, what sops says


def git(folder: Path, *words: str, fails: bool = False) -> str:
    ended = subprocess.run(
        ["git", *words],
        cwd=folder,
        env={**os.environ, **GIT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(ended.returncode) is fails, ended.stderr
    return ended.stdout.strip()


def checks_of(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in plan["checks"]}


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AgeKey:
    """Who may open the hub's secrets; `hubtui` has it at hand only where SOPS_AGE_KEY_FILE says."""
    made = AgeKey.generate()
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(made.written(tmp_path / "keys.txt")))
    return made


def secrets_of(hub: Hub, key: AgeKey) -> Path:
    """The hub's encrypted file, committed."""
    path = hub.repository / "deployments" / hub.name / "secrets" / "prod.yaml"
    encrypted(path, {"hub": {"token": CANARY}}, key)
    git(hub.repository, "add", ".")
    git(hub.repository, "commit", "-qm", "Secrets")
    return path


def test_the_plan_lists_what_it_is_made_from(hubtui: Hubtui, hub: Hub, key: AgeKey) -> None:
    secrets_of(hub, key)
    (hub.repository / "notes.txt").write_text("not committed")
    (hub.repository / "more.yaml").write_text("other: 1\n")
    asked = (
        *("--repo", str(hub.repository), "-f", str(hub.repository / "more.yaml")),
        *("--set", "mark=five", "--set-string", f"hub.db.password={CANARY}"),
    )
    plan = document(hubtui(*asked, "--json", namespace=""))
    below = f"{hub.repository}/deployments/{hub.name}"
    found = plan["inputs"]
    names = ["layout", "folder", "hub", "environment"]
    assert [found[name] for name in names] == ["hubploy", str(hub.repository), hub.name, "prod"]
    plain: dict[str, Any] = {"encrypted": False, "recipients": []}
    assert found["files"] == [
        {"path": f"{below}/config/common.yaml", **plain},
        {"path": f"{below}/config/prod.yaml", **plain},
        {
            "path": f"{below}/secrets/prod.yaml",
            "encrypted": True,
            "recipients": [{"kind": "age", "name": key.recipient}],
        },
        {"path": f"{hub.repository}/more.yaml", **plain},
    ]
    assert found["sets"] == ["mark", "hub.db.password"]
    chart = found["chart"]
    assert (chart["kind"], chart["name"], chart["version"]) == ("folder", "small", "0.1.0")
    state = found["git"]
    assert state["commit"] == git(hub.repository, "rev-parse", "HEAD")
    assert (state["branch"], state["dirty"]) == ("prod", ["more.yaml", "notes.txt"])
    assert f"--set mark=five --set-string hub.db.password={MASK} " in plan["command"]
    said = hubtui(*asked, namespace="").stdout
    made = said[said.index("Made from") : said.index("What people notice")]
    places = [
        made.index(words)
        for words in (
            f" deployments/{hub.name}/config/common.yaml",
            f" deployments/{hub.name}/config/prod.yaml",
            f" deployments/{hub.name}/secrets/prod.yaml encrypted for age {key.recipient}",
            "more.yaml",
            "small 0.1.0",
            f"prod {state['commit'][:10]} Secrets, by Ada Lovelace",
            "not committed: more.yaml and 1 more",
        )
    ]
    assert places == sorted(places)
    assert CANARY not in said + str(plan)


def test_a_merge_that_left_conflicts_in_a_value_file_stops_with_its_line(
    hubtui: Hubtui, hub: Hub
) -> None:
    name = f"deployments/{hub.name}/config/prod.yaml"
    in_conflict(hub.repository, name)
    found = hubtui("--repo", str(hub.repository), "--confirm", hub.release, namespace="")
    assert (found.returncode, found.stdout) == (1, "")
    assert f"{hub.repository}/{name}, line 1: a merge of git left its conflict there" in (
        " ".join(found.stderr.split())
    )
    assert "git status" in found.stderr


def test_a_merge_that_is_not_finished_stops_the_plan(
    hubtui: Hubtui, small: SmallRelease, hub: Hub
) -> None:
    in_conflict(hub.repository, "README.md")
    asked = ("--repo", str(hub.repository), "--json")
    stopped = checks_of(document(hubtui(*asked, namespace="")))["git"]
    assert (stopped["level"], stopped["overridable"]) == ("stop", False)
    assert "a merge is not finished: conflicts in README.md" in stopped["evidence"]
    confirmed = ("--confirm", hub.release, "--override", "deployment-folder", "--override", "git")
    assert hubtui(*asked, *confirmed, namespace="").returncode == 3
    (hub.repository / "README.md").write_text("Both\n")
    git(hub.repository, "add", "README.md")
    stopped = checks_of(document(hubtui(*asked, namespace="")))["git"]
    assert (stopped["level"], stopped["overridable"]) == ("stop", True)
    assert "a merge is not finished: git commit, or git merge --abort" in stopped["evidence"]
    git(hub.repository, "commit", "-qm", "Merged")
    assert checks_of(document(hubtui(*asked, namespace="")))["git"]["level"] == "ok"
    history = json.loads(small.helm_in(hub.release, "history", hub.release, "-o", "json").stdout)
    assert len(history) == 1


def in_conflict(folder: Path, name: str) -> None:
    """Two people wrote the same file, and git leaves both in it."""
    path = folder / name
    git(folder, "checkout", "-q", "-b", "other")
    for branch in ("other", "prod"):
        git(folder, "checkout", "-q", branch)
        path.write_text(f"mark: {branch}\n")
        git(folder, "add", name)
        git(folder, "commit", "-qm", f"On {branch}")
    git(folder, "merge", "other", fails=True)


def test_the_commit_that_runs_is_compared_with_the_folder_s(hubtui: Hubtui, hub: Hub) -> None:
    asked = ("--repo", str(hub.repository), "--json")
    first = checks_of(document(hubtui(*asked, namespace="")))["commit that runs"]
    assert first["evidence"] == "revision 1 does not say from which commit it was deployed"
    done = document(
        hubtui(*asked, "--confirm", hub.release, "--override", "deployment-folder", namespace="")
    )
    assert done["result"] == "ok"
    commit = git(hub.repository, "rev-parse", "HEAD")[:12]
    same = checks_of(document(hubtui(*asked, namespace="")))
    assert same["commit that runs"]["evidence"] == (
        f"revision 2 was deployed from {commit}, the commit of this folder"
    )
    assert "in this machine's journal: upgrade by " in same["last deployment"]["evidence"]
    git(hub.repository, "commit", "-q", "--allow-empty", "-m", "More")
    ahead = checks_of(document(hubtui(*asked, namespace="")))["commit that runs"]
    assert ahead["level"] == "ok"
    assert ahead["evidence"].endswith("; this folder is 1 commit ahead of it")
    git(hub.repository, "checkout", "-q", "--orphan", "new")
    git(hub.repository, "commit", "-qm", "Begun anew")
    apart = checks_of(document(hubtui(*asked, namespace="")))["commit that runs"]
    assert apart["level"] == "warn"
    assert "1 commit ahead of it and 1 commit behind it" in apart["evidence"]


def test_secrets_that_stay_closed_name_who_could_open_them(
    hubtui: Hubtui, hub: Hub, key: AgeKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = secrets_of(hub, key)
    monkeypatch.delenv("SOPS_AGE_KEY_FILE")
    found = hubtui("--repo", str(hub.repository), namespace="")
    said = " ".join(found.stderr.split())
    assert (found.returncode, found.stdout) == (1, "")
    assert f"{path} stays closed: no key that opens it is at hand" in said
    assert f"These could open it: age {key.recipient}" in said
    assert "SOPS_AGE_KEY_FILE" in said


def test_secrets_that_somebody_changed_without_sops_are_not_used(
    hubtui: Hubtui, hub: Hub, key: AgeKey
) -> None:
    path = secrets_of(hub, key)
    path.write_text(path.read_text().replace("token: ", "other: 1\n    token: "))
    found = hubtui("--repo", str(hub.repository), namespace="")
    assert (found.returncode, found.stdout) == (1, "")
    assert "was changed after it was encrypted" in " ".join(found.stderr.split())
    assert CANARY not in found.stderr
