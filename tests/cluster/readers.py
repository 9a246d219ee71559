"""The way to Prometheus, for somebody with just the rights that a test gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from hubtui.config import MetricsSource, Settings
from hubtui.services.prometheus import PrometheusLink
from tests.cluster.evidence import Asked
from tests.cluster.opened import client_of
from tests.testbed import Testbed
from tests.testbed.api import Api
from tests.testbed.monitoring import SERVICE, SUPPORT
from tests.testbed.users import NAMESPACE

READER = "reads-prometheus"
"""Somebody with just the rights that a test gives."""

NAMED = f"{SUPPORT}/{SERVICE}:80"
RBAC = "rbac.authorization.k8s.io"
FORWARD = {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get", "create"]}
LOOK = {"apiGroups": [""], "resources": ["services", "pods"], "verbs": ["get", "list"]}
PROXY = {
    "apiGroups": [""],
    "resources": ["services/proxy"],
    "resourceNames": [f"{SERVICE}:80"],
    "verbs": ["get"],
}


@asynccontextmanager
async def link_of(
    kubeconfig: Path, named: str = "", namespace: str = NAMESPACE, **metrics: Any
) -> AsyncIterator[PrometheusLink]:
    """As a session would have it; it may write nothing."""
    source = MetricsSource(prometheus=named, **metrics)
    async with client_of(kubeconfig, read_only=True) as client:
        link = PrometheusLink(Settings(metrics=source), client, namespace)
        try:
            yield link
        finally:
            await link.close()


class Rights:
    """What somebody may do in the namespace of Prometheus."""

    def __init__(self, testbed: Testbed, api: Api) -> None:
        self._api = api
        self.kubeconfig = testbed.kubeconfig_certificate(READER)
        self.asked = Asked(testbed, READER)

    def give(self, *rules: dict[str, list[str]]) -> None:
        place = {"name": READER, "namespace": SUPPORT}
        version = f"{RBAC}/v1"
        subjects = [{"kind": "User", "name": READER, "apiGroup": RBAC}]
        ref = {"apiGroup": RBAC, "kind": "Role", "name": READER}
        self._api.apply(
            {"apiVersion": version, "kind": "Role", "metadata": place, "rules": list(rules)},
            {
                "apiVersion": version,
                "kind": "RoleBinding",
                "metadata": place,
                "roleRef": ref,
                "subjects": subjects,
            },
        )

    def take(self) -> None:
        for plural in ("rolebindings", "roles"):
            path = f"/apis/{RBAC}/v1/namespaces/{SUPPORT}/{plural}/{READER}"
            self._api.request("DELETE", path)


@contextmanager
def rights_of_reader(testbed: Testbed) -> Iterator[Rights]:
    """Somebody without any right, until the test gives some."""
    with testbed.api() as api:
        rights = Rights(testbed, api)
        yield rights
        rights.take()
