"""How a spawn check ended, in words."""

from __future__ import annotations

from hubtui.model.plan import FailedObject, Outcome, Result
from hubtui.model.spawn import ORDER, Trace
from hubtui.services.actions.spawn_check_run import Checked


def outcome_of(checked: Checked) -> Outcome:
    """The outcome of a spawn check that ran by itself."""
    key, failed = checked.canary.key, checked.failed
    notes = [checked.trace.unseen] if checked.trace.unseen else []
    next_steps = [f"hubtui stop {key} takes the server away."] if checked.left else []
    if checked.left:
        notes.append(f"{key} is still there: {checked.left}")
    elif checked.went is not None:
        notes.append(f"{key} was stopped and was gone after {checked.went:.1f} s")
    result = Result.FAILED if failed or checked.left else Result.OK
    if checked.interrupted and failed:
        result = Result.INTERRUPTED
    if checked.canary.keep and not failed:
        notes.append(f"{key} goes on; hubtui stop {key} takes it away")
    return Outcome(
        result,
        in_words(checked, why=False),
        failed=_failed(checked),
        next_steps=tuple(next_steps),
        notes=tuple(notes),
        steps=checked.trace.steps(checked.ended, stuck=failed),
    )


def in_words(checked: Checked, *, why: bool = True) -> str:
    """How it went in one line: ready after how long, or where it hangs, and `why`."""
    key, trace = checked.canary.key, checked.trace
    if checked.refused:
        return f"{key} was not started: {checked.failed}"
    if not checked.failed:
        words = f"{key} was ready after {trace.total:.1f} s"
        return f"{words}, but it did not go again: {checked.left}" if checked.left else words
    part = trace.waits_for
    words = f"{key} was not ready after {checked.ended:.1f} s, at '{part}': {checked.failed}"
    return f"{words}. {checked.why}" if why and checked.why else words


def part_words(trace: Trace) -> str:
    """The seconds of each part that was seen, one after the other."""
    found, before = [], 0.0
    for part in ORDER:
        if (at := trace.reached.get(part)) is not None:
            found.append(f"{part} {max(0.0, at - before):.1f} s")
            before = max(before, at)
    return ", ".join(found)


def _failed(checked: Checked) -> tuple[FailedObject, ...]:
    part = checked.trace.waits_for
    if not checked.failed or part is None:
        return ()
    return (FailedObject("spawn", part.value, checked.why or checked.failed),)
