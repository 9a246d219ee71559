"""A plan, a running operation and its end, in lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hubtui.model.plan import Check, Level, Outcome, Phase, Plan, Progress, Result, Step, StepState
from hubtui.model.text import safe
from hubtui.services.actions.common import counted
from hubtui.services.actions.delete_claim_checks import CLAIM_LIST
from hubtui.services.actions.stop_checks import SERVERS
from hubtui.services.hook_evidence import RUNS
from hubtui.views.cells import (
    SIGN_FINE,
    SIGN_NOW,
    SIGN_PAST,
    SIGN_SOON,
    SIGN_UNKNOWN,
    SIGN_WAITING,
    Cell,
    Tone,
    cell,
    join,
)
from hubtui.views.document import INDENT, Hung, fact

_LEVELS = {
    Level.OK: (SIGN_FINE, Tone.FINE),
    Level.WARN: (SIGN_SOON, Tone.SOON),
    Level.STOP: (SIGN_NOW, Tone.NOW),
}
_STATES = {
    StepState.WAITING: (SIGN_WAITING, Tone.MUTED),
    StepState.MOVING: (SIGN_WAITING, Tone.SOON),
    StepState.DONE: (SIGN_FINE, Tone.FINE),
    StepState.STUCK: (SIGN_NOW, Tone.NOW),
    StepState.EXCUSED: (SIGN_PAST, Tone.WAITING),
    StepState.UNKNOWN: (SIGN_UNKNOWN, Tone.SOON),
}
_PHASES = {
    -1: (SIGN_FINE, Tone.FINE),
    0: (SIGN_WAITING, Tone.STRONG),
    1: (SIGN_PAST, Tone.MUTED),
}
"""Phases that are past, the present one, and those to come."""
_NAME_WIDTH = 22
_SOURCES = frozenset({"job", "pod", "puller", "event", "log"})
"""What a line about a hook starts with."""


def check_line(check: Check, *, overridden: bool) -> Hung:
    """One check with its evidence."""
    sign = _LEVELS[check.level]
    name: Cell = ((f"{check.name:<{_NAME_WIDTH}}", Tone.PLAIN),)
    evidence = cell(check.evidence, Tone.PLAIN if check.level is Level.OK else sign[1])
    if overridden:
        evidence = join(evidence, cell("(overridden by you)", Tone.ACCENT))
    return Hung(join((sign,), name, evidence), _NAME_WIDTH + 3)


def checks_in_order(plan: Plan) -> list[Check]:
    """The checks as they are listed: those that stop first."""
    order = {Level.STOP: 0, Level.WARN: 1, Level.OK: 2}
    return sorted(plan.checks, key=lambda check: order[check.level])


def check_lines(plan: Plan, overrides: frozenset[str]) -> Iterator[Cell | Hung]:
    """All checks, those that stop first."""
    for check in checks_in_order(plan):
        yield check_line(check, overridden=check.name in overrides)


def check_counts(plan: Plan) -> Cell:
    """How many checks say what, for a border."""
    return join(
        *(
            ((f"{sign} {count}", tone),)
            for level, (sign, tone) in _LEVELS.items()
            if (count := sum(1 for check in plan.checks if check.level is level))
        )
    )


def notice_lines(plan: Plan) -> Iterator[Cell | Hung]:
    """What people will notice, and the way back."""
    for notice in plan.notices:
        yield cell(notice)
    if plan.undo:
        yield join(cell("Back again:", Tone.MUTED), cell(plan.undo))
    for text in plan.texts:
        yield ()
        yield cell(f"{text.title}:", Tone.MUTED)
        for line in text.lines:
            yield ((safe(f"{INDENT}{line}"), Tone.PLAIN),)


def what_lines(plan: Plan) -> Iterator[Cell | Hung]:
    """What an action without a diff does, and the same as a command."""
    yield cell(plan.title, Tone.STRONG)
    yield cell(plan.summary)
    yield ()
    targets = list(target_lines(plan))
    many = counted(len(targets), target_noun(plan))
    yield fact("what", cell(many if targets else ", ".join(plan.targets)))
    if plan.means:
        yield fact("how", cell(plan.means))
    yield fact("the same as", cell(plan.command))
    yield fact("rests on", cell(plan.basis.digest))
    if targets:
        yield ()
        yield from targets


_NOUNS = {SERVERS: "server", CLAIM_LIST: "claim"}
"""The checks that name all targets of a plan, and what these are."""


def target_noun(plan: Plan) -> str:
    """What the targets are that a plan has a line for each of."""
    return next((_NOUNS[check.name] for check in plan.checks if check.name in _NOUNS), "target")


def target_lines(plan: Plan) -> Iterator[Cell | Hung]:
    """Every server that is stopped, with its idle time, or every claim that is deleted, with what
    becomes of the data; nothing where there is none."""
    for check in plan.checks:
        if check.name in _NOUNS:
            yield from (Hung(cell(each), len(INDENT)) for each in check.details)


def phases_line(progress: Progress) -> Cell:
    """Where a helm's work is among all its phases; hooks may come once more after the others."""
    at = list(Phase).index(progress.phase)
    found: list[Cell] = []
    for place, phase in enumerate(Phase):
        if phase is Phase.OVER:
            break
        sign, tone = _PHASES[(place > at) - (place < at)]
        found.append(((f"{sign} {phase.value}", tone),))
    return join(*found)


