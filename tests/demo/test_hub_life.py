"""The simulated hub in a cluster that lives: nodes, kubelets, a Deployment that keeps its pod."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hubtui.demo import life
from hubtui.demo.hub.hub import Hub
from hubtui.demo.hub.names import cast
from hubtui.demo.hub.people import Habits, People
from hubtui.demo.resources import CLAIMS, DEPLOYMENTS, NAMESPACES, NODES, PODS
from hubtui.demo.storage import Json
from hubtui.demo.world import World
from tests.demo.hubs import START, put_values, values


def deployment(component: str, container: str) -> Json:
    labels = {"component": component, "app": "jupyterhub", "release": "hub"}
    containers = [{"name": container, "image": f"quay.io/jupyterhub/k8s-{component}:4.4.0"}]
    return {
        "metadata": {"name": component, "namespace": "hub", "labels": labels},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }


def node(number: int) -> Json:
    room = {"cpu": "8", "memory": "64Gi", "pods": "110"}
    return {
        "metadata": {"name": f"user-{number}"},
        "spec": {},
        "status": {"allocatable": room, "capacity": room},
    }


@pytest.fixture
def hub() -> Hub:
    world = World.make(START)
    world.objects.create(NAMESPACES, {"metadata": {"name": "hub"}})
    life.attach(world)
    for number in range(2):
        world.objects.create(NODES, node(number))
    put_values(world, values() | {"scheduling": {"userScheduler": {"enabled": False}}})
    for component, container in (("hub", "hub"), ("proxy", "chp")):
        world.objects.create(DEPLOYMENTS, deployment(component, container))
    made = Hub(world, "hub", "hub")
    pass_by(made, 60)
    assert made.is_up
    return made


def pass_by(hub: Hub, seconds: float) -> None:
    hub.world.timeline.run_until(hub.now + timedelta(seconds=seconds))


def the_pod(hub: Hub, component: str) -> Json:
    return hub.world.objects.all(PODS, "hub", component=component)[0]


def restarts(hub: Hub) -> int:
    return int(the_pod(hub, "hub")["status"]["containerStatuses"][0]["restartCount"])


def test_people_come_to_work_and_what_they_leave_is_culled(hub: Hub) -> None:
    crowd = People(hub, cast(hub.world.chance, 30), Habits(comes=0.0))
    crowd.begin()
    crowd.come(crowd.people, within=600)
    pass_by(hub, 900)
    ready = [each for each in hub.servers() if each.ready]
    assert len(ready) == 30
    pods = hub.world.objects.all(PODS, "hub", component="singleuser-server")
    assert {each["metadata"]["name"] for each in pods} == {each.pod for each in ready}
    claims = hub.world.objects.all(CLAIMS, "hub")
    assert {each["status"]["phase"] for each in claims} == {"Bound"}
    pass_by(hub, 6 * 3600)
    assert hub.world.objects.all(PODS, "hub", component="singleuser-server") == []
    assert len(hub.world.objects.all(CLAIMS, "hub")) == 30


def test_the_hub_restarts_in_its_pod_after_it_ended_and_knows_its_servers(hub: Hub) -> None:
    server = hub.spawner.start(hub.add_user("ana"))
    pass_by(hub, 60)
    assert server.ready
    hub.exit(1)
    pass_by(hub, 60)
    assert restarts(hub) == 1
    assert hub.is_up
    assert server.ready
    pass_by(hub, 600)
    assert restarts(hub) == 1


def test_a_proxy_that_restarts_loses_its_routes_until_the_hub_looks(hub: Hub) -> None:
    server = hub.spawner.start(hub.add_user("ana"))
    pass_by(hub, 60)
    assert server.path in hub.routes.table
    name = the_pod(hub, "proxy")["metadata"]["name"]
    hub.world.objects.delete(PODS, "hub", name)
    lost = []
    for _ in range(120):
        pass_by(hub, 1)
        lost.append(server.path not in hub.routes.table)
    assert any(lost)
    assert not lost[-1]


def test_an_upgrade_replaces_the_hub_and_the_servers_run_on(hub: Hub) -> None:
    server = hub.spawner.start(hub.add_user("ana"))
    pass_by(hub, 60)
    put_values(hub.world, values(), app="6.1.1", chart="5.0.0")

    def newer(it: Json) -> None:
        it["spec"]["template"]["spec"]["containers"][0]["image"] = (
            "quay.io/jupyterhub/k8s-hub:5.0.0"
        )

    hub.world.objects.change(DEPLOYMENTS, "hub", "hub", newer)
    pass_by(hub, 5)
    assert not hub.is_up
    assert server.is_active
    pass_by(hub, 60)
    assert hub.settings.version == "6.1.1"
    assert server.ready
