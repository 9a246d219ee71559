"""A kubelet's worker for one pod: brings its containers up, one step after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from hubtui.demo.faults import WELL, Crash, Trouble
from hubtui.demo.life import attachments, needs, podstatus
from hubtui.demo.life.base import Life
from hubtui.demo.life.containers import Container
from hubtui.demo.life.images import Images, Pulled, digest_of
from hubtui.demo.life.pace import passed
from hubtui.demo.life.programs import Program, Setting, program_of
from hubtui.demo.life.reading import (
    ENDED,
    component_of,
    is_terminating,
    name_of,
    node_of,
    phase_of,
    uid_of,
)
from hubtui.demo.objects import stamp
from hubtui.demo.resources import DAEMONSETS, PODS
from hubtui.demo.storage import Json, key_of

BY: Final = "kubelet"
LOST: Final = 5.0
"""Seconds after which a kubelet that is silent looks again."""

PROBED: Final = 10.0
"""Seconds between two readiness probes (periodSeconds)."""

PATIENCE: Final = 123.0
"""Seconds that a kubelet waits for volumes before it says so (podAttachAndMountTimeout)."""

EVICTED: Final = "The node was low on resource: memory. "
"""The kubelet's words (pkg/kubelet/eviction/helpers.go)."""

Step = Callable[[], None]


