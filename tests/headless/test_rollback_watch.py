"""The end of a rollback, watched by a user who may not read everything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hubtui.config import Settings
from hubtui.model.plan import Outcome, Result
from hubtui.services import hub_health
from hubtui.services.actions.release_watch import Watch
from hubtui.services.actions.rollback import deed
from hubtui.services.hub_health import Health, HubAddress
from hubtui.services.session import Session, connect, open_client
from tests.headless.apiserver import ApiServer
from tests.headless.cluster import helm_secret
from tests.releases import packed, release

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hub
  labels: {component: hub, app: jupyterhub}
spec: {template: {spec: {containers: []}}}
"""


class Ended:
    """A helm that has ended well."""

    async def wait(self) -> int:
        return 0


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[HubAddress]:
    """Which hubs were asked; each answers."""
    found: list[HubAddress] = []

    async def ask(_client: object, address: HubAddress) -> Health:
        found.append(address)
        return Health(True, "the hub answers /hub/health")

    monkeypatch.setattr(hub_health, "ask", ask)
    return found


async def watched(api: ApiServer, tmp_path: Path) -> Outcome:
    """From revision 4 back to 3: helm has made 5 and is over."""
    payload = packed(release(3, manifest=MANIFEST, others=0))
    api.objects += [helm_secret(3, "superseded", payload), helm_secret(5, "deployed", payload)]
    chosen = Settings(
        kubeconfig=os.environ["KUBECONFIG"], namespace="hub", release="hub", helm_timeout="1s"
    )
    session = await connect(chosen, open_client(chosen), live=False)
    assert isinstance(session, Session)
    helm: Any = Ended()
    try:
        return await Watch(session, None, "rollback", deed(4, 3), 3, "").to_the_end(helm)
    finally:
        await session.close()


async def test_workloads_that_may_not_be_read_leave_it_unverified_and_the_hub_is_asked(
    api: ApiServer, asked: list[HubAddress], tmp_path: Path
) -> None:
    api.denied.add("deployments")
    outcome = await watched(api, tmp_path)
    assert outcome.result is Result.UNVERIFIED, outcome
    assert len(asked) == 1
    assert "the hub answers /hub/health" in outcome.summary
    assert "no right to list deployments.apps" in outcome.notes[0]
    assert [step.title for step in outcome.steps] == ["Deployment/hub"]


async def test_a_target_that_cannot_be_read_any_more_leaves_it_unverified(
    api: ApiServer, asked: list[HubAddress], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.headless.test_rollback_watch.packed", lambda _release: "not one")
    outcome = await watched(api, tmp_path)
    assert outcome.result is Result.UNVERIFIED, outcome
    assert "what revision 3 brings cannot be read" in outcome.notes[0]
