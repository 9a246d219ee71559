"""The logs of one pod or of several: followed, or of the containers before their last restart."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.model.kube import Pod
from hubtui.model.roles import Role
from hubtui.services.logs import Logs, Members, Wanted
from hubtui.services.save import save
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import SIDES
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import TextTable
from hubtui.views.cells import EMPTY, Tone, cell
from hubtui.views.logs import KEPT, LogView, log_headline, log_state, short_names
from hubtui.views.table import Freshness

SINCE: tuple[tuple[str, int | None, int], ...] = (
    ("", None, 500),
    ("last 10 m", 600, KEPT),
    ("last hour", 3600, KEPT),
    ("all", None, KEPT),
)
"""What `t` goes through: words, seconds, lines asked of each log."""


class _LogTable(TextTable):
    """Draws a log, as wide as it is."""

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self._of = view

    def on_resize(self) -> None:
        self._of.resize(max(1, self.size.width - SIDES))
        super().on_resize()


class LogsScreen(BaseScreen[None]):
    """Follows the logs of pods (`namespace/name`) or of a role; moving up stops following, `f` or
    the end goes on with it. A pod of that role, or of that name, that comes later joins."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "text", "logs")]

    def __init__(
        self, session: Session, *pods: str, role: Role | None = None, previous: bool = False
    ) -> None:
        super().__init__()
        self._session = session
        self._members = Members(session, role, pods)
        self._what = role or (pods[0].partition("/")[2] if len(pods) == 1 else f"{len(pods)} pods")
        self.view = LogView()
        self._follow = True
        self._previous = previous
        self._since = 0
        self._container = ""
        self._logs = Logs(session, Wanted())
        self._ending: set[asyncio.Task[None]] = set()

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame(f"Log of {self._what}", id="logs"):
            yield _LogTable(self.view)
            yield FilterLine(words="text")
            yield SaveLine()
        yield KeyFooter(self.refused())

    @property
    def table(self) -> TextTable:
        """The table of lines."""
        return self.query_one(_LogTable)

    def on_mount(self) -> None:
        self.table.focus()
        self._start()

    def _start(self) -> None:
        """Reads anew, with what is wanted now."""
        self._stop()
        _, seconds, tail = SINCE[self._since]
        wanted = Wanted(
            container=self._container, previous=self._previous, tail=tail, since=seconds
        )
        self._logs = Logs(self._session, wanted)
        self.view.clear()
        self.view.set_names(())
        self._members.look()
        self._join(self._members.pods)

    def _stop(self) -> None:
        closing = asyncio.create_task(self._logs.close(), name="closing logs")
        self._ending.add(closing)
        closing.add_done_callback(self._ending.discard)

    def _join(self, pods: list[Pod] | None) -> None:
        if pods is not None and self._logs.follow(pods):
            self.view.set_names(short_names([source.pod for source in self._logs.sources]))

    def beat(self, now: datetime) -> None:
        at_end = self.table.cursor is None or self.table.cursor == self.view.last()
        self._join(self._members.look())
        if lines := self._logs.drain():
            self.view.add(lines)
        self.view.sentence = self._sentence()
        super().beat(now)
        if self._follow and at_end and (last := self.view.last()) is not None:
            self.table.move_to(last)
        self._show_state(at_end)

    def _sentence(self) -> str:
        errors = [source.error for source in self._logs.sources if source.error is not None]
        if errors:
            return str(errors[0])
        if not self._logs.sources:
            return "There is no pod to read a log of; one that comes joins."
        ended = all(source.ended for source in self._logs.sources)
        return "The log is empty." if ended else "Waiting for the first line …"

    def _show_state(self, at_end: bool) -> None:
        frame, logs = self.query_one(PaneFrame), self._logs
        since = SINCE[self._since][0]
        headline = log_headline(self.view, logs.sources, logs.left_out, since, self._previous)
        frame.show_headline(cell(headline, Tone.MUTED))
        following = "following" if self._follow and at_end else "not following"
        state = log_state(logs.sources) or ("" if self._previous else following)
        frame.show_freshness(Freshness(state))
        text = self.query_one(FilterLine).text
        word = "filter" if self.view.only_matches else "marked"
        frame.show_note(cell(f"{word}: {text}", Tone.ACCENT) if text else EMPTY)

    def action_follow(self) -> None:
        """Follows the log, or stops following."""
        last = self.view.last()
        if self._follow and self.table.cursor == last:
            self._follow = False
            return
        self._follow = True
        if last is not None:
            self.table.move_to(last)

    def action_previous_log(self) -> None:
        """The log of the container before its last restart, and back."""
        self._previous = not self._previous
        self._start()

    def action_since(self) -> None:
        """From when on: the last lines, 10 minutes, an hour, all."""
        self._since = (self._since + 1) % len(SINCE)
        self._start()

    def action_next_container(self) -> None:
        """The log of the next container, init steps last."""
        names: dict[str, None] = {}
        for source in self._logs.sources:
            spec = source.pod.spec
            names.update(dict.fromkeys(c.name for c in (*spec.containers, *spec.init_containers)))
        order = list(names)
        if len(order) <= 1:
            self.app.notify("The pod has one container.", timeout=2)
            return
        now = self._container or self._logs.sources[0].container
        self._container = order[(order.index(now) + 1) % len(order)] if now in names else order[0]
        self._start()

    def action_wrap(self) -> None:
        """Lets long lines go on in the next row, or cuts them."""
        self.view.wrap(not self.view.wrapped)
        how = "go on in the next row" if self.view.wrapped else "are cut"
        self.app.notify(f"Long lines {how}.", timeout=2)

    def action_stamps(self) -> None:
        """Shows the time of each line, or hides it."""
        self.view.show_stamps(not self.view.stamps)

    def action_highlight(self) -> None:
        """Shows all lines with the matches marked, or only the lines that match."""
        self.view.show_only_matches(not self.view.only_matches)
        which = "Only the lines that match." if self.view.only_matches else "All lines."
        self.app.notify(which, timeout=2)

    def action_next_change(self) -> None:
        """To the next match."""
        self._jump(1)

    def action_previous_change(self) -> None:
        """To the match before."""
        self._jump(-1)

    def _jump(self, direction: Literal[1, -1]) -> None:
        key = self.view.next_match(self.table.cursor, direction)
        if key is None:
            looking = self.query_one(FilterLine).text
            self.app.notify("No further match." if looking else "/ looks for a text.", timeout=2)
        else:
            self._follow = False
            self.table.move_to(key)

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        self.view.look_for(message.text)

    def on_filter_line_kept(self, message: FilterLine.Kept) -> None:
        message.stop()
        self.table.focus()

    def on_filter_line_cleared(self, message: FilterLine.Cleared) -> None:
        message.stop()
        self.view.look_for("")
        self.table.focus()

    def action_copy(self) -> None:
        """Copies the lines that are shown."""
        self.app.copy_to_clipboard(self.view.text)
        self.app.notify("Copied the lines that are shown.", timeout=2)

    def action_save(self) -> None:
        """Asks where to save the lines that are shown."""
        moment = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
        name = str(self._what).replace(" ", "-")
        self.query_one(SaveLine).open(f"{name}-{moment}.log")

    async def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.table.focus()
        lines = list(self.view.rows())
        try:
            path = await asyncio.to_thread(save, message.name, lines)
        except HubtuiError as error:
            self.app.notify(str(error), severity="error", timeout=10, markup=False)
            return
        words = f"Saved {len(lines):,} lines to {path}, for you alone to read."
        self.app.notify(words, timeout=8, markup=False)

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.table.focus()

    def on_unmount(self) -> None:
        self._members.close()
        self._stop()
