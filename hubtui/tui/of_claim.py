"""What can be opened of a claim, or of a shared disk, from wherever it is shown."""

from __future__ import annotations

from typing import Any

from textual.app import App

from hubtui.model.kinds import CLAIMS
from hubtui.services.session import Session
from hubtui.tui import of_pod
from hubtui.views.events import About

LOGS_MOST = 10
"""Pods of one claim whose logs are followed at most."""


def open_details(app: App[Any], session: Session, claim: str) -> None:
    """What is behind it, how full it is and how it fills, who mounts it, its events."""
    from hubtui.tui.screens.claim_details import ClaimDetailsScreen

    app.push_screen(ClaimDetailsScreen(session, claim))


def open_disk(app: App[Any], session: Session, disk: str) -> None:
    """The same of a shared disk, with its server, its claims and who makes it grow."""
    from hubtui.tui.screens.claim_details import DiskDetailsScreen

    app.push_screen(DiskDetailsScreen(session, disk))


def open_why(app: App[Any], session: Session, claim: str) -> None:
    """Why it is not bound."""
    from hubtui.tui.screens.claim_details import ClaimWhyScreen

    app.push_screen(ClaimWhyScreen(session, claim))


def open_events(app: App[Any], session: Session, claim: str = "") -> None:
    """Its events, or those of the namespace, as they come."""
    from hubtui.tui.screens.events import EventsScreen

    about = About(CLAIMS.kind, claim) if claim else None
    app.push_screen(EventsScreen(session, about))


def open_yaml(app: App[Any], session: Session, claim: str) -> None:
    """The claim as YAML."""
    from hubtui.tui.screens.yaml import YamlScreen

    app.push_screen(YamlScreen(session, CLAIMS, claim))


def open_expand(app: App[Any], session: Session, claim: str) -> None:
    """How large it shall be."""
    from hubtui.tui.screens.expanding import ExpandScreen

    app.push_screen(ExpandScreen(session, claim))


def open_delete(app: App[Any], session: Session, claim: str) -> None:
    """The plan to delete it."""
    from hubtui.tui.screens.leftovers import delete_screen

    app.push_screen(delete_screen(session, (claim,)))


def open_logs(app: App[Any], session: Session, claim: str) -> None:
    """The logs of the pods that mount it; says so when there are none, or too many."""
    row = session.storage.row(claim)
    pods = row.mounted_by if row is not None else ()
    if 0 < len(pods) <= LOGS_MOST:
        of_pod.open_logs(app, session, *(f"{session.namespace}/{pod}" for pod in pods))
        return
    words = f"{len(pods)} pods mount" if pods else "No pod mounts"
    app.notify(f"{words} {claim}.", timeout=4, markup=False)
