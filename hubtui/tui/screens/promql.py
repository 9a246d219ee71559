"""The PromQL line: a query is typed, with the words that fit; its answer is a table or a plot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.model.text import one_line
from hubtui.services.promql_names import PromqlNames
from hubtui.services.queries_kept import KeptQueries
from hubtui.services.ranges import Evaluation, position_of
from hubtui.services.session import Session
from hubtui.tui import export, keys, of_metric
from hubtui.tui.completion import Completion
from hubtui.tui.in_turn import InTurn
from hubtui.tui.screens.listing import FilterScreen
from hubtui.tui.screens.queries import QueriesScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.name_line import NameLine
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.promql_line import PromqlLine
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views import promql as views
from hubtui.views.cells import EMPTY, Cell, Tone, cell, join
from hubtui.views.document import Document, Hung
from hubtui.views.export import TEXT, exported
from hubtui.views.table import Freshness

WINDOW: Final = timedelta(hours=1)
"""The time that a plot begins with."""

HINT: Final = "Enter asks, tab takes a word that fits, ↑ brings earlier queries back."

_OF_LINE: Final = frozenset({"save", "back", "next_part", "previous_part"})
"""What has another meaning, or none, while a query is typed."""

_OF_ANSWER: Final = frozenset({"save", "sort", "reverse", "filter", "plot_query"})
"""What is done with the rows of an answer."""


class PromqlScreen(FilterScreen[None]):
    """One query after the other; escape ends one that is waited for."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "promql")]
    rows: views.QueryView

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._completion = Completion(PromqlNames(session.prometheus, self._filled))
        self._kept = KeptQueries()
        self.rows = views.QueryView()
        self._under = Document(self._under_lines)
        self._draft = ""
        self._back = 0
        self._answered = ""
        self._found: Evaluation | None = None
        self._fault: tuple[HubtuiError, str] | None = None
        self._naming = False
        self._sort, self._reverse = 0, False
        self._asked = 0.0
        self._work: asyncio.Task[None] | None = None
        self._disk = InTurn()

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("PromQL", id="promql-ask"):
            yield PromqlLine()
            yield NameLine()
            under = DocumentTable(self._under, id="promql-under")
            under.can_focus = False
            yield under
        with PaneFrame("Answer", id="promql-answer"):
            yield LiveTable(self.rows, marking=False, id="promql-table")
            yield FilterLine(words="text")
            yield SaveLine()
        yield KeyFooter(self.refused())

    @property
    def line(self) -> PromqlLine:
        """Where the query is typed."""
        return self.query_one(PromqlLine)

    @property
    def table(self) -> LiveTable:
        """The answer."""
        return self.query_one("#promql-table", LiveTable)

    @property
    def frame(self) -> PaneFrame:
        """The frame around the answer."""
        return self.query_one("#promql-answer", PaneFrame)

    def on_mount(self) -> None:
        self.line.take_focus()
        self._disk.do(self._kept.read)
        self._look()

    # -- what fits at the cursor

    def on_promql_line_changed(self, message: PromqlLine.Changed) -> None:
        message.stop()
        self._fault = None
        self._under.touch()
        self._look()

    def _look(self) -> None:
        if self._completion.look(self.line.text, self.line.cursor):
            self._under.touch()

    def _under_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        """What stands under the query: what is wrong with it, or what fits at the cursor."""
        del now
        under = self.query_one("#promql-under", DocumentTable)
        if self._fault is not None:
            error, asked = self._fault
            width = max(1, under.size.width - 2)
            yield from views.fault_lines(error, asked, position_of(error), width)
        elif self._completion.offers and self._is_typed:
            known = self._completion
            yield from views.offer_lines(known.offers, known.chosen, under.size.height)
        elif missing := self._completion.missing:
            yield Hung(cell(f"Names are not known: {missing}", Tone.SOON), 2)
        else:
            reads = self._is_typed and self._completion.reads
            yield cell("Asking Prometheus for its names …" if reads else HINT, Tone.MUTED)

    @property
    def _is_typed(self) -> bool:
        """Words are offered for what somebody types, not for an empty line or a query that was
        asked."""
        return bool(self.line.text) and self.line.text != self._answered

    # -- the keys of the line

    def on_promql_line_pressed(self, message: PromqlLine.Pressed) -> None:
        message.stop()
        match message.key:
            case "take":
                self._take()
            case "next":
                self._completion.choose_next()
                self._under.touch()
            case "older":
                self._remember(1)
            case "newer":
                self._remember(-1)
            case "keep":
                self._ask_name()
            case "queries":
                self.action_queries()
            case "leave":
                self.action_back()

    def _take(self) -> None:
        """Takes the word that is offered; where none can come, the keys go on to the answer."""
        if self._completion.offers and self._is_typed:
            self.line.write(*self._completion.taken())
            self._look()
        elif not (self._is_typed and self._completion.reads):
            self.table.focus()

    def _remember(self, by: int) -> None:
        asked = self._kept.asked
        if self._back == 0:
            self._draft = self.line.text
            # The query that stands there was asked last: the one before is meant.
            self._back = int(by > 0 and asked[-1:] == (self._draft.strip(),))
        self._back = min(max(0, self._back + by), len(asked))
        self.line.write(asked[-self._back] if self._back else self._draft)

    def _ask_name(self) -> None:
        if self.line.text.strip():
            self._naming = True
            self.query_one(NameLine).open("")

    def action_queries(self) -> None:
        """Saved queries, hubtui's own questions, and what was asked before."""
        self.app.push_screen(QueriesScreen(self._kept, self._session.metrics.all), self._chose)

    def _chose(self, promql: str | None) -> None:
        if promql is not None:
            self.line.write(promql)
        self.line.take_focus()

    # -- asking

    def on_promql_line_asked(self, message: PromqlLine.Asked) -> None:
        message.stop()
        text = message.text.strip()
        if not text:
            return
        self._stop()
        self._back = 0
        self._disk.do(lambda: self._kept.ask(text))
        self._asked = monotonic()
        self._answered, self._found = text, None
        self.rows.say("Asking Prometheus …")
        self.frame.show_headline(EMPTY)
        if self._fault is not None or self._completion.missing:
            self._session.prometheus.retry()
        self._fault = None
        self._under.touch()
        self._work = asyncio.create_task(self._evaluate(text), name="promql")

    async def _evaluate(self, text: str) -> None:
        asked = self._filled(text)
        try:
            found = await self._session.ranges.evaluate(asked)
        except HubtuiError as error:
            self._show_fault(error, text, asked)
            return
        self._found = found
        self._sort, self._reverse = 0, False
        self.rows.order_by("", reverse=False)
        self.rows.show(found)
        self.frame.show_headline(views.headline(found))
        self._under.touch()
        self.refresh_bindings()
        if self.rows.count and self.is_current and self.line.is_typed_in:
            self.table.show_sort(None)
            self.table.focus()

    def _show_fault(self, error: HubtuiError, text: str, asked: str) -> None:
        self._fault = (error, asked)
        self._answered = ""
        self.rows.say("No answer.")
        self._under.touch()
        position = position_of(error)
        if position is not None and asked == text == self.line.text and self.is_current:
            self.line.point(position)

    def _filled(self, text: str) -> str:
        return of_metric.filled(self._session, text)

    @property
    def _waits(self) -> bool:
        return self._work is not None and not self._work.done()

    def _stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def action_back(self) -> None:
        """Ends the query that is waited for; without one, leaves."""
        if self._waits:
            self._stop()
            self._answered = ""
            self.rows.say(f"Ended after {monotonic() - self._asked:.0f} s without an answer.")
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The line has keys of its own, and without an answer there is nothing to do with one."""
        if not self.is_mounted:
            return True
        if action in _OF_LINE and self.line.is_typed_in:
            return False
        return bool(self.rows.count) if action in _OF_ANSWER else True

    def beat(self, now: datetime) -> None:
        self._look()
        super().beat(now)
        waits = int(monotonic() - self._asked)
        words = f"asking for {waits} s, esc ends it" if self._waits else ""
        self.frame.show_freshness(Freshness(words, Tone.SOON))
        told = " · ".join(self._found.notes if self._found else ())
        self.frame.show_note(join(cell(told, Tone.SOON), self.filter_note()))
        missing = self._kept.missing
        words = f"no history: {missing}" if missing else ""
        self.query_one("#promql-ask", PaneFrame).show_note(cell(words, Tone.SOON))

    # -- the answer

    def on_descendant_focus(self) -> None:
        """Who reads the answer needs the room; who types needs the words."""
        reads = self.table.has_focus and self._fault is None
        frame = self.query_one("#promql-ask")
        if frame.has_class("-read") is not reads:
            frame.set_class(reads, "-read")

    def type_on(self) -> None:
        """Back to the query."""
        self.line.take_focus()

    def action_plot_query(self) -> None:
        """The query over a time."""
        if not self._answered:
            return
        if self._found is not None and self._found.answer.kind in ("matrix", "string"):
            self.app.notify(
                "This has no plot: a query over a time gives a number at each of its steps, as "
                "rate(…[5m]) does.",
                timeout=5,
                markup=False,
            )
            return
        subject = of_metric.of_query(self._session, self._answered)
        of_metric.open_plot(self.app, self._session, [subject], WINDOW)

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        self.action_plot_query()

    def action_sort(self) -> None:
        """Sorts by the next column."""
        self._sort = (self._sort + 1) % len(self.rows.sorts)
        self._order()

    def action_reverse(self) -> None:
        """Turns the order round."""
        self._reverse = not self._reverse
        self._order()

    def on_live_table_title_pressed(self, message: LiveTable.TitlePressed) -> None:
        message.stop()
        if message.column in self.rows.sorts:
            at = self.rows.sorts.index(message.column)
            self._reverse = not self._reverse if at == self._sort else False
            self._sort = at
            self._order()

    def _order(self) -> None:
        column = self.rows.sorts[self._sort]
        self.rows.order_by(column, reverse=self._reverse)
        first_highest = column == views.VALUE
        self.table.show_sort(column or None, descending=self._reverse is not first_highest)

    def action_copy(self) -> None:
        """Copies the query and its answer."""
        about = export.about(self._session, "query")
        rows = exported(TEXT, self.rows, about)[2:] if self.rows.count else []
        self.app.copy_to_clipboard("\n".join([self._answered or self.line.text, *rows]))
        self.app.notify("Copied.", timeout=2)

    def action_save(self) -> None:
        """Asks for a name, and writes the answer to a new file."""
        self.frame.query_one(SaveLine).open(export.proposed("query", "csv"))

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        if self._naming:
            self._save_query(message.name)
            return
        self.table.focus()
        notes = [self._answered, *(self._found.notes if self._found else ())]
        about = export.about(self._session, "query", notes)
        export.save_table(self.app, message.name, self.rows, about)

    def _save_query(self, name: str) -> None:
        self._naming = False
        self.line.take_focus()
        if name := one_line(name):
            text = self.line.text.strip()
            self._disk.do(lambda: self._kept.save(name, text))
            self.app.notify(f"Saved as {name}.", timeout=2, markup=False)

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        if self._naming:
            self._naming = False
            self.line.take_focus()
        else:
            self.table.focus()

    def on_unmount(self) -> None:
        self._stop()
        self._completion.close()
