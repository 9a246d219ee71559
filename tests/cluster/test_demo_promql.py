"""The demo's small Prometheus answers PromQL as the real one does: the same numbers of the same
samples, the same refusals word for word."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import cast

import httpx
import pytest

from hubtui.demo.prometheus.promql.checking import type_of
from hubtui.demo.prometheus.promql.evaluating import Evaluation
from hubtui.demo.prometheus.promql.parsing import parsed
from hubtui.demo.prometheus.promql.series import Column, Samples
from hubtui.demo.prometheus.refusals import QueryRefusedError
from hubtui.demo.prometheus.selecting import Selector
from tests.cluster.promql_by_hand import ASKED, REFUSED
from tests.cluster.random_promql import BEGIN, COUNT, EVERY, questions, samples
from tests.testbed.prometheus import alone

SEED = 5
END = BEGIN + EVERY * COUNT

Points = dict[float, float]
Answer = dict[frozenset[tuple[str, str]], Points]
"""Values by time of each series by its labels."""


class Kept:
    """The same samples for the small one."""

    def __init__(self) -> None:
        self._series = [
            Samples(
                labels,
                [round(at.timestamp() * 1000) for at, _ in points],
                [value for _, value in points],
            )
            for labels, points in samples(SEED)
        ]

    def select(self, selector: Selector, _start: int, _end: int) -> list[Samples]:
        return [each for each in self._series if selector.takes(each.labels)]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The real one, with the samples."""
    with (
        alone(tmp_path_factory.mktemp("promql"), samples(SEED)) as prometheus,
        httpx.Client(base_url=f"{prometheus.url}/api/v1", timeout=20) as client,
    ):
        yield client


def small(promql: str, times: Sequence[int], end: int = 0) -> Answer | str:
    """What the small one answers, or its refusal; the last of the times is `end` or before it."""
    try:
        node = parsed(promql)
        value = Evaluation(Kept(), times, (times[0], end or times[-1])).of(node)
    except QueryRefusedError as refused:
        return refused.message
    if type_of(node) == "scalar":
        value = [Column({}, list(cast("list[float]", value)))]
    return {
        frozenset(column.labels.items()): {
            when / 1000: cell
            for when, cell in zip(times, column.cells, strict=True)
            if cell is not None
        }
        for column in cast("list[Column]", value)
    }


def told(real: httpx.Client, path: str, **asked: str | int) -> Answer | str:
    """What the real one answers, or its refusal."""
    body = real.get(path, params=asked).json()
    if body["status"] != "success":
        return str(body["error"]).removeprefix('invalid parameter "query": ')
    result = body["data"]["result"]
    if body["data"]["resultType"] == "scalar":
        result = [{"metric": {}, "value": result}]
    found = {
        frozenset(row["metric"].items()): {
            float(at): float(value) for at, value in row.get("values") or [row["value"]]
        }
        for row in result
        if row.get("values") or row.get("value")
    }
    return {labels: points for labels, points in found.items() if points}


def same(ours: Answer | str, theirs: Answer | str) -> bool:
    """Whether both say the same. Which of several series it names that are too many is chance."""
    if isinstance(ours, str) or isinstance(theirs, str):
        words = [str(each).partition(" of the operation: [")[0] for each in (ours, theirs)]
        return words[0] == words[1]
    return ours.keys() == theirs.keys() and all(
        points.keys() == theirs[labels].keys()
        and all(_near(value, theirs[labels][at]) for at, value in points.items())
        for labels, points in ours.items()
    )


def _near(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def differing(real: httpx.Client, queries: Sequence[str]) -> list[str]:
    """The queries that the two do not answer alike, over a range and at one moment."""
    found = []
    for promql in queries:
        step = 177
        times = list(range((BEGIN + 60) * 1000, END * 1000 + 1, step * 1000))
        over = told(real, "query_range", query=promql, start=BEGIN + 60, end=END, step=step)
        at = BEGIN + 3000
        once = told(real, "query", query=promql, time=at)
        if not same(small(promql, times, END * 1000), over) or not same(
            small(promql, [at * 1000]), once
        ):
            found.append(promql)
    return found


def test_questions_made_by_hand_have_the_same_answers(real: httpx.Client) -> None:
    assert differing(real, ASKED) == []


def test_random_questions_have_the_same_answers(real: httpx.Client) -> None:
    queries = questions(SEED, 150)
    assert differing(real, queries) == []
    answered = [told(real, "query", query=promql, time=BEGIN + 3000) for promql in queries]
    assert sum(bool(each) and not isinstance(each, str) for each in answered) > 60


def test_what_cannot_be_asked_is_refused_in_the_same_words(real: httpx.Client) -> None:
    def theirs(promql: str) -> object:
        return told(real, "query", query=promql, time=BEGIN + 3000)

    found = {promql: (small(promql, [(BEGIN + 3000) * 1000]), theirs(promql)) for promql in REFUSED}
    assert {promql: both for promql, both in found.items() if both[0] != both[1]} == {}
    assert all(isinstance(ours, str) for ours, _ in found.values())
