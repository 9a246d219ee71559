"""The events of one object."""

from __future__ import annotations

from hubtui.clients.kube import KubeClient
from hubtui.model import kube
from hubtui.model.kinds import EVENTS


async def events_of(client: KubeClient, namespace: str, kind: str, name: str) -> list[kube.Event]:
    """The events of an object that stand in a namespace, newest first.

    Raises DeniedError, UnreachableError.
    """
    fields = f"involvedObject.kind={kind},involvedObject.name={name}"
    found = await client.list(EVENTS, namespace, fields=fields)
    known = [event for event in found if event.last_seen is not None]
    return sorted(known, key=lambda event: str(event.last_seen), reverse=True)
