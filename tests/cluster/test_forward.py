"""A port of a pod as a stream in this process: no socket listens, and the gate is asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpcore
import pytest

from hubtui.clients import forward
from hubtui.clients.gate import Gate
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import current_context
from hubtui.config import Settings
from hubtui.errors import DeniedError, ReadOnlyError, UnreachableError
from hubtui.model.kinds import PODS
from hubtui.model.roles import HUB_SELECTOR
from hubtui.services.hub_health import HubAddress, ask
from tests.cluster.clusters import Cluster
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.users import NAMESPACE, RELEASE

HEALTH = "/hub/health"


def client_of(kubeconfig: Path) -> KubeClient:
    settings = Settings(kubeconfig=str(kubeconfig))
    return KubeClient(settings, current_context(settings), Gate("only looking"))


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[KubeClient]:
    client = client_of(cluster.kubeconfig)
    yield client
    await client.close()


@pytest.fixture
async def pod(client: KubeClient) -> str:
    return await pod_of(client)


async def pod_of(client: KubeClient) -> str:
    (found,) = await client.list(PODS, NAMESPACE, labels=HUB_SELECTOR)
    return found.metadata.name


async def test_the_hub_answers_also_in_read_only(client: KubeClient, pod: str) -> None:
    client.gate.allow_forward(NAMESPACE, pod, 8081)
    answer = await forward.get(client, NAMESPACE, pod, 8081, HEALTH)
    assert answer.status == 200
    assert answer.headers["x-jupyterhub-version"]


async def test_a_large_answer_comes_in_pieces(
    client: KubeClient, pod: str, cluster: Cluster
) -> None:
    client.gate.allow_forward(NAMESPACE, pod, 8081)
    backend = forward.PodBackend(client, NAMESPACE, pod, 8081)
    async with httpcore.AsyncConnectionPool(network_backend=backend) as pool:
        answer = await pool.request(
            "GET",
            f"http://{pod}:8081/hub/api/users",
            headers=[("Authorization", f"token {cluster.hub_token}")],
        )
    assert len(answer.content) > 2000
    assert "alice" in {user["name"] for user in json.loads(answer.content)}


async def test_the_gate_keeps_other_ports_shut(client: KubeClient, pod: str) -> None:
    client.gate.allow_forward(NAMESPACE, pod, 8081)
    with pytest.raises(ReadOnlyError):
        await forward.get(client, NAMESPACE, pod, 22, "/")


async def test_a_port_where_nothing_answers(client: KubeClient, pod: str) -> None:
    client.gate.allow_forward(NAMESPACE, pod, 9)
    with pytest.raises(UnreachableError, match=f"(?s)port 9.*{pod}|{pod}.*port 9"):
        await forward.get(client, NAMESPACE, pod, 9, "/", timeout=3)


async def test_the_hubs_health(client: KubeClient) -> None:
    health = await ask(client, HubAddress(NAMESPACE, RELEASE))
    assert health.ok is True
    assert health.version
    assert health.version in health.evidence


async def test_health_of_a_hub_that_refuses(client: KubeClient) -> None:
    health = await ask(client, HubAddress(NAMESPACE, RELEASE, path="/hub/api/users"))
    assert health.ok is False
    assert "HTTP 403" in health.evidence


async def test_health_without_the_right_to_forward(cluster: Cluster) -> None:
    async with FaultProxy(cluster.server, ca_file=cluster.ca_file) as proxy:
        proxy.answer(Match(r"/portforward$"), 403)
        looking = client_of(proxy.kubeconfig_from(cluster.kubeconfig))
        health = await ask(looking, HubAddress(NAMESPACE, RELEASE))
        await looking.close()
    assert health.ok is None
    assert "the hub's pod is ready; it was not asked itself: no right to" in health.evidence


# On the real control plane only: the demo has no roles.
async def test_without_the_right_it_is_denied(admin: Path, nobody: Path) -> None:
    may, looking = client_of(admin), client_of(nobody)
    pod = await pod_of(may)
    await may.close()
    looking.gate.allow_forward(NAMESPACE, pod, 8081)
    try:
        with pytest.raises(DeniedError, match="portforward"):
            await forward.get(looking, NAMESPACE, pod, 8081, HEALTH)
    finally:
        await looking.close()
