"""What can be opened of a node from wherever it is shown."""

from __future__ import annotations

from typing import Any

from textual.app import App

from hubtui.model.kinds import NODES
from hubtui.services.session import Session
from hubtui.views.events import About


def open_details(app: App[Any], session: Session, node: str) -> None:
    """What is asked of it, who is on it, why it stays, its images and events."""
    from hubtui.tui.screens.node_details import NodeDetailsScreen

    app.push_screen(NodeDetailsScreen(session, node))


def open_stays(app: App[Any], session: Session, node: str) -> None:
    """What keeps an autoscaler from removing it."""
    from hubtui.tui.screens.node_details import NodeStaysScreen

    app.push_screen(NodeStaysScreen(session, node))


def open_events(app: App[Any], session: Session, node: str = "") -> None:
    """Its events, or those of all nodes, as they come."""
    from hubtui.tui.screens.events import EventsScreen

    app.push_screen(EventsScreen(session, About("Node", node) if node else None, of_nodes=True))


def open_yaml(app: App[Any], session: Session, node: str) -> None:
    """The node as YAML."""
    from hubtui.tui.screens.yaml import YamlScreen

    app.push_screen(YamlScreen(session, NODES, node))


def open_cordon(app: App[Any], session: Session, node: str) -> None:
    """The plan to cordon it, or to uncordon one that is cordoned."""
    from hubtui.tui.screens.cordoning import CordonScreen

    app.push_screen(CordonScreen(session, node))


def open_prepull(app: App[Any], session: Session) -> None:
    """Which images are to be pulled to the nodes."""
    from hubtui.tui.screens.prepull import prepull_screen

    app.push_screen(prepull_screen(session))


def open_drain(app: App[Any], session: Session, node: str) -> None:
    """The ways to drain it."""
    from hubtui.tui.screens.drain import drain_screen

    app.push_screen(drain_screen(session, node))


def open_placeholders(app: App[Any], session: Session) -> None:
    """How many placeholders there shall be."""
    from hubtui.tui.screens.placeholders import PlaceholdersScreen

    app.push_screen(PlaceholdersScreen(session))
