"""Claims and volumes on both clusters: what is bound, kept, lost and refused, in the same words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx
import pytest

from tests.cluster.claims import Claims, claims_in
from tests.cluster.clusters import Cluster
from tests.cluster.parts import Json
from tests.testbed.api import Api


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Api]:
    with cluster.api() as api:
        yield api


@pytest.fixture
def claims(api: Api) -> Iterator[Claims]:
    with claims_in(api) as claims:
        yield claims


def refusal(claims: Claims, name: str, size: str) -> str:
    """What the apiserver says to an expansion."""
    with pytest.raises(httpx.HTTPStatusError) as refused:
        claims.resize(name, size)
    told = refused.value.response.json()
    return f"{told['code']} {told['reason']}: {told['message']}"


def test_what_cannot_be_expanded_is_refused(claims: Claims) -> None:
    claims.make_class("h-fixed", expandable=False)
    claims.make("h-small", storage_class="h-fixed")
    claims.make("h-large", "2Gi")
    claims.make_nfs("h-share", "10.0.0.5", "/export")
    claims.bound("h-small", "h-large")
    only = (
        "is forbidden: only dynamically provisioned pvc can be resized and the storageclass that "
        "provisions the pvc must support resize"
    )
    for name in ("h-small", "h-share"):
        said = refusal(claims, name, "3Gi")
        assert said == f'403 Forbidden: persistentvolumeclaims "{name}" {only}'
    assert refusal(claims, "h-large", "1Gi") == (
        '422 Invalid: PersistentVolumeClaim "h-large" is invalid: spec.resources.requests.storage: '
        "Forbidden: field can not be less than status.capacity"
    )


def test_a_volume_is_kept_until_no_claim_has_it(claims: Claims, api: Api) -> None:
    claims.make_class("h-keeps", reclaim="Retain")
    claims.make("h-kept", storage_class="h-keeps")
    claims.make("h-lost")
    claims.bound("h-kept", "h-lost")
    path = f"/api/v1/persistentvolumes/{claims.release('h-kept')}"
    api.request("DELETE", path)
    api.wait_items(
        "/api/v1/persistentvolumes", lambda items: path.rpartition("/")[2] not in names(items)
    )
    assert "kubernetes.io/pv-protection" in claims.volume("h-lost")["metadata"]["finalizers"]
    claims.lose("h-lost")
    assert claims.told("h-lost", "ClaimLost") == (
        "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    )


def names(items: Sequence[Json]) -> set[str]:
    return {item["metadata"]["name"] for item in items}
