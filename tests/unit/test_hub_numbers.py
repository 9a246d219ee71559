"""Numbers from two readings of a hub's metrics page."""

from __future__ import annotations

from collections.abc import Generator
from math import inf, isnan
from typing import TypeVar

import pytest

from hubtui.clients.hub_metrics import family, samples, sliced
from hubtui.model.compute_quota import Sample
from hubtui.model.counters import increase, quantile, rate, rates
from hubtui.model.hub_numbers import (
    STARTED,
    Labels,
    Values,
    added,
    amounts_of,
    grown,
    is_restarted,
    numbers,
)
from hubtui.model.metric import HubWay

T = TypeVar("T")
NAN = float("nan")


def done(steps: Generator[None, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            value: T = stop.value
            return value


def page(*told: tuple[str, dict[str, str], float]) -> Values:
    found: dict[str, dict[Labels, float]] = {}
    added(found, [Sample(*each) for each in told])
    return found


def spawns(**counts: float) -> Values:
    """As JupyterHub 5 counts them: by status."""
    return page(*(("spawn_count", {"status": status}, count) for status, count in counts.items()))


FAILED = HubWay(
    family="spawn", how="increase", labels={"status": "!success"}, by=("reason", "status")
)


@pytest.mark.parametrize(
    ("before", "after", "restarted", "wanted"),
    [
        (spawns(failure=2, success=9), spawns(failure=5, success=9), False, {"failure": 3}),
        (spawns(failure=2), spawns(failure=2, throttled=4), False, {"throttled": 4}),
        (spawns(failure=9), spawns(failure=2), False, {"failure": 2}),
        (spawns(failure=2), spawns(failure=9), True, {"failure": 9}),
        (spawns(failure=2), spawns(failure=2), False, {"": 0}),
        (spawns(failure=2), spawns(failure=NAN), False, {"": 0}),
    ],
    ids=["grew", "new series", "reset", "the hub restarted", "nothing", "no number"],
)
def test_what_a_counter_grew_by(
    before: Values, after: Values, restarted: bool, wanted: dict[str, float]
) -> None:
    amounts = done(grown(FAILED, before, after, restarted=restarted))
    assert amounts is not None
    assert numbers(FAILED, amounts, 30.0) == wanted


def test_the_reason_of_jupyterhub_6_counts_before_its_status() -> None:
    after = page(
        ("spawn_count", {"status": "failure", "reason": "throttled"}, 2),
        ("spawn_count", {"status": "error", "reason": ""}, 1),
    )
    amounts = done(grown(FAILED, spawns(), after, restarted=True))
    assert amounts == {"throttled": 2, "error": 1}


def test_a_family_that_the_page_does_not_have() -> None:
    way = HubWay(family="other")
    assert done(amounts_of(way, spawns(failure=1))) is None
    assert done(grown(way, spawns(), spawns(failure=1), restarted=False)) is None


def test_a_gauge_a_rate_a_share_and_a_lag() -> None:
    active = HubWay(family="active", labels={"period": "24h"})
    found = page(("active", {"period": "24h"}, 5), ("active", {"period": "7d"}, 9))
    assert done(amounts_of(active, found)) == {"": 5}
    cpu = HubWay(family="cpu_total", how="rate")
    assert numbers(cpu, {"": 15.0}, 30.0) == {"": 0.5}
    errors = HubWay(family="requests", how="share", part={"code": "5*"})
    codes = page(*(("requests_count", {"code": code}, 5) for code in ("200", "302", "500", "503")))
    amounts = done(grown(errors, {}, codes, restarted=True))
    assert amounts is not None
    assert numbers(errors, amounts, 30.0) == {"": 0.5}
    assert isnan(numbers(errors, {}, 30.0)[""])
    lag = HubWay(family="loop", how="lag", quantile=0.5)
    assert numbers(lag, {"0.05": 0, "0.15": 10, "+Inf": 10}, 30.0)[""] == pytest.approx(0.05)
    assert numbers(lag, {"0.05": 10, "+Inf": 10}, 30.0)[""] == 0
    assert isnan(numbers(lag, {"0.05": 0, "+Inf": 0}, 30.0)[""])


def test_a_hub_that_started_in_between_is_seen() -> None:
    first, second = page((STARTED, {}, 100.0)), page((STARTED, {}, 200.0))
    assert is_restarted(first, second)
    assert not is_restarted(first, first)
    assert not is_restarted(spawns(), spawns())


@pytest.mark.parametrize(
    ("buckets", "part", "wanted"),
    [
        ({1.0: 5, 2.0: 10, inf: 10}, 0.5, 1.0),
        ({1.0: 0, 2.0: 10, inf: 10}, 0.95, 1.95),
        ({1.0: 1, 2.0: 1, inf: 10}, 0.95, 2.0),
        ({1.0: 4, 2.0: 3, inf: 8}, 0.5, 1.0),
        ({1.0: 0, inf: 0}, 0.5, None),
        ({1.0: 4}, 0.5, None),
        ({1.0: NAN, inf: NAN}, 0.5, None),
    ],
    ids=["even", "within", "beyond the last", "torn", "empty", "no end", "no numbers"],
)
def test_quantiles(buckets: dict[float, float], part: float, wanted: float | None) -> None:
    assert quantile(part, buckets) == (wanted if wanted is None else pytest.approx(wanted))


def test_rates_over_a_reset_and_a_gap() -> None:
    points = [(0.0, 10.0), (10.0, 20.0), (110.0, 30.0), (120.0, 5.0)]
    assert increase(points) == 25
    assert rate(points) == pytest.approx(25 / 120)
    assert rates(points) == [(10.0, 1.0), (110.0, 0.1), (120.0, 0.5)]
    assert (increase(points[:1]), rate(points[:1]), rate([(1.0, 2.0), (1.0, 3.0)])) == (
        None,
        None,
        None,
    )


def test_a_large_page_is_gone_through_piece_by_piece_and_only_what_is_wanted_is_parsed() -> None:
    import re

    wanted = [f'spawn_bucket{{le="{bound}"}} {bound}' for bound in range(250)]
    text = "\n".join([*wanted, *(f"spawning_{number} not a number" for number in range(20_000))])
    names = re.compile(family("spawn"))
    pieces = list(sliced(text, names))
    assert len(pieces) > 5
    assert max(map(len, pieces)) <= 100
    assert [sample.value for piece in pieces for sample in piece] == list(range(250))
    assert samples('spawn_count{a="b"} +Inf\nspawn_total 3\nspawn_sum 4', names) == [
        Sample("spawn_count", {"a": "b"}, inf),
        Sample("spawn_total", {}, 3.0),
    ]
