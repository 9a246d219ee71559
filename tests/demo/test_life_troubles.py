"""What can be wrong with one pod alone, while another like it is well."""

from __future__ import annotations

import msgspec
import pytest

from hubtui.demo.faults import Crash, Trouble
from hubtui.demo.life.reading import is_ready
from hubtui.demo.resources import PODS
from hubtui.demo.storage import Json
from hubtui.model.kube import Pod
from hubtui.model.podstate import PodState, state_of
from tests.demo.life_world import NAMESPACE, Cluster, container

ANA, BOB = "jupyter-ana", "jupyter-bob"
INIT: Json = container("example/first:1") | {"name": "first"}


def start(cluster: Cluster, trouble: Trouble) -> None:
    """Ana's pod with its trouble, and Bob's without."""
    cluster.world.faults.pods[NAMESPACE, ANA] = trouble
    for name in (ANA, BOB):
        cluster.pod(name, containers=[container("example/main:1")], initContainers=[INIT])
    cluster.run(120)


def shown(cluster: Cluster, name: str = ANA) -> PodState:
    """What kubectl would show, as hubtui reads it."""
    return state_of(msgspec.convert(cluster.get(PODS, name), Pod))


@pytest.mark.parametrize(
    ("trouble", "status", "ready", "restarts"),
    [
        (Trouble(denied=True), "Init:ImagePullBackOff", 0, 0),
        (Trouble(init_hangs=True), "Init:0/1", 0, 0),
        (Trouble(crash=Crash("OOMKilled", 137, times=1)), "Running", 1, 1),
        (Trouble(unready="connection refused"), "Running", 0, 0),
        (Trouble(evicted=True), "Evicted", 0, 0),
    ],
)
def test_it_is_in_trouble_alone(
    cluster: Cluster, trouble: Trouble, status: str, ready: int, restarts: int
) -> None:
    start(cluster, trouble)
    state = shown(cluster)
    assert (state.status, state.ready, state.restarts) == (status, ready, restarts)
    assert is_ready(cluster.get(PODS, BOB))
    assert shown(cluster, BOB).restarts == 0


def test_a_crash_that_is_for_ever_is_backed_off(cluster: Cluster) -> None:
    start(cluster, Trouble(crash=Crash()))
    assert shown(cluster).restarts > 1
    assert cluster.told(ANA, "BackOff")[0].startswith("Back-off restarting failed container main")


def test_what_fails_is_told(cluster: Cluster) -> None:
    start(cluster, Trouble(unready="connection refused"))
    assert cluster.told(ANA, "Unhealthy") == ["Readiness probe failed: connection refused"]
    cluster.world.faults.pods[NAMESPACE, BOB] = Trouble(evicted=True)
    cluster.run(20)
    assert cluster.told(BOB, "Evicted") == ["The node was low on resource: memory. "]
    assert not is_ready(cluster.get(PODS, BOB))


@pytest.mark.parametrize(
    "trouble", [Trouble(denied=True), Trouble(unready="connection refused"), Trouble(crash=Crash())]
)
def test_what_is_mended_comes_up(cluster: Cluster, trouble: Trouble) -> None:
    start(cluster, trouble)
    del cluster.world.faults.pods[NAMESPACE, ANA]
    cluster.run(300)
    assert is_ready(cluster.get(PODS, ANA))


def test_what_clings_stays_until_it_is_mended(cluster: Cluster) -> None:
    start(cluster, Trouble(clings=True))
    cluster.objects.delete(PODS, NAMESPACE, ANA)
    cluster.run(300)
    assert shown(cluster).status == "Terminating"
    del cluster.world.faults.pods[NAMESPACE, ANA]
    cluster.run(30)
    assert [pod["metadata"]["name"] for pod in cluster.pods()] == [BOB]


def test_an_evicted_pod_is_gone_when_it_is_deleted(cluster: Cluster) -> None:
    start(cluster, Trouble(evicted=True))
    cluster.objects.delete(PODS, NAMESPACE, ANA)
    assert [pod["metadata"]["name"] for pod in cluster.pods()] == [BOB]


def test_a_job_that_takes_its_nodes_memory_is_evicted_before_it_ends(cluster: Cluster) -> None:
    cluster.world.faults.pods[NAMESPACE, ANA] = Trouble(evicted=True)
    cluster.pod(ANA, containers=[container("example/main:1")], restartPolicy="Never")
    cluster.run(60)
    assert shown(cluster).status == "Evicted"
