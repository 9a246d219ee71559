"""The command line as a script or a cron job would use it.

Where somebody has less than every right, it is on the real control plane only: the demo has no
roles.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from hubtui.cli import run
from tests.cluster.clusters import Cluster
from tests.cluster.evidence import is_proxied_read
from tests.cluster.parts import Place
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed.build import unpack_helm
from tests.testbed.processes import wait_for
from tests.testbed.release import CANARY

READS = [
    "status",
    "releases",
    "history",
    "diff 1 2",
    "diff 2",
    "values",
    "values 1 --all",
    "pods",
    "pods --all",
    "why hub",
    "events",
    "events hub --filter status:warning",
    "logs hub --tail 5",
    "rollback 1",
    "upgrade --set-string singleuser.image.tag=2026.10 --values-mode reuse",
    "restart hub",
    "delete-pod user-placeholder-0",
    "doctor",
    "journal",
    "config",
]
LIVE = ["diff --live", "diff 1 --live"]
WRITES = {"create", "update", "patch", "delete", "deletecollection"}
ASKING = {"selfsubjectaccessreviews", "selfsubjectrulesreviews"}

Hubtui = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What the commands of one test share: a journal and a home of their own."""
    kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "HUBTUI_STATE": str(tmp_path / "state"),
        "HUBTUI_HELM": str(unpack_helm().helm(4)),
    }


