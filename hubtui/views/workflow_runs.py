"""The runs of the deployment workflow: one line for a pane, and all of them to read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hubtui.model.age import age, precise, seconds_between
from hubtui.model.workflow import By, Made, WorkflowRun
from hubtui.services.workflow_runs import WorkflowRuns, latest
from hubtui.views.cells import EMPTY, Cell, Tone, cell, join
from hubtui.views.document import Hung, fact
from hubtui.views.signs import sign_of, tone_of


def state_cell(run: WorkflowRun) -> Cell:
    """Its sign and its state in words."""
    return join(sign_of(run.severity), cell(run.words, tone_of(run.severity)))


def made_words(made: Made | None) -> str:
    """What it made: certain by the commit; by time alone only what happened meanwhile."""
    if made is None:
        return ""
    return f"made r{made.revision}" if made.by is By.COMMIT else f"r{made.revision} came meanwhile"


def run_cell(run: WorkflowRun, made: Made | None, now: datetime) -> Cell:
    """A run on one line."""
    by = f"by {run.who}" if run.who else ""
    when = f"{age(run.began, now)} ago"
    words = (f"{run.head_branch or '?'} {run.commit}".strip(), by, when, made_words(made))
    return join(state_cell(run), cell(" · ".join(part for part in words if part), Tone.MUTED))


def line(runs: WorkflowRuns, now: datetime) -> Cell:
    """The newest run that can have deployed, or why none is known; nothing without a token."""
    if not runs.configured:
        return EMPTY
    title = cell(f"{runs.workflow}:", Tone.MUTED)
    run = latest(runs.runs)
    if run is not None:
        return join(title, run_cell(run, runs.made(now).get(run.id), now))
    if runs.error is not None:
        return join(title, cell(f"? {runs.error.what}", Tone.SOON))
    return join(title, cell("…" if runs.asked is None else "no run has deployed yet", Tone.MUTED))


def lines(runs: WorkflowRuns, now: datetime) -> Iterator[Cell | Hung]:
    """All runs that are known, newest first, with where to read on."""
    yield fact("repository", cell(runs.repository))
    yield fact("workflow", cell(runs.workflow))
    if runs.error is not None:
        yield fact("GitHub", cell(str(runs.error), Tone.SOON))
    if runs.asked is None and runs.error is None:
        yield fact("GitHub", cell("is being asked …", Tone.MUTED))
    elif runs.asked is not None:
        yield fact("as of", cell(f"{age(runs.asked, now)} ago", Tone.MUTED))
    if runs.asked is not None and not runs.runs:
        yield ()
        yield cell("The workflow has not run yet.", Tone.MUTED)
    made = runs.made(now)
    for run in runs.runs:
        yield ()
        yield from _run_lines(run, made.get(run.id), now)


def _run_lines(run: WorkflowRun, made: Made | None, now: datetime) -> Iterator[Cell | Hung]:
    attempt = f", attempt {run.run_attempt}" if run.run_attempt > 1 else ""
    yield join(
        state_cell(run),
        cell(run.display_title, Tone.STRONG),
        cell(f"#{run.run_number}{attempt}", Tone.MUTED),
    )
    commit = run.head_commit
    author = commit.author.name if commit and commit.author else ""
    wrote = f"written by {author}" if author else ""
    yield fact("commit", join(cell(f"{run.head_branch or '?'} {run.commit}"), cell(wrote)))
    yield fact("started", cell(_started(run, now)))
    if made is not None:
        yield fact("revision", cell(_made_sentence(made)))
    yield fact("to read on", cell(run.html_url, Tone.ACCENT))


def _started(run: WorkflowRun, now: datetime) -> str:
    words = [f"{age(run.began, now)} ago"]
    if run.who:
        words.append(f"by {run.who}")
    if run.event:
        words.append(f"on {run.event.replace('_', ' ')}")
    end = run.updated_at if run.over else now
    if run.began is not None and end is not None:
        lasted = precise(seconds_between(run.began, end))
        words.append(f"took {lasted}" if run.over else f"under way for {lasted}")
    return " · ".join(words)


def _made_sentence(made: Made) -> str:
    if made.by is By.COMMIT:
        return f"{made.revision}: its description names the commit"
    return f"{made.revision} was made while it ran, and no other"
