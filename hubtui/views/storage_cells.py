"""What a claim or a disk looks like in a line: how full it is, how fast it fills, who mounts it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from rich.cells import cell_len

from hubtui.model import fullness
from hubtui.model.age import DAY, HOUR, age, seconds_between, short
from hubtui.model.claims import ClaimKind
from hubtui.model.disk import Figures
from hubtui.model.podstate import Severity
from hubtui.model.quantity import short_size
from hubtui.model.text import one_line
from hubtui.model.trend import Confidence, Trend
from hubtui.services.storage import ClaimRow
from hubtui.views.bars import bar
from hubtui.views.cells import EMPTY, SIGN_UNKNOWN, Cell, Tone, cell, join
from hubtui.views.lines import clip
from hubtui.views.signs import sign_of, tone_of
from hubtui.views.storage_groups import BELIEVED, believed

PERCENT: Final = 5
"""Cells of the percentage behind a bar, with the blank before it."""

FAR: Final = 90
"""Days from which on it does not matter when a disk is full."""

STEADY: Final = 2**20
"""Bytes a day, more or less, that are no trend."""

GUESSED: Final = "~"
"""Stands before a time that a trend tells which is not sure."""

UNKNOWN: Final = cell(SIGN_UNKNOWN, Tone.MUTED)
DOUBTFUL: Final = "doubtful"

GROUPS: Final = {
    ClaimKind.HUB_DB: "hub database",
    ClaimKind.HOME_SHARED: "shared homes",
    ClaimKind.USER: "user claims",
    ClaimKind.OTHER: "other claims",
}
"""What the claims of a kind are called together."""


# -- the name


def name_cell(row: ClaimRow, severity: Severity, *, below: bool) -> Cell:
    """Whose a claim is, else its name; below its group only what asks for attention has a sign."""
    quiet = below and severity is Severity.FINE
    lead = (("└", Tone.MUTED),) if quiet else sign_of(severity)
    if not row.user:
        return join(lead, cell(row.name))
    server = cell(f"/{row.server}" if row.server else "", Tone.MUTED)
    return join(lead, (*cell(row.user), *server))


def group_cell(words: str, count: int, severity: Severity, width: int, *, open_: bool) -> Cell:
    """A group's name with how many there are in it."""
    number = f"×{count:,}"
    named = cell(clip(words, max(4, width - 3 - len(number))), Tone.STRONG if open_ else Tone.PLAIN)
    return join(sign_of(severity), named, cell(number, Tone.MUTED))


def disk_cell(name: str, where: str, severity: Severity, width: int) -> Cell:
    """A disk's name, and where it is as far as there is room: `nfs 10.0.0.4`, `nfs`."""
    room = width - 3 - cell_len(one_line(name))
    place = next((each for each in (where, where.partition(" ")[0]) if cell_len(each) <= room), "")
    return join(sign_of(severity), cell(name, Tone.STRONG), cell(place, Tone.MUTED))


def phase_cell(phase: str, severity: Severity) -> Cell:
    """The phase, with its sign where it is not as it should be."""
    if severity is Severity.FINE:
        return cell(phase, Tone.MUTED)
    return join(sign_of(severity), cell(phase, tone_of(severity)))


# -- how full it is


def size_cell(size: int | None, asked: int | None) -> Cell:
    """The bytes that a claim has, else in grey those that it asks for."""
    if size is not None:
        return cell(short_size(size))
    return UNKNOWN if asked is None else cell(short_size(asked), Tone.MUTED)


def sum_cell(size: int | None, *, least: bool = False) -> Cell:
    """Bytes; `?` where they are not known, `≥` where there may be more."""
    return UNKNOWN if size is None else cell(f"{'≥' if least else ''}{short_size(size)}")


def capacity_cell(figures: Figures | None) -> Cell:
    """How large a disk is; a number that is not believed is marked."""
    return _amount(figures, figures.capacity if figures is not None else None)


def used_cell(figures: Figures | None) -> Cell:
    """What is used of a disk."""
    return _amount(figures, figures.used if figures is not None else None)


def free_cell(figures: Figures | None) -> Cell:
    """What is left of a disk."""
    return _amount(figures, figures.available if figures is not None else None)


