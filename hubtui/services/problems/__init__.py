"""Problems: one file an incident, evidence in, Problem out; `finder` looks, `reading` reads.

An incident's `find` is a pure function of a Situation. Which incident has what:

* `pending_release`, `hook_puller`: the newest revision
* `db_schema`, `overload`: a hub that ends again and again; `core` has the core's other troubles
* `image_pull`: whatever waits for an image that does not come
* `pending_user`: users' servers without a node, quotas without room
* `lost_node`: whatever runs where nobody answers
* `orphans`, `proxy`: what hub, pods and routes do not agree on, and a proxy that is too small
* `culling`: a culler that leaves idle servers alone, or takes those in use
* `scale_down`: nodes that nobody works on and that stay
* `home_full`: disks of homes; `hub_db`: all about the hub's database, its volume too
* `attach`: users' servers that wait for a volume
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hubtui.model.problem import Problem, worst_first
from hubtui.services.problems import (
    attach,
    core,
    culling,
    db_schema,
    home_full,
    hook_puller,
    hub_db,
    image_pull,
    lost_node,
    orphans,
    overload,
    pending_release,
    pending_user,
    proxy,
    scale_down,
)
from hubtui.services.problems.situation import Situation

INCIDENTS: Final[Sequence[Callable[[Situation], list[Problem]]]] = (
    pending_release.find,
    db_schema.find,
    hook_puller.find,
    pending_user.find,
    image_pull.find,
    core.find,
    overload.find,
    lost_node.find,
    orphans.find,
    proxy.find,
    culling.find,
    scale_down.find,
    home_full.find,
    hub_db.find,
    attach.find,
)


def problems_of(seen: Situation) -> tuple[Problem, ...]:
    """All that is wrong, the worst first."""
    return worst_first(problem for find in INCIDENTS for problem in find(seen))
