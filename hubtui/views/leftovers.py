"""Claims that nobody comes back to, and volumes whose claim is gone: a table, and one in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from hubtui.model.age import age
from hubtui.model.hub_listing import FRESH
from hubtui.model.leftovers import Leftover
from hubtui.model.quantity import short_size
from hubtui.services.leftovers import Found
from hubtui.views.cells import EMPTY, SIGN_SOON, Cell, Tone, cell, join
from hubtui.views.document import INDENT, Hung, fact
from hubtui.views.table import Column, Freshness

COLUMNS: Final = (
    Column("name", "CLAIM", 24, grow=True, sortable=False),
    Column("kind", "KIND", 11, sortable=False),
    Column("user", "USER", 16, rank=1, sortable=False),
    Column("size", "SIZE", 6, align="right", sortable=False),
    Column("used", "USED", 6, align="right", rank=4, sortable=False),
    Column("last", "LAST USED", 9, align="right", rank=3, sortable=False),
    Column("age", "AGE", 6, align="right", rank=5, sortable=False),
    Column("data", "DATA", 8, rank=2, sortable=False),
    Column("doubt", "WHY NOT YET", 14, grow=True, rank=6, sortable=False),
)
LOOKING: Final = "Reading claims, pods and all users of the hub …"

_FATES: Final = {"Delete": ("deleted", Tone.SOON), "Retain": ("kept", Tone.FINE)}
_UNKNOWN: Final = cell("?", Tone.MUTED)
_NOT_OURS: Final = "a volume: by kubectl"


def rows(found: Found, now: datetime) -> Mapping[str, Sequence[Cell]]:
    """The leftovers by key."""
    return {each.key: _cells(each, now) for each in found.items}


def _cells(each: Leftover, now: datetime) -> Sequence[Cell]:
    return (
        cell(each.name),
        join(cell(SIGN_SOON, Tone.SOON) if each.doubt else EMPTY, cell(each.kind, Tone.ACCENT)),
        cell(each.owner or each.claim or "?", Tone.PLAIN if each.owner else Tone.MUTED),
        _size(each.size),
        _size(each.used),
        cell(age(each.last_used, now)) if each.last_used else _UNKNOWN,
        cell(age(each.created, now)),
        _data(each),
        _why_not(each),
    )


def _size(size: int | None) -> Cell:
    return _UNKNOWN if size is None else cell(short_size(size))


def _data(each: Leftover) -> Cell:
    """What a deletion does to the data, in a word."""
    if each.is_volume:
        return cell("kept", Tone.FINE)
    if not each.volume:
        return cell("none", Tone.MUTED)
    words, tone = _FATES.get(each.reclaim, ("?", Tone.MUTED))
    return cell(words, tone)


def _why_not(each: Leftover) -> Cell:
    if each.is_volume:
        return cell(_NOT_OURS, Tone.MUTED)
    return cell(f"{SIGN_SOON} {each.doubt}", Tone.SOON) if each.doubt else cell("–", Tone.MUTED)


def sentence(found: Found | None) -> str:
    """What stands where no row is."""
    if found is None:
        return LOOKING
    if found.refusal:
        return f"Nothing is called left over: {found.refusal}."
    users = f" and {found.users:,} users" if found.users is not None else ""
    return f"Nothing is left over: {found.claims:,} claims{users} were looked at."


def headline(found: Found, marked: Iterable[Leftover]) -> Cell:
    """How many there are and their size; of those that are marked, too."""
    if not found.items and found.refusal:
        return cell("?", Tone.SOON)
    if not found.items:
        return cell("none", Tone.MUTED)
    chosen = tuple(marked)
    told = cell(f"{len(found.items):,}, {total(found.items)}", Tone.MUTED)
    return join(told, cell(f"{len(chosen):,} marked, {total(chosen)}")) if chosen else told


def total(items: Sequence[Leftover]) -> str:
    """The size of all together; `≥` where that of some is not known."""
    sizes = [each.size for each in items if each.size is not None]
    return f"{'' if len(sizes) == len(items) else '≥ '}{short_size(sum(sizes))}"


def freshness(found: Found, now: datetime) -> Freshness:
    """When it was looked at; what lies back for minutes says nothing of who is gone."""
    old = now - found.at > FRESH
    words = f"read {age(found.at, now)} ago"
    return Freshness(words, Tone.SOON if old else Tone.MUTED, stale=old)


def notes(found: Found) -> Iterator[Cell]:
    """What restricts the answer."""
    if found.refusal:
        yield cell(f"No claim is called left over: {found.refusal}.", Tone.SOON)
    for each in found.missing:
        if each.source != "hub" or each.reason != found.refusal:
            yield cell(f"Cannot be said: {each.source} ({each.reason.rstrip('.')}).", Tone.SOON)


def lines(each: Leftover, now: datetime, command: str = "") -> Iterator[Cell | Hung]:
    """One leftover in full; `command` is what takes away a volume."""
    what = "Volume" if each.is_volume else "Claim"
    yield cell(f"{what} {each.name}", Tone.STRONG)
    yield Hung(cell(f"{each.evidence[:1].upper()}{each.evidence[1:]}.", Tone.SOON), len(INDENT))
    yield ()
    for name, value in _facts(each, now):
        yield fact(name, cell(value))
    if each.doubt:
        yield Hung(cell(f"{SIGN_SOON} Not with others: {each.doubt}.", Tone.SOON), len(INDENT))
    if command:
        yield ()
        yield cell("hubtui deletes no volumes: they belong to the whole cluster. With the right:")
        yield Hung(((INDENT, Tone.PLAIN), *cell(command, Tone.ACCENT)), len(INDENT))


def _facts(each: Leftover, now: datetime) -> Iterator[tuple[str, str]]:
    if not each.is_volume:
        yield "user", each.owner or "?"
    size = short_size(each.size) if each.size is not None else "?"
    used = f", {short_size(each.used)} used" if each.used is not None else ""
    yield "size", f"{size}{used}"
    last = f"{age(each.last_used, now)} ago" if each.last_used else "not known"
    yield "last used", f"{last}; made {age(each.created, now)} ago"
    if each.volume and not each.is_volume:
        yield "volume", f"{each.volume}, reclaim policy {each.reclaim}"
    yield "data", each.fate
