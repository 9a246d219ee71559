"""The actions by name."""

from __future__ import annotations

from hubtui.errors import UsageError
from hubtui.services.actions import Action, ProcessAction


def action(name: str) -> Action:
    """The action of a name, imported when it is first asked for. Raises UsageError."""
    from hubtui.services.actions import (
        cordon,
        cull,
        delete_claim,
        delete_pod,
        drain,
        expand,
        maintenance,
        prepull,
        prepull_clean,
        recover,
        restart,
        rollback,
        scale_placeholders,
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
        "delete-claim": delete_claim,
        "cordon": cordon,
        "uncordon": uncordon,
        "drain": drain,
        "spawn-check": spawn_check,
        "maintenance": maintenance,
        "stop": stop,
        "start": start,
        "cull": cull,
        "sync-routes": sync_routes,
        "scale-placeholders": scale_placeholders,
        "prepull": prepull,
        "prepull-clean": prepull_clean,
        "expand": expand,
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
