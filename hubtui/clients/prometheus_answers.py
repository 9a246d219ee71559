"""What Prometheus answers, decoded; its errors in an operator's words.

Source: Prometheus 2.42, HTTP API, "Format overview".
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, Literal, TypeVar

import msgspec

from hubtui.clients.answers import UNREADABLE
from hubtui.clients.http import Response
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    HubtuiError,
    LimitedError,
    NotFoundError,
    UnreachableError,
)
from hubtui.model.prometheus import Sample, Series, Target
from hubtui.model.text import one_line, safe_json

T = TypeVar("T")
A = TypeVar("A", "Vector", "Matrix", "Instant")

_POSITION: Final = re.compile(r"(?:^|[ :])(?P<line>\d+):(?P<column>\d+): ")
_NOT_UP: Final = frozenset({502, 503, 504})
_OF_THE_QUERY: Final = frozenset({"bad_data", "execution", "timeout", "canceled"})
"""Errors of one query, which say nothing of the next one: 400, 422, 503 and 499."""

_SLICE: Final = 2**17
"""Bytes of an answer that are decoded at a stretch."""


@dataclass(frozen=True, slots=True)
class Vector:
    """An answer to an instant query; `warnings` are the server's."""

    samples: list[Sample]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """An answer to a query of a range; `left_out` are series that were not decoded."""

    series: list[Series]
    warnings: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Instant:
    """An answer of any kind to an instant query: a `scalar` is one sample without labels, a
    `vector` has samples, a `matrix` (of `up[5m]`) series, a `string` its text."""

    kind: Literal["scalar", "vector", "matrix", "string"]
    samples: list[Sample] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    text: str = ""
    warnings: tuple[str, ...] = ()
    left_out: int = 0


class QueryError(ApiError):
    """A query that cannot be understood or computed; `position` is where in it, counted from 0,
    None where that is not told."""

    def __init__(
        self, what: str, *, status: int, position: int | None = None, remedy: str = ""
    ) -> None:
        super().__init__(what, status=status, remedy=remedy)
        self.position = position


class RefusedError(DeniedError):
    """The credentials, or that there are none, are not accepted (401)."""


class _Told(msgspec.Struct):
    """The head of every answer. An empty list is null where the server has no slice."""

    status: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""
    warnings: list[str] | None = None


class _Result(msgspec.Struct, rename="camel"):
    result_type: str = ""
    result: msgspec.Raw = msgspec.Raw(b"null")


Point = tuple[float, str]


class _One(msgspec.Struct):
    """A sample; without a value it is a histogram."""

    metric: dict[str, str] = {}
    value: Point | None = None


class _Line(msgspec.Struct):
    metric: dict[str, str] = {}
    values: list[Point] = []


class _Build(msgspec.Struct):
    version: str = ""


class _Target(msgspec.Struct, rename="camel"):
    labels: dict[str, str] = {}
    health: str = ""
    last_error: str = ""


class _Targets(msgspec.Struct, rename="camel"):
    active_targets: list[_Target] | None = None


async def vector(body: bytes, where: str) -> Vector:
    """The answer to an instant query; a single number has no labels. Raises DecodeError."""
    found = await instant(body, where)
    if found.kind not in ("scalar", "vector"):
        raise _other(found.kind, where)
    return Vector(found.samples, found.warnings)


async def instant(body: bytes, where: str, most: int | None = None) -> Instant:
    """The answer to an instant query, of whatever kind; of its series at most so many. Raises
    DecodeError."""
    told, result = await _result(body, where)
    if result.result_type == "scalar":
        at, value = decoded(result.result, Point, where)
        return Instant("scalar", [Sample({}, at, _number(value, where))], warnings=told)
    if result.result_type == "string":
        _, text = decoded(result.result, Point, where)
        return Instant("string", text=text, warnings=told)
    found = Instant("matrix" if result.result_type == "matrix" else "vector", warnings=told)
    if result.result_type not in ("matrix", "vector"):
        raise _other(result.result_type, where)
    raws = _raws(result, where)
    if found.kind == "matrix":
        found.series.extend(await _lines(raws[:most], where))
    else:
        async for each in _each(raws[:most], _One, where):
            if each.value is not None:
                at, value = each.value
                found.samples.append(Sample(each.metric, at, _number(value, where)))
    return replace(found, left_out=len(raws) - len(raws[:most]))


async def matrix(body: bytes, where: str, most: int | None = None) -> Matrix:
    """The answer to a query of a range, of its series at most so many. Raises DecodeError."""
    told, result = await _result(body, where)
    if result.result_type != "matrix":
        raise _other(result.result_type, where)
    raws = _raws(result, where)
    found = await _lines(raws[:most], where)
    return Matrix(found, told, len(raws) - len(raws[:most]))


async def _lines(raws: Sequence[msgspec.Raw], where: str) -> list[Series]:
    found = []
    async for each in _each(raws, _Line, where):
        points = tuple((at, _number(value, where)) for at, value in each.values)
        if points:
            found.append(Series(each.metric, points))
    return found


def strings(body: bytes, where: str) -> list[str]:
    """A list of names or values. Raises DecodeError."""
    found: list[str] | None = decoded(_told(body, where).data, list[str] | None, where)
    return found or []


