"""The hub's own address as a wire to its API."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

from hubtui.clients.http import Http, Response
from hubtui.model.origin import origin_of


class UrlWire:
    """Requests to the hub's own address: `url` is that with the hub's base URL."""

    def __init__(self, http: Http, url: str) -> None:
        origin = origin_of(url)
        http.gate.allow_hub(origin)
        self.where = f"the hub ({origin})"
        self._base = str(origin) + urlsplit(url).path.rstrip("/") + "/hub/api"
        self._http = http

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float | None,
    ) -> AbstractAsyncContextManager[Response]:
        """As `Wire.send`."""
        return self._http.to_hub(method, self._base + path, headers, body, timeout=timeout)

    async def close(self) -> None:
        """As `Wire.close`."""
        await self._http.close()
