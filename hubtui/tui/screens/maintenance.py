"""The forms of a spawn check and of a maintenance; each ends in its plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Button

from hubtui.errors import UsageError
from hubtui.services.actions.maintenance import MaintenanceRequest
from hubtui.services.maintenance_options import TypedMaintenance
from hubtui.services.maintenance_options import request as maintenance_request
from hubtui.services.session import Session
from hubtui.services.spawn_options import Typed
from hubtui.services.spawn_options import request as spawn_request
from hubtui.tui import keys
from hubtui.tui.screens.asking import AskingScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.widgets.form_end import FormEnd
from hubtui.tui.widgets.form_fields import Field, FormFields
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell, cell
from hubtui.views.document import Document, Hung

_EDGES: Final = 2
"""Lines of a frame's upper and lower edge."""

_YES: Final = ("y", "yes")


class RequestForm(AskingScreen):
    """Fields that make a request; enter in the last one, or the button, shows its plan."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "form")]
    ACTION: ClassVar[str]
    TITLE_: ClassVar[str]
    BUTTON: ClassVar[str] = "Start"
    FIELDS: ClassVar[tuple[Field, ...]]
    WORDS: ClassVar[tuple[str, ...]]
    DEFAULT_CSS = """
    RequestForm #form-words { height: 1fr; }
    """

    def __init__(self, session: Session, typed: Mapping[str, str]) -> None:
        """`typed` is what stands in the fields at first, by name."""
        super().__init__(session)
        self._first = typed
        self._typed = {field.name: "" for field in self.FIELDS}
        self._words = Document(self._lines)

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame(self.TITLE_, id="form-fields"):
            yield FormFields(self.FIELDS)
        with PaneFrame("What it does", id="form-words"):
            yield DocumentTable(self._words)
        yield FormEnd("form")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        form = self.query_one(FormFields)
        names = tuple(field.name for field in self.FIELDS)
        self.query_one("#form-fields").styles.height = _EDGES + len(names)
        form.show(names)
        for name, value in self._first.items():
            form.fill(name, value)
        self._typed |= self._first
        self._show()
        self.query_one(FormEnd).ready(True)
        form.line(names[0]).focus()

    def _lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return [cell(words) if words else () for words in self.WORDS]

    def request(self, typed: Mapping[str, str]) -> object:
        """What the fields ask for. Raises UsageError."""
        raise NotImplementedError

    def _show(self) -> None:
        """Says what is wrong with what is typed."""
        words = ""
        try:
            self.request(self._typed)
        except UsageError as error:
            words = str(error)
        self.query_one(FormEnd).say(words)

    def on_form_fields_changed(self, message: FormFields.Changed) -> None:
        message.stop()
        self._typed[message.name] = message.value
        self._show()

    def on_form_fields_done(self, message: FormFields.Done) -> None:
        message.stop()
        self._plan()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self._plan()

    def _plan(self) -> None:
        try:
            request = self.request(self._typed)
        except UsageError:
            return  # it is said already
        self.app.push_screen(PlanScreen(self._session, self.ACTION, request, self.BUTTON))


class SpawnCheckScreen(RequestForm):
    """Whose server is started as a canary, and how."""

    ACTION = "spawn-check"
    TITLE_ = "Spawn check"
    FIELDS = (
        Field("user", "User", "whose server is started"),
        Field("server", "Server", "empty: the default one; else the name of a named server"),
        Field("profile", "Profile", "empty: the hub's default; else its slug"),
        Field("timeout", "Timeout", "5m"),
        Field("keep", "Keep it", "yes: it goes on when it is ready"),
    )
    WORDS = (
        "A server starts for the user, each part is measured: the request, the pod, its node, its "
        "image, its containers, the hub's word that it is ready.",
        "",
        "Then it is stopped again; also when it fails, hangs, or is ended early.",
    )

    def __init__(self, session: Session, user: str) -> None:
        super().__init__(session, {"user": user, "timeout": Typed().timeout})

    def request(self, typed: Mapping[str, str]) -> object:
        """The spawn check. Raises UsageError."""
        values: dict[str, Any] = {**typed, "keep": _is_yes(typed["keep"])}
        return spawn_request(Typed(**values))


class MaintenanceScreen(RequestForm):
    """How servers are stopped, and what users are told."""

    ACTION = "maintenance"
    TITLE_ = "Maintenance"
    FIELDS = (
        Field("message", "Announcement", "what users are told; empty: the usual words"),
        Field("batch", "At a time", "10"),
        Field("pause", "Pause", "30s: between two batches"),
        Field("only", "Only users", "a pattern of names; empty: all"),
        Field("idle_only", "Idle only", "yes: servers in use are left alone"),
        Field("spawn_check", "Spawn check", "the user of a canary at the end; empty: none"),
    )
    WORDS = (
        "Servers are stopped in batches, those that are idle the longest first. It can be ended "
        "early between two of them, and gone on with: M on its progress, or --resume.",
        "",
        "Users are told by you: the plan has the text, in Markdown and as values of the hub.",
        "",
        "The hub's API cannot keep users from starting servers meanwhile; "
        "hub.activeServerLimit: 1 in its values does.",
    )

    def __init__(self, session: Session) -> None:
        usual = TypedMaintenance()
        super().__init__(session, {"batch": usual.batch, "pause": usual.pause})

    def request(self, typed: Mapping[str, str]) -> object:
        """The maintenance. Raises UsageError."""
        values: dict[str, Any] = {**typed, "idle_only": _is_yes(typed["idle_only"])}
        return maintenance_request(TypedMaintenance(**values))


def resume_screen(session: Session) -> PlanScreen:
    """The plan to go on with the maintenance that was interrupted last."""
    return PlanScreen(session, "maintenance", MaintenanceRequest(resume=True), "Go on")


def _is_yes(text: str) -> bool:
    return text.strip().lower() in _YES
