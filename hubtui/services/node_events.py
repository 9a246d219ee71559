"""The events of nodes: they stand in the namespace `default`, whatever a node runs."""

from __future__ import annotations

from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.model import kube
from hubtui.model.kinds import NODES
from hubtui.services.events_of import events_of

NAMESPACE: Final = "default"
"""Where events about objects without a namespace are kept (client-go `tools/record`)."""

OF_NODES: Final = "involvedObject.kind=Node"
"""Finds the events of all nodes (field selector of events)."""


async def node_events(client: KubeClient, name: str) -> list[kube.Event]:
    """The events of one node, newest first. Raises DeniedError, UnreachableError."""
    return await events_of(client, NAMESPACE, NODES.kind, name)
