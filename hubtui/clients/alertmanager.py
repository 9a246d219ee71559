"""An Alertmanager's API: which alerts fire, and which of them are silenced. It is only read.

Source: Alertmanager 0.25, API v2. Every request asks the gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from hubtui.clients import alert_answers
from hubtui.clients import prometheus_answers as answers
from hubtui.clients.gate import Gate
from hubtui.clients.http import Response
from hubtui.clients.prometheus import Authorize, read
from hubtui.clients.wire import Wire, json_headers
from hubtui.errors import DeniedError, HubtuiError, UnreachableError
from hubtui.model.alerts import Alert

TIMEOUT: Final = 15.0
"""Seconds for a whole answer."""

_ALERTS: Final = "/api/v2/alerts"


class AlertmanagerClient:
    """The API of one Alertmanager."""

    def __init__(
        self,
        gate: Gate,
        wire: Wire,
        headers: Mapping[str, str] | None = None,
        authorize: Authorize | None = None,
    ) -> None:
        self._gate = gate
        self._wire = wire
        self._headers = json_headers(headers)
        self._authorize = authorize

    async def alerts(self) -> list[Alert]:
        """All alerts that fire, silenced ones too.

        Raises DeniedError, UnreachableError, DecodeError, ApiError.
        """
        self._gate.check_alertmanager(_ALERTS)
        where = self._wire.where
        try:
            async with asyncio.timeout(TIMEOUT):
                body = await self._asked()
        except TimeoutError:
            raise UnreachableError(f"{where} does not answer within {TIMEOUT:g} s") from None
        return alert_answers.routed(body, where)

    async def _asked(self) -> bytes:
        headers = dict(self._headers)
        if self._authorize is not None:
            headers["authorization"] = await self._authorize()
        async with self._wire.send("GET", _ALERTS, headers, timeout=None) as answer:
            body = await read(answer, self._wire.where)
            if answer.status != HTTPStatus.OK:
                raise _error_of(answer, body, self._wire.where)
        return body


def _error_of(answer: Response, body: bytes, where: str) -> HubtuiError:
    error = answers.error_of(answer, body, "", where)
    if not isinstance(error, DeniedError):
        error.remedy = "metrics.alertmanager is the address in front of /api/v2."
    return error
