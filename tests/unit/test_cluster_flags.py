"""The command that a plan shows goes where hubtui itself would go."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from hubtui.clients.cluster_flags import helm_command, kubectl_command
from hubtui.clients.gate import Gate
from hubtui.clients.helm import Helm, rollback_words
from hubtui.clients.kubeconfig import IN_CLUSTER, Context
from hubtui.config import Settings

CONTEXT = Context("team/prod $1", "prod", "ns", "https://x", current=True)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text("apiVersion: v1\nkind: Config\n")
    return path


def typed(settings: Settings, context: Context = CONTEXT) -> str:
    return helm_command(settings, context, rollback_words(settings, "hub", 11, "ns", 12))


def test_what_is_shown_is_what_is_started(kubeconfig: Path) -> None:
    settings = Settings(kubeconfig=str(kubeconfig))
    ours = Helm(settings, CONTEXT, Gate(), Path("/bin/helm"))
    program, *argv = shlex.split(typed(settings))
    assert program == "helm"
    assert argv == ours.rollback_argv("hub", 11, "ns", 12)


def test_a_name_with_a_blank_is_one_word(kubeconfig: Path) -> None:
    assert "--kube-context 'team/prod $1'" in typed(Settings(kubeconfig=str(kubeconfig)))


def test_the_driver_and_several_kubeconfigs_are_variables(
    kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "a second"
    second.write_text("")
    monkeypatch.setenv("KUBECONFIG", f"{kubeconfig}{os.pathsep}{second}")
    command = typed(Settings(helm_driver="configmap"))
    assert command.startswith(f"HELM_DRIVER=configmap KUBECONFIG='{kubeconfig}:{second}' helm roll")
    assert "--kubeconfig" not in command


def test_the_kubeconfig_of_every_terminal_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "--kubeconfig" not in typed(Settings())


def test_a_pod_has_no_context() -> None:
    context = Context(IN_CLUSTER, IN_CLUSTER, "ns", "kubernetes.default.svc", current=True)
    for command in (
        typed(Settings(), context),
        kubectl_command(Settings(), context, ["rollout", "restart", "deployment/hub"]),
    ):
        assert IN_CLUSTER not in command
        assert "context" not in command


def test_kubectl_goes_to_the_same_place(kubeconfig: Path) -> None:
    context = Context("prod", "prod", "ns", "https://x", current=True)
    settings = Settings(kubeconfig=str(kubeconfig))
    command = kubectl_command(settings, context, ["delete", "pod", "p"], "--force")
    assert command == (f"kubectl delete pod p --context prod --kubeconfig {kubeconfig} --force")
