"""Which images are pulled beforehand: those of the release to mark, others to type; then the
plan."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Button

from hubtui.errors import HubtuiError, UsageError
from hubtui.model.age import spelled
from hubtui.model.brought import Brought, Cargo
from hubtui.model.image_name import full_name
from hubtui.model.prepull import SECONDS
from hubtui.services.actions.prepull_clean import PrepullCleanRequest
from hubtui.services.actions.prepull_facts import PrepullRequest
from hubtui.services.prepull import Survey, in_force_cargo, ours, survey
from hubtui.services.session import Session
from hubtui.services.spawn_options import seconds
from hubtui.tui import keys
from hubtui.tui.screens.asking import AskingScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.widgets.form_end import FormEnd
from hubtui.tui.widgets.form_fields import Field, FormFields
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.views.prepull import COLUMNS, headline, image_cells
from hubtui.views.rows import Rows

FIELDS = (
    Field("images", "Others", "registry/name:tag, several with spaces between"),
    Field("timeout", "Within", "20m"),
)


def prepull_screen(
    session: Session, images: Sequence[str] = (), cargo: Cargo | None = None
) -> PrepullScreen:
    """Asks which images are pulled beforehand, with these marked; `cargo` is what a planned
    upgrade brings, else it is that of the release in force."""
    return PrepullScreen(session, tuple(images), cargo)


def clean_screen(session: Session) -> PlanScreen:
    """The plan to take away what prepulls have left."""
    return PlanScreen(session, "prepull-clean", PrepullCleanRequest(), "Delete")


class PrepullScreen(AskingScreen):
    """The images of the release with the nodes that lack them, and a line for others."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "prepull")]
    DEFAULT_CSS = """
    PrepullScreen #prepull-images { height: 1fr; }
    PrepullScreen #prepull-form { height: 4; }
    """

    def __init__(self, session: Session, images: tuple[str, ...], cargo: Cargo | None) -> None:
        super().__init__(session)
        self._wanted = images
        self._cargo = cargo
        self._rows = Rows(COLUMNS, empty="Looking which nodes have which images …")
        self._images: dict[str, Brought] = {}
        self._typed = {"images": "", "timeout": spelled(SECONDS)}
        self._work: asyncio.Task[None] | None = None
        self._left: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield StatusLine()
        title = "Images of the planned upgrade" if self._cargo else "Images of the release"
        with PaneFrame(title, id="prepull-images"):
            yield LiveTable(self._rows)
        with PaneFrame("Pull beforehand", id="prepull-form"):
            yield FormFields(FIELDS)
        yield FormEnd("prepull")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        form = self.query_one(FormFields)
        form.show([field.name for field in FIELDS])
        form.fill("timeout", self._typed["timeout"])
        self.table.focus()
        self._work = asyncio.create_task(self._look(), name="prepull")

    @property
    def table(self) -> LiveTable:
        """The images."""
        return self.query_one(LiveTable)

    async def _look(self) -> None:
        """Reads what there is, and marks what some node lacks or may lack."""
        try:
            cargo = self._cargo or (await in_force_cargo(self._session)).cargo
            typed = _unknown_to(cargo, self._wanted)
            images = (*(Brought(each, ("asked for",), pulled=False) for each in typed),)
            images = (*images, *cargo.images)
            found = await survey(self._session, images, cargo.wear)
        except HubtuiError as error:
            self._rows.sentence = str(error)
            self._rows.set({})
            return
        self._rows.sentence = "The release names no image: type one below."
        self._images = {full_name(each.image): each for each in images}
        self._rows.set({full_name(each.image): image_cells(each, found) for each in found.images})
        self.query_one("#prepull-images", PaneFrame).show_headline(headline(found))
        self.table.set_marks(self._marked(found))
        self._show()

    def _marked(self, found: Survey) -> set[str]:
        if self._wanted:
            return {full_name(each) for each in self._wanted}
        return {
            full_name(each.image)
            for each in found.images
            if each.brought.pulled and not each.everywhere
        }

    # -- what is asked for

    def request(self) -> PrepullRequest:
        """The prepull that is marked and typed. Raises UsageError."""
        marked = [each.image for name, each in self._images.items() if name in self.table.marks]
        others = self._typed["images"].replace(",", " ").split()
        if not marked and not others:
            raise UsageError("No image is marked", remedy="Space marks one.")
        limit = seconds(self._typed["timeout"], "Within")
        return PrepullRequest((*marked, *others), limit, self._cargo)

    def _show(self) -> None:
        words, ready = "", True
        try:
            self.request()
        except UsageError as error:
            words, ready = str(error), False
        if not words and self._left:
            words = f"Left of an earlier prepull: {', '.join(self._left)}. X takes it away."
        end = self.query_one(FormEnd)
        end.say(words if self._images or self._typed["images"] else "")
        end.ready(ready)

    def beat(self, now: datetime) -> None:
        store = self._session.pods.stores.daemonsets
        here = {each.id.lower() for each in self._session.operations.running}
        found = ours(store, self._session.release)
        left = tuple(each.name for each in found if each.operation not in here)
        if left != self._left:
            self._left = left
            self._show()
            self.show_keys()
        super().beat(now)

    def on_live_table_marked(self, message: LiveTable.Marked) -> None:
        message.stop()
        self._show()

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        self.table.action_mark()

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

    def action_prepull_plan(self) -> None:
        """The plan for what is marked and typed."""
        self._plan()

    def _plan(self) -> None:
        try:
            request = self.request()
        except UsageError:
            return  # it is said already
        self.app.push_screen(PlanScreen(self._session, "prepull", request, "Pull"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is left can be taken away where something is."""
        return bool(self._left) if action == "prepull_clean" else True

    def action_prepull_clean(self) -> None:
        """Plans to take away what earlier prepulls have left."""
        self.app.push_screen(clean_screen(self._session))

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()


def _unknown_to(cargo: Cargo, images: Sequence[str]) -> list[str]:
    known = {full_name(each.image) for each in cargo.images}
    return [each for each in images if full_name(each) not in known]
