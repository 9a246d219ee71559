"""`dashboard`: a Grafana dashboard as text, or as its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final

from hubtui.errors import ConfigError, DeniedError, NotFoundError, UnreachableError, UsageError
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, ask, scope_of
from hubtui.model.age import rfc3339
from hubtui.model.dashboard import ALL, Dashboard, Kind
from hubtui.model.query_steps import length_of
from hubtui.services.board import Board
from hubtui.services.board_panels import PanelState
from hubtui.services.dashboards import Found, Offers
from hubtui.services.import_report import report
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views.cells import EMPTY, Cell, Tone, cell, join, plain
from hubtui.views.dashboard import lines_between, variables_line
from hubtui.views.dashboard_layout import Arrangement, Place, arranged
from hubtui.views.dashboard_panel import panel_lines
from hubtui.views.dashboards import found_lines
from hubtui.views.lines import clip_cell

WIDTH: Final = 120
"""Columns where nothing says how wide it is to be: in a pipe or a file."""

NARROWEST: Final = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dashboard: a file, an address, a uid or a title; over which time, with which values of
    its variables, in how many columns (0: as wide as the terminal)."""

    name: str
    length: str = ""
    variables: tuple[str, ...] = ()
    width: int = 0


async def dashboard(run: Run, wanted: Wanted) -> int:
    """One dashboard, each panel drawn or told.

    Raises UsageError for a file or a variable that there is not, NotFoundError for a name that no
    dashboard has, DecodeError for what is none, and what keeps Prometheus from being asked.
    """
    if wanted.length:
        _check_length(wanted.length)

    async def question(session: Session) -> Answer:
        board = Board(session, await _read(session, wanted.name))
        try:
            return await _answer(session, board, wanted, wanted.width or run.out.width or WIDTH)
        finally:
            await board.close()

    return await ask(run, question, lambda session: (session.pods.stores.pods,))


def _check_length(written: str) -> None:
    try:
        length_of(written)
    except ValueError as error:
        raise UsageError(str(error)) from None


async def dashboards(run: Run) -> int:
    """The dashboards that can be opened by their uid or title, and what could not be read."""

    async def question(session: Session) -> Answer:
        offers = await session.dashboards.offers()
        return _listed(session, offers)

    return await ask(run, question, lambda session: (session.pods.stores.pods,))


def _listed(session: Session, offers: Offers) -> Answer:
    def lines(width: int) -> Iterable[Cell]:
        return found_lines(offers.found, width) or [cell("No dashboard was found.")]

    return Answer(
        kind="dashboards",
        scope=scope_of(session),
        body={"items": [_found(each) for each in offers.found]},
        lines=lines,
        notes=tuple(Note(each.source, each.reason) for each in offers.notes),
    )


def _found(found: Found) -> dict[str, Any]:
    return {
        "title": found.title,
        "uid": found.uid,
        "source": found.source.value,
        "place": found.place,
        "fault": found.fault or None,
    }


async def _read(session: Session, name: str) -> Dashboard:
    if "://" in name or _is_file(name):
        return await session.dashboards.bring(name)
    if name.endswith(".json"):
        raise UsageError(f"There is no file {name}")
    offers = await session.dashboards.offers()
    for each in offers.found:
        if name in (each.uid, each.title):
            return await session.dashboards.open(each)
    raise NotFoundError(
        f"There is no dashboard {name!r}",
        status=404,
        remedy="`hubtui dashboard --list` lists them.",
    )


def _is_file(name: str) -> bool:
    try:
        return Path(name).expanduser().is_file()
    except RuntimeError:  # `~user` names nobody
        return False


async def _answer(session: Session, board: Board, wanted: Wanted, width: int) -> Answer:
    if wanted.length:
        board.look(f"now-{wanted.length}")
    await board.fill(())
    for name, values in _given(board, wanted.variables).items():
        await board.choose(name, values)
    width = max(NARROWEST, width)
    plan = arranged(board.sections, width)
    for place in plan.places:
        board.panel(place.key, place.width)
    await board.fill()
    states = {place.key: board.panel(place.key) for place in plan.places}
    _require(states.values())
    now = utc_now()
    return Answer(
        kind="dashboard",
        scope=scope_of(session),
        body=_body(board, states),
        lines=lambda _: _lines(board, plan, states, width, now),
        notes=tuple(Note(each.where, each.words) for each in report(board)),
        as_of=now,
    )


