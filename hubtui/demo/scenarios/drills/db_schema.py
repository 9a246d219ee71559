"""The hub was rolled back across a major version of JupyterHub, and its database was not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hubtui.demo.faults import Crash
from hubtui.demo.scenarios.story import Chapter, Drill, Turn
from hubtui.demo.seed.values import CHART

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

_LINES = (
    "[E JupyterHub app:3354] Failed to connect to db: sqlite:///jupyterhub.sqlite",
    "Traceback (most recent call last):",
    '  File "/usr/local/lib/python3.12/site-packages/jupyterhub/app.py", line 1922, in init_db',
    "    dbutil.upgrade_if_needed(self.db_url, log=self.log)",
    "alembic.util.exc.CommandError: Can't locate revision identified by '4621fec11365'",
)


def _newer_schema(stage: Cluster) -> None:
    """The hub of the older chart finds a schema that it does not know."""
    crash = Crash(code=1, after=2.0, lines=_LINES)
    stage.world.faults.crashes_by_image[f"k8s-hub:{CHART[0]}"] = crash


DRILL = Drill(
    name="db-schema",
    line="A rollback across a major version of JupyterHub: the hub crashes on its own database",
    page="hub: nobody can log in, the hub restarts again and again since the rollback",
    chapters=(
        Chapter(timedelta(hours=7), "next-chart"),
        Chapter(timedelta(minutes=12), again=4),
    ),
    turns=(Turn(timedelta(minutes=13), _newer_schema),),
)
