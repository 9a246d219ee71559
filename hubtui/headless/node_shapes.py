"""The shapes of nodes in JSON: cores and bytes as numbers, null for what is not known."""

from __future__ import annotations

from datetime import datetime

from hubtui.headless.events import shape as event_shape
from hubtui.headless.seats import asks
from hubtui.headless.shapes import Shape
from hubtui.headless.stays import shape as stays_shape
from hubtui.model import kube
from hubtui.model.age import rfc3339, seconds_between
from hubtui.model.kube_needs import Node
from hubtui.model.node_images import LISTED
from hubtui.model.packing import requests
from hubtui.model.podstate import state_of
from hubtui.model.roles import role_of, server_of, user_of
from hubtui.model.usage import Usage
from hubtui.services.nodes import NodeRow, PoolRow
from hubtui.services.session import Session
from hubtui.services.users import ServerRow
from hubtui.views.node_details import Around


def item(session: Session, row: NodeRow, now: datetime) -> Shape:
    """One node as a row."""
    standing, node, seats = row.standing, row.node, session.seats.answer
    created = node.metadata.creation_timestamp if node is not None else None
    here = seats.usual.by_node.get(row.name) if seats is not None else None
    return {
        "name": row.name,
        "pool": row.pool or None,
        "zone": row.zone or None,
        "instance_type": row.instance_type or None,
        "state": standing.words,
        "severity": standing.severity.name.lower(),
        "ready": standing.ready,
        "cordoned": standing.cordoned if node is not None else None,
        "leaving": standing.leaving if node is not None else None,
        "taints": _taints(node),
        "created": rfc3339(created),
        "age_seconds": int(seconds_between(created, now)) if created is not None else None,
        **_packing(row),
        "usage": _usage(row.usage),
        "seats": here.now if here is not None else (0 if seats is not None else None),
        "stays": stays_shape(session.scale_down.of(row.name)),
    }


def pool(row: PoolRow, name: str | None) -> Shape:
    """The sums over a pool, or without a name over all nodes."""
    named = {} if name is None else {"name": name or None}
    return {
        **named,
        "nodes": row.nodes,
        "ready": row.ready,
        "cordoned": row.cordoned,
        "unknown": row.unknown,
        "severity": row.severity.name.lower(),
        **_packing(row),
        "usage": _usage(row.usage),
        "measured": row.measured,
    }


def _packing(row: NodeRow | PoolRow) -> Shape:
    return {
        "users": row.users,
        "guests": row.guests,
        "placeholders": row.placeholders,
        "pods": row.pods,
        "requests": {share.value: asks(amounts) for share, amounts in row.shares.items()},
        "requested": asks(row.used),
        "allocatable": asks(row.allocatable) if row.allocatable is not None else None,
        "at_least": row.at_least,
    }


def _usage(usage: Usage | None) -> Shape | None:
    if usage is None:
        return None
    return {"cpu": float(usage.cpu) if usage.cpu is not None else None, "memory": usage.memory}


def _taints(node: Node | None) -> list[Shape] | None:
    if node is None:
        return None
    return [
        {"key": each.key, "value": each.value, "effect": each.effect} for each in node.spec.taints
    ]


def detail(row: NodeRow, around: Around, now: datetime) -> Shape:
    """What there is to tell of one node alone."""
    node, events = row.node, around.events
    return {
        "pods_on_it": [_pod(pod, around, now) for pod in sorted(around.pods, key=_by_key)],
        "images": _images(node),
        "images_complete": len(node.status.images) < LISTED if node is not None else None,
        "conditions": [_condition(each) for each in node.status.conditions] if node else None,
        "events": None if isinstance(events, str) else [event_shape(each) for each in events],
    }


def _by_key(pod: kube.Pod) -> str:
    return pod.key


def _pod(pod: kube.Pod, around: Around, now: datetime) -> Shape:
    return {
        "namespace": pod.metadata.namespace,
        "name": pod.metadata.name,
        "role": role_of(pod, around.release).value,
        "user": user_of(pod) or None,
        "server": server_of(pod),
        "status": state_of(pod).status,
        "requests": asks(requests(pod)),
        **_server(around.servers.get(pod.key), now),
    }


def _server(row: ServerRow | None, now: datetime) -> Shape:
    server = row.server if row is not None else None
    active = server.last_activity if server is not None else None
    goes = row.forecast.at if row is not None and row.forecast is not None else None
    return {
        "idle_seconds": int(seconds_between(active, now)) if active is not None else None,
        "culled_at": rfc3339(goes),
    }


def _images(node: Node | None) -> list[Shape] | None:
    if node is None:
        return None
    return [
        {"names": list(each.names or ()), "size_bytes": each.size_bytes}
        for each in node.status.images
    ]


def _condition(each: kube.Condition) -> Shape:
    return {
        "type": each.type,
        "status": each.status,
        "reason": each.reason,
        "message": each.message,
        "since": rfc3339(each.last_transition_time),
    }
