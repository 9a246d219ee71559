"""Monday morning: a class of 300 arrives within a few minutes."""

from __future__ import annotations

from datetime import timedelta

from hubtui.demo.scenarios.calm import HISTORY
from hubtui.demo.scenarios.story import Pool, Scenario, Wave

SCENARIO = Scenario(
    name="monday",
    line="Monday morning: a class of 300 arrives within ten minutes",
    chapters=HISTORY,
    pools=(
        Pool("core", 1, 4, "15Gi", purpose="core"),
        Pool("users", 4, 8, "28Gi"),
        Pool("large", 8, 16, "58Gi"),
    ),
    people=360,
    waves=(
        Wave(timedelta(hours=1), timedelta(minutes=50), 20),
        Wave(timedelta(minutes=2), timedelta(minutes=12), 300, is_class=True),
    ),
)
