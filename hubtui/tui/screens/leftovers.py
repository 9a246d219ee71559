"""Claims that nobody comes back to: a table to mark, one of them in full, then the plan."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.model.leftovers import Leftover
from hubtui.services.leftovers import Found
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys
from hubtui.tui.screens.listing import FilteredScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views import leftovers as views
from hubtui.views.cells import Cell, Tone, plain
from hubtui.views.document import Document, Hung
from hubtui.views.rows import Rows
from hubtui.views.table import Freshness


class LeftoversScreen(FilteredScreen):
    """What is left over of users and servers; it looks when it comes, and again after a plan."""

    KIND = "leftovers"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "leftovers")]

    def __init__(self, session: Session) -> None:
        self._rows = Rows(views.COLUMNS, empty=views.LOOKING)
        super().__init__(session, self._rows)
        self._details = Document(self._detail_lines)
        self._known: dict[str, Leftover] = {}
        self._shown: Leftover | None = None
        self._found: Found | None = None
        self._work: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Leftovers", id="problems"):
            yield LiveTable(self._rows, id="leftovers-table")
            yield FilterLine(words="claim, user, kind")
            yield SaveLine()
        with PaneFrame("Why, and what a deletion does", id="problem"):
            yield DocumentTable(self._details, id="problem-text")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self._look()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self._found is not None:
            self._look()

    # -- what is shown

    def _look(self) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._read(), name="leftovers")

    async def _read(self) -> None:
        frame = self.query_one("#problems", PaneFrame)
        frame.show_freshness(Freshness("reading the hub's users"))
        try:
            await self._session.leftovers.look()
        except HubtuiError as error:
            self._rows.sentence = str(error)
            self._rows.set({})
            frame.show_freshness(Freshness("not read", Tone.NOW))
            return
        self._take(utc_now())

    def _take(self, now: datetime) -> None:
        """Shows what the last look gave; marks of what is gone go."""
        found = self._found = self._session.leftovers.found
        if found is None:
            return
        self._known = {each.key: each for each in found.items}
        self._rows.sentence = views.sentence(found)
        self._rows.set(views.rows(found, now))
        self.table.set_marks(self.table.marks & self._known.keys())
        self._details.touch()
        self._show_headline()

    def _show_headline(self) -> None:
        if self._found is not None:
            frame = self.query_one("#problems", PaneFrame)
            frame.show_headline(views.headline(self._found, self._marked()))

    def _marked(self) -> list[Leftover]:
        return [self._known[key] for key in sorted(self.table.marks) if key in self._known]

    def _detail_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        notes = list(views.notes(self._found)) if self._found is not None else []
        if self._shown is not None:
            command = self._session.leftovers.command_of(self._shown)
            yield from views.lines(self._shown, now, command)
            yield from ((), *notes) if notes else ()
        else:
            yield from notes

    def beat(self, now: datetime) -> None:
        super().beat(now)
        self._follow_cursor()
        frame = self.query_one("#problems", PaneFrame)
        frame.show_note(self.filter_note())
        if self._found is not None and (self._work is None or self._work.done()):
            frame.show_freshness(views.freshness(self._found, now))

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        message.stop()
        self._follow_cursor()

    def _follow_cursor(self) -> None:
        each = self._known.get(self.table.cursor or "")
        if each != self._shown:
            self._shown = each
            self._details.touch()

    def on_live_table_marked(self, message: LiveTable.Marked) -> None:
        message.stop()
        self._show_headline()

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        """Enter shows the claim."""
        message.stop()
        each = self._known.get(message.key)
        if each is not None and self._session.storage.row(each.name) is not None:
            from hubtui.tui import of_claim

            of_claim.open_details(self.app, self._session, each.name)

    # -- what is done

    def action_delete_claim(self) -> None:
        """Plans to delete the marked claims, else the one under the cursor."""
        under = self._known.get(self.table.cursor or "")
        chosen = self._marked() or ([under] if under is not None else [])
        claims = [each for each in chosen if not each.is_volume]
        if not claims:
            words = "hubtui deletes no volumes: below is the command." if chosen else "Mark some."
            self.notify(words, timeout=5, markup=False)
            return
        shown = set(self._rows.keys())
        hidden = [each.name for each in claims if each.key not in shown]
        screen = delete_screen(self._session, [each.name for each in claims], hidden)
        self.app.push_screen(screen)

    def action_read_anew(self) -> None:
        """Looks again."""
        self._look()

    def copied(self) -> str:
        return self._details.text if self._shown is not None else ""

    def saved_notes(self) -> Sequence[str]:
        return [plain(note) for note in views.notes(self._found)] if self._found else ()

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()


def delete_screen(
    session: Session, claims: Iterable[str], hidden: Iterable[str] = ()
) -> PlanScreen:
    """The plan to delete claims; `hidden` are those of them that a filter hides."""
    from hubtui.services.actions.delete_claim import DeleteClaimRequest

    request = DeleteClaimRequest(tuple(claims), tuple(hidden))
    return PlanScreen(session, "delete-claim", request, "Delete")
