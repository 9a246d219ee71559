"""Prometheus' HTTP API: instant queries and ranges, labels and series. It is only read.

Source: Prometheus 2.42, HTTP API; Thanos, Mimir and VictoriaMetrics answer the same. Every request
asks the gate.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from hubtui.clients import alert_answers
from hubtui.clients import prometheus_answers as answers
from hubtui.clients.gate import Gate
from hubtui.clients.http import Response
from hubtui.clients.prometheus_answers import Instant, Matrix, QueryError, RefusedError, Vector
from hubtui.clients.wire import Wire, json_headers
from hubtui.errors import DecodeError, HubtuiError, LimitedError, TooLargeError, UnreachableError
from hubtui.model.alerts import Alert, AlertRule
from hubtui.model.prometheus import Sample, Series, Target
from hubtui.model.promql import LABEL
from hubtui.model.query_steps import Window

__all__ = ["Instant", "Matrix", "PrometheusClient", "QueryError", "Vector"]

AT_ONCE: Final = 4
"""Requests under way at most: a Prometheus runs 20 queries for all who ask."""

TIMEOUT: Final = 20.0
"""Seconds for a whole answer; Prometheus is told to give a query up before."""

MAX_BODY: Final = 16 * 1024 * 1024
"""Bytes of an answer that are read at most: some 400,000 points."""

REST: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds without requests after the first, second … failure in a row."""

Authorize = Callable[[], Awaitable[str]]
"""Gives the content of the header Authorization."""


class SlowError(UnreachableError):
    """It gave no answer in time, whichever way it was asked by."""


