"""Tables are as wide as their content, and no wider than the terminal."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from hubtui.views.cells import Cell, cell, plain
from hubtui.views.grid import table
from hubtui.views.table import Column

COLUMNS = (
    Column("name", "NAME", 4),
    Column("count", "COUNT", 5, align="right", rank=2),
    Column("words", "WORDS", 5, grow=True),
)
ROWS: list[list[Cell]] = [
    [cell("hub"), cell("7"), cell("up since this morning")],
    [cell("日本語"), cell("12"), cell("")],
    [cell("proxy"), cell("spans what is left of the line")],
]


def lines(width: int) -> list[str]:
    return [plain(line) for line in table(COLUMNS, ROWS, width)]


def test_without_a_terminal_nothing_is_cut() -> None:
    assert lines(0) == [
        "NAME    COUNT  WORDS",
        "hub         7  up since this morning",
        "日本語     12",
        "proxy   spans what is left of the line",
    ]


def test_the_column_that_grows_is_cut_first() -> None:
    assert lines(30) == [
        "NAME    COUNT  WORDS",
        "hub         7  up since this…",
        "日本語     12",
        "proxy   spans what is left of…",
    ]


def test_columns_are_dropped_by_rank() -> None:
    assert lines(18) == [
        "NAME    WORDS",
        "hub     up since…",
        "日本語",
        "proxy   spans wha…",
    ]


@pytest.mark.parametrize("width", range(1, 60))
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(cell_len(line) for line in lines(width)) <= width
