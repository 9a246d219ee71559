"""A helm at work is told from all other processes by its arguments."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from hubtui.clients.helm_seen import Helms, at_work, works_on
from hubtui.clients.kubeconfig import Server, authorities


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        ("helm upgrade hub ./chart", True),
        ("/usr/local/bin/helm --kube-context prod rollback hub 3", True),
        ("helm3 upgrade --install hub jupyterhub/jupyterhub -n hub --wait", True),
        ("helm upgrade hub ./chart --namespace=hub", True),
        ("helm uninstall hub", True),
        ("helm upgrade hub ./chart --namespace staging", False),
        ("helm upgrade hub ./chart -n=staging", False),
        ("helm upgrade other ./chart", False),
        ("helm history hub", False),
        ("helm status hub -n hub", False),
        ("bash -c helm upgrade hub", False),
        ("hubtui upgrade hub", False),
        ("", False),
    ],
)
def test_which_command_line_works_on_the_release(command: str, is_one: bool) -> None:
    assert works_on(command.split(" "), "hub", "hub") is is_one


def process(proc: Path, pid: int, words: str, **environment: str) -> Path:
    """A process as proc(5) shows it, started in the folder where the folder of processes is."""
    folder = proc / str(pid)
    (folder / "ns").mkdir(parents=True)
    (folder / "cmdline").write_bytes(words.replace(" ", "\0").encode() + b"\0")
    pairs = "".join(f"{name}={value}\0" for name, value in environment.items())
    (folder / "environ").write_bytes(pairs.encode())
    (folder / "cwd").symlink_to(proc.parent)
    (folder / "ns" / "mnt").symlink_to(Path("/proc/self/ns/mnt").readlink())
    return folder


def test_the_processes_of_this_machine_are_looked_through(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    for pid, words in ((41, "helm upgrade hub x"), (7, "helm rollback hub 2"), (9, "vim hub")):
        process(proc, pid, words)
    (proc / "12").mkdir()  # it has just ended
    (proc / "self").mkdir()
    assert at_work("hub", "hub", OURS, proc) == Helms(here=(7, 41))
    assert at_work("hub", "hub", OURS, proc / "nowhere") == Helms()
    assert os.getpid() not in at_work("hub", "hub", OURS).here


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A folder of processes, beside kubeconfigs that lead to three clusters; the third one is ours
    under another name."""
    (tmp_path / "ca.crt").write_text(pem("b"))
    data = base64.b64encode(pem("a").encode()).decode()
    clusters = {
        "ours": {"server": "https://ours", "certificate-authority-data": data},
        "other": {"server": "https://other/", "certificate-authority": "ca.crt"},
        "vpn": {"server": "https://10.0.0.1:6443", "certificate-authority-data": data},
    }
    document = {
        "current-context": "other",
        "clusters": [{"name": name, "cluster": each} for name, each in clusters.items()],
        "contexts": [{"name": name, "context": {"cluster": name}} for name in clusters],
    }
    (tmp_path / ".kube").mkdir()
    for path in (tmp_path / "config", tmp_path / ".kube" / "config"):
        path.write_text(json.dumps(document))
    (tmp_path / ".kube" / "ca.crt").write_text(pem("b"))
    return tmp_path / "proc"


def pem(body: str, width: int = 8) -> str:
    lines = "\n".join([body * width] * 3)
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


OURS = Server("https://ours", authorities(pem("a", 4).encode() + pem("a").encode()))

IN_CONFIG = "helm --kubeconfig config"


@pytest.mark.parametrize(
    ("command", "environment", "elsewhere"),
    [
        (f"{IN_CONFIG} upgrade hub x", {}, True),
        (f"{IN_CONFIG} --kube-context=ours upgrade hub x", {}, False),
        (f"{IN_CONFIG} upgrade hub x", {"HELM_KUBECONTEXT": "ours"}, False),
        (f"{IN_CONFIG} upgrade hub x --kube-context vpn", {}, False),
        (f"{IN_CONFIG} upgrade hub x --kube-context gone", {}, False),
        (f"{IN_CONFIG} upgrade hub x --kube-apiserver https://ours/", {}, False),
        (f"{IN_CONFIG} upgrade hub x --kube-apiserver https://third", {}, True),
        ("helm upgrade hub x", {"KUBECONFIG": "gone:config"}, True),
        ("helm upgrade hub x --kube-context ours", {"KUBECONFIG": "config"}, False),
        ("helm upgrade hub x", {"HOME": "{here}"}, True),
        ("helm upgrade hub x", {"HOME": "{here}", "KUBECONFIG": "gone"}, False),
        ("helm upgrade hub x", {}, False),
        ("helm upgrade hub x", {"HELM_KUBEAPISERVER": "https://other"}, False),
        (
            "helm upgrade hub x --kube-ca-file ca.crt",
            {"HELM_KUBEAPISERVER": "https://other"},
            True,
        ),
    ],
)
def test_on_which_cluster_it_works_is_told_as_helm_itself_would(
    proc: Path, command: str, environment: dict[str, str], elsewhere: bool
) -> None:
    here = str(proc.parent)
    process(proc, 7, command, **{k: v.format(here=here) for k, v in environment.items()})
    seen = Helms(elsewhere=(7,)) if elsewhere else Helms(here=(7,))
    assert at_work("hub", "hub", OURS, proc) == seen
    assert at_work("hub", "hub", None, proc) == Helms(here=(7,))


def test_what_cannot_be_looked_at_may_be_here(proc: Path) -> None:
    contained = process(proc, 7, f"{IN_CONFIG} upgrade hub x") / "ns" / "mnt"
    contained.unlink()
    contained.symlink_to("mnt:[1]")
    (process(proc, 8, f"{IN_CONFIG} upgrade hub x") / "environ").unlink()
    (proc.parent / "broken").write_text("{")
    process(proc, 9, "helm --kubeconfig broken upgrade hub x")
    assert at_work("hub", "hub", OURS, proc) == Helms(here=(7, 8, 9))
