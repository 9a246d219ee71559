"""Flux, Argo CD and edits by hand, as an upgrade's plan meets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubtui.errors import CheckStopsError
from hubtui.model.plan import Level, Result
from tests.cluster.held_rollback import EITHER_HELM, left
from tests.cluster.owners import argo as argo
from tests.cluster.owners import flux as flux
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.cluster.upgrading import check, folder, planned, upgraded
from tests.testbed import Testbed

pytestmark = pytest.mark.usefixtures("state")


def web(small: SmallRelease) -> str:
    return f"/apis/apps/v1/namespaces/{small.namespace}/deployments/web"


# Owners


async def test_the_labels_of_flux_are_a_stop_that_is_overridden_by_name(
    small: SmallRelease, state: Path
) -> None:
    template = small.chart / "templates" / "all.yaml"
    labels = "labels: {helm.toolkit.fluxcd.io/name: hub, helm.toolkit.fluxcd.io/namespace: flux}"
    named = "metadata:\n  name: settings\n"
    template.write_text(template.read_text().replace(named, f"{named}  {labels}\n"))
    small.upgrade("four")
    async with small.session() as session:
        plan = await planned(session, "mark=five", chart=folder(small))
        owner = check(plan, "owner")
        assert (owner.level, owner.overridable) == (Level.STOP, True)
        assert owner.evidence.startswith("Flux's HelmRelease flux/hub manages this release and ")
        assert owner.evidence.endswith("change it in its repository, or suspend it first")
        with pytest.raises(CheckStopsError, match="--override 'owner'"):
            await session.operations.start(plan, NAME)
        assert small.mark() == "four"
        outcome = await upgraded(session, plan, "owner")
    assert outcome.result is Result.OK, outcome
    assert small.mark() == "five"
    assert left(state).overrides == ("owner",)


async def test_a_tracking_id_of_argo_is_a_stop(small: SmallRelease) -> None:
    tracked = {"argocd.argoproj.io/tracking-id": "hubs:apps/Deployment:x/web"}
    with small.cluster.api() as api:
        api.patch(web(small), {"metadata": {"annotations": tracked}})
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        with pytest.raises(CheckStopsError, match="--override 'owner'"):
            await session.operations.start(plan, NAME)
    owner = check(plan, "owner")
    assert owner.level is Level.STOP
    assert owner.evidence.startswith("Argo CD's Application hubs manages these objects")
    assert small.mark() == "three"


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
            plan = await planned(session, "mark=four", chart=folder(small))
            assert check(plan, "owner").level is Level.STOP
            words = f"HelmRelease {small.namespace}/small-hub manages"
            assert words in check(plan, "owner").evidence
            api.patch(f"{path}/small-hub", {"spec": {"suspend": True}})
            plan = await planned(session, "mark=four", chart=folder(small))
            assert check(plan, "owner").level is Level.WARN
            assert "is suspended" in check(plan, "owner").evidence
            assert (await upgraded(session, plan)).result is Result.OK


async def test_an_application_of_argo_that_is_meant_for_the_namespace_is_a_stop(
    testbed: Testbed, tmp_path: Path, argo: str
) -> None:
    with installed(testbed, tmp_path, 4) as small, testbed.api() as api:
        labels = {"app.kubernetes.io/instance": "hubs"}
        api.patch(web(small), {"metadata": {"labels": labels}})
        async with small.session() as session:
            # helm sets that label too: alone it is no mark of Argo CD.
            plan = await planned(session, "mark=four", chart=folder(small))
            assert check(plan, "owner").level is Level.OK
            body = {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Application",
                "metadata": {"name": "hubs"},
                "spec": {"destination": {"namespace": small.namespace}},
            }
            api.request("POST", f"{argo}/namespaces/{small.namespace}/applications", body)
            plan = await planned(session, "mark=four", chart=folder(small))
    assert check(plan, "owner").level is Level.STOP
    words = f"Argo CD's Application {small.namespace}/hubs manages"
    assert check(plan, "owner").evidence.startswith(words)


# Edits by hand


@EITHER_HELM
async def test_an_edit_that_would_be_lost_is_a_warning_with_who_made_it(
    small: SmallRelease,
) -> None:
    with small.cluster.api() as api:
        path = f"/api/v1/namespaces/{small.namespace}/configmaps/settings"
        api.patch(f"{path}?fieldManager=kubectl-edit", {"data": {"mark": "by hand"}})
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        edits = check(plan, "edits by hand")
        assert edits.level is Level.WARN
        assert edits.evidence.startswith(
            "an upgrade may undo (since revision 3): "
            "ConfigMap/settings: data.mark (by kubectl-edit, "
        )
        if small.major == 4:
            # The server would not let helm 4 overrule the hand.
            refused = check(plan, "dry run")
            assert refused.level is Level.STOP
            assert 'conflict with "kubectl-edit"' in refused.evidence
            assert small.mark() == "by hand"
            return
        assert not plan.stops
        outcome = await upgraded(session, plan)
    assert outcome.result is Result.OK, outcome
    assert small.mark() == "four"


async def test_what_somebody_removed_is_named_and_comes_again(small: SmallRelease) -> None:
    with small.cluster.api() as api:
        path = f"/api/v1/namespaces/{small.namespace}/configmaps/settings"
        api.request("DELETE", path)
    async with small.session() as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        edits = check(plan, "edits by hand")
        outcome = await upgraded(session, plan)
    assert edits.level is Level.WARN
    assert "ConfigMap/settings: removed" in edits.evidence
    assert outcome.result is Result.OK, outcome
    assert small.mark() == "four"
