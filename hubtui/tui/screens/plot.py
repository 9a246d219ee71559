"""A plot on the whole screen: ranges, a cursor, two series compared, revisions as marks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.model.query_steps import Window
from hubtui.services.ranges import LEAST_STEP, RangeAnswer
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import export, keys, of_metric
from hubtui.tui.of_metric import Subject
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.plot import Plot
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.views import plotted
from hubtui.views.cells import EMPTY, Tone, cell
from hubtui.views.metric_cells import age_text
from hubtui.views.plot import Frame, Line
from hubtui.views.table import Freshness

SLOW: Final = 1.0
"""Seconds after which it is told that an answer is waited for."""

SETTLED: Final = 0.2
"""Seconds for which a size must last before it is asked for."""

LEAST_WINDOW: Final = timedelta(minutes=5)
MOST_WINDOW: Final = timedelta(days=90)

PAGE: Final = 10
"""Columns of a long step of the cursor."""


class PlotScreen(BaseScreen[None]):
    """Plots one subject, or two of them, up to now or between two moments."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "plot")]

    def __init__(
        self,
        session: Session,
        subjects: Sequence[Subject],
        window: timedelta = timedelta(hours=1),
    ) -> None:
        super().__init__()
        self._session = session
        self._subjects = list(subjects)
        self._window = window
        self._ends: datetime | None = None
        self._answers: list[RangeAnswer | HubtuiError] = []
        self._notes: list[str] = []
        self._work: asyncio.Task[None] | None = None
        self._asked = 0.0
        self._due = 0.0

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame(" and ".join(each.title for each in self._subjects), id="plot"):
            yield Plot()
            yield SaveLine()
        yield KeyFooter(self.refused())

    @property
    def plot(self) -> Plot:
        """The plot."""
        return self.query_one(Plot)

    @property
    def frame(self) -> PaneFrame:
        """The frame around it."""
        return self.query_one("#plot", PaneFrame)

    def on_mount(self) -> None:
        self.plot.say("Asking …")
        self.plot.focus()

    def on_plot_resized(self, message: Plot.Resized) -> None:
        """Another width has other steps."""
        message.stop()
        if self._work is None:
            self._ask()
        else:
            self._due = monotonic() + SETTLED

    # -- asking

    @property
    def is_live(self) -> bool:
        """Whether the time that is looked at goes up to now."""
        return self._ends is None

    def _ask(self) -> None:
        """Asks for what is looked at; an answer to an earlier question is not waited for."""
        if self._work is not None:
            self._work.cancel()
        self._asked = monotonic()
        self._due = float("inf")
        self._work = asyncio.create_task(self._read(), name="plot")

    async def _read(self) -> None:
        window: Window | timedelta = self._window
        if self._ends is not None:
            window = Window(self._ends - self._window, self._ends)
        columns = self.plot.columns
        self._answers = await asyncio.gather(
            *(self._one(subject, window, columns) for subject in self._subjects)
        )
        self._show()
        steps = [each.step for each in self._answers if isinstance(each, RangeAnswer)]
        if self.is_live:
            self._due = (
                monotonic() + max(min(steps, default=LEAST_STEP), LEAST_STEP).total_seconds()
            )

    async def _one(
        self, subject: Subject, window: Window | timedelta, columns: int
    ) -> RangeAnswer | HubtuiError:
        try:
            return await subject.ask(window, columns)
        except HubtuiError as error:
            return error

    def _show(self) -> None:
        told = [each for each in self._answers if isinstance(each, RangeAnswer)]
        self._notes = [note for each in told for note in each.notes]
        lines: list[Line] = []
        most = plotted.MOST // len(self._subjects)
        for subject, answer in zip(self._subjects, self._answers, strict=True):
            if isinstance(answer, HubtuiError):
                self._notes.append(f"{subject.title}: {answer.what}")
                continue
            found, cut = subject.lines(answer, most)
            self._notes += [cut] if cut else []
            lines = plotted.with_second(lines, found) if lines else found
        if not told or not lines:
            self.plot.say(self._sentence())
        else:
            self.plot.show(lines, self._framed(told[0].window))
        self._show_headline()

    def _framed(self, window: Window) -> Frame:
        start, end = window.start.timestamp(), window.end.timestamp()
        heads = self._session.releases.heads(self._session.release)
        return Frame(
            start=start,
            end=end,
            marks=plotted.marks_of(heads, start, end),
            limits=tuple(self._subjects[0].limits()),
        )

    def _sentence(self) -> str:
        """Why there is nothing to plot."""
        errors = [each for each in self._answers if isinstance(each, HubtuiError)]
        if errors:
            return str(errors[0])
        metric = self._subjects[0].metric
        if metric is not None and metric.idle:
            return f"Nothing in this time: {metric.idle}."
        return "There is no sample in this time."

    # -- what is told round the plot

    def beat(self, now: datetime) -> None:
        super().beat(now)
        if monotonic() >= self._due and self.plot.size.width:
            self._ask()
        self.frame.show_freshness(self._freshness(now))
        words = " · ".join(dict.fromkeys(self._notes))
        self.frame.show_note(cell(words, Tone.SOON) if words else EMPTY)

    def _freshness(self, now: datetime) -> Freshness:
        waits = monotonic() - self._asked
        if self._work is not None and not self._work.done() and waits > SLOW:
            return Freshness(f"asking for {int(waits)} s", Tone.SOON)
        told = [each for each in self._answers if isinstance(each, RangeAnswer)]
        if not told:
            return Freshness("no answer" if self._answers else "asking")
        oldest = min(told, key=lambda each: each.as_of)
        step = round(told[0].step.total_seconds())
        words = f"{step} s" if step < 60 else f"{step // 60} m"
        return Freshness(f"each {words} · {age_text(oldest.as_of, now)} old")

    def _show_headline(self) -> None:
        live = self.is_live
        self.frame.show_headline(plotted.headline(self._window, self.plot.frame, live=live))

    def on_plot_cursor_moved(self, message: Plot.CursorMoved) -> None:
        message.stop()
        self._show_headline()

    # -- the time that is looked at

    def action_range(self, hours: int) -> None:
        """The last hours up to now."""
        self._look(timedelta(hours=hours), None)

    def _look(self, window: timedelta, ends: datetime | None) -> None:
        now = utc_now()
        self._window = min(max(window, LEAST_WINDOW), MOST_WINDOW)
        self._ends = None if ends is None or ends >= now else ends
        self._show_headline()
        self._ask()

    def action_zoom_in(self) -> None:
        """Half the time, around the cursor, or up to the end."""
        self._zoom(0.5)

    def action_zoom_out(self) -> None:
        """Twice the time."""
        self._zoom(2.0)

    def _zoom(self, times: float) -> None:
        frame = self.plot.frame
        length = self._window * times
        if frame.cursor is None:
            self._look(length, self._ends)
            return
        after = (frame.end - frame.cursor) * times
        self._look(length, datetime.fromtimestamp(frame.cursor + after, UTC))

    def action_cursor(self, columns: int) -> None:
        """The cursor goes to the left or to the right; beyond the edge the time moves on."""
        if self.plot.move(columns) or (columns > 0 and self.is_live):
            return
        quarter = self._window / 4
        frame = self.plot.frame
        ends = datetime.fromtimestamp(frame.end, UTC)
        self._look(self._window, ends + (quarter if columns > 0 else -quarter))

    def action_back(self) -> None:
        """The cursor goes first, then the screen."""
        if self.plot.frame.cursor is not None:
            self.plot.point_at(None)
        else:
            self.dismiss(None)

    # -- what is compared

    def action_compare(self, by: int) -> None:
        """The next of the pane's metrics beside the first, or none."""
        rows = [row for row in self._session.metrics.rows() if row.source]
        first = self._subjects[0].metric
        others = [None, *(row.metric for row in rows if first is None or row.metric.id != first.id)]
        second = self._subjects[1].metric if len(self._subjects) > 1 else None
        at = others.index(second) if second in others else 0
        chosen = others[(at + by) % len(others)]
        more = [of_metric.of_metric(self._session, chosen)] if chosen is not None else []
        self._subjects = [self._subjects[0], *more]
        self.frame.title = " and ".join(each.title for each in self._subjects)
        self._show_headline()
        self._ask()

    # -- what else can be done

    def action_why(self) -> None:
        """What the metric means, and where it is from."""
        metric = self._subjects[0].metric
        if metric is not None:
            of_metric.open_details(self.app, self._session, metric.id)

    def action_copy(self) -> None:
        """Copies the plot as text."""
        self.app.copy_to_clipboard(self.plot.text)
        self.app.notify("Copied.", timeout=2)

    def action_save(self) -> None:
        """Asks for a name, and writes the plot as text to a new file."""
        self.query_one(SaveLine).open(export.proposed("plot", "txt"))

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.plot.focus()
        export.save_lines(self.app, message.name, self.plot.text.split("\n"))

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.plot.focus()

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
