"""A thousand servers are stopped: how long it takes, and how many the hub is asked for at once."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence

from tests.bench import hub_log
from tests.bench.figures import Figures
from tests.bench.hub_users import BigHub, command
from tests.bench.terminal import NotSeenError
from tests.testbed.load_hub import total_users

STOPS = 1_000


async def plans(
    hub: BigHub, hubtui: Sequence[str], env: Mapping[str, str], figures: Figures
) -> None:
    """The plan of a stop by name, and of a cull that looks at all servers."""
    argv = (*hubtui, "stop", *_chosen(hub), "--json")
    figures["stop_plan"] = [(await command(argv, env))[0]]
    argv = (*hubtui, "cull", "--idle", "1m", "--json")
    figures["cull_plan"] = [(await command(argv, env))[0]]


async def stops(
    hub: BigHub, hubtui: Sequence[str], env: Mapping[str, str], figures: Figures
) -> None:
    """`hubtui stop` of all of them, with the number typed; the load has fewer servers then."""
    chosen = _chosen(hub)
    since = time.time()
    argv = (*hubtui, "stop", *chosen, "--confirm", str(len(chosen)), "--json")
    took, said = await command(argv, env)
    with hub.testbed.hub_client() as client:
        left = total_users(client, "active")
    if left != hub.servers - len(chosen):
        raise NotSeenError(f"{left} of {hub.servers} servers are left: {_end(said)}")
    asked = hub.asked(since, time.time())
    deletes = [one for one in asked if one.method == "DELETE"]
    figures["stop_all"] = [took]
    figures["stop_each"] = [took / len(chosen)]
    figures["stop_at_once"] = [float(hub_log.most_at_once(deletes))]
    figures["stop_requests"] = [len(asked) / len(chosen)]


def _chosen(hub: BigHub) -> Sequence[str]:
    """Not those whose activity the other scenes renew."""
    return hub.names[-STOPS:]


def _end(said: bytes) -> str:
    document = json.loads(said.splitlines()[-1])
    return str(document.get("outcome", document))[:2000]
