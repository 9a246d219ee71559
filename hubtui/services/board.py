"""A dashboard that runs: its variables, its time, and the panels that are looked at.

Only panels that somebody looks at are asked, none sooner than its step; at most `AT_ONCE` queries
are under way. A query that fails costs its own panel alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.clients.prometheus import QueryError
from hubtui.errors import DecodeError, HubtuiError
from hubtui.model.dashboard import Dashboard, Kind
from hubtui.model.dashboard_words import uses
from hubtui.model.query_steps import Window
from hubtui.model.repeats import PlacedPanel, PlacedSection, placed
from hubtui.services.board_panels import Asking, PanelState, Question
from hubtui.services.board_time import BoardTime
from hubtui.services.board_variables import BoardVariables, VariableState, needed
from hubtui.services.missing_metrics import MissingMetrics
from hubtui.services.ranges import LEAST_STEP
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.session import Session

log = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Queries of a board under way at most: a Prometheus runs 20 for all who ask."""

COLUMNS: Final = 80
"""To which a panel is fitted until it is told how wide it is."""

AGAIN: Final = timedelta(seconds=30)
"""After which a panel with an error is asked again, at the soonest."""

LAYOUT: Final = ""
"""In the answer of `update`: the variables, and with them rows and panels, may be others."""

_DONE: Final = frozenset({Kind.TEXT, Kind.UNSUPPORTED})
"""Panels that ask nothing."""


@dataclass(slots=True)
class _Seat:
    """A panel on the board: how wide it is, what is known, and when it is due."""

    state: PanelState
    columns: int = COLUMNS
    due: datetime | None = None
    asking: asyncio.Task[None] | None = None