def label_sets(body: bytes, where: str) -> list[dict[str, str]]:
    """A list of series by their labels. Raises DecodeError."""
    struct = list[dict[str, str]] | None
    found: list[dict[str, str]] | None = decoded(_told(body, where).data, struct, where)
    return found or []


def targets(body: bytes, where: str) -> list[Target]:
    """What is scraped, or in vain. Raises DecodeError."""
    found: _Targets = decoded(_told(body, where).data, _Targets, where)
    return [
        Target(each.labels, each.health == "up", one_line(each.last_error))
        for each in found.active_targets or ()
    ]


def version(body: bytes, where: str) -> str:
    """What it calls its version. Raises DecodeError."""
    return one_line(decoded(_told(body, where).data, _Build, where).version)


def data(body: bytes, struct: type[T], where: str) -> T:
    """What an answer holds below `data`. Raises DecodeError."""
    found: T = decoded(_told(body, where).data, struct, where)
    return found


def error_of(answer: Response, body: bytes, promql: str, where: str) -> HubtuiError:
    """What a refusal means for an operator."""
    status = answer.status
    said, kind = _words(body)
    message = said or f"HTTP {status}"
    if status == HTTPStatus.UNAUTHORIZED:
        return RefusedError(
            f"{where} does not accept the credentials ({message})",
            status=status,
            remedy="HUBTUI_PROMETHEUS_TOKEN, metrics.token_file or metrics.token_command give the"
            " token, or the password of metrics.username.",
        )
    if status == HTTPStatus.FORBIDDEN:
        return DeniedError(
            f"{where} does not let these credentials ask ({message})",
            status=status,
            remedy="Ask for the right to query it; a tenant is named in metrics.headers.",
        )
    if promql and kind in _OF_THE_QUERY:
        return QueryError(
            f"{where} cannot answer the query: {message}",
            status=status,
            position=_position(said, promql),
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "")
        seconds = float(wait) if wait.isdigit() else None
        return LimitedError(f"{where} has too much to do: {message}", status=status, wait=seconds)
    if status in _NOT_UP:
        return UnreachableError(f"{where} is not up: {message}")
    return _strange(status, message, where)


def _strange(status: int, message: str, where: str) -> ApiError:
    which = "metrics.prometheus is the address in front of /api/v1."
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(f"{where} has no such API: {message}", status=status, remedy=which)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return ApiError(
            f"{where} sends us elsewhere (HTTP {status}): perhaps to a login",
            status=status,
            meaning="hubtui does not go there.",
            remedy=which,
        )
    return ApiError(f"{where} answers: {message}", status=status)


def _position(said: str, promql: str) -> int | None:
    """Where `1:5: parse error: …` points to; lines and columns are counted from 1."""
    found = _POSITION.search(said)
    if found is None:
        return None
    line, column = int(found["line"]), int(found["column"])
    lines = promql.split("\n")
    if not 1 <= line <= len(lines):
        return None
    before = sum(len(each) + 1 for each in lines[: line - 1])
    return min(before + max(column - 1, 0), len(promql))


async def _result(body: bytes, where: str) -> tuple[tuple[str, ...], _Result]:
    """The warnings, and the result: each series of it is made harmless when it is decoded."""
    told = _told(body, where)
    warnings = tuple(one_line(each) for each in told.warnings or ())
    await asyncio.sleep(0)
    result: _Result = decoded(told.data, _Result, where, safe=False)
    await asyncio.sleep(0)
    return warnings, result


def _told(body: bytes, where: str) -> _Told:
    told: _Told = decoded(body, _Told, where, safe=False)
    if told.status != "success":
        raise DecodeError(f"{where} gives no answer: {one_line(told.error) or 'without words'}")
    return told


def _raws(result: _Result, where: str) -> list[msgspec.Raw]:
    """The series, none of them decoded yet."""
    return decoded(result.result, list[msgspec.Raw] | None, where, safe=False) or []


async def _each(raws: Sequence[msgspec.Raw], struct: type[T], where: str) -> AsyncIterator[T]:
    """One series after the other, with a pause for keys in between."""
    read = 0
    for raw in raws:
        yield decoded(raw, struct, where)
        read += len(raw)
        if read > _SLICE:
            read = 0
            await asyncio.sleep(0)


def decoded(document: bytes, struct: Any, where: str, *, safe: bool = True) -> Any:
    """A document of JSON, its text made harmless unless that is done later. Raises DecodeError."""
    try:
        return msgspec.json.decode(safe_json(bytes(document)) if safe else document, type=struct)
    except UNREADABLE as error:
        raise DecodeError(f"The answer of {where} cannot be read: {one_line(str(error))}") from None


def _number(value: str, where: str) -> float:
    """As Go writes numbers: NaN, +Inf and -Inf among them."""
    try:
        return float(value)
    except ValueError:
        raise DecodeError(f"{where} answers with {one_line(value)!r} for a number") from None


def _other(kind: str, where: str) -> DecodeError:
    return DecodeError(f"{where} answers with a {one_line(kind) or 'result without a type'}")


def _words(body: bytes) -> tuple[str, str]:
    """The words of an error and its type; what stands before Prometheus has other words."""
    try:
        told: Any = msgspec.json.decode(safe_json(body))
    except UNREADABLE:
        return "", ""
    if not isinstance(told, Mapping):
        return "", ""
    words = one_line(str(told.get("error") or told.get("message") or ""))
    return words, str(told.get("errorType") or "")
