"""Kubelets that do not tell their summary: what the apiserver answers in their place.

Seen on the real one (1.36), which tries to reach each node: 503 at once where nothing listens, 503
after three seconds (`no route to host`) or thirty (`i/o timeout`) where the machine is gone, 403
without the right to `nodes/proxy`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tests.testbed.faults import Fault, FaultProxy, Match


@dataclass(frozen=True, slots=True)
class Sick:
    """Which nodes are how; the others answer."""

    down: tuple[str, ...]
    slow: str
    denied: str


def summaries(nodes: Collection[str]) -> Match:
    """The requests for the summaries of these nodes."""
    named = "|".join(map(re.escape, nodes))
    return Match(rf"^/api/v1/nodes/({named})/proxy/stats/summary$", method="GET")


def down(proxy: FaultProxy, nodes: Collection[str]) -> Fault:
    """Nothing listens on these nodes."""
    said = "error trying to reach service: dial tcp 10.4.0.7:10250: connect: connection refused"
    return proxy.answer(summaries(nodes), 503, body=said)


def half_are_down(proxy: FaultProxy, nodes: Sequence[str], slow: float) -> Sick:
    """Every second node is down; of the others one takes so many seconds and one is denied."""
    well = nodes[1::2]
    sick = Sick(tuple(nodes[::2]), well[0], well[1])
    down(proxy, sick.down)
    proxy.delay(summaries([sick.slow]), slow)
    proxy.answer(summaries([sick.denied]), 403)
    return sick
