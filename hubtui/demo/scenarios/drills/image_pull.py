"""The users' image has a tag that no registry knows."""

from __future__ import annotations

from datetime import timedelta

from hubtui.demo.scenarios.story import Chapter, Drill, Wave

DRILL = Drill(
    name="image-pull",
    line="Since the last upgrade no server starts: its image cannot be pulled",
    page="hub: spawns fail after five minutes, since the upgrade of a quarter of an hour ago",
    chapters=(Chapter(timedelta(minutes=16), "no-image"),),
    waves=(Wave(timedelta(minutes=5), timedelta(minutes=4), 9),),
)
