"""Pods as those who scrape saw them: those of the lived days, and before then the servers of the
visits that follow from the seed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from weakref import WeakKeyDictionary

from hubtui.demo.history import History
from hubtui.demo.hub.manifests import COMPONENT, pod_name
from hubtui.demo.life.reading import labels_of, name_of, namespace_of, uid_of
from hubtui.demo.life.usage import Taste
from hubtui.demo.objects import stamp
from hubtui.demo.prometheus.measured import LONG, measured
from hubtui.demo.prometheus.past import Visit
from hubtui.demo.resources import NODES
from hubtui.demo.storage import Json
from hubtui.demo.world import World
from hubtui.model import slugs

_SOON: Final = 900.0
"""Within so many seconds of the begin of life came what had been there before."""

_PURPOSE: Final = "hub.jupyter.org/node-purpose"
_NOTEBOOK: Final[Json] = {
    "name": "notebook",
    "image": "quay.io/jupyter/scipy-notebook:2026-08-17",
    "resources": {"requests": {"memory": "1073741824"}, "limits": {"memory": "4294967296"}},
}


class Seen:
    """A pod, and when it was there (unix seconds)."""

    def __init__(
        self,
        world: World,
        pod: Json,
        begin: float,
        end: float,
        phases: list[tuple[float, str]],
        starts: Sequence[float] = (),
    ) -> None:
        self._world = world
        self.pod, self.begin, self.end, self._phases = pod, begin, end, phases
        self._starts = starts
        running = (at for at, phase in phases if phase == "Running")
        self.ran = max(begin, next(running, end))
        """When it began to run; its end, if it never did."""

    @cached_property
    def taste(self) -> Taste:
        """What it uses."""
        return Taste(self._world, self.pod)

    def memory(self, when: float) -> int:
        """Bytes that it uses at a time."""
        place = bisect_right(self._starts, when) - 1
        return self.taste.memory(when, self._starts[place] if place >= 0 else self.begin)

    @property
    def common(self) -> dict[str, str]:
        """The labels that all of its series have."""
        return {"namespace": namespace_of(self.pod), "pod": name_of(self.pod)}

    def phase(self, when: float) -> str:
        """Its phase at a time."""
        place = bisect_right(self._phases, when, key=lambda each: each[0])
        return self._phases[max(0, place - 1)][1]

    def is_in(self, phase: str, times: Sequence[float]) -> list[float]:
        """1 at each time at which it is in a phase, else 0."""
        last = self._phases[-1]
        if times and times[0] >= last[0]:
            return [float(last[1] == phase)] * len(times)
        return [float(self.phase(when) == phase) for when in times]


def stays(world: World) -> list[Seen]:
    """All pods that were there in the days that are known."""
    history = world.history
    known = _KNOWN.setdefault(history, {})
    if "" not in known and history.processes:
        known[""] = [(None, each) for each in _earlier(world)]
    found = [each for _, each in known.get("", ())]
    for uid, stay in history.pods.items():
        was_there = stay.begin <= history.begun + 5
        last = stay.phases[-1][0], stay.end, id(stay.pod)
        kept = known.get(uid)
        if kept is None or kept[0][0] != last:
            earlier = LONG if was_there else 0.0
            phases = [(at - earlier * (at <= history.begun + _SOON), p) for at, p in stay.phases]
            starts = [datetime.fromisoformat(each).timestamp() for each in stay.starts]
            seen = Seen(world, stay.pod, stay.begin - earlier, stay.end, phases, starts)
            kept = known[uid] = [(last, seen)]
        found.append(kept[0][1])
    return found


_Known = dict[str, list[tuple[object, Seen]]]
_KNOWN: Final[WeakKeyDictionary[History, _Known]] = WeakKeyDictionary()


def _earlier(world: World) -> list[Seen]:
    """The pods of the visits that nobody lived through."""
    begun = world.history.begun
    nodes = [
        name_of(node)
        for node in world.objects.all(NODES)
        if labels_of(node).get(_PURPOSE) == "user"
        and datetime.fromisoformat(node["metadata"]["creationTimestamp"]).timestamp() < begun
    ]
    if not nodes or world.history.hub is None:
        return []
    namespace, release = world.history.hub.namespace, world.history.hub.release
    found = []
    for visit in measured(world).visits:
        if visit.end < begun - 6 * 86400:
            continue
        # Most fit on the first nodes: they are filled one after another.
        node = nodes[int(len(nodes) * visit.place**1.6)]
        pod = _pod(visit, namespace, release, node)
        ready = visit.begin + visit.took
        end = visit.end if visit.started else ready
        phases = [(visit.begin, "Pending")]
        if visit.started:
            phases.append((ready - 2, "Running"))
        found.append(Seen(world, pod, visit.begin, end, phases))
    return found


def _pod(visit: Visit, namespace: str, release: str, node: str) -> Json:
    name, begin = pod_name(visit.user), stamp(datetime.fromtimestamp(visit.begin, UTC))
    labels = {
        "app": "jupyterhub",
        "app.kubernetes.io/component": COMPONENT,
        "component": COMPONENT,
        "hub.jupyter.org/servername": "",
        "hub.jupyter.org/username": slugs.label(visit.user),
        "release": release,
    }
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels,
            "annotations": {"hub.jupyter.org/username": visit.user},
            "uid": f"{name}-{int(visit.begin)}",
            "creationTimestamp": begin,
        },
        "spec": {"containers": [_NOTEBOOK], "nodeName": node},
        "status": {"podIP": "", "startTime": begin, "containerStatuses": []},
    }


def uid(seen: Seen) -> str:
    """The pod's uid."""
    return uid_of(seen.pod)
