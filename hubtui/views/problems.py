"""Problems as a table, worst first, and one of them as a text with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

from hubtui.model.age import age
from hubtui.model.problem import Counts, Fix, Level, Missing, Problem, Verb
from hubtui.services.problems.finder import Problems
from hubtui.views.cells import EMPTY, SIGN_NOW, SIGN_SOON, Cell, Span, Tone, cell, join
from hubtui.views.document import INDENT, Hung, fact, heading
from hubtui.views.evidence import evidence_lines, missing_lines
from hubtui.views.table import Column, Dirty, Freshness

COLUMNS: Final = (
    Column("level", "", 6, sortable=False),
    Column("since", "SINCE", 6, align="right", rank=1, sortable=False),
    Column("incident", "INCIDENT", 15, rank=2, sortable=False),
    Column("title", "PROBLEM", 20, grow=True, sortable=False),
)
NONE: Final = "No problem is known."

_LOOKS: Final[dict[Level, tuple[str, Tone]]] = {
    Level.NOW: (SIGN_NOW, Tone.NOW),
    Level.SOON: (SIGN_SOON, Tone.SOON),
}

KeyOf = Callable[[Verb], str]
"""The key that starts a fix on the screen; "" where there are no keys."""


def no_key(verb: Verb) -> str:
    """Without a screen there are commands only."""
    del verb
    return ""


class ProblemsView:
    """The problems of one hub as rows."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._version = -1
        self._known: dict[str, Problem] = {}
        self._missing: tuple[Missing, ...] = ()

    @property
    def columns(self) -> Sequence[Column]:
        return COLUMNS

    @property
    def headline(self) -> Cell:
        """How many of which level."""
        counts = self._problems.counts
        return counts_cell(counts) if counts is not None else EMPTY

    def problem(self, key: str | None) -> Problem | None:
        """One problem by its key."""
        return self._known.get(key or "")

    def keys(self) -> Sequence[str]:
        return list(self._known)

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        problem = self._known.get(key)
        return problem_cells(problem, now) if problem is not None else (EMPTY,) * len(COLUMNS)

    def drain(self) -> Dirty:
        if self._version == self._problems.version:
            return Dirty()
        self._version = self._problems.version
        before, self._known = self._known, {each.key: each for each in self._problems.found}
        changed = {key for key, each in self._known.items() if before.get(key) != each}
        return Dirty(frozenset(changed), order=list(before) != list(self._known))

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "minute"

    def freshness(self, now: datetime) -> Freshness:
        return Freshness("")

    def empty(self) -> str:
        if self._problems.version == 0:
            return "Looking for problems …"
        return " ".join([NONE, *unread_words(self._problems.missing)])


def counts_cell(counts: Counts) -> Cell:
    """The counts in words; what is 0 is left out."""
    parts = ((Level.NOW, counts.now), (Level.SOON, counts.soon))
    shown = [cell(f"{_LOOKS[level][0]} {n} {level}", _LOOKS[level][1]) for level, n in parts if n]
    return join(*shown) if shown else cell("none", Tone.MUTED)


def unread_words(missing: Iterable[Missing]) -> list[str]:
    """What could not be looked at, as a sentence."""
    names = [f"{each.source} ({each.reason})" for each in missing]
    return [f"Not looked at: {', '.join(names)}."] if names else []


def problem_cells(problem: Problem, now: datetime) -> Sequence[Cell]:
    """One problem as a row."""
    sign, tone = _LOOKS[problem.level]
    return (
        cell(f"{sign} {problem.level}", tone),
        cell(age(problem.since, now) if problem.since else "?", Tone.MUTED),
        cell(problem.incident, Tone.MUTED),
        cell(problem.title),
    )


def problem_lines(problem: Problem, now: datetime, key_of: KeyOf = no_key) -> Iterator[Cell | Hung]:
    """One problem with all that is known of it."""
    sign, tone = _LOOKS[problem.level]
    since = f"· {age(problem.since, now)}" if problem.since else "· since when is not known"
    head = join(((sign, tone),), cell(problem.title, tone), cell(since, Tone.MUTED))
    yield Hung(head, len(INDENT))
    yield _told(problem.effect, Tone.PLAIN)
    if problem.todo:
        yield _told(problem.todo, Tone.ACCENT)
    if problem.fixes:
        yield ()
        yield heading("What starts from here")
        for fix in problem.fixes:
            yield fix_line(fix, key_of(fix.verb))
    yield from evidence_lines(problem.evidence, now)
    yield from missing_lines(problem.missing)


def _told(words: str, tone: Tone) -> Hung:
    return Hung(((INDENT, Tone.PLAIN), *cell(words, tone)), len(INDENT))


def fix_line(fix: Fix, key: str) -> Hung:
    """What a fix starts, behind its key; without one its verb is named."""
    words = cell(fix.words[:1].upper() + fix.words[1:])
    command: Span = (fix.command, Tone.MUTED)
    if not key:
        return fact(fix.verb, join(words, (("·", Tone.MUTED),), (command,)), width=11)
    lead = f"{INDENT}{key:<3} "
    return Hung(((lead, Tone.ACCENT), *join(words, (("·", Tone.MUTED),), (command,))), len(lead))