class Board:
    """A dashboard on one session. `choose`, `look` and their kin change what is asked for; `update`
    tells what has changed since the last time."""

    def __init__(
        self, session: Session, dashboard: Dashboard, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.dashboard = dashboard
        self._now = now
        self._link = session.prometheus
        self._ranges = session.ranges
        self._ahead = timedelta(0)
        self._missing = MissingMetrics(session.prometheus)
        self._variables = BoardVariables(session, dashboard.variables, self._missing)
        self._asking = Asking(session.ranges, AT_ONCE)
        zone = UTC if dashboard.utc else None  # of this machine
        self._time = BoardTime(dashboard.start, dashboard.end, lambda: self.now().astimezone(zone))
        self._seats: dict[str, _Seat] = {}
        self._sections: tuple[PlacedSection, ...] = ()
        self._resolved = False
        self._moved = False
        self._resolving = asyncio.Lock()
        self._wanted: frozenset[str] = frozenset()
        self._lookers: set[str] = set()
        self._changed: set[str] = {LAYOUT}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._lay_out()

    @property
    def sections(self) -> tuple[PlacedSection, ...]:
        """The rows with their panels, repeated ones as often as they stand."""
        return self._sections

    @property
    def variables(self) -> tuple[VariableState, ...]:
        """The variables as they are now, in the order of the dashboard."""
        return self._variables.states

    @property
    def ready(self) -> bool:
        """Whether the variables were asked for, so that panels can be."""
        return self._resolved

    @property
    def notes(self) -> tuple[str, ...]:
        """What is wrong with the dashboard's time."""
        return (self._time.note,) if self._time.note else ()

    @property
    def time(self) -> tuple[str, str]:
        """From when to when, as it was chosen: `now-6h`, `now`."""
        return self._time.words

    @property
    def window(self) -> Window:
        """The time that is looked at now."""
        return self._time.window

    @property
    def relative(self) -> bool:
        """Whether the window goes on with the time."""
        return self._time.relative

    def panel(self, key: str, columns: int = 0) -> PanelState:
        """What is known for a panel; with another width it is asked again. Raises KeyError."""
        seat = self._seats[key]
        if columns > 0 and columns != seat.columns:
            seat.columns = columns
            if not all(each.instant for each in seat.state.panel.targets):
                self._make_due(seat)
        return seat.state

    def wanted(self, keys: Iterable[str]) -> None:
        """The panels that are looked at; the others rest. To be told anew after `LAYOUT`."""
        wanted = frozenset(keys) & self._seats.keys()
        for key in self._wanted - wanted:
            self._stop(self._seats[key])
        self._wanted = wanted
        self._wake.set()

    def update(self) -> set[str]:
        """The keys of the panels that changed since the last call, and `LAYOUT`."""
        changed, self._changed = self._changed, set()
        return changed

    async def choose(self, name: str, values: Sequence[str]) -> None:
        """Gives a variable its values; only what depends on it is asked again. Raises KeyError."""
        async with self._resolving:
            names = self._variables.give(name, values)
            await self._variables.resolve(self.window, names)
            self._lay_out()
            for seat in self._seats.values():
                if names & _used(seat.state):
                    # Numbers of what was chosen before are none of what is chosen now.
                    seat.state = PanelState(seat.state.placed)
                    self._make_due(seat)

    def look(self, start: str, end: str = "now") -> None:
        """Chooses the time: `now-6h`, `now`, or written dates. Raises UsageError."""
        self._time.look(start, end)
        self._move()

    def look_at(self, window: Window) -> None:
        """Chooses the time; one that reaches up to now goes on with the time."""
        self._time.look_at(window)
        self._move()

    def shift(self, part: float) -> None:
        """Moves the time by a part of its length: -0.5 is half a screen earlier."""
        self._time.shift(part)
        self._move()

    def zoom(self, factor: float, around: datetime | None = None) -> None:
        """Looks at a time `factor` times as long, around a moment (else up to the same end)."""
        self._time.zoom(factor, around)
        self._move()

    async def over(self, key: str, window: Window, columns: int) -> PanelState:
        """A panel over a time of its own, for a plot beside the board. What goes wrong is told by
        the state. Raises KeyError."""
        placed = self._seats[key].state.placed
        now = self.now()
        ends_now = window.end >= now - LEAST_STEP
        values = self._variables.values(window)
        asked = Question(placed, values, window, columns, now, ends_now, own_time=False)
        return await self._asking.ask(asked)

    async def fill(self, keys: Iterable[str] | None = None) -> None:
        """Asks once for the variables, and for some panels (else all)."""
        await self._open()
        wanted = list(self._seats) if keys is None else [k for k in keys if k in self._seats]
        await asyncio.gather(*(self._ask(key) for key in wanted))

    def start(self, who: str = "") -> None:
        """Somebody looks: the wanted panels are kept up until each who looked has paused."""
        self._lookers.add(who)
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name="dashboard")
            self._task.add_done_callback(_report)

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        self._lookers.discard(who)
        if not self._lookers:
            self._end()

    def retry(self) -> None:
        """Variables and panels are asked at once, whatever failed before."""
        self._link.retry()
        self._resolved = False
        self._make_all_due()

    async def close(self) -> None:
        """Ends the asking."""
        tasks = [seat.asking for seat in self._seats.values() if seat.asking is not None]
        tasks += [self._task] if self._task is not None else []
        self._lookers.clear()
        self._end()
        await asyncio.gather(*tasks, return_exceptions=True)

    def now(self) -> datetime:
        """The time of Prometheus' clock."""
        return self._now() + self._ahead

    def _end(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        for seat in self._seats.values():
            self._stop(seat)

    async def _open(self) -> None:
        async with self._resolving:
            if not self._resolved:
                with suppress(HubtuiError):  # which each variable and each panel tells
                    self._ahead = await self._ranges.now() - self._now()
                await self._variables.resolve(self.window)
                self._lay_out()
                self._make_all_due()
                self._resolved = True
            elif self._moved and await self._variables.resolve(
                self.window, self._variables.of_time
            ):
                self._lay_out()
                self._make_all_due()
            self._moved = False

    def _lay_out(self) -> None:
        """Rows and panels as the variables have them now; what stays keeps what is known."""
        self._sections = placed(self.dashboard, self._variables.values(self.window))
        before, self._seats = self._seats, {}
        for section in self._sections:
            for each in section.panels:
                self._seats[each.key] = _kept(before.pop(each.key, None), each)
        for seat in before.values():
            self._stop(seat)
        self._wanted = frozenset(self._wanted & self._seats.keys())
        self._changed.add(LAYOUT)

    async def _follow(self) -> None:
        await self._open()
        while True:
            self._wake.clear()
            if not self._resolved or self._moved:
                await self._open()
            now = self._now()
            for key in self._wanted:
                seat = self._seats[key]
                if seat.asking is None and (seat.due is None or seat.due <= now):
                    seat.asking = asyncio.create_task(self._kept_up(key, seat), name=f"panel {key}")
                    seat.asking.add_done_callback(_report)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause(now)):
                    await self._wake.wait()

    def _pause(self, now: datetime) -> float | None:
        """Seconds until the next panel is due."""
        seats = [self._seats[key] for key in self._wanted]
        dues = [seat.due for seat in seats if seat.asking is None and seat.due is not None]
        return max(0.0, (min(dues) - now).total_seconds()) if dues else None

    async def _kept_up(self, key: str, seat: _Seat) -> None:
        me = asyncio.current_task()
        try:
            await self._ask(key)
        finally:
            if seat.asking is me:
                seat.asking = None
                self._wake.set()

    async def _ask(self, key: str) -> None:
        seat = self._seats[key]
        panel = seat.state.panel
        now, window = self._now(), self.window
        if panel.kind in _DONE:
            state = replace(seat.state, asked=True)
        else:
            values = self._variables.values(window)
            question = Question(
                seat.state.placed, values, window, seat.columns, self.now(), self.relative
            )
            state = await self._asking.ask(question)
            if state.empty:
                state = replace(state, notes=(*state.notes, *await self._why_empty(state)))
        self._take(key, seat, state, now)

    async def _why_empty(self, state: PanelState) -> list[str]:
        without = needed(self._variables.states)
        exprs = " ".join(each.expr for each in state.panel.targets)
        own = [f"${n} has no value: {without[n]}" for n in uses(exprs) if n in without]
        return own or await self._missing.of([query for _, query in state.queries])

    def _take(self, key: str, seat: _Seat, state: PanelState, now: datetime) -> None:
        before, step = seat.state, max(state.step or LEAST_STEP, LEAST_STEP)
        if state.errors and not state.lines and not state.frames:
            # What was known stays, and is told as old by its `as_of`.
            state = replace(before, asked=True, errors=state.errors, queries=state.queries)
        seat.state = state = replace(state, placed=before.placed)
        if state.errors:
            seat.due = now + (max(step, AGAIN) if _are_of_queries(state) else AGAIN)
        elif state.panel.kind in _DONE or not self._goes_on(state, now):
            seat.due = _NEVER
        else:
            seat.due = now + step
        if state != before and self._seats.get(key) is seat:
            self._changed.add(key)

    def _goes_on(self, state: PanelState, now: datetime) -> bool:
        """Whether there will be anything new."""
        end = state.window.end if state.window is not None else now
        return self.relative or end >= now - (state.step or LEAST_STEP)

    def _move(self) -> None:
        """Another time is looked at: what is known is that of the one before."""
        self._moved = True
        self._make_all_due()

    def _make_all_due(self) -> None:
        for seat in self._seats.values():
            self._make_due(seat)
        self._changed.add(LAYOUT)

    def _make_due(self, seat: _Seat) -> None:
        """It is asked anew, also where an older question is under way."""
        self._stop(seat)
        seat.due = None
        self._wake.set()

    def _stop(self, seat: _Seat) -> None:
        task, seat.asking = seat.asking, None
        if task is not None:
            task.cancel()


_NEVER: Final = datetime.max.replace(tzinfo=utc_now().tzinfo)


def _kept(seat: _Seat | None, each: PlacedPanel) -> _Seat:
    if seat is None:
        return _Seat(PanelState(each))
    seat.state = replace(seat.state, placed=each)
    return seat


def _are_of_queries(state: PanelState) -> bool:
    """Whether it is the queries that are wrong, which asking again does not mend."""
    return all(isinstance(each.error, (QueryError, DecodeError)) for each in state.errors)


def _used(state: PanelState) -> set[str]:
    """The variables that its queries use."""
    targets = state.panel.targets
    return set(uses(" ".join([state.panel.interval, *(f"{t.expr} {t.interval}" for t in targets)])))


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a dashboard could not be kept up", exc_info=error)
