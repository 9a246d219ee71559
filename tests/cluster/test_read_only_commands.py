"""No command line writes in read-only: the logs of the apiserver and of the hub hold no write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtui.cli import cli, run
from hubtui.services.journal import Journal
from tests.cluster.clusters import Cluster
from tests.cluster.evidence import Asked, Evidence
from tests.cluster.read_only import ON_DEMO, assert_only_read, pod_of
from tests.testbed import Testbed
from tests.testbed.hub import SERVERS
from tests.testbed.prometheus import Prometheus

pytestmark = pytest.mark.usefixtures("own_state")

ARGUMENTS: dict[str, list[tuple[str, ...]]] = {
    "diff": [("1", "2"), ("1", "--unfold"), ("2", "--live")],
    "values": [(), ("1", "--all")],
    "pods": [(), ("--all",), ("--filter", "role:users")],
    "why": [("hub",)],
    "logs": [("hub",), ("hub", "--tail", "1")],
    "rollback": [("2",)],
    "recover": [],  # needs a release that is stuck
    "upgrade": [("--set", "debug.enabled=true", "--values-mode", "reuse")],
    "restart": [("hub",), ("proxy",)],
    "delete-pod": [("{pod}",), ("{pod}", "--force")],
    "storage": [(), ("--all",), ("--leftovers",)],
    "metrics": [(), ("hub-memory", "--range", "1h")],
    "dashboard": [("--list",)],
    "query": [("up",), ("up", "--range", "1h")],
    "export-metrics": [("--once",)],
    "delete-claim": [("claim-alice",)],
    "cordon": [("user-1",), ("user-1", "--pullers-off")],
    "uncordon": [("user-1",)],
    "drain": [("user-1", "--way", way) for way in ("wait", "idle", "evict")],
    "scale-placeholders": [("3",)],
    "expand": [("hub-db-dir", "20Gi")],
    "prepull": [(), ("example.org/course/x:1",), ("--clean",)],
    "stop": [("alice",), ("eve/gpu",)],
    "cull": [("--idle", "1m")],
    "start": [("frank_o",)],
    "spawn-check": [("--user", "frank_o")],
    "maintenance": [("--only", "alice", "--message", "Back soon")],
}
"""What commands need; those that are not named here are run without anything."""

CONFIRMED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("stop", "maintenance"), ("1", "wrong")),
    **dict.fromkeys(("cull", "maintenance"), (str(SERVERS), "wrong")),
    **dict.fromkeys(("start", "spawn-check"), ("frank_o", "wrong")),
    "drain": ("user-1", "wrong"),
    "delete-claim": ("claim-alice", "wrong"),
    "expand": ("hub-db-dir", "wrong"),
}
"""What is typed to confirm, where that is not as below."""

NAMES = ("hub", "{pod}", "wrong")


def command_lines(pod: str) -> Iterator[tuple[str, ...]]:
    """Every command there is; those that ask for a confirmation with one, too."""
    for name, command in cli.commands.items():
        writes = any(parameter.name == "confirm" for parameter in command.params)
        for arguments in ARGUMENTS.get(name, [()]):
            typed = CONFIRMED.get(name, NAMES) if writes else ()
            for consent in ((), *(("--confirm", each) for each in typed)):
                for shape in ((), ("--json",)):
                    words = (name, *arguments, *consent, *shape)
                    yield tuple(word.format(pod=pod) for word in words)


def test_no_command_line_writes(
    testbed: Testbed,
    prometheus: Prometheus,
    readonly_admin: Path,
    evidence: Evidence,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prometheus.until("up")
    monkeypatch.setenv("HUBTUI_HELM", str(testbed.helm()))
    flags = ["--kubeconfig", str(readonly_admin), "--namespace", "hub", "--read-only"]
    codes = {words: run([*flags, *words]) for words in command_lines(pod_of(testbed, "proxy"))}
    assert set(ARGUMENTS) <= set(cli.commands)
    said = capsys.readouterr().err
    confirmed = {words: code for words, code in codes.items() if "--confirm" in words}
    assert {words: code for words, code in confirmed.items() if code != 3} == {}
    assert {w: code for w, code in codes.items() if code and w not in confirmed} == {}, said
    assert {words[0] for words in confirmed} >= {
        "rollback",
        "restart",
        "delete-pod",
        "stop",
        "cull",
    }
    assert "hubtui is read-only" in said
    assert not Journal().path.exists()
    assert_only_read(evidence)


@ON_DEMO
def test_no_command_that_changes_something_writes_in_the_demo(
    cluster: Cluster,
    reads_all: Path,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HUBTUI_HELM", str(cluster.helm()))
    flags = ["--kubeconfig", str(reads_all), "--read-only"]
    lines = [words for words in command_lines(pod_of(cluster, "hub")) if "--confirm" in words]
    codes = {run([*flags, *words]) for words in lines if "--json" not in words}
    assert codes == {3}
    assert "hubtui is read-only" in capsys.readouterr().err
    assert len(asked.entries) > 10
    assert asked.writes() == []
