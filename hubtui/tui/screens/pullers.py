"""The image pullers of a role, node by image, and what explains those that are not up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from hubtui.model.age import duration
from hubtui.model.roles import Role
from hubtui.services.pullers import PULLERS, PullMatrix
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.services.why import of_role
from hubtui.tui import keys
from hubtui.tui.screens.of_pullers import OfPullers
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.tui.screens.why import RoleWhyScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.pullers import gone_line
from hubtui.views.why import role_why


def role_screen(session: Session, role: Role) -> ReadingScreen:
    """What explains the pods of a role; of image pullers the nodes and images too."""
    screen = PullersScreen if role in PULLERS else RoleWhyScreen
    return screen(session, role)


class PullersScreen(RoleWhyScreen, OfPullers):
    """Which node waits for which image, whoever waits for them: a helm elsewhere too."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("pullers")]

    def __init__(self, session: Session, role: Role) -> None:
        super().__init__(session, role)
        self._last: PullMatrix | None = None

    @property
    def hub(self) -> Session | None:
        """The session that was given."""
        return self._session

    async def explanation(self) -> list[Cell | Hung]:
        findings = await of_role(self._session, self._role)
        return list(role_why(self._role, findings, utc_now())) if findings else []

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        self.rows = {}
        found: list[Cell | Hung] = []
        timeout = duration(self._session.settings.helm_timeout)
        matrices = self.pullers.matrices(now, timeout) if self.pullers is not None else ()
        mine = [matrix for matrix in matrices if matrix.role is self._role]
        self.add_matrices(found, mine, now)
        if mine:
            self._last = mine[0]
        elif self._last is not None:
            found.append(gone_line(self._last))
        else:
            found.append(cell(f"There is no {self._role}.", Tone.MUTED))
        if self._found:
            found += [(), *self._found]
        return found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What the awaiter says can be read while it is there."""
        if action == "logs":
            return bool(self.pullers is not None and self.pullers.awaiting)
        if action == "why":
            return bool(self.rows)
        return super().check_action(action, parameters)
