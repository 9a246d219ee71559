"""What can be opened of a pod from wherever it is shown. A pod is named `namespace/name`."""

from __future__ import annotations

from typing import Any

from textual.app import App

from hubtui.model.kinds import PODS
from hubtui.services.session import Session
from hubtui.views.events import About


def open_details(app: App[Any], session: Session, pod: str) -> None:
    """Its containers, conditions and events."""
    from hubtui.tui.screens.pod_details import PodDetailsScreen

    app.push_screen(PodDetailsScreen(session, pod))


def open_logs(app: App[Any], session: Session, *pods: str) -> None:
    """The logs of one or several, followed."""
    from hubtui.tui.screens.logs import LogsScreen

    app.push_screen(LogsScreen(session, *pods))


def open_events(app: App[Any], session: Session, pod: str) -> None:
    """Its events, as they come."""
    from hubtui.tui.screens.events import EventsScreen

    app.push_screen(EventsScreen(session, About("Pod", name_of(pod))))


def open_yaml(app: App[Any], session: Session, pod: str) -> None:
    """The pod as YAML."""
    from hubtui.tui.screens.yaml import YamlScreen

    app.push_screen(YamlScreen(session, PODS, name_of(pod)))


def open_why(app: App[Any], session: Session, pod: str) -> None:
    """Why it is not up."""
    from hubtui.tui.screens.why import PodWhyScreen

    app.push_screen(PodWhyScreen(session, pod))


def name_of(pod: str) -> str:
    """A pod's name without its namespace."""
    return pod.partition("/")[2]