class PodWorker:
    """Runs one pod until it has ended or is gone."""

    def __init__(self, life: Life, images: Images, pod: Json, host: str, address: str) -> None:
        self.key, self.uid, self.node = key_of(pod), uid_of(pod), node_of(pod)
        self.address = address
        self._life, self._images, self._pod, self._host = life, images, pod, host
        self._objects, self._timeline = life.world.objects, life.world.timeline
        self._policy = str(pod["spec"].get("restartPolicy") or "Always")
        steps = pod["spec"].get("initContainers") or ()
        waits = "PodInitializing" if steps else "ContainerCreating"
        self._inits = [Container(each, True, "PodInitializing") for each in steps]
        self._mains = [Container(each, False, waits) for each in pod["spec"]["containers"]]
        self._started = stamp(self._timeline.now)
        self._sandbox = False
        self._gone = self._stopping = self._stopped = False
        self._polls = 0

    def begin(self) -> None:
        """Takes the pod up."""
        self._after(0.0, self._take_up)

    def forget(self) -> None:
        """The pod is not in the cluster any more."""
        self._gone = True

    def stop(self) -> None:
        """Ends the containers, within the grace time, and then takes the pod away."""
        if self._stopping:
            self._leave()
            return
        self._stopping = True
        self._wind_down()

    def publish_again(self) -> None:
        """Writes the status after a silence."""
        if not self._gone:
            self._publish()

    def crash_if_ordered(self) -> None:
        """Ends a main container that a fault has been set for since it started."""
        crash = self._crash()
        main = self._mains[0]
        if crash is not None and main.is_running and not self._stopping:
            self._plan_crash(main, crash)

    def evict_if_ordered(self) -> None:
        """Ends the pod for good where a fault says that it takes its node's memory."""
        pod = self._objects.find(PODS, *self.key)
        eats = self._trouble.evicted and self._mains[0].is_running
        if pod is None or not eats or self._stopping or self._is_lost():
            return
        self._stopping = self._stopped = True
        self._tell("Evicted", EVICTED, None, bad=True)
        self._write(podstatus.evicted(pod["status"], EVICTED, self._timeline.now))

    def _take_up(self) -> None:
        self._publish()
        self._after(self._span("sandbox", 0.6, 1.6), lambda: self._mount(1.0))

    def _wind_down(self) -> None:
        if self._gone:
            return
        if self._is_lost():
            self._timeline.after(LOST, self._wind_down)
            return
        pod = self._objects.find(PODS, *self.key)
        grace = (pod or self._pod)["metadata"].get("deletionGracePeriodSeconds", 30)
        for each in (*self._inits, *self._mains):
            if each.is_running:
                self._tell("Killing", f"Stopping container {each.name}", each)
        self._end_after(min(float(grace), self._span("stop", 0.8, 2.0)))

    def _end_after(self, seconds: float) -> None:
        def end() -> None:
            if self._gone:
                return
            if self._is_lost() or self._trouble.clings:
                self._end_after(LOST)
                return
            self._stopped = True
            self._leave()

        self._timeline.after(seconds, end)

    def _leave(self) -> None:
        pod = self._objects.find(PODS, *self.key)
        if self._stopped and pod is not None and not pod["metadata"].get("finalizers"):
            self._objects.finish(PODS, *self.key)

    @property
    def _trouble(self) -> Trouble:
        return self._life.world.faults.pods.get(self.key, WELL)

    def _is_lost(self) -> bool:
        return self.node in self._life.world.faults.lost_nodes

    def _after(self, seconds: float, step: Step) -> None:
        def due() -> None:
            if self._gone or self._stopping:
                return
            if self._is_lost():
                self._after(LOST, step)
                return
            step()

        self._timeline.after(seconds, due)

    def _span(self, what: str, low: float, high: float) -> float:
        return self._life.world.chance.of(what, self.uid).uniform(low, high)

    def _tell(self, reason: str, words: str, about: Container | None, *, bad: bool = False) -> None:
        write = self._life.events.warning if bad else self._life.events.normal
        path = about.path if about is not None else ""
        write(self._pod, reason, words, BY, host=self.node, path=path)

    def _mount(self, pause: float) -> None:
        missing = needs.unmounted(self._objects, self._pod)
        if missing:
            self._tell("FailedMount", missing, None, bad=True)
            self._after(pause, lambda: self._mount(min(pause * 2, 120.0)))
            return
        self._attach(self._timeline.now, 0.25)

    def _attach(self, since: datetime, pause: float) -> None:
        """Waits for the disks, and says every two minutes which are missing."""
        missing = attachments.unattached(self._objects, self._pod)
        if not missing:
            self._sandbox = True
            self._init(0)
            return
        if passed(self._timeline, since) > PATIENCE:
            since = self._timeline.now
            words = (
                f"Unable to attach or mount volumes: unmounted volumes=[{' '.join(missing)}], "
                "unattached volumes=[], failed to process volumes=[]: context deadline exceeded"
            )
            self._tell("FailedMount", words, None, bad=True)
        self._after(pause, lambda: self._attach(since, min(pause * 1.5, 5.0)))

    def _init(self, index: int) -> None:
        if index < len(self._inits):
            self._prepare(self._inits[index], lambda: None)
            return
        for each in self._mains:
            each.waits = "PodInitializing" if self._inits else "ContainerCreating"
        self._main(0)

    def _main(self, index: int) -> None:
        if index < len(self._mains):
            self._prepare(self._mains[index], lambda: self._main(index + 1))

    def _prepare(self, container: Container, settled: Step) -> None:
        """Sees to the image and starts the container; `settled` when it started or must wait."""
        policy, denied = container.spec.get("imagePullPolicy"), self._trouble.denied
        if policy != "Always" and self._images.has(container.image) and not denied:
            words = f'Container image "{container.image}" already present on machine'
            self._tell("Pulled", words, container)
            self._launch(container, settled)
            return
        self._tell("Pulling", f'Pulling image "{container.image}"', container)
        if container is (*self._inits, *self._mains)[0] and not container.pull_pause:
            self._publish()

        def done(pulled: Pulled) -> None:
            if not self._gone and not self._stopping:
                self._pulled(container, pulled, settled)

        ask = self._images.deny if denied else self._images.pull
        ask(container.image, done)

    def _pulled(self, container: Container, pulled: Pulled, settled: Step) -> None:
        if not pulled.error:
            container.pull_pause = 0.0
            words = (
                f'Successfully pulled image "{container.image}" in {_seconds(pulled.seconds)} '
                f"({_seconds(pulled.waited)} including waiting). Image size: {pulled.size} bytes."
            )
            self._tell("Pulled", words, container)
            self._launch(container, settled)
            return
        failed = f'Failed to pull image "{container.image}": {pulled.error}'
        self._tell("Failed", failed, container, bad=True)
        self._tell("Failed", "Error: ErrImagePull", container, bad=True)
        container.wait("ErrImagePull", pulled.error)
        self._publish()
        settled()
        self._after(3.0, lambda: self._back_off_pull(container, pulled.error))

    def _back_off_pull(self, container: Container, error: str) -> None:
        words = f'Back-off pulling image "{container.image}"'
        self._tell("BackOff", words, container)
        self._tell("Failed", "Error: ImagePullBackOff", container, bad=True)
        container.wait("ImagePullBackOff", f"{words}: ErrImagePull: {error}")
        self._publish()
        pause = container.pause_of_pull()
        self._after(pause, lambda: self._prepare(container, lambda: None))

    def _launch(self, container: Container, settled: Step) -> None:
        missing = needs.unset(self._objects, self.key[0], container.spec)
        if missing:
            self._tell("Failed", f"Error: {missing}", container, bad=True)
            container.wait("CreateContainerConfigError", missing)
            self._publish()
            self._after(10.0, lambda: self._launch(container, lambda: None))
            settled()
            return
        self._tell("Created", f"Created container: {container.name}", container)
        self._start(container)
        self._tell("Started", f"Started container {container.name}", container)
        settled()

    def _start(self, container: Container) -> None:
        chance, logs = self._life.world.chance, self._life.world.logs
        dice = chance.of("run", self.uid, container.name, container.run)
        if container.run:
            logs.restart(*self.key, container.name)
        number = f"{dice.getrandbits(256):064x}"
        image_id = f"{container.image}@{digest_of(chance, container.image)}"
        container.start(self._timeline.now, number, image_id)
        at = Setting(self._objects, self._pod, container.spec, self._timeline.now, dice)
        program = program_of(at, init=container.init)
        logs.write(*self.key, container.name, *program.lines)
        self._publish()
        self._follow(container, program)

    def _follow(self, container: Container, program: Program) -> None:
        """Has happen what the program does from here on."""
        run, crash = container.run, self._crash()
        if crash is not None and container is self._mains[0]:
            self._plan_crash(container, crash)
        elif container.init and not container.is_sidecar and self._trouble.init_hangs:
            return
        elif program.awaits:
            self._polls = 0
            self._await(container, program)
        elif program.ends is not None and (container.init or not self._trouble.evicted):
            self._after(program.ends, lambda: self._end(container, run, "Completed", 0))
            return
        self._after(program.ready, lambda: self._become_ready(container, run))

    def _become_ready(self, container: Container, run: int) -> None:
        if not container.is_running or container.run != run:
            return
        if self._trouble.unready and not container.init:
            words = f"Readiness probe failed: {self._trouble.unready}"
            self._tell("Unhealthy", words, container, bad=True)
            self._after(PROBED, lambda: self._become_ready(container, run))
            return
        container.ready = True
        self._publish()
        if container.is_sidecar and run == 1:
            self._init(self._inits.index(container) + 1)

    def _crash(self) -> Crash | None:
        faults, main, crash = self._life.world.faults, self._mains[0], self._trouble.crash
        if crash is None and (faults.crashes or faults.crashes_by_image):
            crash = faults.crash_of(component_of(self._pod), main.image)
        over = crash is not None and crash.times is not None and main.run > crash.times
        return None if over else crash

    def _plan_crash(self, container: Container, crash: Crash) -> None:
        run = container.run

        def end() -> None:
            if container.is_running and container.run == run:
                self._life.world.logs.write(*self.key, container.name, *crash.lines)
                self._end(container, run, crash.reason, crash.code)

        self._after(crash.after, end)

    def _await(self, container: Container, program: Program) -> None:
        """Polls the DaemonSet every second, as the image awaiter does (facts.md §1.4)."""
        self._polls += 1
        found = self._objects.find(DAEMONSETS, self.key[0], program.awaits)
        status = (found or {}).get("status") or {}
        field = "desired" if self._polls <= program.patience else "current"
        wanted = status.get(f"{field}NumberScheduled", 0)
        ready = status.get("numberReady", 0)
        line = f"{ready} of {wanted} nodes currently has the required images."
        self._life.world.logs.write(*self.key, container.name, line)
        if status and ready >= wanted:
            line = "All images have been pulled!"
            self._life.world.logs.write(*self.key, container.name, line)
            self._end(container, container.run, "Completed", 0)
            return
        self._after(1.0, lambda: self._await(container, program))

    def _end(self, container: Container, run: int, reason: str, code: int) -> None:
        if not container.is_running or container.run != run:
            return
        container.end(self._timeline.now, reason, code)
        self._publish()
        if container.init and not container.is_sidecar and code == 0:
            self._init(self._inits.index(container) + 1)
        elif self._policy == "Always" or container.is_sidecar or (code and self._policy != "Never"):
            self._after(1.0, lambda: self._restart(container))

    def _restart(self, container: Container) -> None:
        pause = container.pause_of_crash()
        if not pause:
            self._prepare(container, lambda: None)
            return
        where = f"{name_of(self._pod)}_{self.key[0]}({self.uid})"
        words = f"Back-off restarting failed container {container.name} in pod {where}"
        self._tell("BackOff", words, container, bad=True)
        length = f"{int(pause)}s" if pause < 60 else f"{int(pause) // 60}m{int(pause) % 60}s"
        told = f"back-off {length} restarting failed container={container.name} pod={where}"
        container.wait("CrashLoopBackOff", told)
        self._publish()
        self._after(pause, lambda: self._prepare(container, lambda: None))

    def _publish(self) -> None:
        pod = self._objects.find(PODS, *self.key)
        if pod is None or uid_of(pod) != self.uid or phase_of(pod) in ENDED:
            return
        if is_terminating(pod) and self._stopped:
            return
        status = podstatus.status(
            pod.get("status") or {},
            self._policy,
            self._inits,
            self._mains,
            now=self._timeline.now,
            started=self._started,
            host=self._host,
            address=self.address if self._sandbox else "",
        )
        self._write(status)

    def _write(self, status: Json) -> None:
        head = {"namespace": self.key[0], "name": self.key[1]}
        self._objects.update_status(PODS, {"metadata": head, "status": status})


def _seconds(span: float) -> str:
    """A time as Go writes it: `850ms`, `12.345s`, `1m3.2s`."""
    if span < 1:
        return f"{int(span * 1000)}ms"
    minutes, rest = divmod(span, 60)
    return f"{int(minutes)}m{rest:.3f}s" if minutes else f"{rest:.3f}s"
