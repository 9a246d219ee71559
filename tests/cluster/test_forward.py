"""A port of a pod as a stream in this process: no socket listens, and the gate is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

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
from tests.testbed import Testbed
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.users import NAMESPACE, RELEASE

HEALTH = "/hub/health"


def client_of(kubeconfig: Path) -> KubeClient:
    settings = Settings(kubeconfig=str(kubeconfig))
    return KubeClient(settings, current_context(settings), Gate("only looking"))


@pytest.fixture
async def client(testbed: Testbed, admin: Path) -> AsyncIterator[KubeClient]:
    client = client_of(admin)
    yield client
    await client.close()


@pytest.fixture
async def pod(client: KubeClient) -> str:
    (found,) = await client.list(PODS, NAMESPACE, labels=HUB_SELECTOR)
    return found.metadata.name


async def test_the_hub_answers_also_in_read_only(client: KubeClient, pod: str) -> None:
    client.gate.allow_forward(NAMESPACE, pod, 8081)
    answer = await forward.get(client, NAMESPACE, pod, 8081, HEALTH)
    assert answer.status == 200
    assert answer.headers["x-jupyterhub-version"]


async def test_a_large_answer_comes_in_pieces(client: KubeClient, pod: str) -> None:
    client.gate.allow_forward(NAMESPACE, pod, 8081)
    answer = await forward.get(client, NAMESPACE, pod, 8081, "/hub/metrics")
    assert len(answer.body) > 2000


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


async def test_health_without_the_right_to_forward(testbed: Testbed, admin: Path) -> None:
    async with FaultProxy(testbed.server, ca_file=testbed.ca_file) as proxy:
        proxy.answer(Match(r"/portforward$"), 403)
        looking = client_of(proxy.kubeconfig_from(admin))
        health = await ask(looking, HubAddress(NAMESPACE, RELEASE))
        await looking.close()
    assert health.ok is None
    assert "the hub's pod is ready; it was not asked itself: no right to" in health.evidence


async def test_without_the_right_it_is_denied(nobody: Path, pod: str) -> None:
    looking = client_of(nobody)
    looking.gate.allow_forward(NAMESPACE, pod, 8081)
    try:
        with pytest.raises(DeniedError, match="portforward"):
            await forward.get(looking, NAMESPACE, pod, 8081, HEALTH)
    finally:
        await looking.close()
