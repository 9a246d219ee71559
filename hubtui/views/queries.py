"""Queries to choose from: saved ones, hubtui's own questions, and what was asked before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hubtui.model.metric import Metric
from hubtui.model.text import one_line
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.table import Column

COLUMNS: Final = (
    Column("from", "FROM", 8, sortable=False),
    Column("name", "NAME", 26, rank=1, sortable=False),
    Column("query", "QUERY", 30, grow=True, sortable=False),
)
NONE: Final = "No query was asked or saved yet."

SAVED: Final = "saved:"
"""What the key of a saved query begins with."""


def found(
    saved: Mapping[str, str], metrics: Iterable[Metric], asked: Sequence[str]
) -> dict[str, tuple[str, str, str]]:
    """Where each is from, its name and the query, by key; of those asked the latest first."""
    return {
        **{f"{SAVED}{name}": ("saved", name, promql) for name, promql in saved.items()},
        **{
            f"metric:{metric.id}": ("hubtui", metric.title, one_line(metric.promql))
            for metric in metrics
        },
        **{
            f"asked:{index}": ("asked", "", promql)
            for index, promql in enumerate(reversed(asked))
        },
    }  # fmt: skip


def rows(queries: Mapping[str, tuple[str, str, str]]) -> dict[str, Sequence[Cell]]:
    """The cells of each."""
    return {
        key: (cell(source, Tone.MUTED), cell(name, Tone.STRONG), cell(promql))
        for key, (source, name, promql) in queries.items()
    }