def _amount(figures: Figures | None, amount: int | None) -> Cell:
    if figures is not None and figures.doubt:
        return cell(SIGN_UNKNOWN, Tone.SOON)
    return UNKNOWN if amount is None else cell(short_size(amount))


def full_cell(share: float | None, width: int) -> Cell:
    """A bar of the part that is taken, and how much that is."""
    if share is None:
        return UNKNOWN
    severity = fullness.of_share(share)
    tone = tone_of(severity)
    line = bar([(share, tone)], 1.0, width - PERCENT)
    return (*line, (f"{percent(share):>{PERCENT}}", tone if severity else Tone.PLAIN))


def figures_cell(figures: Figures | None, width: int) -> Cell:
    """The same of what was measured."""
    if figures is not None and figures.doubt:
        return join(cell(SIGN_UNKNOWN, Tone.SOON), cell(DOUBTFUL, Tone.SOON))
    return full_cell(figures.share if figures is not None else None, width)


def percent(share: float) -> str:
    """A part in hundredths; one that is not the whole is never told as the whole."""
    number = round(100 * share)
    return f"{99 if number >= 100 and share < 1 else number}%"


def inodes_cell(figures: Figures | None) -> Cell:
    """The part of the inodes that is taken; empty where there are none to count."""
    share = figures.inode_share if figures is not None else None
    if share is None:
        return EMPTY
    severity = fullness.of_share(share)
    return cell(percent(share), tone_of(severity) if severity else Tone.PLAIN)


# -- how it changes


def trend_cell(trend: Trend | None) -> Cell:
    """Bytes a day: `+41G/d`, `-2G/d`, `steady`; empty where nothing tells."""
    if trend is None:
        return EMPTY
    if trend.per_day is None:
        return UNKNOWN
    return cell(per_day(trend.per_day), Tone.MUTED if _steady(trend) else Tone.PLAIN)


def per_day(number: float) -> str:
    """A change in bytes a day, in words."""
    if abs(number) < STEADY:
        return "steady"
    return f"{'+' if number > 0 else ''}{short_size(int(number))}/d"


def _steady(trend: Trend) -> bool:
    return trend.per_day is not None and abs(trend.per_day) < STEADY


def full_in_cell(trend: Trend | None, figures: Figures | None, now: datetime) -> Cell:
    """When a disk is full, if it goes on so; empty where nothing tells."""
    if figures is not None and figures.available == 0 and not figures.doubt:
        return cell("full", Tone.NOW)
    if trend is None:
        return EMPTY
    if trend.per_day is None:
        return UNKNOWN
    if trend.full_at is None:
        if trend.per_day <= 0:
            return cell("never", Tone.MUTED)
        known = figures is not None and figures.available is not None and not figures.doubt
        if trend.confidence is Confidence.NONE or not known:
            return UNKNOWN
        return cell(f"> {FAR} d", Tone.MUTED)
    severity = fullness.of_time(believed(trend), now)
    sure = trend.confidence in BELIEVED
    words = f"{'' if sure else GUESSED}{left(seconds_between(now, trend.full_at))}"
    far = trend.full_at.timestamp() - now.timestamp() > FAR * DAY
    tone = tone_of(severity) if severity else Tone.MUTED if far else Tone.PLAIN
    return cell(words, tone)


def left(seconds: float) -> str:
    """A time that is left, in two units where the second one matters: `2 d 4 h`, `31 d`."""
    if seconds > FAR * DAY:
        return f"> {FAR} d"
    days, rest = divmod(int(seconds), DAY)
    if 1 <= days < 10 and rest >= HOUR:
        return f"{days} d {rest // HOUR} h"
    return short(seconds)


# -- who has it


def mounted_cell(pods: Collection[str]) -> Cell:
    """The pod that mounts a claim, or how many do."""
    if not pods:
        return cell("no pod", Tone.MUTED)
    return cell(next(iter(pods)) if len(pods) == 1 else f"{len(pods):,} pods")


def age_cell(created: datetime | None, now: datetime) -> Cell:
    """How long ago a claim was made."""
    return cell(age(created, now), Tone.MUTED)


def last_used_cell(row: ClaimRow, now: datetime) -> Cell:
    """How long ago a pod mounted it last; `now` while one does."""
    if row.mounted_by:
        return cell("now", Tone.MUTED)
    if row.last_used is None:
        return UNKNOWN
    return cell(age(row.last_used, now), Tone.MUTED)
