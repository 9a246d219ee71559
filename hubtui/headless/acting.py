"""The commands that write: each prints its plan; with --confirm it is carried out."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hubtui.headless import shapes
from hubtui.headless.diff import diff_lines
from hubtui.headless.output import Answer
from hubtui.headless.run import Run, opened, scope_of
from hubtui.headless.text import fact, fitted, indented
from hubtui.model.plan import Check, Outcome, Plan
from hubtui.services.operations import Operation
from hubtui.services.session import Session
from hubtui.views.cells import Cell, Tone, cell, plain
from hubtui.views.diff_export import changes
from hubtui.views.document import Hung, heading
from hubtui.views.plan import (
    check_lines,
    notice_lines,
    outcome_lines,
    part_lines,
    step_line,
    target_lines,
    target_noun,
)
from hubtui.views.upgrade import input_lines

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_BY_HELM = frozenset({"rollback", "upgrade"})


ENDS_EARLY = (
    "Nothing more is begun; what is under way is followed to its end. Once more leaves it alone."
)
"""What is said when somebody interrupts an operation that can end between two of its targets."""


def goes_on(plan: Plan, *, demo: bool = False) -> str:
    """What is said when somebody stops watching."""
    if demo:
        return "hubtui stops watching: the demo ends, and this with it."
    if plan.interruptible:
        return (
            "hubtui stops watching: what the hub has begun goes on by itself, nothing more is "
            "begun. `hubtui status` says what is left, `hubtui journal` how it ended."
        )
    who = "helm" if plan.action in _BY_HELM else "the cluster"
    return (
        f"hubtui stops watching; {who} goes on by itself. "
        "`hubtui status` says what the cluster holds, `hubtui journal` how it ended."
    )


@dataclass(frozen=True, slots=True)
class Consent:
    """What the operator typed: the name that confirms, the checks to pass, the basis seen."""

    confirm: str = ""
    overrides: tuple[str, ...] = ()
    expect: str = ""


async def act(
    run: Run,
    action: str,
    request: object,
    consent: Consent,
    first: Callable[[Session], Awaitable[None]] | None = None,
) -> int:
    """Plans an action; 0 when the plan was printed or the action is through, 1 when it failed.
    `first` reads what the plan tells beyond what it rests on.

    Raises RefusedError and its kin when it is not started.
    """
    async with opened(run) as session:
        if first is not None:
            await first(session)
        plan = await session.operations.plan(action, request)
        consent = replace(consent, overrides=_names(plan, consent.overrides))
        if not consent.confirm:
            run.out.show(_plan(session, plan, consent))
            return 0
        with _interruptible() as signals:
            operation = await session.operations.start(
                plan, consent.confirm, consent.overrides, consent.expect
            )
            outcome = await _watched(run, operation, signals)
        if outcome is None:
            run.out.say(goes_on(plan, demo=run.settings.demo is not None))
            return 1
        run.out.show(_outcome(session, plan, outcome))
        return 0 if outcome.ok else 1


async def _watched(run: Run, operation: Operation, signals: asyncio.Semaphore) -> Outcome | None:
    """The end of an operation; None when somebody does not wait for it.

    The first signal asks an operation to end early that can, the next one leaves it alone.
    """
    end = asyncio.create_task(operation.wait())
    tell = asyncio.create_task(_tell(run, operation))
    try:
        while await _signalled(end, signals):
            if not operation.may_be_interrupted:
                return None
            operation.interrupt()
            run.out.say(ENDS_EARLY)
        return end.result()
    finally:
        for task in (end, tell):
            task.cancel()
        await asyncio.gather(end, tell, return_exceptions=True)


async def _signalled(end: asyncio.Task[Outcome], signals: asyncio.Semaphore) -> bool:
    """Waits for the end or a signal; whether it was a signal."""
    signal_came = asyncio.create_task(signals.acquire())
    try:
        await asyncio.wait({end, signal_came}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        signal_came.cancel()
    return not end.done()


@contextmanager
def _interruptible() -> Iterator[asyncio.Semaphore]:
    """Counts ctrl-c, a closed terminal and a TERM, which do not end the program."""
    signals = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        loop.add_signal_handler(number, signals.release)
    try:
        yield signals
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


async def _tell(run: Run, operation: Operation) -> None:
    """Says on stderr what has changed, an object a line."""
    version, said = 0, set[str]()
    while True:
        progress = operation.progress
        news = [f"{progress.phase.value}: {progress.note}".rstrip(": ")]
        news += [plain(step_line(step)) for step in progress.steps]
        for line in news:
            if line not in said:
                run.out.progress(line)
        said = set(news)
        version = await operation.changed(version)


def _word(check: Check) -> str:
    """A check's name as one word, for a shell."""
    return check.name.replace(" ", "-")


def _names(plan: Plan, overrides: tuple[str, ...]) -> tuple[str, ...]:
    """The checks' names; each may be given as one word."""
    words = {_word(check): check.name for check in plan.checks}
    return tuple(words.get(name, name) for name in overrides)


def _plan(session: Session, plan: Plan, consent: Consent) -> Answer:
    return Answer(
        kind="plan",
        scope=scope_of(session),
        body={**_document(plan), "result": None},
        lines=lambda width: plan_lines(plan, width, frozenset(consent.overrides)),
    )


def _outcome(session: Session, plan: Plan, outcome: Outcome) -> Answer:
    return Answer(
        kind="outcome",
        scope=scope_of(session),
        body={**_document(plan), "result": outcome.result.value, "outcome": outcome.to_json()},
        lines=lambda width: fitted([*outcome_lines(outcome), *part_lines(outcome.steps)], width),
    )


def _document(plan: Plan) -> shapes.Shape:
    return plan.to_json(changes(plan.changes) if plan.changes is not None else None)


def plan_lines(plan: Plan, width: int, overrides: frozenset[str]) -> list[Cell]:
    """The whole plan as text."""
    lines: list[Cell | Hung] = [heading(plan.title), cell(plan.summary), (), heading("Checks")]
    lines += indented(check_lines(plan, overrides))
    if targets := list(target_lines(plan)):
        what = "What is deleted" if target_noun(plan) == "claim" else "What is stopped"
        lines += [(), heading(what), *indented(targets)]
    if plan.inputs is not None:
        lines += [(), heading("Made from"), *indented(input_lines(plan.inputs))]
    if plan.changes is not None:
        lines += [(), heading("Changes"), *indented(diff_lines(plan.changes))]
    lines += [(), heading("What people notice"), *indented(notice_lines(plan)), ()]
    facts = [("command", plan.command), ("means", plan.means), ("rests on", plan.basis.digest)]
    lines += [fact(name, cell(value)) for name, value in facts if value]
    return fitted([*lines, (), *_way_on(plan, overrides)], width)


def _way_on(plan: Plan, overrides: frozenset[str]) -> Iterator[Cell]:
    """What stops the plan, and how it can go on, if it can."""
    blocked = plan.blocked_by(overrides)
    if blocked:
        yield cell(f"It is stopped by: {', '.join(check.name for check in blocked)}.", Tone.NOW)
    if all(check.overridable for check in blocked):
        if passes := " ".join(f"--override {_word(check)}" for check in blocked):
            yield cell(f"To go on in spite of that: {passes}")
            yield ()
        yield cell(f"Nothing was changed. To go on: --confirm {plan.confirm}", Tone.ACCENT)
    else:
        yield cell("Nothing was changed. Mend what stops it, then plan again.", Tone.ACCENT)
