"""The hub's pod as a wire to its API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hubtui.clients.kube import KubeClient
from hubtui.clients.wire import PodWire
from hubtui.errors import UnreachableError
from hubtui.model import kube
from hubtui.services import hub_health
from hubtui.services.hub_health import HubAddress
from hubtui.services.living_pod import LivingPod, Used
from hubtui.services.store import State, Store


class HubPod(LivingPod):
    """A wire to whichever pod of the hub runs, at the `address` of then.

    `pods` are those of `namespace`; as far as they are live, a pod that is not the same any more
    is seen before it is asked.
    """

    def __init__(
        self,
        client: KubeClient,
        address: Callable[[], Awaitable[HubAddress]],
        pods: Store[kube.Pod],
        namespace: str,
    ) -> None:
        super().__init__("the hub")
        self._client = client
        self._address = address
        self._pods = pods
        self._namespace = namespace

    def _is_replaced(self, pod: kube.Pod, /) -> bool:
        is_followed = pod.metadata.namespace == self._namespace
        if not is_followed or self._pods.health.state is not State.LIVE:
            return False
        found = self._pods.get(pod.key)
        return (
            found is None
            or found.metadata.uid != pod.metadata.uid
            or found.metadata.deletion_timestamp is not None
        )

    async def _found(self) -> Used:
        at = await self._address()
        pod = await hub_health.running_pod(self._client, at)
        if pod is None:
            raise UnreachableError(
                "There is no hub pod that runs", remedy="Look at the pods: w says why it is not up."
            )
        prefix = at.path.removesuffix("/health") + "/api"
        name = pod.metadata.name
        where = f"the hub (pod {name})"
        return Used(pod, PodWire(self._client, at.namespace, name, at.port, prefix, where))
