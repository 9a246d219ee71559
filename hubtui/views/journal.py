"""Operations that run, and the journal of those that ran."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from hubtui.model.age import age
from hubtui.model.plan import Result
from hubtui.services.journal import Entry, Said
from hubtui.services.operations import Operation, Recovered
from hubtui.views.cells import (
    SIGN_FINE,
    SIGN_NOW,
    SIGN_SOON,
    SIGN_UNKNOWN,
    SIGN_WAITING,
    Cell,
    Tone,
    cell,
    join,
)
from hubtui.views.table import Column

COLUMNS = (
    Column("at", "AGO", 6, align="right", sortable=False),
    Column("who", "WHO", 16, rank=2, sortable=False),
    Column("where", "WHERE", 20, rank=1, sortable=False),
    Column("title", "ACTION", 24, sortable=False),
    Column("outcome", "OUTCOME", 16, grow=True, sortable=False),
)

_RESULTS = {
    Result.OK: (SIGN_FINE, Tone.FINE),
    Result.UNVERIFIED: (SIGN_UNKNOWN, Tone.SOON),
    Result.FAILED: (SIGN_NOW, Tone.NOW),
    Result.INTERRUPTED: (SIGN_SOON, Tone.SOON),
}


def entry_rows(
    running: Iterable[Operation], entries: Iterable[Entry], now: datetime
) -> dict[str, Sequence[Cell]]:
    """Rows by operation id: what runs first, then the journal, newest first."""
    rows: dict[str, Sequence[Cell]] = {}
    for operation in running:
        plan = operation.plan
        where = f"{plan.namespace}/{plan.release}"
        note = join(((SIGN_WAITING, Tone.SOON),), cell(operation.progress.phase.value, Tone.SOON))
        rows[operation.id] = (cell("now"), cell("you"), cell(where), cell(plan.title), note)
    for entry in entries:
        rows.setdefault(entry.id, _row(entry, now))
    return rows


def said_rows(entry: Entry, now: datetime) -> Iterator[Sequence[Cell]]:
    """The parts of an operation that are through, below its row."""
    for said in entry.said:
        when = cell(age(said.at, now), Tone.MUTED)
        yield when, (), (), (), cell(said.words, Tone.MUTED)


def said_lines(parts: Iterable[Said]) -> Iterator[Cell]:
    """The same with their times, for a text."""
    for said in parts:
        yield cell(f"{said.at.astimezone():%H:%M:%S}  {said.words}")


def recovered_words(recovered: Recovered) -> str:
    """What became of an operation that was interrupted."""
    if recovered.outcome is None:
        return f"{recovered.entry.title} is still under way; ctrl+e shows it."
    return f"{recovered.entry.title} was interrupted. {recovered.outcome.summary}"


def elsewhere_words(entry: Entry) -> str:
    """An operation of another release that was interrupted, and who says how it ended."""
    words = ["hubtui", *(("--context", entry.context) if entry.context != "in-cluster" else ())]
    words += ["-n", entry.namespace, *(("--release", entry.release) if entry.release else ())]
    where = f"on {entry.context} in namespace {entry.namespace}"
    return f"{entry.title} {where} was interrupted. How it ended says: {shlex.join(words)}"


def _row(entry: Entry, now: datetime) -> Sequence[Cell]:
    outcome: Cell = ((SIGN_UNKNOWN, Tone.SOON), (" no end written", Tone.SOON))
    if entry.outcome is not None:
        outcome = join((_RESULTS[entry.outcome.result],), cell(entry.outcome.summary))
    return (
        cell(age(entry.at, now), Tone.MUTED),
        cell(entry.who, Tone.MUTED),
        cell(f"{entry.namespace}/{entry.release}"),
        cell(entry.title),
        outcome,
    )
