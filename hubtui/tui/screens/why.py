"""Why a pod, or the pods of a role, are not up; asked again while it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model.roles import Role
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.services.why import of_pod, of_role
from hubtui.tui.screens.of_pod import PodScreen
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.table import Freshness
from hubtui.views.why import pod_why, role_why

EVERY = 10.0
"""Seconds between two looks at the evidence."""


class _WhyScreen(ReadingScreen):
    """Asks for an explanation and shows it; what was found stays while it is asked anew."""

    _found: list[Cell | Hung]
    _work: asyncio.Task[None] | None = None

    async def explanation(self) -> list[Cell | Hung]:
        """The lines as the evidence has it now."""
        raise NotImplementedError

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return self._found

    def on_mount(self) -> None:
        self._found = [cell("Gathering evidence …", Tone.MUTED)]
        self._work = asyncio.create_task(self._ask(), name="why")

    async def _ask(self) -> None:
        while True:
            try:
                self._found = await self.explanation()
                words = Freshness(f"as of {utc_now().astimezone():%H:%M:%S}")
            except NotFoundError:
                words = Freshness("the pod is gone; this is how it was", Tone.SOON)
            except HubtuiError as error:
                words = Freshness(error.what, Tone.SOON, stale=True)
            self.frame.show_freshness(words)
            self.document.touch()
            await asyncio.sleep(EVERY)

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()


class PodWhyScreen(_WhyScreen, PodScreen):
    """Why one pod is not up."""

    def __init__(self, session: Session, key: str) -> None:
        super().__init__(session, key, f"Why: {key.partition('/')[2]}")
        self._found = []

    async def explanation(self) -> list[Cell | Hung]:
        why = await of_pod(self._session, self._key.partition("/")[2])
        pod = self._session.pods.stores.pods.get(self._key)
        return list(pod_why(pod, why, utc_now()))


class RoleWhyScreen(_WhyScreen):
    """Why the pods of a role are not up: those that suffer from the same together."""

    def __init__(self, session: Session, role: Role) -> None:
        super().__init__(f"Why: {role}")
        self._session = session
        self._role = role
        self._found = []

    async def explanation(self) -> list[Cell | Hung]:
        findings = await of_role(self._session, self._role)
        return list(role_why(self._role, findings, utc_now()))
