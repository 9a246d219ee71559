"""Events in the words of real components: counted when they come again, gone after an hour."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from hubtui.demo.life.reading import Key, name_of, namespace_of, uid_of
from hubtui.demo.objects import stamp
from hubtui.demo.resources import EVENTS, NAMESPACES
from hubtui.demo.storage import Json
from hubtui.demo.world import World

KEPT: Final = timedelta(hours=1)
"""How long an apiserver keeps an event (--event-ttl)."""

SWEEP: Final = 60.0
NEW_STYLE: Final = "-scheduler"
"""Reporters that write events.k8s.io/v1, which has eventTime and series in place of counts."""


class Recorder:
    """Writes events about objects."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[str, ...], Key] = {}
        self._old: deque[tuple[datetime, tuple[str, ...]]] = deque()
        self._sweeping = False

    def normal(
        self, about: Json, reason: str, message: str, by: str, *, host: str = "", path: str = ""
    ) -> None:
        """Something that is as it should be."""
        self._write(about, "Normal", reason, message, by, host, path)

    def warning(
        self, about: Json, reason: str, message: str, by: str, *, host: str = "", path: str = ""
    ) -> None:
        """Something that may need somebody."""
        self._write(about, "Warning", reason, message, by, host, path)

    def _write(
        self, about: Json, kind: str, reason: str, message: str, by: str, host: str, path: str
    ) -> None:
        namespace = namespace_of(about) or "default"
        if self._world.objects.find(NAMESPACES, "", namespace) is None:
            return
        same = (uid_of(about), kind, reason, message, by, path)
        now = self._world.timeline.now
        known = self._known.get(same)
        before = self._world.objects.find(EVENTS, *known) if known else None
        if before is not None:
            self._world.storage.put(EVENTS, _again(before, now))
        else:
            event = _event(about, kind, reason, message, by, host, path, now)
            dice = self._world.chance.of("event", *same, self._world.storage.version)
            event["metadata"]["name"] = f"{name_of(about)}.{dice.getrandbits(60) | 1 << 59:x}"
            made = self._world.objects.create(EVENTS, event)
            self._known[same] = (namespace, name_of(made))
        self._old.append((now + KEPT, same))
        if not self._sweeping:
            self._sweeping = True
            self._world.timeline.after(SWEEP, self._sweep)

    def _sweep(self) -> None:
        now = self._world.timeline.now
        while self._old and self._old[0][0] <= now:
            _, same = self._old.popleft()
            key = self._known.get(same)
            event = self._world.objects.find(EVENTS, *key) if key else None
            if key is not None and (event is None or _last(event) <= stamp(now - KEPT)):
                del self._known[same]
                self._world.storage.remove(EVENTS, *key)
        self._sweeping = bool(self._old)
        if self._sweeping:
            self._world.timeline.after(SWEEP, self._sweep)


def _event(
    about: Json,
    kind: str,
    reason: str,
    message: str,
    by: str,
    host: str,
    path: str,
    now: datetime,
) -> Json:
    metadata = about["metadata"]
    involved = {"kind": about["kind"], "apiVersion": about["apiVersion"], "name": metadata["name"]}
    for name in ("namespace", "uid", "resourceVersion"):
        if name in metadata:
            involved[name] = metadata[name]
    if path:
        involved["fieldPath"] = path
    event: Json = {
        "metadata": {"namespace": metadata.get("namespace") or "default"},
        "involvedObject": involved,
        "type": kind,
        "reason": reason,
        "message": message,
        "reportingComponent": by,
        "reportingInstance": host,
    }
    if by.endswith(NEW_STYLE):
        action = {"Scheduled": "Binding", "Preempted": "Preempting"}.get(reason, "Scheduling")
        return event | {
            "action": action,
            "eventTime": f"{now:%Y-%m-%dT%H:%M:%S.%f}Z",
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "reportingInstance": f"{by}-0",
        }
    source = {"component": by} | ({"host": host} if host else {})
    times = {"firstTimestamp": stamp(now), "lastTimestamp": stamp(now), "count": 1}
    return event | times | {"source": source, "eventTime": None}


def _again(event: Json, now: datetime) -> Json:
    if event.get("eventTime"):
        count = (event.get("series") or {}).get("count", 1) + 1
        return event | {
            "series": {"count": count, "lastObservedTime": f"{now:%Y-%m-%dT%H:%M:%S.%f}Z"}
        }
    return event | {"count": event["count"] + 1, "lastTimestamp": stamp(now)}


def _last(event: Json) -> str:
    """When it was seen last, to the second."""
    series = (event.get("series") or {}).get("lastObservedTime")
    text = series or event.get("lastTimestamp") or event.get("eventTime")
    return f"{str(text)[:19]}Z"
