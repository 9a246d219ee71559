"""Prometheus as its client sees it: answers decoded, refusals in words, rest after a failure."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from hubtui.clients import prometheus
from hubtui.clients.gate import Gate
from hubtui.clients.http import Response
from hubtui.clients.prometheus import AT_ONCE, PrometheusClient
from hubtui.clients.prometheus_answers import QueryError, RefusedError
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    HubtuiError,
    LimitedError,
    NotFoundError,
    UnreachableError,
)
from hubtui.model.prometheus import Sample, Series

DAY = datetime(2026, 5, 2, 8, tzinfo=UTC)


def told(data: object, **more: object) -> bytes:
    return json.dumps({"status": "success", "data": data, **more}).encode()


def vector(*rows: tuple[dict[str, str], Any]) -> bytes:
    result = [{"metric": labels, "value": value} for labels, value in rows]
    return told({"resultType": "vector", "result": result})


def error(kind: str, words: str) -> bytes:
    return json.dumps({"status": "error", "errorType": kind, "error": words}).encode()


@dataclass
class Canned:
    """A fake wire: gives one answer to everything, breaks `breaks` times before, and refuses all
    but `knows`, if told so; `held` holds answers back."""

    status: int = 200
    body: bytes = field(default_factory=lambda: vector())
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks: int = 0
    knows: str = ""
    held: asyncio.Event | None = None
    seen: list[str] = field(default_factory=list)
    sent: dict[str, str] = field(default_factory=dict)
    held_back: int = 0
    full: asyncio.Event = field(default_factory=asyncio.Event)
    where: str = "Prometheus (a fake)"

    @asynccontextmanager
    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", **_: object
    ) -> AsyncIterator[Response]:
        assert (method, body) == ("GET", b"")
        self.seen.append(path)
        self.sent = dict(headers)
        if len(self.seen) <= self.breaks:
            raise UnreachableError("it broke")
        if self.held is not None:
            self.held_back += 1
            if self.held_back == AT_ONCE:
                self.full.set()
            await self.held.wait()
        if self.knows not in ("", headers.get("authorization")):
            yield Response(401, {}, _parts(b"Unauthorized\n"))
            return
        yield Response(self.status, self.headers, _parts(self.body))

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What stood in the latest request's query."""
        return parse_qsl(urlsplit(self.seen[-1]).query)

    async def close(self) -> None:
        """Nothing is open."""


async def _parts(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 1 << 20):
        yield body[start : start + (1 << 20)]


def client_of(wire: Canned, **more: Any) -> PrometheusClient:
    return PrometheusClient(Gate("because"), wire, **more)


async def matrix(client: PrometheusClient) -> list[Series]:
    return await client.query_range("up", DAY, DAY + timedelta(hours=1), timedelta(minutes=5))


async def test_numbers_come_with_their_labels_whatever_they_are() -> None:
    rows = [({"a": "x"}, [1.5, "2"]), ({}, [2, "NaN"]), ({}, [3, "+Inf"]), ({}, [4, "-Inf"])]
    found = await client_of(Canned(body=vector(*rows))).query("up")
    assert found[0] == Sample({"a": "x"}, 1.5, 2.0)
    assert math.isnan(found[1].value)
    assert [each.value for each in found[2:]] == [math.inf, -math.inf]


async def test_a_single_number_has_no_labels() -> None:
    body = told({"resultType": "scalar", "result": [7, "1e3"]})
    assert await client_of(Canned(body=body)).query("1000") == [Sample({}, 7.0, 1000.0)]


async def test_histograms_have_no_number_and_labels_no_harmful_text() -> None:
    result = [
        {"metric": {"a": "h"}, "histogram": [1, {"count": "3"}]},
        {"metric": {"a": "\x1b[31m\u202e"}, "value": [1, "1"]},
    ]
    body = told({"resultType": "vector", "result": result})
    (found,) = await client_of(Canned(body=body)).query("up")
    assert found.labels == {"a": "\\x1b[31m\\u202e"}


async def test_a_range_is_lines_with_gaps_where_nothing_was_scraped() -> None:
    result = [
        {"metric": {"a": "x"}, "values": [[0, "1"], [600, "3"]]},
        {"metric": {"a": "h"}, "histograms": [[0, {"count": "3"}]]},
    ]
    wire = Canned(body=told({"resultType": "matrix", "result": result}))
    assert await matrix(client_of(wire)) == [Series({"a": "x"}, ((0.0, 1.0), (600.0, 3.0)))]
    start = DAY.timestamp()
    assert dict(wire.asked) == {
        "query": "up",
        "start": f"{start:.3f}",
        "end": f"{start + 3600:.3f}",
        "step": "300.000",
        "timeout": "18s",
    }


