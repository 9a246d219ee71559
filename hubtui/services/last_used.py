"""When a claim that nobody mounts was used last, as far as anybody can tell."""

from __future__ import annotations

from datetime import datetime

from hubtui.model.disk import Figures
from hubtui.model.hub import HubUser
from hubtui.services.mounts import Mounted

LastUsed = tuple[datetime | None, str]
"""When, and who says so; None with the reason."""


def last_used(
    mounted: Mounted | None, figures: Figures | None, user: str, server: str, known: HubUser | None
) -> LastUsed:
    """What the last pod, who measured its own file system, and the hub say of it.

    `figures` are those of a file system that nobody else has: it is measured while it is mounted.
    `known` is the user as the hub told of them, None where it has not.
    """
    if mounted is not None and mounted.last is not None:
        pod, until = mounted.last
        return until, f"pod {pod} mounted it last"
    told: list[tuple[datetime, str]] = []
    if figures is not None:
        told.append((figures.as_of, f"{figures.source} saw it mounted last"))
    at = _seen(known, server) if known is not None else None
    if at is not None:
        told.append((at, f"the hub saw {user} last; no pod was seen with it since"))
    if told:
        return max(told)
    seen = "no pod was seen with it since hubtui looks"
    if not user:
        return None, f"not known: {seen}"
    return None, f"not known: {seen}, and the hub has not told of {user}"


def _seen(user: HubUser, server: str) -> datetime | None:
    """When the hub saw a server, else its user."""
    own = user.servers.get(server)
    return own.last_activity if own is not None else user.last_activity
