"""One revision: what it is, and its values with secrets masked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from hubtui.errors import HubtuiError
from hubtui.model.redact import Redactor
from hubtui.model.release import Payload, RevisionHead
from hubtui.model.trail import Finding
from hubtui.services.hooks import Evidence, evidence
from hubtui.services.session import Session
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.revision import revision_lines


class RevisionScreen(ReadingScreen):
    """The details of a revision."""

    def __init__(self, session: Session, head: RevisionHead, found: Sequence[Finding] = ()) -> None:
        super().__init__(f"{head.release} revision {head.revision}")
        self._session = session
        self._head = head
        self._found = found
        self._lines: list[Cell | Hung] = [cell("Reading the revision …", Tone.MUTED)]
        self._work: asyncio.Task[None] | None = None

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return self._lines

    def on_mount(self) -> None:
        super().on_mount()
        self._work = asyncio.create_task(self._read(), name="revision")

    async def _read(self) -> None:
        try:
            payload = await self._session.releases.payload(self._head)
            redactor = (await self._session.redactor()).knowing(payload.config)
            self._show(payload, redactor)
            hooks = await self._evidence(payload)
            self._show(payload, redactor, hooks)
        except HubtuiError as error:
            self._lines = [cell(str(error), Tone.NOW)]
        self.document.touch()

    def _show(self, payload: Payload, redactor: Redactor, hooks: Sequence[Evidence] = ()) -> None:
        self._lines = list(revision_lines(self._head, payload, redactor, self._found, hooks))
        self.document.touch()

    async def _evidence(self, payload: Payload) -> Sequence[Evidence]:
        """What is left of the hooks; it comes after the rest is shown."""
        session = self._session
        try:
            return await evidence(session.client, session.pods, payload)
        except HubtuiError as error:
            return [Evidence(hook, missing=f"not readable: {error.what}") for hook in payload.hooks]

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
