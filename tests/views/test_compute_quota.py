"""A user's compute quotas as the details show them."""

from __future__ import annotations

import pytest

from hubtui.model.compute_quota import ComputeQuota
from hubtui.views.cells import plain
from hubtui.views.compute_quota import Quotas, quota_facts

GIB_HOUR = 2**30


def lines(quotas: Quotas) -> list[str]:
    return [" ".join(plain(line.cell).split()) for line in quota_facts(quotas)]


@pytest.mark.parametrize(
    ("quota", "words"),
    [
        (
            ComputeQuota("memory", 30, "class", 450.5 * GIB_HOUR, 500.0 * GIB_HOUR),
            "quota memory 450.5 of 500 GiB-h in 30 d · class",
        ),
        (
            ComputeQuota("cpu", 7, "none", 12.0, 10.0),
            "quota cpu 12 of 10 cpu-h in 7 d no server starts; one may again in 7 d at the latest",
        ),
        (ComputeQuota("cpu", 7, "", 1.0, None), "quota cpu 1 of ? cpu-h in 7 d"),
        (
            ComputeQuota("cpu", 7, "a", 1.0, 9.0, exact=False),
            "quota cpu ~1 of 9 cpu-h in 7 d · a",
        ),
    ],
)
def test_used_limit_and_when_again(quota: ComputeQuota, words: str) -> None:
    assert lines((quota,)) == [words]


def test_what_cannot_be_read_says_why_and_a_hub_without_quotas_says_nothing() -> None:
    assert lines("no scope read:metrics") == ["quota ? (no scope read:metrics)"]
    assert lines(()) == []
