"""What the key for a node asks for: a cordon, or the end of one."""

from __future__ import annotations

from hubtui.model.kinds import NODES
from hubtui.services.actions import ActionSession, cordon, uncordon
from hubtui.services.actions.cordon import CordonRequest
from hubtui.services.actions.cordon_facts import is_marked
from hubtui.services.actions.uncordon import UncordonRequest


async def wanted(
    session: ActionSession, node: str, *, pullers_off: bool
) -> tuple[str, CordonRequest | UncordonRequest]:
    """The action and its request: what a node is already, it need not become.

    Raises NotFoundError when there is no such node, DeniedError, UnreachableError.
    """
    found = await session.client.get(NODES, "", node)
    if found.spec.unschedulable and (is_marked(found) or not pullers_off):
        return uncordon.NAME, UncordonRequest(node)
    return cordon.NAME, CordonRequest(node, pullers_off)
