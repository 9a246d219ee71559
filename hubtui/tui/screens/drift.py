"""A revision against the live cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType

from hubtui.model.diff import RevisionDiff
from hubtui.model.redact import Redactor
from hubtui.model.release import RevisionHead
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.diff import DiffScreen


class DriftScreen(DiffScreen):
    """What of a revision the cluster does not hold; `r` plans the rollback to it. `over_diff` says
    that a comparison of revisions lies under it."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "compared", "drift")]

    def __init__(
        self,
        session: Session,
        head: RevisionHead,
        heads: Sequence[RevisionHead],
        roll_back: Callable[[RevisionHead], None],
        *,
        over_diff: bool = False,
    ) -> None:
        super().__init__(session, head, head)
        self._over_diff = over_diff
        self._heads = heads
        self._roll_back = roll_back

    @property
    def heading(self) -> str:
        return f"{self._before.release}: revision {self._before.revision} → live cluster"

    async def compare(self, redactor: Redactor) -> RevisionDiff:
        return await self._session.compare_live(self._before, self._heads, redactor)

    def action_other_side(self) -> None:
        """Back to the comparison with the current revision."""
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The current revision was not compared with another one before."""
        return self._over_diff if action == "other_side" else True

    def action_rollback(self) -> None:
        """Plans the rollback to the same revision: it undoes the drift."""
        self._roll_back(self._before)
