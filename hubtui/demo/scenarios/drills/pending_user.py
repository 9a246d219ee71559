"""Servers ask for more memory than any node has."""

from __future__ import annotations

from datetime import timedelta

from hubtui.demo.scenarios.story import Chapter, Drill, Wave

DRILL = Drill(
    name="pending-user",
    line="Since the last upgrade new servers find no node that is large enough",
    page="hub: users report that their server does not start, spawns time out",
    chapters=(Chapter(timedelta(minutes=14), "too-large"),),
    waves=(Wave(timedelta(minutes=6), timedelta(minutes=5), 9),),
)
