"""What the hub sees of the cluster: its own pod, the proxy's, its servers' and their events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from hubtui.demo.hub.manifests import COMPONENT
from hubtui.demo.life.reading import ENDED, component_of, is_ready, is_terminating, phase_of
from hubtui.demo.resources import EVENTS, PODS
from hubtui.demo.storage import Change, Json

if TYPE_CHECKING:
    from hubtui.demo.hub.hub import Hub

_NEVER: Final = ""


class Watching:
    """Notes changes as they are stored, and looks at them a moment later."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._world = hub.world
        self._serving = self._proxying = _NEVER

    def begin(self) -> None:
        """Watches from here on, and looks at what is there."""
        self._world.storage.listen(self._see)
        self._world.timeline.soon(self._look_at_hub)
        self._world.timeline.soon(self._look_at_proxy)

    def _see(self, change: Change) -> None:
        thing, soon = change.object, self._world.timeline.soon
        if thing["metadata"].get("namespace") != self._hub.namespace:
            return
        if change.resource is EVENTS:
            pod = str((thing.get("involvedObject") or {}).get("name"))
            if pod in self._hub.by_pod and change.type != "DELETED":
                soon(lambda: self._hub.spawner.heard(pod, thing))
            return
        if change.resource is not PODS:
            return
        component = component_of(thing)
        if component == COMPONENT:
            name = str(thing["metadata"]["name"])
            soon(lambda: self._hub.spawner.see(name))
        elif component == "hub":
            soon(self._look_at_hub)
        elif component == "proxy":
            soon(self._look_at_proxy)

    def _look_at_hub(self) -> None:
        pod = self._ready("hub")
        process = _process(pod, "hub") if pod else _NEVER
        if process == self._serving:
            return
        self._serving = process
        if self._hub.is_up:
            self._hub.go_down()
        self._hub.has_ended()
        if pod is not None:
            self._hub.come_up(str(pod["metadata"]["name"]), self._age(pod))

    def _look_at_proxy(self) -> None:
        pod = self._ready("proxy")
        if pod is None or _process(pod, "chp") == self._proxying:
            return
        begun, self._proxying = self._proxying, _process(pod, "chp")
        if begun != _NEVER:
            self._hub.routes.lost()
            # The hub looks at the proxy's routes once a minute.
            dice = self._world.chance.of("routes", self._proxying)
            self._world.timeline.after(dice.uniform(5, 60), self._mend_routes)

    def _mend_routes(self) -> None:
        if self._hub.is_up and not self._world.faults.routes_unchecked:
            self._hub.routes.check()

    def _ready(self, component: str) -> Json | None:
        labels = {"component": component, "release": self._hub.release}
        pods = self._world.objects.all(PODS, self._hub.namespace, **labels)
        serving = (each for each in pods if not is_terminating(each) and is_ready(each))
        return next((each for each in serving if phase_of(each) not in ENDED), None)

    def _age(self, pod: Json) -> float:
        state = (_container(pod, "hub").get("state") or {}).get("running") or {}
        begun = datetime.strptime(
            state.get("startedAt", pod["metadata"]["creationTimestamp"]), "%Y-%m-%dT%H:%M:%SZ"
        ).replace(tzinfo=UTC)
        return max(0.0, (self._hub.now - begun).total_seconds())


def _container(pod: Json, name: str) -> Json:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return next((each for each in statuses if each["name"] == name), {})


def _process(pod: Json, name: str) -> str:
    """A name of the process in a container: another one after each restart."""
    return f"{pod['metadata']['uid']}/{_container(pod, name).get('restartCount', 0)}"