async def test_a_moment_is_named_or_is_the_servers_own_now() -> None:
    wire = Canned()
    client = client_of(wire)
    await client.query('up{a="+&% é"}', DAY)
    assert dict(wire.asked) | {"timeout": ""} == {
        "query": 'up{a="+&% é"}',
        "time": f"{DAY.timestamp():.3f}",
        "timeout": "",
    }
    await client.query("up")
    assert "time" not in dict(wire.asked)


async def test_names_values_and_series_are_told() -> None:
    wire = Canned(body=told(["a", "b"]))
    client = client_of(wire)
    assert await client.labels(["up", "x"]) == ["a", "b"]
    assert wire.asked == [("match[]", "up"), ("match[]", "x")]
    assert await client.label_values("job") == ["a", "b"]
    assert wire.seen[-1].startswith("/api/v1/label/job/values?")
    wire.body = told([{"job": "a"}])
    assert await client.series(["up"]) == [{"job": "a"}]
    wire.body = told(None)
    assert await client.labels() == []
    with pytest.raises(QueryError, match="no name of a label"):
        await client.label_values("../query")


async def test_warnings_are_kept_until_the_next_answer() -> None:
    wire = Canned(body=told({"resultType": "vector", "result": []}, warnings=["store\ndown"]))
    client = client_of(wire)
    assert await client.query("up") == []
    assert client.warnings == ("store down",)
    wire.body = vector()
    assert (await client.vector("up")).warnings == ()
    assert not client.warnings


