"""What is typed for a maintenance, on the command line or in its form."""

from __future__ import annotations

from dataclasses import dataclass

from hubtui.errors import UsageError
from hubtui.services.actions.maintenance import MaintenanceRequest
from hubtui.services.spawn_options import seconds


@dataclass(slots=True)
class TypedMaintenance:
    """As it was typed: `batch` is a number, `pause` such as 30s."""

    message: str = ""
    batch: str = "10"
    pause: str = "30s"
    only: str = ""
    idle_only: bool = False
    spawn_check: str = ""
    resume: bool = False


def request(typed: TypedMaintenance) -> MaintenanceRequest:
    """The request that was typed. Raises UsageError."""
    if not typed.batch.strip().isdigit():
        raise UsageError(f"{typed.batch!r} is no number of servers", remedy="Say 10, for one.")
    return MaintenanceRequest(
        message=typed.message.strip(),
        batch=int(typed.batch),
        pause=seconds(typed.pause, "--pause"),
        only=typed.only.strip() or "*",
        idle_only=typed.idle_only,
        spawn_check=typed.spawn_check.strip(),
        resume=typed.resume,
    )
