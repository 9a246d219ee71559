"""Life by the clock: at a higher speed everything takes less of its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from hubtui.demo.faults import Crash
from hubtui.demo.life import attach
from hubtui.demo.life.reading import is_ready
from hubtui.demo.resources import DEPLOYMENTS, NAMESPACES, NODES, PODS
from hubtui.demo.storage import Json
from hubtui.demo.world import World
from tests.demo.life_world import NAMESPACE, START, condition, container, workload

IMAGE = "quay.io/jupyterhub/k8s-hub:4.4.0"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Live:
    """A cluster with one node that is live from its first minute on."""

    def __init__(self, speed: float) -> None:
        self.clock = Clock(START + timedelta(seconds=60))
        self.world = World.make(START, speed=speed, clock=self.clock)
        attach(self.world)
        self.world.objects.create(NAMESPACES, {"metadata": {"name": NAMESPACE}})
        self.world.objects.create(NODES, {"metadata": {"name": "node-0"}, "spec": {}})
        self.world.timeline.run_until(self.clock.now)
        self.world.timeline.go_live()

    def hub(self) -> None:
        main = container(IMAGE) | {"name": "hub"}
        spec = workload("hub", spec={"containers": [main]}, progressDeadlineSeconds=100)
        head = {"name": "hub", "namespace": NAMESPACE}
        self.world.objects.create(DEPLOYMENTS, {"metadata": head, "spec": spec})

    def run(self, seconds: float) -> None:
        """Lets the clock go on, a tenth of a second at a time."""
        for _ in range(round(seconds * 10)):
            self.clock.now += timedelta(seconds=0.1)
            self.world.timeline.run_due()

    @property
    def pod(self) -> Json:
        (found,) = self.world.objects.all(PODS, NAMESPACE)
        return found


def test_at_ten_times_the_speed_a_hub_is_up_in_seconds() -> None:
    for speed, first, later in ((1.0, False, True), (10.0, True, True)):
        live = Live(speed)
        live.hub()
        live.run(4)
        assert is_ready(live.pod) is first
        live.run(40)
        assert is_ready(live.pod) is later


def test_at_ten_times_the_speed_a_crash_loop_and_its_deadline_come_sooner() -> None:
    live = Live(10.0)
    live.world.faults.crashes["hub"] = Crash()
    live.hub()
    live.run(15)
    assert live.pod["status"]["containerStatuses"][0]["restartCount"] >= 4
    status = live.world.objects.get(DEPLOYMENTS, NAMESPACE, "hub")["status"]
    assert condition(status, "Progressing")["reason"] == "ProgressDeadlineExceeded"
