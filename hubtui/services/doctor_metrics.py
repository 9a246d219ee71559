"""What the numbers of the metrics pane, and the community's dashboards, can be had from."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.config import Settings
from hubtui.model.metric_source import HUB, KUBE_STATE, OPTIONAL, RULES, USAGE, SourceState
from hubtui.services.discovery import Hub
from hubtui.services.doctor_finding import Finding, Verdict
from hubtui.services.session import Session

_NAMES: Final = {
    USAGE: "metrics: now",
    HUB: "metrics: hub",
    KUBE_STATE: "metrics: pods",
    "pod-labels": "metrics: labels",
    "pod-annotations": "metrics: users",
    "service-labels": "metrics: services",
    "cadvisor": "metrics: memory",
    "node-exporter": "metrics: nodes",
    "home-nfs": "metrics: homes",
    "dirsize": "metrics: sizes",
    RULES: "metrics: rules",
}


async def findings(settings: Settings, client: KubeClient, hub: Hub) -> AsyncIterator[Finding]:
    """One for each source, but for Prometheus and the hub's API, of which doctor has more to say;
    of those that not every hub has, where they are there. What mends several is printed once."""
    session = Session(settings, client.context, client, hub, live=False)
    began = time.monotonic()
    printed: set[tuple[str, ...]] = set()
    try:
        for state in await session.metric_sources.read():
            if state.id not in _NAMES or (state.id in OPTIONAL and not state.answers):
                continue
            found = _finding(state, time.monotonic() - began)
            yield replace(found, snippet=()) if found.snippet in printed else found
            printed.add(found.snippet)
    finally:
        await session.prometheus.close()
        await session.hub_link.close()


def _finding(state: SourceState, seconds: float) -> Finding:
    name = _NAMES[state.id]
    if state.answers:
        words = "; ".join((f"{state.title}: {state.gives}", *state.facts))
        return Finding(name, Verdict.OK, words, seconds=seconds)
    words = f"{state.missing} (for {state.gives})"
    return Finding(name, Verdict.WARN, words, state.cure, seconds, state.lines)
