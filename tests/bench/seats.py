"""What the seats cost beside the join of nodes: `python -m tests.bench.seats`.

The same 250 nodes and 5,000 user pods as in `tests.bench.nodes`, with six profiles, in this process
alone. No cluster is needed.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

from hubtui.config import Settings
from hubtui.model.kinds import STATEFULSETS
from hubtui.services.feeds import Feeds
from hubtui.services.seats import Seating
from hubtui.services.session import Session
from tests.bench import nodes as bench
from tests.testbed.load_objects import NAMESPACE, Hub

PROFILES = 6


class Values:
    """Of the way to the hub just this: the values of its chart."""

    async def values(self) -> dict[str, Any]:
        profiles = [
            {"display_name": f"{n} GB", "kubespawner_override": {"mem_guarantee": f"{n}G"}}
            for n in range(1, PROFILES + 1)
        ]
        return {"singleuser": {"profileList": profiles, "storage": {"type": "none"}}}


class NoReleases:
    """Nothing tells when the values came into force."""

    def heads(self, _release: str) -> list[Any]:
        return []

    async def refresh(self, _release: str) -> list[Any]:
        return []


def main() -> None:
    """Measures and prints; ends with an error where the median is over `nodes.WITHIN`."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.seats", description=__doc__)
    parser.add_argument("--changes", type=int, default=bench.CHANGES)
    asyncio.run(_measure(parser.parse_args().changes))


async def _measure(count: int) -> None:
    users, system, machines = bench.users(), bench.system(), bench.machines()
    joined, nodes, own = bench.opened(users, system, machines)
    feeds = Feeds(cast(Any, None), live=False)
    session = SimpleNamespace(
        nodes=nodes,
        feeds=feeds,
        namespace=NAMESPACE,
        release=Hub().release,
        settings=Settings(),
        hub_link=Values(),
        releases=NoReleases(),
        pods=SimpleNamespace(
            stores=SimpleNamespace(pods=(), statefulsets=feeds.add(STATEFULSETS, NAMESPACE))
        ),
    )
    seating = Seating(cast(Session, session))
    await seating._asked.read()
    began = time.perf_counter()
    seating.update()
    first = time.perf_counter() - began
    assert seating.answer is not None
    assert len(seating.answer.offers) == PROFILES
    print(f"first join of nodes {joined * 1000:8.1f} ms, of their seats {first * 1000:.1f} ms")
    turns = bench.changes(users, count)
    median = bench.told("one pod changed", [bench.timed(own, pod, seating.update) for pod in turns])
    if median > bench.WITHIN:
        raise SystemExit(f"over {bench.WITHIN * 1000:g} ms")


if __name__ == "__main__":
    main()
