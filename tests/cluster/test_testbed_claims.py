"""Claims on the real control plane are what the tests of storage take them for."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.cluster.claims import Claims
from tests.testbed import Testbed, csi
from tests.testbed.api import Api
from tests.testbed.csi import Resizer
from tests.testbed.extra_nodes import extra_node
from tests.testbed.load_claims import clear_claims, fill_claims, mounted, volumes_by_node
from tests.testbed.load_objects import LOAD
from tests.testbed.processes import wait_for


@pytest.fixture
def api(testbed: Testbed) -> Iterator[Api]:
    with testbed.api() as api:
        yield api


def test_a_claim_is_bound_to_a_folder_and_goes_when_no_pod_has_it(claims: Claims) -> None:
    claims.make_user("claim-b-ada", "b-ada", "2Gi")
    claims.bound("claim-b-ada")
    assert claims.volume("claim-b-ada")["spec"]["hostPath"]["path"].startswith("/tmp/hostpath_pv/")
    claims.mount("holds-b-ada", "claim-b-ada")
    claims.delete("claim-b-ada")
    kept = claims.get("claim-b-ada")["metadata"]
    assert "deletionTimestamp" in kept
    assert kept["finalizers"] == ["kubernetes.io/pvc-protection"]
    claims.end("holds-b-ada")
    claims.gone("claim-b-ada")


def test_claims_are_pending_lost_released_and_of_one_nfs_export(claims: Claims) -> None:
    claims.make_class("b-retains", reclaim="Retain")
    claims.make("b-retained", storage_class="b-retains")
    claims.make("b-lost")
    claims.make("b-nowhere", storage_class="b-missing")
    claims.bound("b-retained", "b-lost")
    claims.lose("b-lost")
    assert claims.told("b-lost", "ClaimLost") == (
        "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    )
    assert claims.release("b-retained").startswith("pvc-")
    claims.make_nfs("b-home-nfs", "10.0.0.5", "/export")
    assert claims.volume("b-home-nfs")["spec"]["nfs"] == {"server": "10.0.0.5", "path": "/export"}
    claims.in_phase("b-nowhere", "Pending")


def test_an_expansion_goes_through_its_states(claims: Claims, api: Api) -> None:
    claims.make("b-grows", "1Gi")
    claims.bound("b-grows")
    claims.resize("b-grows", "2Gi")
    claims.told("b-grows", "ExternalExpanding")
    resizer = Resizer(api)
    states = []
    for step in (resizer.begin, resizer.wait_for_node, resizer.finish):
        step("b-grows")
        status = claims.get("b-grows")["status"]
        told = [condition["type"] for condition in status.get("conditions", ())]
        states.append((told, status["capacity"]["storage"]))
    assert states == [
        (["Resizing"], "1Gi"),
        (["FileSystemResizePending"], "1Gi"),
        ([], "2Gi"),
    ]
    assert claims.volume("b-grows")["spec"]["capacity"] == {"storage": "2Gi"}


def test_a_driver_that_refuses_is_told_in_conditions_and_events(claims: Claims, api: Api) -> None:
    claims.make("b-stuck", "1Gi")
    claims.bound("b-stuck")
    claims.resize("b-stuck", "2Gi")
    Resizer(api).fail("b-stuck", "quota DISKS_TOTAL_GB exceeded", final=True)
    status = claims.get("b-stuck")["status"]
    assert status["allocatedResourceStatuses"] == {"storage": "ControllerResizeInfeasible"}
    assert "quota" in claims.told("b-stuck", "VolumeResizeFailed")


def test_the_apiserver_refuses_what_cannot_be(claims: Claims) -> None:
    claims.make_class("b-fixed", expandable=False)
    claims.make("b-fixed", storage_class="b-fixed")
    claims.make("b-large", "2Gi")
    claims.bound("b-fixed", "b-large")
    with pytest.raises(httpx.HTTPStatusError, match="must support resize"):
        claims.resize("b-fixed", "2Gi")
    with pytest.raises(httpx.HTTPStatusError, match=r"can not be less than status\.capacity"):
        claims.resize("b-large", "1Gi")


async def test_the_loads_claims_are_bound_and_the_controllers_let_them_be(
    testbed: Testbed, api: Api
) -> None:
    server = testbed.server, testbed.token("testbed-setup"), testbed.ca_file
    path = "/api/v1/namespaces/hub/persistentvolumeclaims"
    await fill_claims(*server, count=4)
    try:
        made = api.items(path, labelSelector=f"{LOAD}=true")
        assert [claim["status"]["phase"] for claim in made] == ["Bound"] * 4
        told = volumes_by_node(mounted(count=4, nodes=2))
        names = {volume.claim for volumes in told.values() for volume in volumes}
        assert names == {claim["metadata"]["name"] for claim in made}
    finally:
        await clear_claims(*server)
    assert api.items(path, labelSelector=f"{LOAD}=true") == []


def test_a_disk_goes_to_one_node_at_a_time(claims: Claims, api: Api) -> None:
    """The controller is the real one: attach, Multi-Attach, detach."""
    with extra_node(api, "b-one"), extra_node(api, "b-two"):
        for node in ("b-one", "b-two"):
            csi.manage(api, node)
        claims.make_csi("b-disk")
        claims.mount("b-first", "b-disk", node="b-one")
        csi.attach(api, "hub-b-disk", "b-one")
        claims.mount("b-second", "b-disk", node="b-two", stage="no-volume")
        assert wait_for(lambda: "Multi-Attach" in str(claims.events("b-second")), 20)
        claims.end("b-first")
        csi.attach(api, "hub-b-disk", "b-two", error="the zone has no room")
        (left,) = csi.attachments(api, "hub-b-disk")
        assert left["status"]["attachError"]["message"] == "the zone has no room"
