"""`pods/log`: the lines of a container, with the options and the refusals of the kubelet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

from hubtui.demo.api.asked import Target, flag, number
from hubtui.demo.logs import KEPT, ContainerLog, Line
from hubtui.demo.refusals import bad_request
from hubtui.demo.resources import PODS
from hubtui.demo.storage import Change, Json, key_of
from hubtui.demo.world import World


class Reading:
    """One reading of a log: its lines so far, and those that follow when it is followed."""

    def __init__(self, world: World, target: Target, query: Mapping[str, str]) -> None:
        """Raises RefusedError: 400, 404."""
        self._world = world
        self._pod = world.objects.get(PODS, target.namespace, target.name)
        self._container = container_of(self._pod, query.get("container", ""))
        self._stamps = flag(query, "timestamps")
        self.follow = flag(query, "follow")
        self._log = world.logs.of(target.namespace, target.name, self._container)
        self._lines = self._chosen(query)

    def _chosen(self, query: Mapping[str, str]) -> list[Line]:
        if flag(query, "previous"):
            kept = self._log.previous
            self.follow = False
            if kept is None:
                raise bad_request(
                    f'previous terminated container "{self._container}" in pod '
                    f'"{self._pod["metadata"]["name"]}" not found'
                )
        else:
            kept = self._log.lines
            _check_started(self._pod, self._container, self._log)
        lines = list(kept)
        seconds = number(query, "sinceSeconds")
        if seconds is not None:
            since = self._world.timeline.now - timedelta(seconds=seconds)
            lines = [line for line in lines if line[0] >= since]
        tail = number(query, "tailLines")
        if tail is not None:
            lines = lines[-tail:] if tail else []
        most = number(query, "limitBytes")
        return lines if most is None else _cut(lines, most)

    def text(self) -> bytes:
        """The lines so far."""
        return b"".join(map(self._shown, self._lines))

    def _shown(self, line: Line) -> bytes:
        when, text = line
        stamp = f"{when:%Y-%m-%dT%H:%M:%S.%f}000Z " if self._stamps else ""
        return f"{stamp}{text}\n".encode()

    async def following(self) -> AsyncIterator[bytes]:
        """The lines to come, until the pod is gone or its container ends."""
        queue: asyncio.Queue[Line | None] = asyncio.Queue(KEPT)

        def on_line(line: Line) -> None:
            if not queue.full():
                queue.put_nowait(line)

        def on_change(change: Change) -> None:
            if change.resource == PODS and key_of(change.object) == key_of(self._pod):
                over = change.type == "DELETED" or _ended(change.object, self._container)
                if over and not queue.full():
                    queue.put_nowait(None)

        self._log.listeners.append(on_line)
        unlisten = self._world.storage.listen(on_change)
        try:
            if _ended(self._pod, self._container):
                return
            while (line := await queue.get()) is not None:
                yield self._shown(line)
        finally:
            unlisten()
            self._log.listeners.remove(on_line)


def container_of(pod: Json, asked: str) -> str:
    """Which container's log is meant. Raises RefusedError (400) in the apiserver's words."""
    name, spec = pod["metadata"]["name"], pod["spec"]
    main = [each["name"] for each in spec.get("containers") or ()]
    first = [each["name"] for each in spec.get("initContainers") or ()]
    if asked:
        if asked not in (*main, *first):
            raise bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    if len(main) == 1:
        return str(main[0])
    words = f"a container name must be specified for pod {name}, choose one of: "
    words += f"[{' '.join(main)}]"
    if first:
        words += f" or one of the init containers: [{' '.join(first)}]"
    raise bad_request(words)


def _status(pod: Json, container: str) -> Json:
    status = pod.get("status") or {}
    for each in (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ):
        if each["name"] == container:
            found: Json = each
            return found
    return {}


def _check_started(pod: Json, container: str, log: ContainerLog) -> None:
    waiting = (_status(pod, container).get("state") or {}).get("waiting")
    if not waiting or log.lines:
        return
    reason = waiting.get("reason", "ContainerCreating")
    why = {
        "ErrImagePull": "image can't be pulled",
        "ImagePullBackOff": "trying and failing to pull image",
    }.get(reason, reason)
    raise bad_request(
        f'container "{container}" in pod "{pod["metadata"]["name"]}" is waiting to start: {why}'
    )


def _ended(pod: Json, container: str) -> bool:
    """Whether a container has ended for good."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed") or (
        "terminated" in (_status(pod, container).get("state") or {})
        and pod["spec"].get("restartPolicy") == "Never"
    )


def _cut(lines: list[Line], most: int) -> list[Line]:
    found: list[Line] = []
    for line in lines:
        most -= len(line[1]) + 1
        if most < 0:
            break
        found.append(line)
    return found
