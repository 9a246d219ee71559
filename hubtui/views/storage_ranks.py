"""What claims are ordered by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hubtui.model.disk import Figures
from hubtui.model.trend import Trend
from hubtui.services.storage import ClaimRow
from hubtui.views.storage_groups import Part

_LAST: Final = float("inf")

Rank = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A claim with what it comes to, and how fast it fills."""

    row: ClaimRow
    part: Part
    trend: Trend | None

    @property
    def figures(self) -> Figures | None:
        """What was measured, where it is believed."""
        figures = self.row.figures
        return None if figures is None or figures.doubt else figures


def _most(number: float | None) -> Rank:
    """The largest first, what is not known last."""
    return (_LAST if number is None else -number,)


def _least(number: float | None) -> Rank:
    return (_LAST if number is None else number,)


def _by_full(each: Ranked) -> Rank:
    figures = each.figures
    return (-each.part.severity, *_most(figures.share if figures is not None else None))


def _by_used(each: Ranked) -> Rank:
    return _most(each.figures.used if each.figures is not None else None)


def _by_free(each: Ranked) -> Rank:
    return _least(each.figures.available if each.figures is not None else None)


def _by_inodes(each: Ranked) -> Rank:
    return _most(each.figures.inode_share if each.figures is not None else None)


def _by_trend(each: Ranked) -> Rank:
    return _most(each.trend.per_day if each.trend is not None else None)


def _by_end(each: Ranked) -> Rank:
    at = each.trend.full_at if each.trend is not None else None
    return _least(None if at is None else at.timestamp())


def _by_age(each: Ranked) -> Rank:
    return _least(None if each.row.created is None else each.row.created.timestamp())


def _by_last_use(each: Ranked) -> Rank:
    """Longest ago first; those that are mounted, or of which it is not known, last."""
    at = None if each.row.mounted_by else each.row.last_used
    return _least(None if at is None else at.timestamp())


RANKS: Final[dict[str, Callable[[Ranked], Rank]]] = {
    "full": _by_full,
    "name": lambda _: (),
    "size": lambda each: _most(each.row.size),
    "used": _by_used,
    "free": _by_free,
    "inodes": _by_inodes,
    "trend": _by_trend,
    "full_in": _by_end,
    "age": _by_age,
    "last_used": _by_last_use,
}
"""What claims are ordered by, the first first; names decide where that is the same."""