@pytest.fixture
def hubtui(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Hubtui:
    """Runs a command line with a kubeconfig, as the console script does, in this process."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def call(kubeconfig: Path, *argv: str) -> subprocess.CompletedProcess[str]:
        code = run(["--kubeconfig", str(kubeconfig), *argv])
        found = subprocess.CompletedProcess(argv, code, *capsys.readouterr())
        assert "Traceback" not in found.stdout + found.stderr
        return found

    return call


def document(found: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert found.returncode == 0, found.stderr
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


@pytest.mark.parametrize("line", READS)
def test_who_reads_the_namespace_reads_everything(
    hubtui: Hubtui, reader: Path, cluster: Cluster, line: str
) -> None:
    cluster.write_log("hub", "a line")
    for shape in ([], ["--json"]):
        found = hubtui(reader, *line.split(), *shape)
        assert (found.returncode, found.stderr) == (0, "")
        assert found.stdout
        assert CANARY not in found.stdout


def test_the_status_is_that_of_the_hub(hubtui: Hubtui, cluster: Cluster) -> None:
    kubeconfig = cluster.kubeconfig
    found = document(hubtui(kubeconfig, "status", "--json"))
    assert (found["namespace"], found["release"]) == ("hub", "hub")
    assert found["notes"] == []
    value = found["value"]
    newest = document(hubtui(kubeconfig, "history", "--json"))["items"][0]
    assert value["revision"] == newest
    assert value["hub"]["chart_version"] == newest["chart_version"]
    roles = {role["role"]: role for role in value["roles"]}
    assert {"hub", "proxy", "autohttps", "user-scheduler", "users"} <= roles.keys()
    assert (roles["hub"]["ready"], roles["hub"]["expected"]) == (1, 1)


def test_the_history_is_helms(hubtui: Hubtui, cluster: Cluster) -> None:
    helms = json.loads(cluster.run_helm("history", "hub", "-o", "json").stdout)
    ours = document(hubtui(cluster.kubeconfig, "history", "--json"))["items"]
    assert [
        (i["revision"], i["status"], f"{i['chart']}-{i['chart_version']}", i["app_version"])
        for i in reversed(ours)
    ] == [(h["revision"], h["status"], h["chart"], h["app_version"]) for h in helms]
    assert [i["description"] for i in reversed(ours)] == [h["description"] for h in helms]


def test_the_values_are_helms_without_the_secrets(hubtui: Hubtui, cluster: Cluster) -> None:
    helms = json.loads(cluster.run_helm("get", "values", "hub", "-o", "json").stdout)
    ours = yaml.safe_load(hubtui(cluster.kubeconfig, "values").stdout)
    assert ours["singleuser"] == helms["singleuser"]
    assert ours["hub"]["config"] != helms["hub"]["config"]
    assert ours["hub"]["config"].keys() == helms["hub"]["config"].keys()


def test_the_pods_are_kubernetes_own(hubtui: Hubtui, cluster: Cluster) -> None:
    items = document(hubtui(cluster.kubeconfig, "pods", "--json"))["items"]
    with cluster.api() as api:
        pods = api.items("/api/v1/namespaces/hub/pods")
    assert {item["name"] for item in items} == {pod["metadata"]["name"] for pod in pods}
    users = {item["user"] for item in items if item["role"] == "users"}
    assert "alice" in users
    assert "Carol.Nguyen@Example.edu" in users


def test_a_log_with_terminal_codes_is_shown_as_text(hubtui: Hubtui, cluster: Cluster) -> None:
    cluster.write_log("hub", "before \x1b[2J\x1b]52;c;aGk=\x07 [red]after[/red]")
    found = hubtui(cluster.kubeconfig, "logs", "hub", "--tail", "1")
    assert found.stdout == "before \\x1b[2J\\x1b]52;c;aGk=\\x07 [red]after[/red]\n"


def test_without_the_right_to_read_secrets(hubtui: Hubtui, nosecrets: Path) -> None:
    assert hubtui(nosecrets, "pods").returncode == 0
    for line in ("releases", "history", "values", "diff 1", "rollback 1"):
        found = hubtui(nosecrets, *line.split())
        assert (found.returncode, found.stdout) == (1, "")
        assert "no right to list secrets in namespace hub" in found.stderr
    status = hubtui(nosecrets, "status", "--json")
    assert document(status)["notes"] == [
        {"source": "releases", "reason": "no right to list secrets in namespace hub"}
    ]


@pytest.mark.parametrize("line", LIVE)
def test_the_cluster_is_compared(hubtui: Hubtui, cluster: Cluster, line: str) -> None:
    whole = hubtui(cluster.kubeconfig, *line.split())
    assert (whole.returncode, whole.stderr) == (0, "")
    assert CANARY not in whole.stdout


@pytest.mark.parametrize("line", LIVE)
def test_the_cluster_is_compared_as_far_as_it_may_be_read(
    hubtui: Hubtui, viewer: Path, line: str
) -> None:
    for shape in ([], ["--json"]):
        found = hubtui(viewer, *line.split(), *shape)
        assert found.returncode == 0
        assert found.stdout
        assert CANARY not in found.stdout
    unread = {note["source"] for note in document(found)["notes"]}
    assert "ClusterRole/hub-user-scheduler" in unread
    assert "Deployment/hub" not in unread


@pytest.mark.parametrize("line", [*READS[:-3], *LIVE])
def test_without_any_right(hubtui: Hubtui, nobody: Path, line: str) -> None:
    found = hubtui(nobody, *line.split())
    assert (found.returncode, found.stdout) == (1, "")
    assert "no right to list" in found.stderr


@pytest.mark.parametrize("line", [*READS[:-3], *LIVE])
def test_with_a_token_that_is_refused(hubtui: Hubtui, cluster: Cluster, line: str) -> None:
    found = hubtui(cluster.kubeconfig_invalid(), *line.split())
    assert (found.returncode, found.stdout) == (1, "")
    assert "does not accept these credentials (401)" in found.stderr


def test_a_namespace_and_a_revision_that_do_not_exist(hubtui: Hubtui, cluster: Cluster) -> None:
    found = hubtui(cluster.kubeconfig, "-n", "nowhere", "--release", "hub", "pods")
    assert (found.returncode, found.stdout) == (2, "")
    assert "There is no namespace nowhere" in found.stderr
    found = hubtui(cluster.kubeconfig, "diff", "1", "99")
    assert (found.returncode, found.stdout) == (1, "")
    assert "no revision 99" in found.stderr


def test_a_broken_payload_costs_its_own_row(hubtui: Hubtui, small: SmallRelease) -> None:
    where = ("-n", small.namespace, "--release", NAME)
    path = f"/api/v1/namespaces/{small.namespace}/secrets/sh.helm.release.v1.{NAME}.v2"
    with small.cluster.api() as api:
        api.patch(path, {"data": {"release": "bm90IGEgcmVsZWFzZQ=="}})
    kubeconfig = small.cluster.kubeconfig
    found = document(hubtui(kubeconfig, *where, "history", "--json"))
    assert [bool(item["error"]) for item in found["items"]] == [False, True, False]
    assert [note["source"] for note in found["notes"]] == [f"{NAME} revision 2"]
    assert hubtui(kubeconfig, *where, "diff", "1", "3").returncode == 0
    broken = hubtui(kubeconfig, *where, "rollback", "2", "--confirm", NAME)
    assert broken.returncode in (1, 3)
    assert small.mark() == "three"


def test_with_full_rights_read_only_writes_nothing(hubtui: Hubtui, cluster: Cluster) -> None:
    readonly_admin = cluster.kubeconfig_for("readonly-admin")
    before = len(cluster.audit_entries("readonly-admin"))
    for line in READS:
        assert hubtui(readonly_admin, "--read-only", *line.split()).returncode == 0
    refused = hubtui(readonly_admin, "--read-only", "rollback", "2", "--confirm", "hub")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "read-only" in refused.stderr
    asked = cluster.audit_entries("readonly-admin")[before:]
    assert asked
    assert [
        entry
        for entry in asked
        if entry["verb"] in WRITES and entry["objectRef"]["resource"] not in ASKING
    ] == []
    assert {
        entry["objectRef"].get("subresource", "")
        for entry in asked
        if "objectRef" in entry and not is_proxied_read(entry)  # the doctor asks Prometheus
    } <= {
        "",
        "log",
        "portforward",  # the doctor asks the hub for its health
    }


def test_a_rollback_from_the_plan_to_the_journal(hubtui: Hubtui, small: SmallRelease) -> None:
    where = ("-n", small.namespace, "--release", NAME)
    kubeconfig = small.cluster.kubeconfig
    plan = document(hubtui(kubeconfig, *where, "rollback", "1", "--json"))
    assert (plan["kind"], plan["confirm"], plan["result"]) == ("plan", NAME, None)
    assert small.mark() == "three"
    wrong = hubtui(kubeconfig, *where, "rollback", "1", "--confirm", "smal")
    assert (wrong.returncode, wrong.stdout) == (3, "")
    again = ("--confirm", NAME, "--expect", plan["basis"], "--json")
    done = document(hubtui(kubeconfig, *where, "rollback", "1", *again))
    assert (done["kind"], done["result"], done["outcome"]["revision"]) == ("outcome", "ok", 4)
    assert small.mark() == "one"
    (entry,) = document(hubtui(kubeconfig, "journal", "--json"))["items"]
    assert (entry["namespace"], entry["outcome"]["result"]) == (small.namespace, "ok")
    stale = hubtui(kubeconfig, *where, "rollback", "1", *again)
    assert (stale.returncode, stale.stdout) == (3, "")


def test_a_signal_leaves_helm_at_work_and_the_status_tells_the_end(
    hubtui: Hubtui, small: SmallRelease, environment: dict[str, str]
) -> None:
    where = ("-n", small.namespace, "--release", NAME)
    kubeconfig = small.cluster.kubeconfig
    place = Place(small.cluster, small.namespace)
    place.refuse_pods()  # so that the rollback is not over too soon
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "hubtui", "--kubeconfig", str(kubeconfig), *where),
            *("rollback", "1", "--confirm", NAME),
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert wait_for(lambda: 4 in small.statuses(), 60)
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert "helm goes on by itself" in err
    place.take_pods()
    assert wait_for(lambda: small.statuses()[4] == "deployed", 60)
    place.available("web")
    status = hubtui(kubeconfig, *where, "status", "--json")
    assert document(status)["value"]["revision"]["revision"] == 4
    assert "Roll back small to revision 1" in status.stdout
    (entry,) = document(hubtui(kubeconfig, "journal", "--json"))["items"]
    assert entry["outcome"]["result"] == "ok"
