"""The log of one pod: followed, or of the container before its last restart."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import TextTable
from hubtui.views.cells import EMPTY, Tone, cell
from hubtui.views.logs import LogView
from hubtui.views.table import Freshness

AGAIN = 2.0
"""Seconds until a log that broke off is opened again while it is followed."""


class LogsScreen(BaseScreen[None]):
    """Follows a log; moving up stops following, `f` or the end goes on with it."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "text", "logs")]

    def __init__(self, session: Session, key: str, container: str = "") -> None:
        super().__init__()
        self._session = session
        self._namespace, _, self._pod = key.partition("/")
        self._container = container or self._main_container(key)
        self.view = LogView()
        self._pending: list[str] = []
        self._follow = True
        self._previous = False
        self._ended = ""
        self._work: asyncio.Task[None] | None = None

    def _main_container(self, key: str) -> str:
        pod = self._session.pods.stores.pods.get(key)
        return pod.spec.containers[0].name if pod and pod.spec.containers else ""

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame(f"Log of {self._pod}", id="logs"):
            yield TextTable(self.view)
            yield FilterLine(words="text")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self.query_one(TextTable).focus()
        self._start()

    def _start(self) -> None:
        self._stop()
        self.view.clear()
        self._pending.clear()
        self._ended = ""
        self._work = asyncio.create_task(self._read(), name="log")

    def _stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    async def _read(self) -> None:
        """Reads the log to its end; one that is followed is opened again when it breaks off."""
        since: int | None = None
        while True:
            try:
                async for line in self._session.pods.logs(
                    self._namespace,
                    self._pod,
                    container=self._container,
                    follow=not self._previous,
                    previous=self._previous,
                    since_seconds=since,
                ):
                    self._pending.append(line)
                self._ended = "ended"
            except HubtuiError as error:
                self._ended = error.what
                self.view.sentence = str(error)
            if self._previous or self._gone():
                return
            await asyncio.sleep(AGAIN)
            since = int(AGAIN) + 1

    def _gone(self) -> bool:
        return self._session.pods.stores.pods.get(f"{self._namespace}/{self._pod}") is None

    def beat(self, now: datetime) -> None:
        table = self.query_one(TextTable)
        at_end = table.cursor is None or table.cursor == self.view.last()
        if self._pending:
            self.view.add(self._pending)
            self._pending.clear()
            self._ended = ""
        super().beat(now)
        if self._follow and at_end and (last := self.view.last()) is not None:
            table.move_to(last)
        self._show_state(at_end)

    def _show_state(self, at_end: bool) -> None:
        frame = self.query_one(PaneFrame)
        which = " · before its last restart" if self._previous else ""
        dropped = f" · the first {self.view.dropped:,} dropped" if self.view.dropped else ""
        words = f"{self._container}{which} · {self.view.count:,} lines{dropped}"
        frame.show_headline(cell(words, Tone.MUTED))
        following = "following" if self._follow and at_end else "not following"
        state = self._ended or ("" if self._previous else following)
        frame.show_freshness(Freshness(state))
        text = self.query_one(FilterLine).text
        frame.show_note(cell(f"filter: {text}", Tone.ACCENT) if text else EMPTY)

    def action_follow(self) -> None:
        """Follows the log, or stops following."""
        last = self.view.last()
        table = self.query_one(TextTable)
        if self._follow and table.cursor == last:
            self._follow = False
            return
        self._follow = True
        if last is not None:
            table.move_to(last)

    def action_previous_log(self) -> None:
        """The log of the container before its last restart, and back."""
        self._previous = not self._previous
        self._start()

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        self.view.set_filter(message.text)

    def on_filter_line_kept(self, message: FilterLine.Kept) -> None:
        message.stop()
        self.query_one(TextTable).focus()

    def on_filter_line_cleared(self, message: FilterLine.Cleared) -> None:
        message.stop()
        self.view.set_filter("")
        self.query_one(TextTable).focus()

    def action_copy(self) -> None:
        """Copies the lines that are shown."""
        self.app.copy_to_clipboard(self.view.text)
        self.app.notify("Copied the lines that are shown.", timeout=2)

    def on_unmount(self) -> None:
        self._stop()
