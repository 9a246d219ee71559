"""A terminal of one's own: a small apiserver, a kubeconfig for it, and the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubtui.cli import run
from tests.headless import cluster
from tests.headless.apiserver import ApiServer
from tests.testbed import places

SOURCES = ("KUBECONFIG", "SSH_TTY", "LC_ALL", "LC_CTYPE", "PYTHONIOENCODING", "PYTHONUTF8")


@dataclass
class Answered:
    """How a command ended, and what it wrote where."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


Command = Callable[..., Answered]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_helm_at_work: None) -> None:
    """Nothing of the machine's own settings, journal, locale or helms reaches a test."""
    for name in [name for name in os.environ if name.startswith("HUBTUI_") or name in SOURCES]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "C.UTF-8")
    # But for helm: to unpack its 60 MB takes longer than most tests.
    unpacked = places.cache() / "hubtui"
    unpacked.mkdir(exist_ok=True)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "hubtui").symlink_to(unpacked)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """A cluster with a hub; the kubeconfig in force leads to it."""
    api = ApiServer(cluster.hub())
    server = api.start()
    (tmp_path / "kubeconfig").write_text(api.kubeconfig())
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    yield api
    server.shutdown()
    server.server_close()


@pytest.fixture
def applied(api: ApiServer) -> ApiServer:
    """The cluster, with the objects of the current revision as Helm applied them."""
    kinds = ("Deployment", "DaemonSet")
    api.objects[:] = [each for each in api.objects if each["kind"] not in kinds]
    api.objects += cluster.as_applied()
    return api


@pytest.fixture
def hubtui(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command line in this process, as a pipe would see it."""

    def call(*argv: str) -> Answered:
        capsys.readouterr()
        code = run(argv)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Answered(code, out, err)

    return call
