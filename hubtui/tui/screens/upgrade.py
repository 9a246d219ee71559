"""An upgrade: from where, with which values kept, then its plan."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.widgets import Button

from hubtui.errors import HubtuiError, ToolError
from hubtui.model.deployment import Deployment
from hubtui.services import upgrade_sources as sources
from hubtui.services.editing import Edited, Editing
from hubtui.services.session import Session
from hubtui.services.upgrade_sources import USUAL, Running, Source, Typed
from hubtui.tui import keys
from hubtui.tui.screens.asking import AskingScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.widgets.choice_table import ChoiceTable
from hubtui.tui.widgets.form_end import FormEnd
from hubtui.tui.widgets.form_fields import Field, FormFields
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell
from hubtui.views.document import Document, Hung
from hubtui.views.table import Freshness
from hubtui.views.upgrade import (
    MODES,
    SOURCES,
    deployment_lines,
    edit_lines,
    mode_lines,
    running_lines,
    source_lines,
)

_WITH: Final = ("with_chart", "with_version", "repository")
_FIELDS: Final[Mapping[Source, tuple[str, ...]]] = {
    Source.FOLDER: ("folder", "hub", "folder_chart"),
    Source.FILES: ("files", *_WITH),
    Source.CHART: ("chart", "version", "repository"),
    Source.TAG: ("tag",),
    Source.EDIT: (),
}
"""What is typed for each source."""

_EDGES: Final = 2
"""Lines of a frame's upper and lower edge."""