def _given(board: Board, written: Sequence[str]) -> dict[str, list[str]]:
    """The values that are asked for, by the name of their variable. Raises UsageError."""
    known = [state.variable.name for state in board.variables]
    found: dict[str, list[str]] = {}
    for each in written:
        name, between, value = each.partition("=")
        if not between or name not in known:
            names = ", ".join(known) or "none"
            raise UsageError(
                f"{each!r} names no variable with a value",
                remedy=f"Write --var NAME=VALUE; the dashboard has {names}.",
            )
        found.setdefault(name, []).append(ALL if value == "All" else value)
    return found


def _require(states: Iterable[PanelState]) -> None:
    """Raises what keeps all panels from being answered, as there is no Prometheus to ask."""
    asking = [each for each in states if each.panel.targets]
    errors = [each.error for each in asking if not (each.lines or each.frames)]
    missing = (ConfigError, DeniedError, UnreachableError)
    if asking and len(errors) == len(asking) and all(isinstance(e, missing) for e in errors):
        first = errors[0]
        if first is not None:
            raise first


def _lines(
    board: Board, plan: Arrangement, states: dict[str, PanelState], width: int, now: datetime
) -> Iterable[Cell]:
    start, end = board.time
    head = join(cell(board.dashboard.title, Tone.STRONG), cell(f"{start} to {end}", Tone.MUTED))
    yield clip_cell(head, width)
    if shown := variables_line(board.variables, width):
        yield shown
    yield EMPTY

    def draw(place: Place) -> list[Cell]:
        return panel_lines(states[place.key], place.width, place.height, now)

    blank = True
    for line in lines_between(plan, width, 0, plan.height, draw):
        # On paper there is no screen to fill: what a panel leaves blank is one line.
        before, blank = blank, not plain(line).strip()
        if not (blank and before):
            yield line


# -- the numbers


def _body(board: Board, states: dict[str, PanelState]) -> dict[str, Any]:
    window = board.window
    return {
        "title": board.dashboard.title,
        "uid": board.dashboard.uid,
        "start": rfc3339(window.start),
        "end": rfc3339(window.end),
        "variables": [
            {"name": each.variable.name, "values": list(each.chosen.values)}
            for each in board.variables
        ],
        "items": [
            _panel(section.title, states[each.key])
            for section in board.sections
            for each in section.panels
            if each.key in states
        ],
    }


def _panel(row: str, state: PanelState) -> dict[str, Any]:
    panel = state.panel
    return {
        "id": panel.id,
        "row": row,
        "title": panel.title,
        "type": panel.written_kind,
        "unit": panel.look.unit,
        "step_seconds": state.step.total_seconds() if state.step is not None else None,
        "as_of": rfc3339(state.as_of),
        "text": panel.content if panel.kind is Kind.TEXT else None,
        "series": [
            {
                "name": line.name,
                "query": line.ref,
                "labels": dict(line.labels),
                "points": [[at, _number(value)] for at, value in line.points],
            }
            for line in state.lines
        ],
        "tables": _tables(state),
        "errors": [{"query": each.ref, "error": each.error.what} for each in state.errors],
        "notes": [*panel.notes, *state.notes],
    }


def _tables(state: PanelState) -> list[dict[str, Any]]:
    if state.panel.kind is not Kind.TABLE:
        return []
    return [
        {
            "columns": [each.name for each in frame.fields],
            "rows": [
                [_cell(each.values[row]) for each in frame.fields] for row in range(frame.length)
            ],
        }
        for frame in state.frames
    ]


def _cell(value: float | str | None) -> float | str | None:
    return _number(value) if isinstance(value, (int, float)) else value


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
