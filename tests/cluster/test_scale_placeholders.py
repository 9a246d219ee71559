"""Another number of placeholders, as an operator sets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hubtui.config import Settings
from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    NotConfirmedError,
    NotFoundError,
    ReadOnlyError,
)
from hubtui.model.plan import Plan, Result
from hubtui.services.actions import scale_placeholders
from hubtui.services.actions.scale_placeholders import ScaleRequest
from hubtui.services.session import Session, connect, open_client
from tests.cluster.clusters import Cluster
from tests.cluster.parts import evidence, level, writes
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

LABELS = {"app": "jupyterhub", "component": "user-placeholder"}
OTHER_NAME = "alpha-user-placeholder"
"""As a fullnameOverride makes it."""


def placeholders(memory: str) -> dict[str, Any]:
    """A chart's StatefulSet without pod priority, whose pods ask for so much."""
    pause = {
        "name": "pause",
        "image": "registry.k8s.io/pause:3.10",
        "resources": {"requests": {"memory": memory}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": OTHER_NAME, "labels": LABELS},
        "spec": {
            "replicas": 1,
            "podManagementPolicy": "Parallel",
            "serviceName": OTHER_NAME,
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [pause]},
            },
        },
    }


@pytest.fixture
async def on_hub(cluster: Cluster) -> AsyncIterator[Session]:
    """The hub's own release, which has two placeholders."""
    chosen = Settings(kubeconfig=str(cluster.kubeconfig), helm=str(cluster.helm(4)))
    session = await connect(chosen, open_client(chosen), live=False)
    assert isinstance(session, Session)
    yield session
    await session.close()


async def planned(session: Session, number: int) -> Plan:
    return await session.operations.plan("scale-placeholders", ScaleRequest(number))


def scaled(cluster: Cluster, namespace: str, name: str) -> tuple[int, list[str]]:
    """How many there should be, and which there are."""
    with cluster.api() as api:
        root = f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"
        pods = api.items(
            f"/api/v1/namespaces/{namespace}/pods", labelSelector="component=user-placeholder"
        )
        found: int = api.get(root)["spec"]["replicas"]
        return found, sorted(pod["metadata"]["name"] for pod in pods)


async def test_they_come_with_one_patch_and_go_back(cluster: Cluster, on_hub: Session) -> None:
    before, _ = scaled(cluster, NAMESPACE, "user-placeholder")
    plan = await planned(on_hub, before + 2)

    assert (level(plan, "values"), level(plan, "pod priority")) == ("warn", "ok")
    assert f"replicas is {before} in the release" in evidence(plan, "values")
    assert plan.texts[0].lines[-1] == f"    replicas: {before + 2}"
    assert "the next scale-up comes with user" in evidence(plan, "room")
    outcome = await (await on_hub.operations.start(plan, plan.confirm)).wait()
    (entry,) = on_hub.operations.journal.read().entries
    try:
        assert outcome.result is Result.OK, outcome
        assert f"scheduling.userPlaceholder.replicas: {before + 2}" in outcome.next_steps[0]
        names = [f"user-placeholder-{number}" for number in range(before + 2)]
        assert scaled(cluster, NAMESPACE, "user-placeholder") == (before + 2, names)
        found = writes(cluster, "admin", NAMESPACE)
        assert found[-1] == ("patch", "statefulsets", "user-placeholder")
        left = await scale_placeholders.aftermath(on_hub, entry)
        assert (left.result, f"{before + 2} placeholders" in left.summary) == (Result.OK, True)
    finally:
        back = await planned(on_hub, before)
        again = await (await on_hub.operations.start(back, back.confirm)).wait()
    assert (again.result, level(back, "values")) == (Result.OK, "ok")
    assert len(scaled(cluster, NAMESPACE, "user-placeholder")[1]) == before
    left = await scale_placeholders.aftermath(on_hub, entry)
    assert left.result is Result.INTERRUPTED
    assert f"has {before} replicas, not {before + 2}" in left.summary


async def test_those_that_wait_for_room_are_as_meant(small: SmallRelease) -> None:
    """Under another name, too large for any node, and never pushed out."""
    with small.cluster.api() as api:
        path = f"/apis/apps/v1/namespaces/{small.namespace}/statefulsets"
        api.request("POST", path, placeholders("9000Gi"))
    async with small.session() as session:
        plan = await planned(session, 3)
        outcome = await (await session.operations.start(plan, NAME)).wait()

    assert level(plan, "pod priority") == "warn"
    assert "never pushed out" in evidence(plan, "pod priority")
    assert outcome.result is Result.OK, outcome
    assert "3 waiting for room, as meant" in outcome.summary
    assert scaled(small.cluster, small.namespace, OTHER_NAME)[0] == 3


async def test_nothing_is_scaled_that_is_not_as_it_was_shown(small: SmallRelease) -> None:
    with small.cluster.api() as api:
        path = f"/apis/apps/v1/namespaces/{small.namespace}/statefulsets"
        api.request("POST", path, placeholders("10Mi"))
        async with small.session() as session:
            same, plan = await planned(session, 1), await planned(session, 4)
            with pytest.raises(CheckStopsError, match="nothing to change"):
                await session.operations.start(same, NAME)
            with pytest.raises(NotConfirmedError):
                await session.operations.start(plan, "another")
            api.patch(f"{path}/{OTHER_NAME}", {"spec": {"replicas": 2}})
            with pytest.raises(ChangedSinceError, match="replicas: 1 → 2"):
                await session.operations.start(plan, NAME)
        async with small.session(read_only=True) as session:
            with pytest.raises(ReadOnlyError):
                await session.operations.start(await planned(session, 4), NAME)
    assert scaled(small.cluster, small.namespace, OTHER_NAME)[0] == 2


async def test_a_hub_without_placeholders_is_told_how_to_have_some(small: SmallRelease) -> None:
    async with small.session() as session:
        with pytest.raises(NotFoundError, match=r"scheduling\.userPlaceholder\.enabled"):
            await planned(session, 4)
