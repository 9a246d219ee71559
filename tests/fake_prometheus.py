"""A fake of Prometheus' answers: it computes nothing, and says what a test has told it to.

A query is answered with the series of the longest text that it holds of those that were told, one
value at each of its steps.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from hubtui.clients.gate import Gate
from hubtui.clients.http import Response
from hubtui.clients.prometheus import PrometheusClient
from hubtui.errors import HubtuiError
from hubtui.services.ranges import Ranges
from hubtui.services.session import Session

NOW = datetime(2026, 5, 4, 9, 30, 7, tzinfo=UTC)

HUB = "hub"
"""The namespace of the hub that is open."""


@dataclass(frozen=True)
class Asked:
    """A request: what was asked for, and the parameters beside it."""

    path: str
    query: str = ""
    matches: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FakePrometheus:
    """What it says, and what it was asked. `wait` holds back all answers while it is not set."""

    series: dict[str, list[tuple[dict[str, str], float]]] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    """Values by label, or by `label of selector`; the names of labels by `labels of selector`."""
    wrong: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and words by a text of the query."""
    asked: list[Asked] = field(default_factory=list)
    wait: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0
    most: int = 0
    """Requests that were under way at most at a time."""
    where: str = "Prometheus"
    headers: dict[str, str] = field(default_factory=dict)
    """Of its answers."""

    def __post_init__(self) -> None:
        self.wait.set()

    def tell(self, text: str, value: float, **labels: str) -> None:
        """A series of the queries that hold a text."""
        self.series.setdefault(text, []).append((labels, value))

    @property
    def queries(self) -> list[str]:
        """The queries that were sent."""
        return [each.query for each in self.asked if each.query]

    @property
    def session(self) -> Session:
        """As much of a session as a dashboard needs."""
        client = PrometheusClient(Gate(), self)
        link = SimpleNamespace(where=self.where, open=_given(client), retry=client.wake)
        ranges = Ranges(cast(Any, link), now=lambda: NOW)
        return cast(Session, SimpleNamespace(prometheus=link, ranges=ranges, namespace=HUB))

    @asynccontextmanager
    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", **_: object
    ) -> AsyncIterator[Response]:
        """As `Wire.send`."""
        assert (method, body) == ("GET", b"")
        assert headers["accept"] == "application/json"
        url = urlsplit(path)
        given = parse_qs(url.query)
        query = given.get("query", [""])[0]
        single = {name: values[0] for name, values in given.items()}
        asked = Asked(unquote(url.path), query, tuple(given.get("match[]", ())), single)
        self.asked.append(asked)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.wait.wait()
        finally:
            self.under_way -= 1
        status, answer = self._answer(asked)
        yield Response(status, self.headers, _once(json.dumps(answer).encode()))

    async def close(self) -> None:
        """As `Wire.close`."""

    def _answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        for text, (status, words) in self.wrong.items():
            if text in asked.query or text in asked.matches:
                return status, {"status": "error", "errorType": "bad_data", "error": words}
        return 200, {"status": "success", "data": self._data(asked)}

    def _data(self, asked: Asked) -> Any:
        if asked.path.endswith("/buildinfo"):
            return {"version": "2.42.0"}
        if asked.path.endswith("/values"):
            return self._values(asked.path.split("/")[-2], asked.matches)
        if asked.path.endswith("/labels"):
            return [n for each in asked.matches for n in self.labels.get(f"labels of {each}", [])]
        known = [text for text in self.series if text in asked.query]
        found = self.series[max(known, key=len)] if known else []
        if asked.path.endswith("/query"):
            rows: list[dict[str, Any]] = [
                {"metric": labels, "value": [1000, str(value)]} for labels, value in found
            ]
            return {"resultType": "vector", "result": rows}
        start, end, step = (float(asked.given[name]) for name in ("start", "end", "step"))
        times = [start + step * index for index in range(int((end - start) / step) + 1)]
        rows = [
            {"metric": labels, "values": [[at, str(value)] for at in times]}
            for labels, value in found
        ]
        return {"resultType": "matrix", "result": rows}

    def _values(self, label: str, matches: tuple[str, ...]) -> list[str]:
        if not matches:
            return self.labels.get(label, [])
        told = [self.labels.get(f"{label} of {each}", []) for each in matches]
        return [value for values in told for value in values]


def _given(client: PrometheusClient) -> Callable[[], Any]:
    async def open_() -> PrometheusClient:
        return client

    return open_


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def refusing(error: HubtuiError) -> Session:
    """A session that no Prometheus is reached from."""

    async def open_() -> PrometheusClient:
        raise error

    link = SimpleNamespace(where="Prometheus", open=open_, retry=lambda: None)
    ranges = Ranges(cast(Any, link))
    return cast(Session, SimpleNamespace(prometheus=link, ranges=ranges, namespace=HUB))
