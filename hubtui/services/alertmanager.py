"""The way to the Alertmanager that the configuration names: its address, or a service."""

from __future__ import annotations

import asyncio

from hubtui.clients.alertmanager import AlertmanagerClient
from hubtui.clients.http import Http
from hubtui.clients.kube import KubeClient
from hubtui.clients.prometheus_wire import AddressWire, ServiceWire
from hubtui.clients.wire import Wire
from hubtui.config import MetricsSource, Settings
from hubtui.errors import ConfigError, DeniedError, HubtuiError
from hubtui.model.alerts import Alert
from hubtui.model.kube_services import Service
from hubtui.model.prometheus_place import Place, place_of
from hubtui.model.prometheus_service import port_of
from hubtui.services import prometheus_places as places
from hubtui.services.prometheus import PrometheusLink

WHOM = "Alertmanager"
SETTING = "metrics.alertmanager"


class AlertmanagerLink:
    """The Alertmanager of one session. In the demo the settings do not count."""

    def __init__(self, settings: Settings, client: KubeClient, prometheus: PrometheusLink) -> None:
        own = settings.demo is None
        self._settings = settings.metrics if own else MetricsSource()
        self._client = client
        self._prometheus = prometheus
        self._wire: Wire | None = None
        self._found: AlertmanagerClient | None = None
        self._opening = asyncio.Lock()

    @property
    def is_named(self) -> bool:
        """Whether there is one to ask."""
        return bool(self._settings.alertmanager)

    async def alerts(self) -> list[Alert]:
        """All alerts that it has.

        Raises ConfigError, DeniedError, UnreachableError, DecodeError, ApiError.
        """
        async with self._opening:
            found = self._found or await self._reached()
        try:
            return await found.alerts()
        except HubtuiError:
            await self.close()
            raise

    async def close(self) -> None:
        """Ends the connections."""
        wire, self._wire, self._found = self._wire, None, None
        if wire is not None:
            await wire.close()

    async def _reached(self) -> AlertmanagerClient:
        named = self._settings.alertmanager
        place = place_of(named)
        if place is None:
            tls, headers, authorize = self._prometheus.beside(named)
            self._wire = AddressWire(Http(self._client.gate, tls=tls), named, WHOM)
            self._found = AlertmanagerClient(self._client.gate, self._wire, headers, authorize)
            return self._found
        return await self._of_service(await places.named(self._client, place, SETTING), place)

    async def _of_service(self, service: Service, place: Place) -> AlertmanagerClient:
        """By the first way that the rights allow."""
        meta = service.metadata
        port = port_of(service, place.port)
        if port is None:
            raise ConfigError(f"Service {meta.namespace}/{meta.name} has no such port")
        ways: list[Wire] = []
        if service.spec.selector:
            ways.append(places.ServicePod(self._client, service, port, WHOM))
        ways.append(ServiceWire(self._client, meta.namespace, meta.name, port.port, WHOM))
        failed: list[HubtuiError] = []
        for wire in ways:
            client = AlertmanagerClient(self._client.gate, wire)
            try:
                await client.alerts()
            except HubtuiError as error:
                await wire.close()
                failed.append(error)
                continue
            self._wire, self._found = wire, client
            return client
        raise next((each for each in failed if not isinstance(each, DeniedError)), failed[0])
