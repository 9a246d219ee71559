"""The overview: all panes side by side, or one of them with the others' headlines above it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.panes.base import Pane
from hubtui.tui.panes.metrics import MetricsPane
from hubtui.tui.panes.nodes import NodesPane
from hubtui.tui.panes.pods import PodsPane
from hubtui.tui.panes.releases import ReleasesPane
from hubtui.tui.panes.storage import StoragePane
from hubtui.tui.panes.users import UsersPane
from hubtui.tui.screens.base import LOW, NARROW, BaseScreen
from hubtui.tui.widgets.hint_line import HintLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.strip_line import StripLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell
from hubtui.views.document import Document, Hung

PANES: tuple[
    type[ReleasesPane | PodsPane | NodesPane | UsersPane | StoragePane | MetricsPane], ...
] = (
    ReleasesPane,
    UsersPane,
    PodsPane,
    StoragePane,
    NodesPane,
    MetricsPane,
)
"""In the order in which they begin, row by row: two columns, the left one of the first three
numbers."""


class OverviewScreen(BaseScreen[None]):
    """The first screen. Until a session is there it shows what is being done about that."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "panes")]

    def __init__(self, hint: Path | None = None) -> None:
        """`hint` is where it is noted that the first hint was closed; None: there is none."""
        super().__init__(classes="-waiting")
        self._hint = hint
        self._said: list[Cell | Hung] = []
        self._message = Document(lambda _: self._said)
        self._panes: list[Pane] = []
        self._zoomed = False
        self._shown = 1

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield StripLine()
        with PaneFrame("Connecting", id="message"):
            yield DocumentTable(self._message)
        yield Container(id="panes")
        if self._hint is not None and not self._hint.exists():
            yield HintLine(self._hint)
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self.query_one(DocumentTable).focus()

    def say(self, title: str, lines: list[Cell | Hung]) -> None:
        """Shows a text instead of the panes, while there is no session."""
        self._said = lines
        self._message.touch()
        if not self.query("#message"):
            return  # not there yet, or not any more
        frame = self.query_one("#message", PaneFrame)
        if frame.title != title:
            frame.title = title
            frame.show_headline(())
        if not self.has_class("-waiting"):
            self.add_class("-waiting")
            self.remove_class("-connected")
            self.query_one(DocumentTable).focus()

    async def close(self) -> None:
        """Takes the panes of a session away: nothing of it may be seen or pressed any more."""
        self._panes = []
        await self.query_one("#panes").remove_children()

    async def open(self, session: Session) -> None:
        """Puts the panes of a session in the place of what was there."""
        await self.close()
        panes = [pane(session) for pane in PANES]
        container = self.query_one("#panes")
        # Each class that is set makes all that is below take its styles anew: set it on little.
        with self.app.batch_update():
            container.display = False
            self.remove_class("-waiting")
            self.add_class("-connected")
            for pane in panes:
                pane.set_class(self._shown == pane.NUMBER, "-shown")
            await container.mount_all(panes)
            container.display = True
        self._panes = sorted(panes, key=lambda pane: pane.NUMBER)
        self._arrange()
        self._focus(self._shown)
        self.show_keys()

    @property
    def panes(self) -> list[Pane]:
        """The panes that are there, by number."""
        return self._panes

    def beat(self, now: datetime) -> None:
        super().beat(now)
        for pane in self.panes:
            if pane.is_on_screen:
                pane.beat(now)
        if self.single and self.panes:
            self.query_one(StripLine).show(
                [pane.strip_headline() for pane in self.panes], self._shown
            )

    @property
    def single(self) -> bool:
        """Whether one pane has the whole screen."""
        small = self.app.size.width < NARROW or self.app.size.height < LOW
        return small or self._zoomed

    def on_resize(self) -> None:
        super().on_resize()
        self._arrange()

    def _arrange(self) -> None:
        self.query_one("#panes").set_class(self.single, "-single")
        self.set_class(self.single, "-narrow")
        for pane in self.panes:
            pane.set_class(self._shown == pane.NUMBER, "-shown")

    def _focus(self, number: int) -> None:
        for pane in self.panes:
            if number == pane.NUMBER:
                self._shown = number
                self._arrange()
                pane.table.focus()

    def on_descendant_focus(self) -> None:
        for pane in self.panes:
            if pane.has_focus_within and self._shown != pane.NUMBER:
                self._shown = pane.NUMBER
                self._arrange()

    def on_strip_line_pressed(self, message: StripLine.Pressed) -> None:
        message.stop()
        self._focus(message.number)

    def action_focus_pane(self, number: int) -> None:
        """Goes to a pane."""
        self._focus(number)

    def action_next_pane(self) -> None:
        """Goes to the next pane."""
        self._step(1)

    def action_previous_pane(self) -> None:
        """Goes to the pane before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        numbers = [pane.NUMBER for pane in self.panes]
        if numbers:
            at = numbers.index(self._shown) if self._shown in numbers else 0
            self._focus(numbers[(at + by) % len(numbers)])

    def action_zoom(self) -> None:
        """Gives the pane the whole screen, or gives it back."""
        self._zoomed = not self._zoomed
        self._arrange()
        self.refresh_bindings()

    def action_overview(self) -> None:
        """All panes again."""
        self._zoomed = False
        self._arrange()
        self.refresh_bindings()

    def action_back(self) -> None:
        """Out of the zoom, or the hint is closed; this screen itself is not left by escape."""
        if self._zoomed:
            self.action_overview()
            return
        for hint in self.query(HintLine):
            hint.close()
        self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to go back to without a zoom or a hint."""
        return self._zoomed or bool(self.query(HintLine)) if action == "back" else True
