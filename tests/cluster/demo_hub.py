"""The simulated hub of the demo with the testbed's users, and the logs that tests write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from hubtui.demo.hub.hub import Hub
from hubtui.demo.resources import PODS
from hubtui.demo.storage import Change, Json
from hubtui.demo.world import World
from tests.testbed.hub import Person

AT_WORK: Final = 30 * 86400.0
"""Seconds of the story: nobody is culled in a session of tests, as on the testbed."""


def admit(hub: Hub, people: Iterable[Person]) -> None:
    """Has people in the hub's database, and starts the servers that they are to have."""
    for person in people:
        user = hub.add_user(person.name)
        if person.server is not None:
            server = hub.spawner.start(user, person.server)
            server.busy = hub.world.timeline.after(AT_WORK, lambda: None)


def all_ready(hub: Hub) -> bool:
    """Whether every server that was started is ready."""
    return all(server.ready for server in hub.servers())


class SharedLogs:
    """What tests write to logs: all containers of a name have it, those to come too, as on the
    testbed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lines: defaultdict[str, list[str]] = defaultdict(list)
        world.storage.listen(self._see)

    def write(self, container: str, lines: Sequence[str], *, previous: bool) -> None:
        """Adds lines to the logs of the containers of a name, or to the logs before those."""
        for pod in self._world.objects.all(PODS):
            if container in _containers(pod):
                self._add(pod, container, lines, previous=previous)
        if not previous:
            self._lines[container] += lines

    def clear(self, container: str) -> None:
        """Containers to come have nothing of what was written."""
        self._lines.pop(container, None)

    def _see(self, change: Change) -> None:
        if change.resource is PODS and change.type == "ADDED":
            for container in self._lines.keys() & _containers(change.object):
                self._add(change.object, container, self._lines[container], previous=False)

    def _add(self, pod: Json, container: str, lines: Sequence[str], *, previous: bool) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        logs = self._world.logs
        if not previous:
            logs.write(namespace, name, container, *lines)
            return
        log, now = logs.of(namespace, name, container), self._world.timeline.now
        log.previous = log.previous or type(log.lines)()
        log.previous.extend((now, line) for line in lines)


def _containers(pod: Json) -> set[str]:
    spec = pod["spec"]
    return {each["name"] for each in (*spec["containers"], *(spec.get("initContainers") or ()))}
