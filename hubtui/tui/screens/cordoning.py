"""The plan to cordon a node, or to uncordon one that is cordoned."""

from __future__ import annotations

from hubtui.errors import HubtuiError
from hubtui.services.actions.cordon import CordonRequest
from hubtui.services.session import Session
from hubtui.tui.screens.plan import PlanScreen


class CordonScreen(PlanScreen):
    """Looks first how the node is. `pullers_off` for one that a hook waits for."""

    def __init__(self, session: Session, node: str, *, pullers_off: bool = False) -> None:
        super().__init__(session, "cordon", CordonRequest(node, pullers_off), "Cordon")
        self._node = node
        self._off = pullers_off

    async def _make(self) -> None:
        from hubtui.services.actions import cordon_toggle

        try:
            self._action, self._request = await cordon_toggle.wanted(
                self._session, self._node, pullers_off=self._off
            )
        except HubtuiError as error:
            self.notify(str(error), title="No plan", severity="error", timeout=20, markup=False)
            self.dismiss(None)
            return
        self._button = self._action.capitalize()
        await super()._make()
