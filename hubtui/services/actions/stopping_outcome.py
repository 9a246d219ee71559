"""How a run over servers ended, in words: how many, which not and why, and what is left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hubtui.model.plan import FailedObject, Outcome, Result
from hubtui.services.actions.common import counted
from hubtui.services.actions.stop_facts import named
from hubtui.services.actions.stopping import Stops
from hubtui.services.actions.stopping_server import End, Fate
from hubtui.services.actions.stopping_steps import KIND, steps_of

NAMED: Final = 30
"""Servers that an outcome names of a kind; the rest is counted. The plan has all of them."""


def outcome_of(stops: Stops, again: tuple[str, ...] = ()) -> Outcome:
    """The outcome of a run; `again` are notes on servers that were seen to run again."""
    failed = stops.of(Fate.FAILED)
    return Outcome(
        _result(stops),
        _summary(stops),
        failed=tuple(FailedObject(KIND, str(end.key), end.words) for end in failed[:NAMED]),
        next_steps=_next_steps(stops),
        notes=(*_notes(stops), *again),
        steps=steps_of(stops.ends),
    )


def _result(stops: Stops) -> Result:
    if stops.refused or stops.of(Fate.FAILED):
        return Result.FAILED
    return Result.INTERRUPTED if stops.interrupted else Result.OK


def _summary(stops: Stops) -> str:
    done, of = len(stops.of(Fate.STOPPED)), len(stops.ends)
    if done == of:
        words = f"{counted(of, 'server')} stopped"
    else:
        words = f"{done:,} of {counted(of, 'server')} stopped"
    parts = [
        f"{len(ends):,} {said}"
        for fates, said in _SAID
        if (ends := stops.of(fates))
    ]  # fmt: skip
    whole = ", ".join([words, *parts])
    if stops.refused:
        return f"{whole}: the hub was asked no further"
    return f"{whole}: it was interrupted" if stops.interrupted else whole


_SAID: Final = (
    (Fate.GONE, "gone before"),
    (Fate.SKIPPED, "skipped"),
    (Fate.FAILED, "not stopped"),
    (Fate.LEFT, "left"),
)


def _notes(stops: Stops) -> Iterable[str]:
    if stops.refused:
        yield stops.refused
    stopped = [end for end in stops.of(Fate.STOPPED) if not end.again]
    if stopped:
        yield f"stopped: {named((end.key for end in stopped), NAMED)}"
    again = [end for end in stops.of(Fate.STOPPED) if end.again]
    yield from _each(again)
    gone = stops.of(Fate.GONE)
    if gone:
        yield f"did not run any more: {named((end.key for end in gone), NAMED)}"
    yield from _each(stops.of(Fate.SKIPPED))
    failed = len(stops.of(Fate.FAILED))
    if failed > NAMED:
        yield f"and {failed - NAMED:,} more were not stopped"
    left = stops.of(Fate.LEFT)
    if left:
        yield f"left: {named((end.key for end in left), NAMED)}"


def _each(ends: Iterable[End]) -> Iterable[str]:
    """Each with its reason, the first of many."""
    ends = list(ends)
    yield from (f"{end.key}: {end.words}" for end in ends[:NAMED])
    if len(ends) > NAMED:
        yield f"and {len(ends) - NAMED:,} more"


def _next_steps(stops: Stops) -> tuple[str, ...]:
    found = [f"{end.key}: {end.todo}" for end in stops.of(Fate.FAILED)[:NAMED] if end.todo]
    if stops.of(Fate.LEFT):
        found.append("Plan again: what is left is in the new plan.")
    return tuple(found)
