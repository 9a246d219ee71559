"""Names for who types a query: asked once, not too often; and an answer that is too large."""

from __future__ import annotations

import asyncio

import pytest

from hubtui.model.promql_completion import place_of
from hubtui.services import promql_names, ranges
from hubtui.services.promql_names import PromqlNames
from tests.fake_prometheus import FakePrometheus


@pytest.fixture
def fake() -> FakePrometheus:
    labels = {
        "__name__": ["up", "hub_up"],
        "labels of up": ["__name__", "job", "namespace"],
        "job of up{namespace=\"hub\"}": ["hub", "proxy"],
    }  # fmt: skip
    return FakePrometheus(labels=labels)


class Clock:
    """The time, in seconds, as a test sets it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def names_of(fake: FakePrometheus, clock: Clock) -> PromqlNames:
    return PromqlNames(
        fake.session.prometheus, lambda text: text.replace("$namespace", "hub"), clock
    )


@pytest.mark.parametrize(
    ("query", "offered"),
    [
        ("up", ["up", "hub_up", "group"]),
        ("up{", ["job", "namespace"]),
        ('up{namespace="$namespace", job="', ["hub", "proxy"]),
        ("rate(up[1", ["1m", "15m", "1h", "1d"]),
        ("up # ", []),
    ],
)
async def test_what_is_asked_for_is_offered_and_not_asked_again(
    fake: FakePrometheus, query: str, offered: list[str]
) -> None:
    clock = Clock()
    names, place = names_of(fake, clock), place_of(query, len(query))
    if names.wants(place):
        await names.read(place)
    found = [offer.text for offer in names.offers(place)]
    assert [text for text in found if "quantile" not in text][: len(offered)] == offered
    assert bool(found) is bool(offered)
    assert not names.wants(place)
    clock.now += promql_names.FRESH + 1
    assert names.wants(place) is bool(fake.asked)


async def test_one_request_a_second_and_none_for_a_place_that_was_left(
    fake: FakePrometheus,
) -> None:
    names = names_of(fake, Clock())
    await names.read(place_of("u", 1))
    left = asyncio.create_task(names.read(place_of("up{", 3)))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    assert [each.path for each in fake.asked] == ["/api/v1/label/__name__/values"]


async def test_an_answer_that_is_too_large_is_cut_and_told(
    fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "MOST_SAMPLES", 3)
    for index in range(10):
        fake.tell("many", float(index), pod=f"jupyter-{index}")
    found = await fake.session.ranges.evaluate("many")
    assert [sample.value for sample in found.answer.samples] == [0.0, 1.0, 2.0]
    assert found.notes == ("the first 3 of 10 series: narrow the query",)
