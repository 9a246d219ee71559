"""metrics.k8s.io: what pods or nodes use. It knows no watch: whoever wants news asks."""

from __future__ import annotations

from hubtui.clients.kube import KubeClient
from hubtui.model.kinds import Kind
from hubtui.model.usage import Metrics, Usage


async def read(client: KubeClient, kind: Kind[Metrics], namespace: str = "") -> dict[str, Usage]:
    """The use of each object of a kind by its name.

    Raises NotFoundError where the cluster has no metrics-server, DeniedError, ApiError (503 when
    it is down), UnreachableError.
    """
    found = await client.list(kind, namespace)
    return {each.metadata.name: each.total for each in found}
