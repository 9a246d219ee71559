"""What the screens share that ask how something is to be done before its plan is made."""

from __future__ import annotations

from hubtui.services.session import Session
from hubtui.tui.screens.base import BaseScreen


class AskingScreen(BaseScreen[None]):
    """Leaves when the plan that it led to was carried out: there is nothing left to ask."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._before = len(session.operations.all)

    @property
    def started(self) -> bool:
        """Whether an operation was started since this screen came."""
        return len(self._session.operations.all) > self._before

    def on_screen_resume(self) -> None:
        if self.started:
            self.dismiss(None)
