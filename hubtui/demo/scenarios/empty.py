"""A hub that was installed a moment ago, and that nobody has used."""

from __future__ import annotations

from datetime import timedelta

from hubtui.demo.scenarios.calm import POOLS
from hubtui.demo.scenarios.story import Chapter, Scenario

SCENARIO = Scenario(
    name="empty",
    line="A fresh install: one revision, no users yet",
    chapters=(Chapter(timedelta(minutes=20), "installed"),),
    pools=POOLS,
    lives=timedelta(minutes=20),
)
