"""metrics.k8s.io: what the pods of a namespace use. It knows no watch: whoever wants news asks."""

from __future__ import annotations

from hubtui.clients.kube import KubeClient
from hubtui.model.kinds import POD_METRICS
from hubtui.model.usage import Usage, usage_of


async def read(client: KubeClient, namespace: str) -> dict[str, Usage]:
    """The use of each pod by its name.

    Raises NotFoundError where the cluster has no metrics-server, DeniedError, ApiError (503 when
    it is down), UnreachableError.
    """
    found = await client.list(POD_METRICS, namespace)
    return {each.metadata.name: usage_of(each) for each in found}
