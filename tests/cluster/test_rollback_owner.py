"""Flux, Argo CD and edits by hand, as a rollback's plan meets them.

Flux is met on the real control plane only: the demo's apiserver takes no definitions of kinds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hubtui.errors import CheckStopsError
from hubtui.services.actions.rollback import RollbackRequest
from tests.cluster.owners import flux as flux
from tests.cluster.parts import evidence, level
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.testbed import Testbed

pytestmark = pytest.mark.usefixtures("state")


async def test_a_helm_release_of_flux_is_a_stop_until_it_is_suspended(
    testbed: Testbed, tmp_path: Path, flux: str
) -> None:
    with installed(testbed, tmp_path, 4) as small, testbed.api() as api:
        path = f"{flux}/namespaces/{small.namespace}/helmreleases"
        body = {
            "apiVersion": "helm.toolkit.fluxcd.io/v2",
            "kind": "HelmRelease",
            "metadata": {"name": "small-hub"},
            "spec": {"releaseName": NAME},
        }
        api.request("POST", path, body)
        async with small.session() as session:
            plan = await session.operations.plan("rollback", RollbackRequest(1))
            assert level(plan, "owner") == "stop"
            assert f"HelmRelease {small.namespace}/small-hub manages" in evidence(plan, "owner")
            with pytest.raises(CheckStopsError, match="--override 'owner'"):
                await session.operations.start(plan, NAME)
            api.patch(f"{path}/small-hub", {"spec": {"suspend": True}})
            plan = await session.operations.plan("rollback", RollbackRequest(1))
    assert level(plan, "owner") == "warn"
    assert "is suspended" in evidence(plan, "owner")


async def test_a_tracking_id_of_argo_is_a_stop(small: SmallRelease) -> None:
    tracked = {"argocd.argoproj.io/tracking-id": "hubs:apps/Deployment:x/web"}
    with small.cluster.api() as api:
        path = f"/apis/apps/v1/namespaces/{small.namespace}/deployments/web"
        api.patch(path, {"metadata": {"annotations": tracked}})
    async with small.session() as session:
        plan = await session.operations.plan("rollback", RollbackRequest(1))
    assert level(plan, "owner") == "stop"
    assert "Argo CD's Application hubs" in evidence(plan, "owner")


async def test_an_edit_by_hand_is_named_with_who_made_it(small: SmallRelease) -> None:
    with small.cluster.api() as api:
        path = f"/api/v1/namespaces/{small.namespace}/configmaps/settings"
        api.patch(f"{path}?fieldManager=kubectl-edit", {"data": {"mark": "by hand"}})
    async with small.session() as session:
        plan = await session.operations.plan("rollback", RollbackRequest(1))
        same = await session.operations.plan("rollback", RollbackRequest(3))
    assert level(plan, "edits by hand") == "warn"
    assert "ConfigMap/settings: data.mark" in evidence(plan, "edits by hand")
    assert "kubectl-edit" in evidence(plan, "edits by hand")
    assert level(same, "edits by hand") == "ok"
    assert "these are undone" in evidence(same, "edits by hand")
