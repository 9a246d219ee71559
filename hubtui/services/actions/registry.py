"""The actions by name."""

from __future__ import annotations

from hubtui.errors import UsageError
from hubtui.services.actions import Action, ProcessAction


def action(name: str) -> Action:
    """The action of a name, imported when it is first asked for. Raises UsageError."""
    from hubtui.services.actions import (
        cordon,
        cull,
        delete_pod,
        maintenance,
        recover,
        restart,
        rollback,
        spawn_check,
        start,
        stop,
        sync_routes,
        uncordon,
        upgrade,
    )

    actions: dict[str, Action] = {
        "rollback": rollback,
        "upgrade": upgrade,
        "recover": recover,
        "restart": restart,
        "delete-pod": delete_pod,
        "cordon": cordon,
        "uncordon": uncordon,
        "spawn-check": spawn_check,
        "maintenance": maintenance,
        "stop": stop,
        "start": start,
        "cull": cull,
        "sync-routes": sync_routes,
    }
    if name not in actions:
        raise UsageError(f"There is no action {name!r}")
    return actions[name]


def process_action(name: str) -> ProcessAction:
    """One whose writes a process of its own makes. Raises UsageError."""
    from hubtui.services.actions import rollback, upgrade

    actions: dict[str, ProcessAction] = {"rollback": rollback, "upgrade": upgrade}
    if name not in actions:
        raise UsageError(f"The action {name!r} has no process of its own")
    return actions[name]
