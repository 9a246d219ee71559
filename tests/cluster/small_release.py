"""A small release of a namespace of its own, made by either helm: what a rollback can break."""

from __future__ import annotations

import contextlib
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from hubtui.clients.gate import Gate
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import current_context
from hubtui.config import Settings
from hubtui.services.discovery import Hub
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster

NAME = "small"
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: small\nversion: 0.1.0\nappVersion: '1'\n",
    "values.yaml": "mark: one\nextra: false\n",
    "templates/all.yaml": """
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  mark: {{ .Values.mark | quote }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
      annotations: {mark: {{ .Values.mark | quote }}}
    spec:
      terminationGracePeriodSeconds: 0
      tolerations: [{operator: Exists}]
      containers:
        - name: web
          image: registry.k8s.io/pause:{{ .Values.mark }}
{{- if .Values.extra }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: extra
{{- end }}
""",
}


@dataclass
class SmallRelease:
    """The release, and the helm that made it."""

    cluster: Cluster
    namespace: str
    chart: Path
    major: int
    driver: str = "secret"

    @property
    def helm(self) -> Path:
        return self.cluster.helm(self.major)

    @property
    def environment(self) -> dict[str, str]:
        """What helm sees of it."""
        return {**self.cluster.helm_environment(), "HELM_DRIVER": self.driver}

    def upgrade(self, mark: str, *more: str) -> None:
        """A further revision."""
        self.run("upgrade", "--install", NAME, str(self.chart), "--set", f"mark={mark}", *more)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """helm in this namespace."""
        return self.helm_in(self.namespace, *arguments)

    def helm_in(self, namespace: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """helm in another namespace."""
        return subprocess.run(
            [str(self.helm), *arguments, "--namespace", namespace],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """helm in this namespace, left running."""
        return subprocess.Popen(
            [str(self.helm), *arguments, "--namespace", self.namespace],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def statuses(self) -> dict[int, str]:
        """The revisions' statuses, from the storage objects' labels."""
        path = f"/api/v1/namespaces/{self.namespace}/{self.driver}s"
        with self.cluster.api() as api:
            found = api.items(path, labelSelector=f"owner=helm,name={NAME}")
        labels = [item["metadata"]["labels"] for item in found]
        return {int(label["version"]): label["status"] for label in labels}

    def mark(self) -> str:
        """Which revision's content the ConfigMap has."""
        with self.cluster.api() as api:
            path = f"/api/v1/namespaces/{self.namespace}/configmaps/settings"
            return str(api.get(path)["data"]["mark"])

    def set_status(self, revision: int, status: str) -> None:
        """Gives a revision's storage object another status label, as a killed helm leaves it."""
        path = f"/api/v1/namespaces/{self.namespace}/secrets/sh.helm.release.v1.{NAME}.v{revision}"
        with self.cluster.api() as api:
            api.patch(path, {"metadata": {"labels": {"status": status}}})

    def let_look(self, user: str) -> None:
        """Somebody may read everything there, Secrets too, and write nothing."""
        self.allow(user, "look", ("*", "*", "get list watch"))

    def allow(self, user: str, name: str, *rules: tuple[str, str, str]) -> None:
        """Somebody may do what a Role of this name says: API group, resources and verbs of each
        rule, in words. A Role that is there already is replaced."""
        group = "rbac.authorization.k8s.io"
        rows = [
            {"apiGroups": [api_group], "resources": resources.split(), "verbs": verbs.split()}
            for api_group, resources, verbs in rules
        ]
        place = {"name": name, "namespace": self.namespace}
        version = f"{group}/v1"
        role = {"apiVersion": version, "kind": "Role", "metadata": place, "rules": rows}
        binding = {
            "apiVersion": version,
            "kind": "RoleBinding",
            "metadata": place,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": [{"kind": "User", "name": user, "apiGroup": group}],
        }
        with self.cluster.api() as api:
            api.apply(role)
            api.apply(binding)

    @asynccontextmanager
    async def session(
        self, kubeconfig: Path | None = None, **settings: Any
    ) -> AsyncIterator[Session]:
        """A session on this release."""
        chosen = Settings(
            kubeconfig=str(kubeconfig or self.cluster.kubeconfig),
            helm=str(settings.pop("helm", self.helm)),
            **settings,
        )
        context = current_context(chosen)
        client = KubeClient(chosen, context, Gate(chosen.read_only_reason(context.name)))
        hub = Hub(self.namespace, NAME)
        opened = Session(chosen, context, client, hub, live=False)
        try:
            yield opened
        finally:
            await opened.close()


@contextlib.contextmanager
def installed(cluster: Cluster, folder: Path, major: int) -> Iterator[SmallRelease]:
    """A release with three revisions: one, two and three."""
    for name, text in CHART.items():
        path = folder / NAME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    namespace = f"small-{major}-{uuid.uuid4().hex[:6]}"
    with cluster.api() as api:
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    release = SmallRelease(cluster, namespace, folder / NAME, major)
    try:
        release.upgrade("one", "--set", "extra=true")
        release.upgrade("two")
        release.upgrade("three")
        yield release
    finally:
        with cluster.api() as api, contextlib.suppress(httpx.HTTPStatusError):
            api.request("DELETE", f"/api/v1/namespaces/{namespace}")
