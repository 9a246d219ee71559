"""Users of a test's own at the hub, and what the hub and the cluster have of their servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hubtui.model.hub import HubServer, ServerKey
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.testbed.users import NAMESPACE


@contextmanager
def guests(cluster: Cluster, *names: str) -> Iterator[None]:
    """Users who are there while a test runs; their servers go with them."""
    for name in names:
        cluster.add_user(name)
    try:
        yield
    finally:
        for name in names:
            cluster.remove_user(name)


async def server_of(session: Session, key: ServerKey) -> HubServer | None:
    """A server as the hub has it now; None for one that does not run."""
    hub = await session.hub_link.open()
    server = (await hub.user(key.user)).servers.get(key.server)
    return None if server is None or server.stopped else server


def pods_of(cluster: Cluster, user: str) -> list[str]:
    """The pods of a user's servers."""
    with cluster.api() as api:
        path = f"/api/v1/namespaces/{NAMESPACE}/pods"
        pods = api.items(path, labelSelector="component=singleuser-server")
    annotation = "hub.jupyter.org/username"
    return [
        pod["metadata"]["name"]
        for pod in pods
        if pod["metadata"]["annotations"].get(annotation) == user
    ]
