"""The hubs of all contexts: one is chosen."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.config import Settings
from hubtui.errors import HubtuiError
from hubtui.services.discovery import Hub
from hubtui.services.opening import Context, contexts
from hubtui.services.session import Found, hubs_of
from hubtui.tui import keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.views.hubs import Choice, Hubs


class PickerScreen(BaseScreen[Choice | None]):
    """Gives the hub that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "picker")]

    def __init__(self, settings: Settings, hubs: list[Hub] | None = None) -> None:
        super().__init__()
        self._settings = settings
        self._hubs = hubs
        self._view = Hubs()
        self._looking: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Hubs", id="picker"):
            yield LiveTable(self._view, marking=False)
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self._looking = asyncio.create_task(self._look(), name="picker")
        self.query_one(LiveTable).focus()

    async def _look(self) -> None:
        try:
            known = contexts(self._settings)
            if self._hubs is not None:
                self._view.show([(known[0], self._hubs, None)])
                return
            rows: dict[str, Found | Context] = {context.name: context for context in known}
            self._view.show(rows.values())
            async for found in hubs_of(self._settings):
                rows[found[0].name] = found
                self._view.show(rows.values())
        except HubtuiError as error:
            self._view.sentence = str(error)
            self._view.set({})

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        self.dismiss(self._view.choices.get(message.key))

    def action_back(self) -> None:
        self.dismiss(None)

    async def on_unmount(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
