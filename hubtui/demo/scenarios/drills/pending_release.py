"""Somebody's connection broke in the middle of an upgrade, and helm with it."""

from __future__ import annotations

from datetime import timedelta

from hubtui.demo.scenarios.story import Chapter, Drill

DRILL = Drill(
    name="pending-release",
    line="An upgrade was cut off in the middle; nobody can upgrade any more",
    page="hub: helm upgrade fails with 'another operation (install/upgrade/rollback) is in "
    "progress', but nobody is at it",
    chapters=(Chapter(timedelta(minutes=47), "interrupted", hooks=True),),
)
