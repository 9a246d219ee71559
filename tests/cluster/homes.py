"""Homes that KubeSpawner has left behind, and who mounts or holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx

from hubtui.model.plan import Plan
from hubtui.model.slugs import server_slug
from hubtui.services.actions.delete_claim import DeleteClaimRequest
from hubtui.services.operations import Operation
from hubtui.services.session import Session
from tests.cluster.claims import STANDARD, USERNAME, claims_in
from tests.cluster.clusters import Cluster
from tests.cluster.parts import Json
from tests.testbed.processes import wait_for
from tests.testbed.users import NAMESPACE, RELEASE

CLAIMS: Final = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims"
VOLUMES: Final = "/api/v1/persistentvolumes"
HELD: Final = "example.org/held"
"""A finalizer that a test takes away by itself."""


def claim_name(user: str, server: str = "") -> str:
    """The name that KubeSpawner 7 gives."""
    return f"claim-{server_slug(user, server)}"


@dataclass(frozen=True)
class Home:
    """A claim of a user as KubeSpawner makes it (facts.md §2.2); `held` until `let_go`."""

    user: str
    server: str = ""
    named: str = ""
    of_class: str = STANDARD
    held: bool = False

    @property
    def name(self) -> str:
        """The name of the claim."""
        return self.named or claim_name(self.user, self.server)


@contextmanager
def homes(cluster: Cluster, *wanted: Home) -> Iterator[dict[str, str]]:
    """Homes that are bound, with their volumes by name; what is left of them goes at the end."""
    labels = {"app": "jupyterhub", "component": "singleuser-storage", "release": RELEASE}
    with cluster.api() as api, claims_in(api) as claims:
        try:
            for each in wanted:
                notes = {USERNAME: each.user}
                if each.server:
                    notes["hub.jupyter.org/servername"] = each.server
                claims.make(
                    each.name, storage_class=each.of_class, labels=labels, annotations=notes
                )
            claims.bound(*(each.name for each in wanted))
            for each in wanted:
                if each.held:
                    hold(cluster, each.name)
            yield {each.name: claims.volume(each.name)["metadata"]["name"] for each in wanted}
        finally:
            for each in wanted:
                let_go(cluster, each.name)


@contextmanager
def kept_class(cluster: Cluster, name: str) -> Iterator[str]:
    """A class whose volumes stay when their claims go."""
    with cluster.api() as api, claims_in(api) as claims:
        claims.make_class(name, reclaim="Retain")
        try:
            yield name
        finally:
            for each in api.items(VOLUMES):
                if each["spec"].get("storageClassName") == name:
                    api.request("DELETE", f"{VOLUMES}/{each['metadata']['name']}")


def hold(cluster: Cluster, name: str) -> None:
    """Somebody wants a claim to stay until they have done something with it."""
    with cluster.api() as api:
        found = api.get(f"{CLAIMS}/{name}")["metadata"].get("finalizers") or []
        api.patch(f"{CLAIMS}/{name}", {"metadata": {"finalizers": [HELD, *found]}})


def let_go(cluster: Cluster, name: str) -> None:
    """Takes away what holds a claim, if it is there; the cluster may do so at the same time with
    what it holds it by itself."""

    def is_free() -> bool:
        with suppress(httpx.HTTPStatusError):
            found = api.get(f"{CLAIMS}/{name}")["metadata"]
            kept = [each for each in found.get("finalizers") or [] if each != HELD]
            if kept != found.get("finalizers", []):
                version = found["resourceVersion"]
                body = {"metadata": {"finalizers": kept, "resourceVersion": version}}
                api.patch(f"{CLAIMS}/{name}", body)
        return not any(
            HELD in (each["metadata"].get("finalizers") or ())
            for each in api.items(CLAIMS, fieldSelector=f"metadata.name={name}")
        )

    with cluster.api() as api:
        assert wait_for(is_free, 30, every=0.1), name


def claims_there(cluster: Cluster) -> set[str]:
    """The names of all claims."""
    with cluster.api() as api:
        return _names(api.items(CLAIMS))


@contextmanager
def mounted(cluster: Cluster, pod: str, claim: str) -> Iterator[None]:
    """A pod that mounts a claim."""
    with cluster.api() as api, claims_in(api) as claims:
        claims.mount(pod, claim)
        yield


async def planned(session: Session, *names: str) -> Plan:
    """The plan to delete claims."""
    return await session.operations.plan("delete-claim", DeleteClaimRequest(names))


async def where(operation: Operation, name: str, words: str) -> None:
    """Waits until a claim is at a point of its way."""
    while not any(s.name == name and words in s.reason for s in operation.progress.steps):
        assert not operation.done, operation.outcome
        await operation.changed(operation.version)


def named(items: Any, *names: str) -> list[Json]:
    """Those of a list that have one of these names."""
    return [each for each in items if each["metadata"]["name"] in names]


def _names(items: Any) -> set[str]:
    return {str(each["metadata"]["name"]) for each in items}