class UpgradeScreen(AskingScreen):
    """Chooses what to upgrade from and what becomes of the values; then the plan is shown.

    What is typed stays in `typed`, also when the screen is left. An upgrade that was started takes
    this screen away and `typed` back to what it was at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "upgrade")]

    def __init__(self, session: Session, typed: Typed) -> None:
        super().__init__(session)
        self.typed = typed
        self._now: Running | None = None
        self._editing: Editing | None = None
        self._edited = Edited(dict(typed.overlay)) if typed.overlay else None
        self._deployment: Deployment | None = None
        # A choice is one line at any width: a key that moves by a line moves by a choice.
        self._sources = Document(lambda _now: source_lines(self.typed.source), wrapped=False)
        self._mode_choice = Document(
            lambda _now: mode_lines(self.typed.mode, self.typed.source), wrapped=False
        )
        self._details = Document(self._detail_lines)
        self._work: set[asyncio.Task[None]] = set()

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Upgrade from", id="upgrade-from"):
            yield ChoiceTable(self._sources, id="upgrade-sources")
            yield FormFields(_fields(self.typed))
        with PaneFrame("The values that are set", id="upgrade-mode"):
            yield ChoiceTable(self._mode_choice, id="upgrade-modes")
        with PaneFrame("What is used", id="upgrade-details"):
            yield DocumentTable(self._details)
        yield FormEnd("upgrade")
        yield KeyFooter(self.refused())

    @property
    def fields(self) -> FormFields:
        """What is typed."""
        return self.query_one(FormFields)

    def on_mount(self) -> None:
        self.query_one("#upgrade-sources", ChoiceTable).focus()
        for name in {name for names in _FIELDS.values() for name in names}:
            self.fields.fill(name, getattr(self.typed, name))
        self._show()
        self._do(self._read())

    # -- what is known

    async def _read(self) -> None:
        """The running revision, and what there is to start from."""
        self._now = await sources.running(self._session)
        if self.typed == Typed():
            found = await sources.proposed(self._session)
            self.typed.mode = found.mode
            for name in ("folder", "hub", "chart", "repository"):
                self.fields.fill(name, getattr(found, name))
        self._show()
        await self._look()

    async def _look(self) -> None:
        """What the folder deploys."""
        self._deployment = None
        self._details.touch()
        if self.typed.source is not Source.FOLDER:
            return
        if self.typed.folder and not self.typed.hub:
            found = await sources.hub_in(self.typed.folder, self._session.release)
            self.fields.fill("hub", found)
        self._deployment = await sources.deployment(self._session, self.typed)
        self._details.touch()

    def _detail_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._now is not None:
            yield from running_lines(self._now)
        if self.typed.source is Source.FOLDER and self._deployment is not None:
            yield from deployment_lines(self._deployment)
        elif self.typed.source is Source.EDIT:
            yield from edit_lines(self._edited)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """Works beside the keys; what goes wrong is said on the screen."""

        async def told() -> None:
            try:
                await work
            except HubtuiError as error:
                self._say(str(error))

        task = asyncio.create_task(told(), name="upgrade")
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    # -- what is shown

    def _show(self) -> None:
        """Shows what is chosen; what was said of something else is gone."""
        self._say("")
        names = self._names()
        self.fields.show(names)
        self.query_one("#upgrade-from").styles.height = _EDGES + len(SOURCES) + len(names)
        for document in (self._sources, self._mode_choice, self._details):
            document.touch()
        ready = bool(self._now and self.typed.source and self.typed.mode)
        self.query_one(FormEnd).ready(ready)
        frame = self.query_one("#upgrade-details", PaneFrame)
        frame.show_freshness(Freshness("" if self._now else "reading the revision that runs"))

    def _names(self) -> tuple[str, ...]:
        """The fields that apply. A chart that Helm does not store whole has to be named."""
        source = self.typed.source
        if source is None:
            return ()
        whole = self._now is None or self._now.chart_is_whole
        more = () if whole or source not in (Source.TAG, Source.EDIT) else _WITH
        return (*_FIELDS[source], *more)

    def _say(self, words: str) -> None:
        self.query_one(FormEnd).say(words)

    # -- what is chosen and typed

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        table = message.table
        if not isinstance(table, ChoiceTable):
            return
        at = table.chosen(message.key)
        if table.id == "upgrade-modes":
            self.typed.mode = list(MODES)[at]
            self._show()
            self.call_after_refresh(self.query_one(FormEnd).button.focus)
        else:
            self._choose(list(SOURCES)[at])

    def _choose(self, source: Source) -> None:
        self.typed.source = source
        self._show()
        if source is Source.EDIT:
            self._do(self._edit())
            return
        if source is Source.FOLDER:
            self._do(self._look())
        self.call_after_refresh(self._to_first_field)

    def _to_first_field(self) -> None:
        if lines := self.fields.shown:
            lines[0].focus()

    def _to_modes(self) -> None:
        """The cursor stands on the usual mode, which is not chosen by that."""
        table = self.query_one("#upgrade-modes", ChoiceTable)
        if self.typed.mode is None and self.typed.source is not None:
            usual = list(MODES).index(USUAL[self.typed.source])
            lines = self._mode_choice.keys()
            table.move_to(next(key for key in lines if table.chosen(key) == usual))
        table.focus()

    def on_form_fields_changed(self, message: FormFields.Changed) -> None:
        message.stop()
        if getattr(self.typed, message.name) != message.value:
            setattr(self.typed, message.name, message.value)
            self._show()

    def on_form_fields_done(self, message: FormFields.Done) -> None:
        message.stop()
        self._do(self._look())
        self._to_modes()

    # -- the editor

    async def _edit(self) -> None:
        """Opens the editor on what was edited last; the app stands still meanwhile."""
        if self._now is None:
            self._now = await sources.running(self._session)
        if self._editing is None:
            self._editing = await Editing.of(self._session, self._now)
        edit = self._editing.edit(self.typed.text or self._editing.text)
        try:
            # Nothing may be painted over the editor.
            with self.app.batch_update(), self.app.suspend():
                # Textual takes the terminal back only where nothing is raised.
                (text,) = await asyncio.gather(edit(), return_exceptions=True)
        except SuspendNotSupported:
            raise ToolError("An editor cannot be opened from this terminal") from None
        if isinstance(text, BaseException):
            raise text
        self.typed.text = text
        self._take_edit(self._editing)

    def _take_edit(self, editing: Editing) -> None:
        self._edited, self.typed.overlay = None, {}
        found = editing.edited(self.typed.text)
        if not found.overlay:
            self.typed.text = ""
            self._say("Nothing was changed: there is nothing to do.")
            self._details.touch()
            return
        self._edited, self.typed.overlay = found, found.overlay
        self._show()
        if found.faults:
            self._say(f"{found.faults[0]}. Choose Edit the values to mend it.")
        else:
            self._to_modes()

    # -- the plan

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self._show()
        self._do(self._plan())

    async def _plan(self) -> None:
        if self._now is None:
            return
        request = await sources.request(self._session, self.typed, self._now)
        if self.is_current:
            self.app.push_screen(PlanScreen(self._session, "upgrade", request, "Upgrade"))

    def on_screen_resume(self) -> None:
        """Once an upgrade was started there is nothing left to choose."""
        if self.started:
            for name in Typed.__slots__:
                setattr(self.typed, name, getattr(Typed(), name))

    def on_unmount(self) -> None:
        for task in self._work:
            task.cancel()


def _fields(typed: Typed) -> tuple[Field, ...]:
    async def hub(text: str) -> str | None:
        names = await sources.hubs(typed.folder)
        return next((name for name in names if name.startswith(text)), None)

    path = sources.completions
    return (
        Field("folder", "Folder", "the folder of the deployment; → completes", path),
        Field("hub", "Hub", "its hub, or hub/environment", hub),
        Field("folder_chart", "Chart", "its folder, where the deployment has several", path),
        Field("files", "Files", "one.yaml, other.yaml; → completes", path),
        Field("tag", "Tag", "the new tag"),
        Field("chart", "Chart", "folder, archive, oci://… or name; → completes", path),
        Field("version", "Version", "empty: the newest"),
        Field("with_chart", "Chart", "folder, archive or name; empty: the one that runs", path),
        Field("with_version", "Version", "empty: the newest of a chart that is named"),
        Field("repository", "Repository", "the address of a chart repository, for a name"),
    )
