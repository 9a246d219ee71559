"""The lines of the storage pane: its columns, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubtui.model import fullness
from hubtui.model.podstate import Severity
from hubtui.model.text import one_line
from hubtui.model.trend import Trend
from hubtui.services.storage import ClaimRow
from hubtui.views import storage_cells as cells_of
from hubtui.views.cells import EMPTY, Cell, Tone, cell, join
from hubtui.views.storage_books import Disk
from hubtui.views.storage_groups import Group
from hubtui.views.table import Column, fit

if TYPE_CHECKING:
    from hubtui.services.homes import Home

COLUMNS: Final = (
    Column("name", "NAME", 16, grow=True),
    Column("phase", "PHASE", 10, rank=8, sortable=False),
    Column("class", "CLASS", 14, rank=11, sortable=False),
    Column("size", "SIZE", 5, align="right", rank=2),
    Column("used", "USED", 5, align="right", rank=5),
    Column("free", "FREE", 5, align="right", rank=1),
    Column("full", "FULL", 10, grow=True),
    Column("inodes", "INODES", 6, align="right", rank=4),
    Column("trend", "TREND", 8, align="right", rank=3),
    Column("full_in", "FULL IN", 8, align="right"),
    Column("mounted", "MOUNTED BY", 12, grow=True, rank=7, sortable=False),
    Column("age", "AGE", 5, align="right", rank=10),
    Column("last_used", "LAST USED", 9, align="right", rank=9),
)

ROOMY: Final = 76
"""Cells from which on names have room; with fewer, how full a disk is and when matters more."""

_LONG: Final = 22

BLANK: Final = (EMPTY,) * len(COLUMNS)

_WIDTH: Final = {column.id: column.width for column in COLUMNS}
_WORDS: Final = ("name", "phase", "mounted")
_WHOLE: Final = 1000
"""Cells where no word needs to be cut."""


class Widths:
    """How wide each column is; one that has no room is not there."""

    def __init__(self) -> None:
        self._of = dict(_WIDTH)
        self.columns: Sequence[Column] = COLUMNS

    def fit(self, width: int) -> bool:
        """So many cells are there, 0 cuts nothing; whether that is other than before."""
        name = replace(COLUMNS[0], width=_LONG) if width >= ROOMY else COLUMNS[0]
        self.columns = (name, *COLUMNS[1:])
        fitted = {self.columns[index].id: size for index, size in fit(self.columns, width)}
        before, self._of = (
            self._of,
            fitted if width else {**_WIDTH, **dict.fromkeys(_WORDS, _WHOLE)},
        )
        return before != self._of

    def __getitem__(self, column: str) -> int:
        return self._of.get(column, _WIDTH[column])

    def __contains__(self, column: str) -> bool:
        return column in self._of


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a claim beside its row: `elsewhere` says where its figures are shown,
    `below` whether it stands below its group, or below its disk."""

    severity: Severity
    trend: Trend | None
    elsewhere: str
    below: bool


def claim_line(row: ClaimRow, about: About, widths: Widths, now: datetime) -> Sequence[Cell]:
    """One claim."""
    phase = fullness.phase_of(row.claim)
    standing = fullness.standing(row.claim, wanted=bool(row.mounted_by))
    phase_words = cells_of.phase_cell(phase, standing)
    measured = (EMPTY,) * 6 if about.elsewhere else _measured(row, about.trend, widths, now)
    used, free, full, inodes, per_day, ends = measured
    if "phase" not in widths and phase != fullness.BOUND:
        used, free, full = EMPTY, EMPTY, phase_words
    elif about.elsewhere:
        full = cell(about.elsewhere, Tone.MUTED)
    return (
        cells_of.name_cell(row, about.severity, below=about.below),
        phase_words,
        cell(row.storage_class, Tone.MUTED),
        cells_of.size_cell(row.size, row.asked),
        used,
        free,
        full,
        inodes,
        per_day,
        ends,
        cells_of.mounted_cell(row.mounted_by),
        cells_of.age_cell(row.created, now),
        cells_of.last_used_cell(row, now),
    )


def _measured(
    row: ClaimRow, trend: Trend | None, widths: Widths, now: datetime
) -> tuple[Cell, ...]:
    figures = row.figures
    if figures is None:
        unknown = cells_of.UNKNOWN
        return unknown, unknown, unknown, EMPTY, EMPTY, EMPTY
    return (
        cells_of.used_cell(figures),
        cells_of.free_cell(figures),
        cells_of.figures_cell(figures, widths["full"]),
        cells_of.inodes_cell(figures),
        cells_of.trend_cell(trend),
        cells_of.full_in_cell(trend, figures, now),
    )


def disk_line(disk: Disk, home: ClaimRow | None, widths: Widths, now: datetime) -> Sequence[Cell]:
    """One shared disk; `home` is the claim of the homes on it where there is one."""
    row, figures = disk.row, disk.figures
    return (
        cells_of.disk_cell(disk.name, disk.place, disk.severity, widths["name"]),
        EMPTY if home is None else cell(fullness.phase_of(home.claim), Tone.MUTED),
        EMPTY if home is None else cell(home.storage_class, Tone.MUTED),
        cells_of.capacity_cell(figures),
        cells_of.used_cell(figures),
        cells_of.free_cell(figures),
        cells_of.figures_cell(figures, widths["full"]),
        cells_of.inodes_cell(figures),
        cells_of.trend_cell(disk.trend),
        cells_of.full_in_cell(disk.trend, figures, now),
        cells_of.mounted_cell(row.pods),
        EMPTY if home is None else cells_of.age_cell(home.created, now),
        cell("now", Tone.MUTED) if row.pods else EMPTY,
    )


def group_line(group: Group, widths: Widths, *, open_: bool, on: str) -> Sequence[Cell]:
    """The sums over the claims of a kind; `on` names the disk that all of them are on."""
    some, every = group.measured > 0, group.measured == len(group)
    words = cells_of.GROUPS[group.kind]
    full = cells_of.full_cell(group.share, widths["full"])
    least = bool(some and not every)
    return (
        cells_of.group_cell(words, len(group), group.severity, widths["name"], open_=open_),
        EMPTY,
        EMPTY,
        cells_of.sum_cell(group.size if group.sized else None, least=group.sized < len(group)),
        EMPTY if on else cells_of.sum_cell(group.used if some else None, least=least),
        EMPTY if on else cells_of.sum_cell(group.free if some else None, least=least),
        cell(f"on {on}", Tone.MUTED) if on else full,
        *(EMPTY,) * 6,
    )


def home_line(home: Home, widths: Widths, now: datetime) -> Sequence[Cell]:
    """One who makes a disk grow: what they have, of how much they may, and how fast it grows."""
    share = home.size / home.quota if home.size is not None and home.quota else None
    full = cells_of.full_cell(share, widths["full"]) if share is not None else EMPTY
    return (
        join(cell("└", Tone.MUTED), cell(one_line(home.user or home.directory))),
        EMPTY,
        EMPTY,
        cells_of.size_cell(home.quota, None) if home.quota else EMPTY,
        cells_of.sum_cell(home.size),
        EMPTY,
        full,
        EMPTY,
        EMPTY if home.grown_per_day is None else cell(cells_of.per_day(home.grown_per_day)),
        EMPTY,
        EMPTY,
        EMPTY,
        cells_of.age_cell(home.last_change, now) if home.last_change is not None else EMPTY,
    )


def more_line(count: int) -> Sequence[Cell]:
    """How many more of a folded group ask for attention."""
    return (join(cell("└", Tone.MUTED), cell(f"{count:,} more; enter shows all", Tone.SOON)),)
