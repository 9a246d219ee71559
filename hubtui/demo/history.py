"""What happened in the demo, noted as it happens: what the hub measured, the times of its process,
how many servers ran, and when pods came and went. Who tells of the past reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hubtui.demo.resources import PODS
from hubtui.demo.storage import Change, Json

if TYPE_CHECKING:
    from hubtui.demo.hub.gauges import State
    from hubtui.demo.hub.hub import Hub
    from hubtui.demo.hub.records import Server
    from hubtui.demo.timeline import Timeline

EVERY: Final = 60.0
"""Seconds between two scrapes."""

Labels = tuple[tuple[str, str], ...]


class Observed(NamedTuple):
    """Something that took `seconds`, `times` times, as the hub's histograms have it; with 0 of them
    there is only the series."""

    at: float
    family: str
    labels: Labels
    seconds: float
    times: int = 1


class Process:
    """The hub's process in a pod, from one time to another (unix seconds)."""

    def __init__(self, pod: Json, begin: float) -> None:
        self.pod, self.begin = pod, begin
        self.end = float("inf")


class Stay:
    """A pod as it was last seen, and since when it was there, ran, and was gone."""

    def __init__(self, pod: Json, begin: float) -> None:
        self.pod, self.begin = pod, begin
        self.phases: list[tuple[float, str]] = [(begin, _phase(pod))]
        self.starts: list[str] = []
        """When its main container started, and started again, as the API writes it."""
        self.end = float("inf")


class History:
    """The notes."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.hub: Hub | None = None
        self.begun = float("inf")
        """When the hub's life began (unix seconds); what was before then is not noted."""
        self.observed: list[Observed] = []
        self.processes: list[Process] = []
        self.running: list[tuple[float, int]] = []
        """How many servers were ready from a time on."""
        self.slow: list[tuple[float, float]] = []
        """From when to when the hub was slow."""
        self.states: list[tuple[float, State]] = []
        """What the hub was like at each scrape, from when `watch` was called on."""
        self.pods: dict[str, Stay] = {}
        self._ready: set[int] = set()

    def saw(self, change: Change) -> None:
        """An object has changed."""
        if change.resource is not PODS:
            return
        uid, now = change.object["metadata"]["uid"], self._now()
        stay = self.pods.get(uid)
        if stay is None:
            stay = self.pods[uid] = Stay(change.object, now)
        stay.pod = change.object
        started = _started(change.object)
        if started and started not in stay.starts:
            stay.starts.append(started)
        if change.type == "DELETED":
            stay.end = now
        elif _phase(change.object) != stay.phases[-1][1]:
            stay.phases.append((now, _phase(change.object)))

    def follow(self, hub: Hub) -> None:
        """A hub has come; there is one in a demo."""
        self.hub, self.begun = hub, self._now()

    def up(self, pod: Json) -> None:
        """The hub's process serves in a pod."""
        self.processes.append(Process(pod, self._now()))

    def down(self) -> None:
        """It is gone."""
        if self.processes:
            self.processes[-1].end = self._now()

    def measured(self, family: str, labels: dict[str, str], seconds: float, count: int) -> None:
        """A histogram of the hub has something more."""
        told = tuple(sorted(labels.items()))
        self.observed.append(Observed(self._now(), family, told, seconds, count))

    def told(self, server: Server) -> None:
        """Something happened to a server."""
        before = len(self._ready)
        (self._ready.add if server.ready else self._ready.discard)(id(server))
        if len(self._ready) != before:
            self.running.append((self._now(), len(self._ready)))

    def watch(self) -> None:
        """Looks at the hub at each scrape from here on."""
        self._timeline.after(EVERY, self._look)

    def _look(self) -> None:
        if self.hub is not None and self.hub.is_up:
            self.states.append((self._now(), self.hub.state()))
        self._timeline.after(EVERY, self._look)

    def _now(self) -> float:
        return self._timeline.now.timestamp()


def _phase(pod: Json) -> str:
    return str((pod.get("status") or {}).get("phase", "Pending"))


def _started(pod: Json) -> str:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    running = (statuses[0].get("state") or {}).get("running") if statuses else None
    return str(running.get("startedAt", "")) if running else ""
