"""The plan to delete one pod."""

from __future__ import annotations

from hubtui.model.kube import Pod
from hubtui.services.actions.delete_pod import DeletePodRequest
from hubtui.services.session import Session
from hubtui.tui.screens.plan import PlanScreen


def delete_screen(session: Session, pod: Pod) -> PlanScreen:
    """A pod that was deleted before and is still there can only be forced."""
    meta = pod.metadata
    force = meta.deletion_timestamp is not None
    request = DeletePodRequest(meta.name, force)
    return PlanScreen(session, "delete-pod", request, "Force" if force else "Delete")