@pytest.mark.parametrize(
    ("query", "words", "position"),
    [
        ("sum(", 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis', 4),
        ("a\n + }", 'invalid parameter "query": 2:4: parse error: unexpected character', 5),
        ("up{", "1:4: parse error: unexpected end of input", 3),
        ("up", "9:1: parse error: of another query", None),
        ("up", "1:99: parse error: beyond its end", 2),
        ("up", "found duplicate series for the match group {}", None),
    ],
)
async def test_where_a_query_is_wrong_is_told(query: str, words: str, position: int | None) -> None:
    client = client_of(Canned(400, error("bad_data", words)))
    with pytest.raises(QueryError, match="cannot answer the query") as refused:
        await client.query(query)
    assert (refused.value.position, refused.value.status) == (position, 400)
    assert client.trouble is None


@pytest.mark.parametrize(
    ("wire", "kind", "words"),
    [
        (Canned(401, b"Unauthorized\n"), RefusedError, "does not accept the credentials"),
        (Canned(403, b"<html>"), DeniedError, "does not let these credentials ask"),
        (Canned(404, b"404 page not found"), NotFoundError, "has no such API"),
        (Canned(422, error("execution", "too many samples")), QueryError, "too many samples"),
        (Canned(503, error("timeout", "query timed out")), QueryError, "query timed out"),
        (Canned(400, b"<html>"), ApiError, "answers: HTTP 400"),
        (Canned(429, b"{}"), LimitedError, "too much to do"),
        (Canned(500, error("internal", "it broke")), ApiError, "answers: it broke"),
        (Canned(503, b"Service Unavailable"), UnreachableError, "is not up: HTTP 503"),
        (Canned(302), ApiError, "perhaps to a login"),
        (Canned(body=b"\n <!doctype html>"), DecodeError, "a page of HTML"),
        (Canned(body=b""), DecodeError, "cannot be read"),
        (Canned(body=vector(({}, [1, "2"]))[:-9]), DecodeError, "cannot be read"),
        (Canned(body=b'{"status": "error", "error": "no"}'), DecodeError, "no answer: no"),
        (Canned(body=vector(({}, [1, "two"]))), DecodeError, "'two' for a number"),
        (Canned(body=vector(({}, ["x", 2]))), DecodeError, "cannot be read"),
        (Canned(body=b"[" * 100_000), DecodeError, "cannot be read"),
        (Canned(body=told({"resultType": "matrix", "result": []})), DecodeError, "a matrix"),
        (Canned(body=told({})), DecodeError, "a result without a type"),
        (Canned(body=b" " * (50 << 20)), DecodeError, r"more than 16,777,216 bytes"),
    ],
    ids=lambda value: (
        f"{value.status}-{bytes(value.body[:20])!r}" if isinstance(value, Canned) else ""
    ),
)
async def test_an_answer_that_is_none_says_so(
    wire: Canned, kind: type[HubtuiError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        await client_of(wire).query("up")


async def test_a_connection_that_breaks_once_costs_nothing() -> None:
    wire = Canned(breaks=1)
    client = client_of(wire)
    assert await client.query("up") == []
    assert (len(wire.seen), client.trouble) == (2, None)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(prometheus, "time", found)
    return found


async def test_one_that_does_not_answer_rests_longer_each_time(clock: Clock) -> None:
    wire = Canned(breaks=99)
    client = client_of(wire)
    for rest in (5, 10, 20, 40, 60, 60):
        before = len(wire.seen)
        for _ in range(3):
            with pytest.raises(UnreachableError, match="it broke"):
                await client.query("up")
        assert len(wire.seen) == before + 2  # one request, sent twice; the others were not
        assert client.resting
        clock.now += rest - 1
        assert client.resting
        clock.now += 2
        assert not client.resting
    wire.breaks = 0
    assert await client.query("up") == []
    assert client.trouble is None


async def test_who_asks_for_it_need_not_wait(clock: Clock) -> None:
    wire = Canned(breaks=2)
    client = client_of(wire)
    with pytest.raises(UnreachableError):
        await client.query("up")
    client.wake()
    assert await client.query("up") == []


async def test_one_that_is_asked_too_often_names_its_own_rest(clock: Clock) -> None:
    client = client_of(Canned(429, b"{}", {"retry-after": "30"}))
    with pytest.raises(LimitedError):
        await client.query("up")
    clock.now += 29
    assert client.resting
    clock.now += 2
    assert not client.resting


async def test_a_slow_one_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "TIMEOUT", 0.01)
    wire = Canned(held=asyncio.Event())
    client = client_of(wire)
    with pytest.raises(UnreachableError, match=r"does not answer within 0\.01 s"):
        await client.query("up")
    assert client.resting


async def test_a_few_are_asked_at_once_and_a_failure_of_all_counts_once(clock: Clock) -> None:
    wire = Canned(503, b"", held=asyncio.Event())
    client = client_of(wire)
    asked = [asyncio.create_task(client.query("up")) for _ in range(50)]
    await wire.full.wait()
    await asyncio.sleep(0)
    assert len(wire.seen) == AT_ONCE
    assert wire.held is not None
    wire.held.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(each) for each in answers} == {UnreachableError}
    assert len(wire.seen) == 2 * AT_ONCE  # each sent twice; the other 46 were not sent
    clock.now += 6
    assert not client.resting


def tokens(*values: str) -> Callable[[], Any]:
    """Gives one after the other, then the last."""
    left = list(values)

    async def give() -> str:
        return left.pop(0) if len(left) > 1 else left[0]

    return give


async def test_a_token_that_ended_is_had_anew_once() -> None:
    wire = Canned(knows="Bearer new")
    client = client_of(wire, authorize=tokens("Bearer old", "Bearer new", "Bearer newer"))
    assert await client.query("up") == []
    assert await client.query("up") == []
    assert len(wire.seen) == 3


async def test_credentials_that_are_refused_are_named_and_not_shown() -> None:
    client = client_of(Canned(knows="Bearer other"), authorize=tokens("Bearer it-is-secret"))
    with pytest.raises(RefusedError) as refused:
        await client.query("up")
    assert "HUBTUI_PROMETHEUS_TOKEN" in str(refused.value)
    assert "it-is-secret" not in str(refused.value)
    assert client.resting


async def test_headers_of_the_configuration_are_sent() -> None:
    wire = Canned()
    await client_of(wire, headers={"X-Scope-OrgID": "hubs"}).query("up")
    assert wire.sent["x-scope-orgid"] == "hubs"
    assert "authorization" not in wire.sent


@pytest.mark.parametrize("minutes", [5, -5])
async def test_a_clock_that_goes_wrong_is_seen(minutes: int) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    client = client_of(Canned(headers={"date": date}))
    assert client.skew is None
    await client.query("up")
    assert client.skew is not None
    assert abs(client.skew - timedelta(minutes=minutes)) < timedelta(seconds=10)
    unreadable = client_of(Canned(headers={"date": "yesterday"}))
    await unreadable.query("up")
    assert unreadable.skew is None


async def test_a_long_answer_leaves_room_for_keys_in_between() -> None:
    rows = [({"a": f"{number:0900}"}, [1, "1"]) for number in range(2000)]
    turns = 0

    async def keys() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    wire = Canned(body=vector(*rows))
    typing = asyncio.create_task(keys())
    before = turns
    assert len(await client_of(wire).query("up")) == 2000
    typing.cancel()
    assert turns - before > 10
