"""How large a claim shall be, with sizes that last; the plan comes after."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

from hubtui.errors import HubtuiError
from hubtui.model.expansion import size_in
from hubtui.services.actions.expand import NAME, ExpandRequest
from hubtui.services.expansion import Offer, offer
from hubtui.services.session import Session
from hubtui.tui.screens.maintenance import RequestForm
from hubtui.tui.widgets.form_fields import Field, FormFields
from hubtui.views.cells import EMPTY, Cell, cell
from hubtui.views.document import Hung
from hubtui.views.expand import size_lines


class ExpandScreen(RequestForm):
    """One size, the first that is proposed standing there."""

    ACTION = NAME
    TITLE_ = "Expand"
    BUTTON = "Expand"
    FIELDS = (Field("size", "Size", "with its unit: 20Gi, 1.5Ti"),)
    WORDS = (
        "The driver enlarges the volume, the node its file system; most drivers do so while pods "
        "go on. The plan says what is known of this one, and what to put into the values.",
    )

    def __init__(self, session: Session, claim: str) -> None:
        super().__init__(session, {})
        self._claim = claim
        self._offer: Offer | None = None
        self._work: asyncio.Task[None] | None = None

    def on_mount(self) -> None:
        self._work = asyncio.create_task(self._look(), name="expand")
        super().on_mount()

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()

    async def _look(self) -> None:
        try:
            found = await offer(self._session, self._claim)
        except HubtuiError as error:
            self.notify(str(error), title="Expand", severity="error", timeout=20, markup=False)
            self.dismiss(None)
            return
        self._offer = found
        self._words.touch()
        if found.sizes and not self._typed["size"]:
            self._typed["size"] = found.sizes[0].written
            self.query_one(FormFields).fill("size", found.sizes[0].written)
            self._show()

    def request(self, typed: Mapping[str, str]) -> object:
        """The size for the claim. Raises UsageError."""
        size_in(typed["size"])
        return ExpandRequest(self._claim, typed["size"].strip())

    def _lines(self, now: datetime) -> Iterable[Cell | Hung]:
        found = self._offer
        yield from size_lines(found) if found else (cell(f"Looking at {self._claim} …"),)
        yield EMPTY
        yield from super()._lines(now)
