"""The way to Prometheus: the one that is named, or one that is found in the cluster."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Mapping
from typing import Final

from hubtui.clients.http import Http, Tls
from hubtui.clients.kube import KubeClient
from hubtui.clients.prometheus import Authorize, PrometheusClient, SlowError
from hubtui.clients.prometheus_wire import AddressWire, ServiceWire
from hubtui.clients.token import Named, read_named
from hubtui.clients.wire import Wire
from hubtui.config import MetricsSource, Settings
from hubtui.errors import ConfigError, DeniedError, HubtuiError, NotFoundError
from hubtui.model import promql
from hubtui.model.kube_services import Service, ServicePort
from hubtui.model.origin import origin_of
from hubtui.model.prometheus_place import Place, place_of
from hubtui.model.prometheus_service import port_of
from hubtui.model.promql import Matcher
from hubtui.services import prometheus_places as places
from hubtui.services.living_pod import LivingPod
from hubtui.services.prometheus_places import SET_IT, ServicePod

VARIABLE: Final = "HUBTUI_PROMETHEUS_TOKEN"

REMEMBERED: Final = 60.0
"""Seconds until it is looked for again after none was found or none answered."""

_TRIED: Final = 4
"""Services that are asked at most."""


class PrometheusLink:
    """The Prometheus of one session. In the demo the settings do not count.

    Call `open` before each round of queries: it costs nothing, and gives another client where the
    former Prometheus is gone. A token is sent to the Prometheus that the configuration names, and
    never to one that was found: anybody may label a service.
    """

    def __init__(self, settings: Settings, client: KubeClient, namespace: str) -> None:
        own = settings.demo is None
        self._settings = settings.metrics if own else MetricsSource()
        self._environ: Mapping[str, str] = os.environ if own else {}
        self._client = client
        self._namespace = namespace
        self._found: PrometheusClient | None = None
        self._wire: Wire | None = None
        self._failed: HubtuiError | None = None
        self._look_from = 0.0
        self._opening = asyncio.Lock()
        self.version = ""
        """What it calls its version, once it was asked; "" where it does not tell."""

    @property
    def where(self) -> str:
        """Whom it reaches, and by which way, in words."""
        return self._wire.where if self._wire else "Prometheus"

    @property
    def missing(self) -> str:
        """Why there is none, or why it does not answer; "" while it does."""
        if self._failed is not None:
            return self._failed.what
        if self._found is None:
            return "Prometheus was not asked yet"
        return self._found.trouble.what if self._found.trouble is not None else ""

    def selector(self, metric: str, /, **matchers: str | Matcher) -> str:
        """`promql.selector` with the matchers of the configuration."""
        return promql.selector(metric, self._settings.matchers, **matchers)

    async def open(self) -> PrometheusClient:
        """The Prometheus, reached.

        Raises ConfigError where none is found or named wrongly, DeniedError, UnreachableError,
        ToolError for a command that gives no token; what failed is raised again for a minute.
        """
        async with self._opening:
            if self._failed is not None and time.monotonic() < self._look_from:
                raise self._failed.with_traceback(None)
            found = self._found
            if found is not None and (found.trouble is None or found.resting):
                return found
            try:
                self._found = await (self._again(found) if found else self._reached())
            except HubtuiError as error:
                self._failed, self._look_from = error, time.monotonic() + REMEMBERED
                raise
            self._failed = None
            return self._found

    def retry(self) -> None:
        """The next `open` looks at once, whatever failed before."""
        self._look_from = 0.0
        if self._found is not None:
            self._found.wake()

    async def close(self) -> None:
        """Ends the connections."""
        await self._end()

    def beside(self, url: str) -> tuple[Tls, Mapping[str, str], Authorize | None]:
        """The certificates, headers and credentials for another API on the same server, as Mimir
        has its Alertmanager there; for any other server the trusted ones alone. Raises
        ConfigError."""
        given = self._settings
        if "://" not in given.prometheus or origin_of(given.prometheus) != origin_of(url):
            return Tls(given.ca_file), {}, None
        return self._tls(), given.headers, self._authorize()

    def _tls(self) -> Tls:
        given = self._settings
        return Tls(given.ca_file, given.certificate_file, given.key_file)

    async def _again(self, found: PrometheusClient) -> PrometheusClient:
        """The one that was used before where it answers, else whichever is there now."""
        if isinstance(self._wire, LivingPod):
            await self._wire.forget()
        try:
            await self._version(found)
        except SlowError:
            await self._end()
            raise
        except HubtuiError:
            await self._end()
            return await self._reached()
        return found

    async def _end(self) -> None:
        wire, self._wire, self._found = self._wire, None, None
        if wire is not None:
            await wire.close()

    async def _reached(self) -> PrometheusClient:
        named = self._settings.prometheus
        if "://" in named:
            http = Http(self._client.gate, tls=self._tls())
            return await self._asked(AddressWire(http, named), self._settings.headers)
        place = place_of(named) if named else None
        if place is not None:
            return await self._of_service(await places.named(self._client, place), place)
        return await self._discovered()

    async def _discovered(self) -> PrometheusClient:
        looked = await places.look(self._client, self._namespace)
        if not looked.services:
            raise ConfigError(
                f"No Prometheus found: looked for its labels in {looked.where}",
                remedy=SET_IT,
            )
        failed: list[HubtuiError] = []
        for service in looked.services[:_TRIED]:
            try:
                return await self._of_service(service, None)
            except SlowError:
                raise
            except HubtuiError as error:
                failed.append(error)
        raise failed[0]

    async def _of_service(self, service: Service, place: Place | None) -> PrometheusClient:
        """By the first way that the rights allow."""
        words = f"{service.metadata.namespace}/{service.metadata.name}"
        port = port_of(service, place.port if place else "")
        if port is None:
            raise ConfigError(f"Service {words} has no such port", remedy=SET_IT)
        failed: list[HubtuiError] = []
        for wire in self._ways(service, port):
            try:
                return await self._asked(wire, self._settings.headers if place else {})
            except SlowError:
                raise
            except HubtuiError as error:
                failed.append(error)
        if not failed:
            raise ConfigError(f"Service {words} has no pods of its own", remedy=SET_IT)
        raise _told(failed, service.metadata.namespace)

    def _ways(self, service: Service, port: ServicePort) -> list[Wire]:
        meta = service.metadata
        ways: list[Wire] = []
        if service.spec.selector:
            ways.append(ServicePod(self._client, service, port))
        if self._authorize() is None or not self._settings.prometheus:
            ways.append(ServiceWire(self._client, meta.namespace, meta.name, port.port))
        return ways

    async def _asked(self, wire: Wire, headers: Mapping[str, str]) -> PrometheusClient:
        authorize = self._authorize() if self._settings.prometheus else None
        client = PrometheusClient(self._client.gate, wire, headers, authorize)
        try:
            self.version = await self._version(client)
        except BaseException:
            await wire.close()
            raise
        self._wire = wire
        return client

    async def _version(self, client: PrometheusClient) -> str:
        try:
            return await client.version()
        except NotFoundError:
            await client.query(promql.selector("up"))  # older ones do not tell their version
            return ""

    def _authorize(self) -> Authorize | None:
        given = self._settings
        names = Named(VARIABLE, "metrics", given.token_file, given.token_command, "Prometheus")
        if not names.found(self._environ):
            if given.username:
                raise ConfigError(
                    f"There is no password for metrics.username {given.username}",
                    remedy=f"Set {VARIABLE}, metrics.token_file or metrics.token_command.",
                )
            return None

        async def authorization() -> str:
            secret = await read_named(names, self._environ)
            if not given.username:
                return f"Bearer {secret}"
            return "Basic " + base64.b64encode(f"{given.username}:{secret}".encode()).decode()

        return authorization


def _told(failed: list[HubtuiError], namespace: str) -> HubtuiError:
    """Which of the failures counts: a way that the rights allow says more than one they do not."""
    allowed = [each for each in failed if not isinstance(each, DeniedError)]
    if allowed:
        return allowed[0]
    error = failed[0]
    error.remedy = error.remedy or (
        "Ask for get and create of pods/portforward, or get of services/proxy, in namespace"
        f" {namespace}."
    )
    return error
