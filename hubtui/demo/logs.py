"""The logs of the demo's containers, with the one before the last restart."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hubtui.demo.timeline import Timeline

KEPT = 5000
"""Lines a container keeps, as a kubelet keeps 10 MB."""

Line = tuple[datetime, str]
Listener = Callable[[Line], None]


@dataclass
class ContainerLog:
    """The lines of a container since it started, those of the one before, and who follows."""

    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=KEPT))
    previous: deque[Line] | None = None
    listeners: list[Listener] = field(default_factory=list)


class Logs:
    """The logs by pod and container."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._logs: dict[tuple[str, str, str], ContainerLog] = {}

    def of(self, namespace: str, pod: str, container: str) -> ContainerLog:
        """The log of a container, empty when it never wrote."""
        return self._logs.setdefault((namespace, pod, container), ContainerLog())

    def write(self, namespace: str, pod: str, container: str, *lines: str) -> None:
        """Adds lines, written now."""
        log = self.of(namespace, pod, container)
        for text in lines:
            line = (self._timeline.now, text)
            log.lines.append(line)
            for listener in tuple(log.listeners):
                listener(line)

    def restart(self, namespace: str, pod: str, container: str) -> None:
        """The container starts anew: what it wrote is the log before."""
        log = self.of(namespace, pod, container)
        log.previous, log.lines = log.lines, deque(maxlen=KEPT)

    def forget(self, namespace: str, pod: str) -> None:
        """The pod is gone."""
        for key in [key for key in self._logs if key[:2] == (namespace, pod)]:
            del self._logs[key]
