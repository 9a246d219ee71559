"""Monday morning: a class of 300 arrives within a few minutes."""

from __future__ import annotations

from datetime import timedelta

from hubtui.demo.scenarios.calm import HISTORY
from hubtui.demo.scenarios.story import Pool, Scenario, Wave

SCENARIO = Scenario(
    name="monday",
    line="Monday morning: a class of 300 arrives within ten minutes, and nodes have to come",
    chapters=HISTORY,
    pools=(
        Pool("core", 1, 4, 15, purpose="core"),
        Pool("users", 3, 8, 28, most=4),
        Pool("large", 3, 16, 58, most=10),
    ),
    people=360,
    homes=1200,
    waves=(
        Wave(timedelta(hours=1), timedelta(minutes=50), 20),
        Wave(timedelta(minutes=2), timedelta(minutes=12), 300, is_class=True),
    ),
)
