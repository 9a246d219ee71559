"""A hub deployed from a folder as hubploy has it, with canaries in a file that the real sops has
encrypted, and a chart that spills one of them where charts should not."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubtui.clients import sops_binary
from hubtui.config import Settings
from tests.bench.terminal import Terminal
from tests.bench.view import View
from tests.cluster.canary import Canary
from tests.cluster.clusters import Cluster
from tests.cluster.small_release import CHART, SmallRelease
from tests.sops_keys import AgeKey, encrypted
from tests.testbed.places import ROOT

TEMPLATES = {
    "secret.yaml": """
apiVersion: v1
kind: Secret
metadata: {name: kept}
stringData:
  motto: {{ .Values.motto | default "none" | toJson }}
  config.json: {{ .Values.auth | default dict | toJson | quote }}
""",
    "spilt.yaml": """
apiVersion: v1
kind: ConfigMap
metadata: {name: spilt}
data:
{{- with .Values.motto }}
  plain: {{ . | toJson }}
  packed: {{ . | b64enc }}
  inside: {{ printf "user:%s" . | b64enc }}
  json: {{ dict "a" . | toJson | toJson }}
  yaml: {{ dict "a" . | toYaml | toJson }}
  quoted: {{ printf "%q" . | toJson }}
{{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: singer}
spec:
  replicas: 1
  selector:
    matchLabels: {app: singer}
  template:
    metadata:
      labels: {app: singer}
      annotations: {sings: {{ .Values.motto | default "" | toJson }}}
    spec:
      terminationGracePeriodSeconds: 0
      tolerations: [{operator: Exists}]
      containers:
        - name: singer
          image: registry.k8s.io/pause:1
          env:
            - {name: SONG, value: {{ .Values.motto | default "" | toJson }}}
            - {name: CODED, value: {{ .Values.motto | default "" | b64enc | quote }}}
""",
}
EDITOR = """#!/bin/sh
cat "$1" >> {record}
sed -i 's/mark: .*/mark: edited/' "$1"
"""
RECORDING = """#!/bin/sh
cat /proc/$$/cmdline /proc/$$/environ >> {record}
echo >> {record}
exec {program} "$@"
"""
"""Notes how it was called, then becomes the program itself."""

_GIT = {
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


class Recorded(View):
    """A screen that remembers every row it ever had, and the bytes that made it."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self.written = b""
        self.dumps: set[str] = set()

    def feed(self, data: bytes) -> None:
        self.written += data
        super().feed(data)
        self.dumps.update(row.rstrip() for row in self.rows)


@dataclass(frozen=True)
class Places:
    """Where a run of hubtui may leave something: all below one folder."""

    root: Path
    home: Path = field(init=False)
    records: Path = field(init=False)
    repository: Path = field(init=False)

    def __post_init__(self) -> None:
        for name in ("home", "records", "repository"):
            folder = self.root / name
            folder.mkdir()
            object.__setattr__(self, name, folder)
        (self.home / "tmp").mkdir()

    def script(self, name: str, text: str, **values: object) -> Path:
        """A program of the test's own; what it notes is in `records` under its name."""
        path = self.root / f"{name}.sh"
        path.write_text(text.format(record=self.records / name, **values))
        path.chmod(0o700)
        return path

    def noted(self, name: str) -> str:
        """What a script has noted."""
        return (self.records / name).read_bytes().decode(errors="replace")


@dataclass
class Aviary:
    """The hub, its folder, and hubtui on it."""

    cluster: Cluster
    places: Places
    kubeconfig: Path
    key: AgeKey
    name: str = field(default_factory=lambda: f"aviary-{uuid.uuid4().hex[:6]}")

    @property
    def release(self) -> str:
        """The release's name, and its namespace's."""
        return f"{self.name}-prod"

    @property
    def helm(self) -> SmallRelease:
        """helm in its namespace."""
        return SmallRelease(self.cluster, self.release, self.chart, 4)

    @property
    def chart(self) -> Path:
        """The chart's folder."""
        return self.places.repository / "hub"

    @property
    def folder(self) -> Path:
        """The folder of the hub."""
        return self.places.repository / "deployments" / self.name

    def template(self, name: str, text: str) -> Path:
        """Puts a template into the chart."""
        path = self.chart / "templates" / name
        path.write_text(text)
        return path

    def hide(self, motto: Canary, login: Canary, mark: str) -> None:
        """Encrypts other secrets, and commits them with another mark."""
        values = {"motto": motto.value, "auth": {"client_secret": login.value, "id": "me"}}
        encrypted(self.folder / "secrets" / "prod.yaml", values, self.key)
        (self.folder / "config" / "prod.yaml").write_text(f"mark: {mark}\n")
        self.git("add", ".")
        self.git("commit", "-qm", mark)

    def git(self, *words: str) -> None:
        """git in the repository."""
        environment = {**os.environ, **_GIT}
        subprocess.run(["git", *words], cwd=self.places.repository, env=environment, check=True)

    @property
    def environment(self) -> dict[str, str]:
        """What hubtui is started in: nothing of it is a secret."""
        places, home = self.places, self.places.home
        sops = places.script("sops", RECORDING, program=sops_binary.find(Settings()))
        helm = places.script("helm", RECORDING, program=self.cluster.helm())
        folders = ("CONFIG", "CACHE", "DATA", "STATE")
        return {
            **{f"XDG_{name}_HOME": str(home / name.lower()) for name in folders},
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "HUBTUI_HELM": str(helm),
            "HUBTUI_SOPS": str(sops),
            "VISUAL": str(places.script("editor", EDITOR)),
            "SOPS_AGE_KEY_FILE": str(places.root / "age.txt"),
        }

    @property
    def flags(self) -> list[str]:
        """Which release is meant."""
        where = ["--kubeconfig", str(self.kubeconfig), "-n", self.release]
        return [*where, "--release", self.release]

    async def run(self, command: str, *words: str) -> str:
        """What a headless hubtui says, in the folder of the deployment."""
        argv = [sys.executable, "-m", "hubtui", command, *words, *self.flags]
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=self.environment,
            cwd=self.places.repository,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return said.decode()

    def terminal(self) -> tuple[Terminal, Recorded]:
        """hubtui's screen, in a terminal whose folder is the deployment's."""
        at, program = str(self.places.repository), [sys.executable, "-m", "hubtui"]
        terminal = Terminal(["env", f"--chdir={at}", *program, *self.flags], self.environment)
        view = Recorded(160, 48)
        terminal.view = view
        return terminal, view

    def objects(self, *kinds: str) -> list[dict[str, Any]]:
        """Everything of some kinds in the namespace; a kind is written as its group has it."""
        with self.cluster.api() as api:
            return [item for kind in kinds for item in api.items(_path(kind, self.release))]


def _path(kind: str, namespace: str) -> str:
    group, _, plural = kind.rpartition("/")
    root = f"/apis/{group}" if group else "/api/v1"
    return f"{root}/namespaces/{namespace}/{plural}"


@contextmanager
def settled(cluster: Cluster, kubeconfig: Path, root: Path) -> Iterator[Aviary]:
    """The hub with a first revision that holds no secret."""
    key = AgeKey.generate()
    found = Aviary(cluster, Places(root), kubeconfig, key)
    key.written(root / "age.txt")
    for name, text in {**CHART, **{f"templates/{k}": v for k, v in TEMPLATES.items()}}.items():
        path = found.chart / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (found.folder / "config").mkdir(parents=True)
    (found.folder / "hubploy.yaml").write_text("{}\n")
    found.git("init", "-q", "-b", "prod")
    with cluster.api() as api:
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": found.release}})
    try:
        found.helm.run("install", found.release, str(found.chart))
        yield found
    finally:
        with cluster.api() as api:
            api.request("DELETE", f"/api/v1/namespaces/{found.release}")
