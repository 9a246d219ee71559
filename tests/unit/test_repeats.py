"""Where rows and panels stand that are repeated by a variable."""

from __future__ import annotations

from typing import Any

import pytest

from hubtui.model.dashboard import Option, Variable, VariableKind
from hubtui.model.dashboard_reading import dashboard_of
from hubtui.model.dashboard_words import Chosen
from hubtui.model.repeats import MOST, PlacedPanel, placed


def chosen(name: str, *values: str) -> dict[str, Chosen]:
    options = tuple(Option(each, each) for each in values)
    return {name: Chosen(Variable(name, VariableKind.CUSTOM, options=options), values)}


def panels(*written: dict[str, Any], **values: Chosen) -> list[PlacedPanel]:
    shown = placed(dashboard_of({"panels": list(written)}), values)
    return [each for section in shown for each in section.panels]


def box(number: int, y: int, **more: Any) -> dict[str, Any]:
    grid = {"x": 0, "y": y, "w": 24, "h": 4}
    return {"id": number, "type": "stat", "title": "$n", "gridPos": grid, **more}


@pytest.mark.parametrize(
    ("how", "places"),
    [
        ({}, [(0, 0, 8), (8, 0, 8), (16, 0, 8)]),
        ({"maxPerRow": 2}, [(0, 0, 12), (12, 0, 12), (0, 4, 12)]),
        ({"minSpan": 12}, [(0, 0, 12), (12, 0, 12), (0, 4, 12)]),
        ({"repeatDirection": "v"}, [(0, 0, 24), (0, 4, 24), (0, 8, 24)]),
    ],
)
def test_copies_stand_side_by_side_or_below_each_other(
    how: dict[str, Any], places: list[tuple[int, int, int]]
) -> None:
    found = panels(box(1, 0, repeat="n", **how), box(2, 4), **chosen("n", "a", "b", "c"))
    *copies, last = found
    grids = [each.panel.grid for each in copies]
    assert [(grid.x, grid.y, grid.width) for grid in grids] == places
    assert [each.panel.title for each in copies] == ["a", "b", "c"]
    assert last.panel.grid.y == places[-1][1] + 4
    assert len({each.key for each in found}) == len(found)


def test_panels_that_share_a_number_or_have_none_are_told_apart() -> None:
    found = panels(box(1, 0), box(1, 4), box(0, 8), {**box(9, 12), "id": None})
    assert len({each.key for each in found}) == len(found)


@pytest.mark.parametrize(
    ("repeat", "values", "words"),
    [
        ("nobody", (), "which is no variable"),
        ("n", (), "has no values: it stands once"),
        ("n", tuple(str(number) for number in range(99)), f"the first {MOST} of 99 values"),
    ],
)
def test_what_cannot_be_repeated_stands_once_and_says_so(
    repeat: str, values: tuple[str, ...], words: str
) -> None:
    shown = dashboard_of({"panels": [box(1, 0, repeat=repeat)]})
    (section,) = placed(shown, chosen("n", *values))
    assert words in section.notes[0]
    assert len(section.panels) == min(MOST, max(1, len(values)))
