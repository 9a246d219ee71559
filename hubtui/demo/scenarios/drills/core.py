"""The hub asks for more than the core node has."""

from __future__ import annotations

from datetime import timedelta

from hubtui.demo.scenarios.story import Chapter, Drill

DRILL = Drill(
    name="core",
    line="The core node is full: the hub's pod has no place",
    page="hub: 503 for everybody, the hub is not running since the last upgrade",
    chapters=(Chapter(timedelta(minutes=9), "hungry-hub"),),
)
