"""Which of two chart versions is older, as charts of z2jh are numbered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.chart_label import is_older, version_of

IN_ORDER = (
    "4.3.9",
    "4.4.0-0.dev.git.1.habc",
    "4.4.0-0.dev.git.2.hab",
    "4.4.0-0.dev.git.10.hab",
    "4.4.0-beta.1",
    "4.4.0-beta.1.x",
    "4.4.0-rc",
    "4.4.0",
    "4.4.1-0.dev.git.1.habc",
    "4.10.0",
    "10.0.0",
)


@given(st.integers(0, len(IN_ORDER) - 1), st.integers(0, len(IN_ORDER) - 1))
def test_the_order_of_versions(one: int, other: int) -> None:
    assert is_older(IN_ORDER[one], IN_ORDER[other]) is (one < other)


@pytest.mark.parametrize("same", ["v4.4.0", "4.4.0+build.7", "4.4.0_build.7"])
def test_what_does_not_make_a_version_older(same: str) -> None:
    assert is_older(same, "4.4.0") is False
    assert is_older("4.4.0", same) is False


@pytest.mark.parametrize("other", ["", "latest", "4.4", "4.4.0-", "4.4.0-beta..1é"])
def test_what_cannot_be_read_is_not_compared(other: str) -> None:
    assert is_older(other, "4.4.0") is None
    assert is_older("4.4.0", other) is None


@pytest.mark.parametrize(
    ("label", "version"),
    [
        ("jupyterhub-4.4.0", "4.4.0"),
        ("jupyterhub-4.4.0-0.dev.git.1.habc", "4.4.0-0.dev.git.1.habc"),
        ("my-hub-2-1.0.0_build.1", "1.0.0+build.1"),
        ("jupyterhub", ""),
        ("", ""),
    ],
)
def test_the_version_in_a_label(label: str, version: str) -> None:
    assert version_of(label) == version