class PrometheusClient:
    """The API of one Prometheus.

    One that does not answer, refuses the credentials or is asked too often rests: until `REST` has
    passed, every request raises the same error at once. A request whose connection broke is sent
    once more, as it changes nothing.
    """

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
        self._authorization = ""
        self._authorizing = asyncio.Lock()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._failures = 0
        self._rest_until = 0.0
        self.trouble: HubtuiError | None = None
        """Why it did not answer the latest request; None while it answers."""
        self.skew: timedelta | None = None
        """How much its clock is ahead of ours; None until it has told the time."""
        self.warnings: tuple[str, ...] = ()
        """What it said beside its latest answer: a part of the data is missing, for one."""

    @property
    def where(self) -> str:
        """Whom it asks, in words."""
        return self._wire.where

    @property
    def resting(self) -> bool:
        """Whether requests are held back after a failure."""
        return self.trouble is not None and time.monotonic() < self._rest_until

    def wake(self) -> None:
        """The next request is sent, whatever failed before."""
        self._rest_until = 0.0

    async def query(self, promql: str, at: datetime | None = None) -> list[Sample]:
        """An instant query, at the server's now where `at` is None.

        Raises QueryError for a query that it does not understand or cannot compute, DeniedError,
        UnreachableError, DecodeError, ApiError.
        """
        return (await self.vector(promql, at)).samples

    async def query_range(
        self, promql: str, start: datetime, end: datetime, step: timedelta
    ) -> list[Series]:
        """A query at each step of a range. Raises as `query`."""
        return (await self.matrix(promql, start, end, step)).series

    async def vector(self, promql: str, at: datetime | None = None) -> Vector:
        """As `query`, with the warnings."""
        return self._kept(await answers.vector(await self._at(promql, at), self.where))

    async def instant(
        self, promql: str, at: datetime | None = None, most: int | None = None
    ) -> Instant:
        """As `query`, with the answer of whatever kind it is; at most so many series are
        decoded."""
        return self._kept(await answers.instant(await self._at(promql, at), self.where, most))

    async def _at(self, promql: str, at: datetime | None) -> bytes:
        when = [] if at is None else [("time", _seconds(at))]
        return await self._get("/query", [("query", promql), *when, _GIVE_UP], promql)

    async def matrix(
        self,
        promql: str,
        start: datetime,
        end: datetime,
        step: timedelta,
        most: int | None = None,
    ) -> Matrix:
        """As `query_range`, with the warnings; at most so many series are decoded."""
        asked = [
            ("query", promql),
            ("start", _seconds(start)),
            ("end", _seconds(end)),
            ("step", f"{step.total_seconds():.3f}"),
            _GIVE_UP,
        ]
        body = await self._get("/query_range", asked, promql)
        return self._kept(await answers.matrix(body, self.where, most))

    async def labels(self, matches: Sequence[str] = (), window: Window | None = None) -> list[str]:
        """The names of all labels, of the series that the selectors match; with a window of those
        that there were in it."""
        asked = [*_matching(matches), *_during(window)]
        return answers.strings(await self._get("/labels", asked), self.where)

    async def label_values(
        self, label: str, matches: Sequence[str] = (), window: Window | None = None
    ) -> list[str]:
        """All values of a label, those of a window where there is one; of `__name__` those are the
        metrics."""
        if not LABEL.fullmatch(label):
            raise QueryError(f"{label} is no name of a label", status=HTTPStatus.BAD_REQUEST)
        asked = [*_matching(matches), *_during(window)]
        return answers.strings(await self._get(f"/label/{label}/values", asked), self.where)

    async def series(self, matches: Sequence[str]) -> list[dict[str, str]]:
        """The labels of the series that the selectors match."""
        return answers.label_sets(await self._get("/series", _matching(matches)), self.where)

    async def alerts(self) -> list[Alert]:
        """The alerts that fire or are pending, without their rules."""
        return alert_answers.alerts(await self._get("/alerts", []), self.where)

    async def rules(self) -> list[AlertRule]:
        """The rules of all alerts."""
        return alert_answers.rules(await self._get("/rules", [("type", "alert")]), self.where)

    async def targets(self) -> list[Target]:
        """What it scrapes, or tries to."""
        return answers.targets(await self._get("/targets", [("state", "active")]), self.where)

    async def version(self) -> str:
        """Its version, `2.42.0`; "" where it has none to tell."""
        return answers.version(await self._get("/status/buildinfo", []), self.where)

    def _kept(self, answer: answers.A) -> answers.A:
        self.warnings = answer.warnings
        return answer

    async def _get(self, path: str, query: Sequence[tuple[str, str]], promql: str = "") -> bytes:
        self._gate.check_prometheus(f"/api/v1{path}")
        async with self._places:
            if self.resting and self.trouble is not None:
                raise self.trouble.with_traceback(None)
            try:
                body = await self._patiently(f"/api/v1{path}?{urlencode(query)}", promql)
            except (UnreachableError, RefusedError, LimitedError) as error:
                self._failed(error)
                raise
            self.trouble, self._failures = None, 0
            return body

    def _failed(self, error: HubtuiError) -> None:
        """Rests, once for several requests that failed together."""
        if not self.resting:
            rest = REST[min(self._failures, len(REST) - 1)]
            wanted = error.wait or 0.0 if isinstance(error, LimitedError) else 0.0
            self._rest_until = time.monotonic() + min(max(rest, wanted), REST[-1])
            self._failures += 1
        self.trouble = error

    async def _patiently(self, path: str, promql: str) -> bytes:
        try:
            async with asyncio.timeout(TIMEOUT):
                try:
                    return await self._authorized(path, promql)
                except UnreachableError:
                    return await self._authorized(path, promql)
        except TimeoutError:
            raise SlowError(
                f"{self.where} does not answer within {TIMEOUT:g} s",
                meaning="It may have too much to do; it is asked again after a while.",
            ) from None

    async def _authorized(self, path: str, promql: str) -> bytes:
        used = await self._credentials("")
        try:
            return await self._once(path, promql, used)
        except RefusedError:
            # A token that a command gives lasts for an hour or so.
            renewed = await self._credentials(used) if used else used
            if renewed == used:
                raise
        return await self._once(path, promql, renewed)

    async def _credentials(self, refused: str) -> str:
        async with self._authorizing:
            if self._authorize is not None and self._authorization in ("", refused):
                self._authorization = await self._authorize()
            return self._authorization

    async def _once(self, path: str, promql: str, authorization: str) -> bytes:
        headers = dict(self._headers)
        if authorization:
            headers["authorization"] = authorization
        async with self._answer(path, headers) as answer:
            body = await read(answer, self.where)
            if answer.status != HTTPStatus.OK:
                raise answers.error_of(answer, body, promql, self.where)
        if body[:_BLANKS].lstrip()[:1] == b"<":
            raise DecodeError(
                f"{self.where} answers with a page of HTML",
                meaning="That is not Prometheus' API: perhaps a login in front of it.",
                remedy="metrics.prometheus is the address in front of /api/v1.",
            )
        return body

    @asynccontextmanager
    async def _answer(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[Response]:
        async with self._wire.send("GET", path, headers, timeout=None) as answer:
            if date := answer.headers.get("date"):
                self.skew = _skew(date) or self.skew
            yield answer


_BLANKS: Final = 256
"""Bytes at the head of a page that may be blank."""

_GIVE_UP: Final = ("timeout", f"{TIMEOUT - 2:g}s")


def _matching(matches: Sequence[str]) -> list[tuple[str, str]]:
    return [("match[]", each) for each in matches]


def _during(window: Window | None) -> list[tuple[str, str]]:
    if window is None:
        return []
    return [("start", _seconds(window.start)), ("end", _seconds(window.end))]


def _seconds(moment: datetime) -> str:
    return f"{moment.timestamp():.3f}"


def _skew(date: str) -> timedelta | None:
    try:
        return parsedate_to_datetime(date) - datetime.now(UTC)
    except (TypeError, ValueError):
        return None


async def read(answer: Response, where: str) -> bytes:
    """The body of an answer. Raises DecodeError for one that is too long."""
    body = bytearray()
    async for chunk in answer.chunks:
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLargeError(
                f"{where} answers with more than {MAX_BODY:,} bytes",
                remedy="Ask for fewer series, or for a shorter time.",
            )
    return bytes(body)
