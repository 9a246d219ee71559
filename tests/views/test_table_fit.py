"""Columns give way in the told order and never take more room than there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubtui.views.table import Column, fit

COLUMNS = (
    Column("role", "ROLE", 24),
    Column("ready", "READY", 7, align="right"),
    Column("restarts", "RESTARTS", 8, align="right", rank=1),
    Column("worst", "WORST", 20, grow=True),
    Column("node", "NODE", 12, rank=3),
    Column("age", "AGE", 6, align="right", rank=2),
)


def names(width: int) -> list[str]:
    return [COLUMNS[index].id for index, _ in fit(COLUMNS, width)]


def test_the_highest_rank_gives_way_first() -> None:
    assert names(200) == ["role", "ready", "restarts", "worst", "node", "age"]
    assert names(76) == ["role", "ready", "restarts", "worst", "age"]
    assert names(65) == ["role", "ready", "restarts", "worst"]
    assert names(60) == ["role", "ready", "worst"]
    assert names(10) == ["role", "ready", "worst"]


def test_one_column_takes_the_rest() -> None:
    fitted = dict(fit(COLUMNS, 100))
    assert fitted[3] == 20 + 100 - (24 + 7 + 8 + 20 + 12 + 6 + 5)
    assert sum(fitted.values()) + len(fitted) - 1 == 100


def test_more_width_never_takes_a_column_away() -> None:
    for width in range(10, 150):
        assert set(names(width)) <= set(names(width + 1))


WIDTHS = st.lists(
    st.builds(
        Column,
        id=st.text(min_size=1),
        title=st.just("T"),
        width=st.integers(1, 40),
        rank=st.integers(1, 5),
        grow=st.booleans(),
    ),
    max_size=10,
)


@given(WIDTHS, st.integers(0, 200))
def test_columns_that_may_be_dropped_always_fit(columns: list[Column], width: int) -> None:
    fitted = fit(columns, width)
    assert sum(size for _, size in fitted) + max(0, len(fitted) - 1) <= width
