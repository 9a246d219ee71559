"""The images that can be pulled beforehand as rows: who runs them, which nodes lack them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubtui.services.prepull import Spread, Survey
from hubtui.views.cells import (
    SIGN_FINE,
    SIGN_SOON,
    SIGN_UNKNOWN,
    Cell,
    Tone,
    cell,
)
from hubtui.views.table import Column

COLUMNS = (
    Column("image", "IMAGE", 24, grow=True, sortable=False),
    Column("by", "USED BY", 18, rank=2, sortable=False),
    Column("nodes", "ON NODES", 10, sortable=False),
    Column("lacks", "LACKING ON", 32, rank=1, sortable=False),
)

NAMED: Final = 3


def image_cells(spread: Spread, survey: Survey) -> Sequence[Cell]:
    """The cells of one image, one for each of COLUMNS."""
    return (
        cell(spread.image),
        cell(", ".join(spread.brought.by), Tone.MUTED),
        _nodes(spread, survey),
        _lacks(spread),
    )


def _nodes(spread: Spread, survey: Survey) -> Cell:
    if survey.nodes is None:
        return ((SIGN_UNKNOWN, Tone.MUTED),)
    words = f"{len(spread.has)} of {len(survey.nodes)}"
    if spread.everywhere:
        return ((f"{SIGN_FINE} ", Tone.FINE), (words, Tone.PLAIN))
    sign = (f"{SIGN_SOON} ", Tone.SOON) if spread.lacks else (f"{SIGN_UNKNOWN} ", Tone.MUTED)
    return (sign, (words, Tone.PLAIN))


def _lacks(spread: Spread) -> Cell:
    parts = [_names(spread.lacks)] if spread.lacks else []
    parts += [f"? {_names(spread.unknown)}"] if spread.unknown else []
    return cell("; ".join(parts), Tone.SOON if spread.lacks else Tone.MUTED)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def headline(survey: Survey) -> Cell:
    """How many nodes take pullers, and how many of them lack something."""
    if survey.nodes is None:
        return cell("; ".join(survey.notes), Tone.SOON)
    lacking = {name for each in survey.images for name in each.lacks}
    open_ = {name for each in survey.images for name in each.unknown} - lacking
    words = f"{len(survey.nodes)} nodes take a puller"
    if lacking:
        words += f", {len(lacking)} lack{'s' if len(lacking) == 1 else ''} an image"
    if open_:
        words += f", {len(open_)} do{'es' if len(open_) == 1 else ''} not tell"
    return cell(words)
