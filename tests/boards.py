"""Dashboards of a test's own, on a fake of Prometheus' answers."""

from __future__ import annotations

import json
from typing import Any

from hubtui.model.dashboard import Dashboard
from hubtui.model.dashboard_reading import read
from hubtui.services.board import Board
from hubtui.services.board_panels import PanelState
from tests.fake_prometheus import NOW, FakePrometheus

HUBS = 'label_values(kube_service_labels{service="hub"}, namespace)'
NAMESPACES = 'namespace of kube_service_labels{service="hub"}'


def variable(name: str, kind: str = "query", query: str = HUBS, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "query": query, **more}


def panel(number: int, *exprs: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    targets = [each if isinstance(each, dict) else {"expr": each} for each in exprs]
    for letter, each in zip("ABCDEF", targets, strict=False):
        each.setdefault("refId", letter)
    place = {"x": 0, "y": 8 * number, "w": 24, "h": 8}
    return {
        "id": number, "type": "timeseries", "title": f"Panel {number}", "gridPos": place,
        "targets": targets, **more,
    }  # fmt: skip


def dashboard(*panels: dict[str, Any], variables: Any = (), **more: Any) -> Dashboard:
    listed = {"list": list(variables)}
    document = {"title": "T", "panels": list(panels), "templating": listed, **more}
    return read(json.dumps(document).encode())


def running(prometheus: FakePrometheus, shown: Dashboard) -> Board:
    return Board(prometheus.session, shown, now=lambda: NOW)


async def filled(prometheus: FakePrometheus, *panels: dict[str, Any], **more: Any) -> Board:
    board = running(prometheus, dashboard(*panels, **more))
    await board.fill()
    return board


def hubs(*namespaces: str) -> FakePrometheus:
    return FakePrometheus(labels={NAMESPACES: list(namespaces)})


def names(state: PanelState) -> list[str]:
    return [line.name for line in state.lines]


def values(board: Board, name: str) -> tuple[str, ...]:
    (found,) = (each for each in board.variables if each.variable.name == name)
    return found.chosen.values
