"""What fills up, in a line: for the upper edge of the pane, for the strip, for the lower edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from hubtui.model import fullness
from hubtui.model.age import seconds_between, short
from hubtui.model.claims import ClaimKind
from hubtui.model.disk import Source
from hubtui.model.podstate import Severity
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.signs import sign_of, tone_of
from hubtui.views.storage_books import Fill
from hubtui.views.storage_cells import percent

STEP: Final = 10
"""Seconds in whose steps an age is told: each step repaints an edge."""

_PLURAL: Final = {Source.KUBELET: "kubelets"}


def severity_of(fill: Fill, now: datetime) -> Severity:
    """How much a file system asks for attention by its space and the time that is left."""
    return max(fullness.of_share(fill.share), fullness.of_time(fill.full_at, now))


def headline(fills: Sequence[Fill], full_users: Sequence[float], now: datetime) -> Cell:
    """The fullest, the one that is full first where that is another, the hub's database, and how
    many claims of users are nearly full: of these there are always some."""
    known = sorted(fills, key=lambda each: -each.share)
    if not known:
        return EMPTY
    fullest = known[0]
    spans: list[Cell] = [_told(fullest, f"fullest {fullest.name} {percent(fullest.share)}", now)]
    ending = [each for each in known if each.full_at is not None]
    first = min(ending, key=lambda each: each.full_at or now, default=None)
    if first is not None and first is not fullest and fullness.of_time(first.full_at, now):
        spans.append(_told(first, first.name, now))
    database = next((each for each in known if each.kind is ClaimKind.HUB_DB), None)
    if database is not None and database not in (fullest, first):
        spans.append(cell(f"{database.name} {percent(database.share)}", Tone.MUTED))
    if fullest.kind is not ClaimKind.USER and full_users:
        spans.append(_of_users(full_users))
    return dotted(spans)


def _of_users(shares: Sequence[float]) -> Cell:
    worst = fullness.of_share(max(shares))
    what = "user" if len(shares) == 1 else "users"
    return cell(f"{sign_of(worst)[0][0]} {len(shares):,} {what}", tone_of(worst))


def _told(fill: Fill, words: str, now: datetime) -> Cell:
    severity = severity_of(fill, now)
    tone = tone_of(severity) if severity else Tone.MUTED
    if fill.full_at is not None:
        words = f"{words} · full in {short(seconds_between(now, fill.full_at))}"
    return (*(((f"{sign_of(severity)[0][0]} ", tone),) if severity else ()), *cell(words, tone))


def strip_words(fills: Iterable[Fill], now: datetime) -> Cell:
    """The fullest in a word, with its sign where it asks for attention."""
    worst = max(fills, key=lambda each: (severity_of(each, now), each.share), default=None)
    if worst is None:
        return cell("?")
    severity = severity_of(worst, now)
    if not severity:
        return cell(percent(worst.share))
    return cell(f"{sign_of(severity)[0][0]}{percent(worst.share)}", tone_of(severity))


def sources(measured: Mapping[Source, datetime], now: datetime) -> str:
    """Who measured, and how long ago: `Prometheus 30 s · kubelets 40 s`."""
    parts = []
    for source in Source:
        if source in measured:
            passed = seconds_between(measured[source], now)
            told = passed // STEP * STEP if passed < 60 else passed
            parts.append(f"{_PLURAL.get(source, source.value)} {short(told)}")
    return " · ".join(parts)


def dotted(cells: Iterable[Cell]) -> Cell:
    """Several cells as one, with a dot between them."""
    spans: list[tuple[str, Tone]] = []
    for each in cells:
        if spans:
            spans.append((" · ", Tone.MUTED))
        spans.extend(each)
    return tuple(spans)
