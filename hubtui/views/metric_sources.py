"""The sources of numbers: what each gives, whether it answers, and the cure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from hubtui.model.age import seconds_between, short
from hubtui.model.metric_source import OPTIONAL, SourceState
from hubtui.model.text import one_line
from hubtui.views.cells import (
    EMPTY,
    SIGN_FINE,
    SIGN_NOW,
    SIGN_PAST,
    SIGN_SOON,
    SIGN_UNKNOWN,
    Cell,
    Span,
    Tone,
    cell,
)
from hubtui.views.document import Hung, fact, heading
from hubtui.views.storage_headline import dotted
from hubtui.views.table import Column, Freshness

COLUMNS: Final = (
    Column("sign", "", 1, sortable=False),
    Column("title", "SOURCE", 36, sortable=False),
    Column("state", "STATE", 9, sortable=False),
    Column("gives", "GIVES", 20, grow=True, rank=1, sortable=False),
)

LOOKING: Final = "Asking the sources …"


def sign_of(state: SourceState, *, asked: bool) -> Span:
    """Whether it gives what it could."""
    if not asked:
        return SIGN_PAST, Tone.MUTED
    if state.answers is None:
        return SIGN_UNKNOWN, Tone.MUTED
    if not state.answers:
        return (SIGN_PAST, Tone.MUTED) if state.id in OPTIONAL else (SIGN_NOW, Tone.NOW)
    return (SIGN_SOON, Tone.SOON) if state.missing else (SIGN_FINE, Tone.FINE)


def _word(state: SourceState, *, asked: bool) -> str:
    if not asked:
        return "asking"
    if state.answers is None:
        return "not known"
    if not state.answers:
        return "not there" if state.id in OPTIONAL else "missing"
    return "not all" if state.missing else "answers"


def rows(states: Iterable[SourceState], *, asked: bool) -> Mapping[str, Sequence[Cell]]:
    """A row for each."""
    found: dict[str, Sequence[Cell]] = {}
    for state in states:
        sign = sign_of(state, asked=asked)
        tone = sign[1] if sign[1] in (Tone.SOON, Tone.NOW) else Tone.MUTED
        found[state.id] = (
            (sign,),
            cell(state.title),
            cell(_word(state, asked=asked), tone),
            cell(state.gives, Tone.MUTED),
        )
    return found


def headline(states: Iterable[SourceState]) -> Cell:
    """How many answer, and how many would give more."""
    known = [state for state in states if state.answers is not None]
    lacking = [each for each in known if each.missing and each.id not in OPTIONAL]
    parts = [cell(f"{sum(bool(each.answers) for each in known)} answer", Tone.MUTED)]
    if lacking:
        parts.append(cell(f"{len(lacking)} to mend", Tone.SOON))
    return dotted(parts)


def freshness(as_of: datetime | None, now: datetime) -> Freshness:
    """When they were asked."""
    if as_of is None:
        return Freshness("asking")
    return Freshness(f"asked {short(seconds_between(as_of, now))} ago")


def lines(state: SourceState) -> Iterable[Cell | Hung]:
    """One in full, with the cure and the lines of a values.yaml that are it."""
    yield heading(state.title)
    yield fact("Gives", cell(state.gives))
    for index, each in enumerate(state.facts):
        yield fact("" if index else "Found", cell(each))
    if state.missing:
        yield fact("Missing", cell(one_line(state.missing), Tone.SOON))
    if state.cure:
        yield fact("Cure", cell(one_line(state.cure)))
    if state.lines:
        yield EMPTY
        yield cell("In values.yaml (c copies it):", Tone.MUTED)
        yield from (((f"  {line}", Tone.TOOL),) for line in state.lines)


def copied(state: SourceState) -> str:
    """What is copied: the lines that mend it, else what is to be done."""
    return "\n".join(state.lines) or state.cure or state.title
