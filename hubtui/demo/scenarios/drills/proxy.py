"""The proxy was restarted, and the hub has not given it its routes back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hubtui.demo.faults import Crash
from hubtui.demo.scenarios.story import Drill, Turn

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

_LINES = (
    "12:41:07.611 [ConfigProxy] error: 503 GET /user/ connect EMFILE 10.20.3.7:8888",
    "12:41:07.702 [ConfigProxy] error: Uncaught Exception: accept EMFILE",
)
"""What the proxy says when it has no sockets left."""


def _forget(stage: Cluster) -> None:
    """The proxy ends, and the hub does not look at its routes by itself any more."""
    stage.world.faults.routes_unchecked = True
    stage.world.faults.crashes["proxy"] = Crash(code=1, after=20.0, lines=_LINES)


def _go_on(stage: Cluster) -> None:
    """It ends only once."""
    stage.world.faults.crashes.pop("proxy", None)


DRILL = Drill(
    name="proxy",
    line="The proxy was restarted and has lost the routes of all servers",
    page="hub: everybody gets an error page at once, though servers run; logins work again",
    turns=(
        Turn(timedelta(minutes=5), _forget),
        Turn(timedelta(minutes=5) - timedelta(seconds=15), _go_on),
    ),
)
