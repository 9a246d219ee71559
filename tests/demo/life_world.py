"""A small cluster for the tests of life: nodes and workloads made by objects, time by run_until."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hubtui.demo.life import attach
from hubtui.demo.life.reading import is_active, is_ready
from hubtui.demo.resources import (
    CONFIGMAPS,
    DAEMONSETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    STATEFULSETS,
    Resource,
)
from hubtui.demo.scenarios.pools import group_of, node_of
from hubtui.demo.scenarios.story import Pool
from hubtui.demo.storage import Json
from hubtui.demo.world import World

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NAMESPACE = "hub"
USER_TAINT = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}
USER_TOLERATION = {**USER_TAINT, "operator": "Equal"}


class Failures(logging.Handler):
    """Keeps what the timeline logs of parts that failed."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the traceback."""
        self.seen.append(logging.Formatter().format(record))


class Cluster:
    """A world with life in it, and the short words of the tests for what they do there."""

    def __init__(self, seed: int = 1, pools: Sequence[Pool] = ()) -> None:
        self.world = World.make(START, seed=seed)
        self.objects = self.world.objects
        for pool in pools:
            for number in range(pool.count):
                self.objects.create(NODES, node_of(self.world, pool, number))
        attach(self.world, [group_of(self.world, pool) for pool in pools])
        self.objects.create(NAMESPACES, {"metadata": {"name": NAMESPACE}})

    def run(self, seconds: float) -> None:
        """Lets time pass; a part that fails, which the timeline only logs, fails the test."""
        log, failures = logging.getLogger("hubtui.demo.timeline"), Failures()
        log.addHandler(failures)
        self.world.timeline.run_until(self.world.timeline.now + timedelta(seconds=seconds))
        log.removeHandler(failures)
        assert failures.seen == []

    def node(
        self,
        name: str,
        *,
        cpu: str = "4",
        memory: str = "8Gi",
        pods: int = 110,
        taints: tuple[Json, ...] = (),
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """A node that comes."""
        sizes = {"cpu": cpu, "memory": memory, "pods": str(pods)}
        self.objects.create(
            NODES,
            {
                "metadata": {"name": name, "labels": dict(labels or {})},
                "spec": {"taints": list(taints)} if taints else {},
                "status": {"capacity": sizes, "allocatable": sizes},
            },
        )

    def make(self, resource: Resource, name: str, spec: Json) -> Json:
        """An object of the namespace."""
        return self.objects.create(
            resource, {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}
        )

    def deployment(self, name: str, replicas: int = 1, **more: Any) -> Json:
        """A Deployment whose component is its name."""
        return self.make(DEPLOYMENTS, name, workload(name, **more) | {"replicas": replicas})

    def stateful_set(self, name: str, replicas: int = 1, **more: Any) -> Json:
        """A StatefulSet."""
        return self.make(STATEFULSETS, name, workload(name, **more) | {"replicas": replicas})

    def daemon_set(self, name: str, **more: Any) -> Json:
        """A DaemonSet."""
        return self.make(DAEMONSETS, name, workload(name, **more))

    def job(self, name: str, spec: Json, **more: Any) -> Json:
        """A Job with one pod."""
        return self.make(JOBS, name, {"template": {"spec": spec}, **more})

    def pod(self, name: str, *, component: str = "", **spec: Any) -> Json:
        """A pod that nobody controls, as KubeSpawner makes them."""
        labels = {"component": component} if component else {}
        return self.objects.create(
            PODS,
            {
                "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
                "spec": {"containers": [container()], **spec},
            },
        )

    def change(self, resource: Resource, name: str, **spec: Any) -> None:
        """Changes fields of a spec."""
        self.objects.change(resource, NAMESPACE, name, lambda each: each["spec"].update(spec))

    def new_image(self, resource: Resource, name: str, image: str) -> None:
        """Has a workload run another image."""

        def change(each: Json) -> None:
            each["spec"]["template"]["spec"]["containers"][0]["image"] = image

        self.objects.change(resource, NAMESPACE, name, change)

    def get(self, resource: Resource, name: str) -> Json:
        """An object of the namespace."""
        return self.objects.get(resource, NAMESPACE, name)

    def status(self, resource: Resource, name: str) -> Json:
        """The status of one."""
        found: Json = self.get(resource, name)["status"]
        return found

    def pods(self, component: str = "") -> list[Json]:
        """The pods of the namespace, of a component when one is given."""
        labels = {"component": component} if component else {}
        return self.objects.all(PODS, NAMESPACE, **labels)

    def ready(self, component: str = "") -> int:
        """How many pods are up."""
        return sum(1 for pod in self.pods(component) if is_active(pod) and is_ready(pod))

    def told(self, name: str, reason: str) -> list[str]:
        """The messages of the events about an object with a reason."""
        return [
            str(event["message"])
            for event in self.objects.all(EVENTS)
            if event["involvedObject"]["name"] == name and event["reason"] == reason
        ]

    def config_map(self, name: str) -> None:
        """A ConfigMap."""
        self.objects.create(CONFIGMAPS, {"metadata": {"name": name, "namespace": NAMESPACE}})


def container(image: str = "registry.k8s.io/pause:3.10", **more: Any) -> Json:
    """A container."""
    return {"name": "main", "image": image, **more}


def requests(**amounts: str) -> dict[str, Mapping[str, str]]:
    """Resources that are asked for."""
    return {"requests": amounts}


def workload(name: str, *, spec: Json | None = None, **more: Any) -> Json:
    """What Deployments, StatefulSets and DaemonSets have in common."""
    labels = {"component": name, "app": "jupyterhub", "release": "hub"}
    return {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [container()], **(spec or {})},
        },
        **more,
    }


def condition(status: Json, kind: str) -> Json:
    """A condition of a status."""
    return next(each for each in status["conditions"] if each["type"] == kind)


def waiting(pod: Json) -> str:
    """Why the first container of a pod waits; "" when it does not."""
    state: Json = pod["status"]["containerStatuses"][0]["state"]
    return str((state.get("waiting") or {}).get("reason", ""))
