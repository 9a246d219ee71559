"""The plans to stop servers, to cull idle ones and to start one; culling asks for a time first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Button

from hubtui.model.age import duration, precise
from hubtui.model.hub import ServerKey
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.asking import AskingScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.widgets.form_end import FormEnd
from hubtui.tui.widgets.form_fields import Field, FormFields
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell
from hubtui.views.document import Document, Hung
from hubtui.views.freshness import freshness
from hubtui.views.stopping import idle_lines


def stop_screen(
    session: Session, servers: Sequence[ServerKey], hidden: Sequence[ServerKey] = ()
) -> PlanScreen:
    """The plan to stop servers; `hidden` are those of them that a filter hides."""
    from hubtui.services.actions.stop import StopRequest

    request = StopRequest(tuple(servers), tuple(hidden))
    return PlanScreen(session, "stop", request, "Stop")


def start_screen(session: Session, key: ServerKey) -> PlanScreen:
    """The plan to start a server with the options that the hub takes by itself."""
    from hubtui.services.actions.start import StartRequest

    return PlanScreen(session, "start", StartRequest(key, {}), "Start")


class CullScreen(AskingScreen):
    """Asks how long a server must be idle, says which are, then shows the plan."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "culling")]
    DEFAULT_CSS = """
    CullScreen #cull-form { height: 3; }
    CullScreen #cull-servers { height: 1fr; }
    """

    def __init__(self, session: Session, idle: float) -> None:
        """`idle` is the time to start from, seconds."""
        super().__init__(session)
        self._first = idle
        self._idle: float | None = idle
        self._servers = Document(self._lines)

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Cull idle servers", id="cull-form"):
            yield FormFields((Field("idle", "Idle for", "30m, 1h, 1h30m"),))
        with PaneFrame("Idle as long", id="cull-servers"):
            yield DocumentTable(self._servers)
        yield FormEnd("cull")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        form = self.query_one(FormFields)
        form.show(("idle",))
        form.fill("idle", precise(self._first).replace(" ", ""))
        form.line("idle").focus()

    def _lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._idle is None:
            return ()
        return idle_lines(self._session.users.rows(), self._idle, now)

    def beat(self, now: datetime) -> None:
        if self._session.users.update():
            self._servers.touch()
        frame = self.query_one("#cull-servers", PaneFrame)
        frame.show_freshness(freshness(self._session.hub_feed.health, now))
        super().beat(now)

    def on_form_fields_changed(self, message: FormFields.Changed) -> None:
        message.stop()
        try:
            self._idle = duration(message.value.replace(" ", "")).total_seconds()
        except ValueError:
            self._idle = None
        words = "" if self._idle is not None else "A time is written such as 30m, 1h or 1h30m."
        end = self.query_one(FormEnd)
        end.say(words)
        end.ready(self._idle is not None)
        self._servers.touch()

    def on_form_fields_done(self, message: FormFields.Done) -> None:
        message.stop()
        self._plan()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self._plan()

    def _plan(self) -> None:
        if self._idle is None:
            return
        from hubtui.services.actions.cull import CullRequest

        self.app.push_screen(PlanScreen(self._session, "cull", CullRequest(self._idle), "Cull"))
