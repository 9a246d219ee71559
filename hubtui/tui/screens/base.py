"""What all screens share: the status line, the footer, and a beat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, cast

from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from hubtui.services.store import utc_now
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import visible_tables
from hubtui.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from hubtui.tui.app import HubtuiApp

Result = TypeVar("Result")

NARROW, LOW = 160, 40
"""Below this many columns or lines there is one pane at a time (design §4)."""

TINY = 16
"""Below this many lines a screen shows only what it is for."""


class BaseScreen(Screen[Result], inherit_bindings=False):
    """A screen of hubtui. `beat` is called a few times a second while it is on top."""

    focused = Reactive[Widget | None](None, repaint=False)
    # Textual's own repaints the whole screen, 23 KB, whenever the focus moves.

    @property
    def hubtui(self) -> HubtuiApp:
        """The app, with its own type."""
        return cast("HubtuiApp", self.app)

    def refused(self) -> Callable[[str], str]:
        """Why a command may not run now, by its id; "" when it may."""
        return self.hubtui.refused

    def on_screen_resume(self) -> None:
        """A screen that comes on top says at once where one is, not at the next beat."""
        self._show_status(utc_now())

    def beat(self, now: datetime) -> None:
        """Repaints what changed."""
        self._show_status(now)
        for table in visible_tables(self):
            table.beat(now)

    def _show_status(self, now: datetime) -> None:
        for line in self.query(StatusLine):
            line.show(self.hubtui.status(now))

    def show_keys(self) -> None:
        """Reads anew which keys apply."""
        for footer in self.query(KeyFooter):
            footer.show_active()

    def action_back(self) -> None:
        """Back to where one came from; what runs goes on."""
        self.dismiss(None)

    def action_next_part(self) -> None:
        """To the next of the screen's parts."""
        self.focus_next()

    def action_previous_part(self) -> None:
        """To the part before."""
        self.focus_previous()

    def on_compose(self) -> None:
        """Before there is anything in it that would have to take its styles anew."""
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        size = self.app.size
        self.set_class(size.width < NARROW or size.height < LOW, "-narrow")
        self.set_class(size.height < LOW, "-low")
        self.set_class(size.height < TINY, "-tiny")