def progress_lines(progress: Progress) -> Iterator[Cell | Hung]:
    """Every object of the release on its way."""
    yield join(cell(progress.phase.value.capitalize(), Tone.STRONG), cell(progress.note))
    yield ()
    for step in progress.steps:
        yield step_line(step)


def part_lines(steps: Iterable[Step]) -> Iterator[Cell | Hung]:
    """The parts of the way alone: what each took, and which one does not come."""
    yield from (step_line(step) for step in steps if not step.kind)


def step_line(step: Step) -> Cell:
    """One Deployment, StatefulSet or DaemonSet with its counts, or a part of the way with the time
    that it took."""
    sign = _STATES[step.state]
    if not step.kind:
        part: Cell = ((f"{step.title:<20}", Tone.PLAIN),)
        took = "" if step.seconds is None else f"{step.seconds:.1f} s"
        return join((sign,), part, ((f"{took:>8}", Tone.PLAIN),), cell(step.reason, sign[1]))
    name: Cell = ((f"{step.title:<38}", Tone.PLAIN),)
    ready, desired = step.counts
    count: Cell = ((f"{ready:>4}/{desired:<4}", Tone.PLAIN),)
    return join((sign,), name, count, cell(step.reason, sign[1]))


def outcome_lines(outcome: Outcome) -> Iterator[Cell | Hung]:
    """How it ended, what failed and what can be done next."""
    sign = {
        Result.OK: (SIGN_FINE, Tone.FINE),
        Result.UNVERIFIED: (SIGN_UNKNOWN, Tone.SOON),
        Result.FAILED: (SIGN_NOW, Tone.NOW),
        Result.INTERRUPTED: (SIGN_SOON, Tone.SOON),
    }[outcome.result]
    yield join((sign,), cell(outcome.summary, Tone.STRONG))
    for failed in outcome.failed:
        yield fact(f"{failed.kind}/{failed.name}", cell(failed.reason, Tone.NOW), 38)
    if outcome.next_steps:
        yield ()
        yield cell("What can be done next:", Tone.MUTED)
        for step in outcome.next_steps:
            lead = f"{INDENT}· "
            yield Hung(((lead, Tone.MUTED), *cell(step)), len(lead))
        yield ()
    yield from _note_lines(outcome.notes)
    if outcome.words:
        yield ()
        yield cell("helm said:", Tone.MUTED)
        for line in outcome.words.splitlines():
            yield ((INDENT, Tone.PLAIN), *cell(line))


def _note_lines(notes: Iterable[str]) -> Iterator[Cell | Hung]:
    """Each note on its own; what was seen of a hook below its name, source by source."""
    about = ""
    for note in notes:
        title, _, words = note.partition(": ")
        kind, slash, name = title.partition("/")
        if kind not in RUNS or not slash or " " in name or not words:
            about = ""
            yield ((INDENT, Tone.PLAIN), *cell(note, Tone.MUTED))
            continue
        if title != about:
            about = title
            yield cell(f"What was seen of {title}:", Tone.MUTED)
        source, _, rest = words.partition(" ")
        if source not in _SOURCES:
            source, rest = "", words
        yield fact(source, cell(rest), width=7)


def phase_words(progress: Progress, done: bool) -> str:
    """A running operation in a word, for the status line."""
    return "over" if done else progress.phase.value if progress.phase is not Phase.OVER else "over"
