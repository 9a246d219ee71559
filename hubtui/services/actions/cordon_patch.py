"""Writes the marks of one node: that it takes no new pods, and that image pullers keep off."""

from __future__ import annotations

from typing import Any, Final

from hubtui.clients.gate import Call, WriteToken
from hubtui.errors import ApiError, ChangedSinceError, HubtuiError, UnreachableError
from hubtui.model.kinds import NODES
from hubtui.model.kube_needs import Node
from hubtui.model.plan import Permit
from hubtui.model.pulls import PULLERS_OFF
from hubtui.services.actions import ActionSession
from hubtui.services.actions.cordon_facts import is_marked

TRIES: Final = 5
"""A node changes with each report of its kubelet; a write is held to the version that was read."""

_CHANGED: Final = (409, 422)
"""What a JSON patch whose test fails is answered with."""


def permit(node: str) -> Permit:
    """The right to write the marks of this node."""
    return Permit("patch", NODES.resource, "", node)


def is_as_meant(node: Node, *, cordoned: bool, pullers_off: bool) -> bool:
    """Whether a node has these marks."""
    return node.spec.unschedulable is cordoned and is_marked(node) is pullers_off


async def mark(
    session: ActionSession, node: Node, token: WriteToken, *, cordoned: bool, pullers_off: bool
) -> None:
    """Gives a node these marks and changes nothing else.

    Raises ChangedSinceError when it is another node or somebody else writes its marks, ApiError
    when it is refused, UnreachableError when the cluster does not say whether it took it.
    """
    marks = node.spec.unschedulable, is_marked(node)
    for _ in range(TRIES):
        try:
            await _patch(session, node, token, cordoned=cordoned, pullers_off=pullers_off)
        except UnreachableError:
            if await _was_taken(session, node, cordoned=cordoned, pullers_off=pullers_off):
                return
            raise
        except ApiError as error:
            if error.status not in _CHANGED:
                raise
            uid = node.metadata.uid
            node = await session.client.get(NODES, "", node.metadata.name)
            if (node.spec.unschedulable, is_marked(node), node.metadata.uid) != (*marks, uid):
                break
        else:
            return
    raise ChangedSinceError(
        f"Node {node.metadata.name} has changed just now", meaning="Nothing was written."
    )


async def _patch(
    session: ActionSession, node: Node, token: WriteToken, *, cordoned: bool, pullers_off: bool
) -> None:
    meta, spec = node.metadata, node.spec
    steps: list[dict[str, Any]] = [
        {"op": "test", "path": "/metadata/uid", "value": meta.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": meta.resource_version},
        {"op": "add", "path": "/spec/unschedulable", "value": cordoned},
    ]
    if pullers_off and not is_marked(node):
        taint = {"key": PULLERS_OFF.key, "effect": PULLERS_OFF.effect}
        one = {"path": "/spec/taints/-", "value": taint}
        steps.append({"op": "add", **(one if spec.taints else _first(taint))})
    if not pullers_off and is_marked(node):
        at = next(i for i, each in enumerate(spec.taints) if each.key == PULLERS_OFF.key)
        steps.append({"op": "remove", "path": f"/spec/taints/{at}"})
    await session.client.request(
        Call("patch", NODES.resource, "", meta.name),
        kind=NODES,
        body=steps,
        token=token,
        content_type="application/json-patch+json",
    )


def _first(taint: dict[str, str]) -> dict[str, Any]:
    return {"path": "/spec/taints", "value": [taint]}


async def _was_taken(
    session: ActionSession, node: Node, *, cordoned: bool, pullers_off: bool
) -> bool:
    """Whether a write whose answer was lost has arrived."""
    try:
        now = await session.client.get(NODES, "", node.metadata.name)
    except HubtuiError:
        return False
    return is_as_meant(now, cordoned=cordoned, pullers_off=pullers_off)
