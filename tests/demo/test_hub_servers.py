"""Servers of the simulated hub: a spawn to ready, stops, failures, and the hub's own restart."""

from __future__ import annotations

import pytest

from hubtui.demo.hub.hub import News
from hubtui.demo.hub.records import Pending, Server
from hubtui.demo.hub.refusals import HubRefusalError
from hubtui.demo.resources import CLAIMS, PODS, QUOTAS
from tests.demo.hubs import Stage, put_values, run, stage, start_hub_pod, stop_hub_pod, values


def spawned(made: Stage, name: str = "ana@uni.example") -> Server:
    return made.hub.spawner.start(made.hub.add_user(name))


def state_of(server: Server) -> tuple[Pending | None, bool]:
    return server.pending, server.is_active


def test_a_server_is_ready_when_its_pod_is() -> None:
    made = stage()
    server = spawned(made)
    assert server.pending == "spawn"
    assert not server.ready
    pod = made.world.objects.get(PODS, "hub", server.pod)
    assert pod["metadata"]["annotations"]["hub.jupyter.org/username"] == "ana@uni.example"
    assert made.world.objects.find(CLAIMS, "hub", server.claim)
    made.pass_by(4)
    assert server.pending == "spawn"
    made.pass_by(4)
    assert state_of(server) == (None, True)
    assert made.hub.routes.table["/user/ana@uni.example/"]["target"] == "http://10.1.0.9:8888"
    assert "User ana@uni.example took " in made.log()
    assert "JupyterHub proxy:335] Adding user ana@uni.example to proxy" in made.log()


def test_a_server_stops_when_its_pod_is_gone_and_keeps_its_claim() -> None:
    made = stage()
    server = spawned(made)
    made.pass_by(10)
    made.hub.spawner.stop(server)
    made.pass_by(1)
    assert server.pending == "stop"
    assert server.path not in made.hub.routes.table
    made.pass_by(2)
    assert state_of(server) == (None, False)
    assert server.started is None
    assert made.world.objects.find(CLAIMS, "hub", server.claim)
    assert "User ana@uni.example server took 2.0" in made.log()
    spawned(made)
    made.pass_by(10)
    assert server.ready


def test_a_pod_that_does_not_come_is_deleted_after_the_start_timeout() -> None:
    made = stage()
    made.kubelet.ready = None
    server = spawned(made)
    made.pass_by(299)
    assert server.pending == "spawn"
    made.pass_by(6)
    assert not server.is_active
    assert made.world.objects.find(PODS, "hub", server.pod) is None
    message = f"pod hub/{server.pod} did not start in 300 seconds!"
    assert server.failure == f"Spawn failed: {message}"
    assert message in made.log()
    assert made.hub.spawner.failures == 1


def test_five_failures_in_a_row_end_the_hub() -> None:
    made = stage()
    made.world.faults.spawn_failures = 5
    servers = [spawned(made, f"user-{number}") for number in range(5)]
    made.pass_by(29)
    assert all(server.pending == "spawn" for server in servers)
    made.pass_by(4)
    assert not made.hub.is_up
    assert made.world.faults.crashes["hub"].code == 1
    stop_hub_pod(made.world)
    made.pass_by(1)
    assert made.world.faults.crashes == {}
    log = made.log()
    assert "4 consecutive spawns failed.  Hub will exit if failure count reaches 5" in log
    assert "Aborting due to 5 consecutive spawn failures" in log
    assert "Could not create pod hub/jupyter-user-0" in log


def test_a_success_between_failures_starts_the_count_anew() -> None:
    made = stage()
    made.world.faults.spawn_failures = 1
    spawned(made, "unlucky")
    made.pass_by(40)
    assert made.hub.spawner.failures == 1
    spawned(made, "lucky")
    made.pass_by(10)
    assert made.hub.spawner.failures == 0


def test_a_hub_that_starts_too_many_refuses_more() -> None:
    made = stage(values(concurrentSpawnLimit=2))
    spawned(made, "a")
    spawned(made, "b")
    with pytest.raises(HubRefusalError, match="Too many users trying to log in") as refused:
        spawned(made, "c")
    assert refused.value.code == 429
    assert 30 <= int(refused.value.headers["Retry-After"]) <= 60
    made.pass_by(10)
    assert spawned(made, "c").pending == "spawn"


def test_a_pod_in_the_way_is_killed_first() -> None:
    made = stage()
    metadata = {"name": "jupyter-ana", "namespace": "hub"}
    labels = {"component": "singleuser-server"}
    orphan = {"metadata": metadata | {"labels": labels}, "spec": {"containers": []}}
    made.world.objects.create(PODS, orphan)
    run(made.world, "hub", "jupyter-ana")
    server = spawned(made, "ana")
    made.pass_by(20)
    assert server.ready
    assert "Found existing pod jupyter-ana, attempting to kill" in made.log()
    assert made.kubelet.seen == ["jupyter-ana", "jupyter-ana"]


def test_a_pod_that_vanishes_stops_its_server_within_a_poll() -> None:
    made = stage()
    server = spawned(made, "ana")
    made.pass_by(10)
    made.world.objects.finish(PODS, "hub", server.pod)
    made.pass_by(0.5)
    assert server.ready
    made.pass_by(31)
    assert not server.is_active
    assert "User ana server stopped, with exit code: 1" in made.log()
    assert server.path not in made.hub.routes.table


def test_a_stop_that_does_not_end_leaves_the_pod_behind() -> None:
    made = stage()
    server = spawned(made, "ana")
    made.pass_by(10)
    made.kubelet.ends = 10_000
    made.hub.spawner.stop(server)
    made.pass_by(299)
    assert server.pending == "stop"
    made.pass_by(2)
    assert not server.is_active
    assert made.world.objects.find(PODS, "hub", server.pod)


def test_servers_outlive_the_hub_and_what_went_meanwhile_is_noticed() -> None:
    made = stage()
    stays, goes, comes = (spawned(made, name) for name in ("stays", "goes", "comes"))
    made.pass_by(10)
    made.hub.spawner.stop(comes)
    made.pass_by(10)
    made.kubelet.ready = 20
    made.hub.spawner.start(comes.user)
    stop_hub_pod(made.world)
    made.pass_by(1)
    assert not made.hub.is_up
    made.world.objects.finish(PODS, "hub", goes.pod)
    made.pass_by(5)
    start_hub_pod(made.world)
    made.pass_by(0.2)
    assert made.hub.is_up
    assert {stays.pending, goes.pending, comes.pending} == {"check"}
    made.pass_by(2)
    assert (stays.ready, goes.is_active, comes.pending) == (True, False, "check")
    made.pass_by(20)
    assert comes.ready
    assert "goes appears to have stopped while the Hub was down" in made.log()
    assert "stays still running" in made.log()


def test_a_spawn_that_is_not_there_after_a_restart_is_shut_down() -> None:
    made = stage()
    made.kubelet.ready = None
    server = spawned(made, "ana")
    stop_hub_pod(made.world)
    made.pass_by(1)
    start_hub_pod(made.world)
    made.pass_by(40)
    assert not server.is_active
    assert made.world.objects.find(PODS, "hub", server.pod) is None


def test_a_hub_without_a_ready_pod_is_down_and_reads_its_settings_when_it_comes() -> None:
    made = stage()
    assert (made.hub.is_up, made.hub.settings.version) == (True, "5.5.0")
    stop_hub_pod(made.world)
    made.pass_by(1)
    assert not made.hub.is_up
    put_values(made.world, values(), app="6.1.1", chart="5.0.0")
    start_hub_pod(made.world)
    made.pass_by(1)
    assert made.hub.settings.version == "6.1.1"
    server = spawned(made, "ana")
    labels = made.world.objects.get(PODS, "hub", server.pod)["metadata"]["labels"]
    assert labels["helm.sh/chart"] == "jupyterhub-5.0.0"


def test_who_listens_is_told_in_order() -> None:
    made = stage()
    told: list[tuple[News, str]] = []
    made.hub.listen(lambda news, server: told.append((news, server.pod if server else "")))
    server = spawned(made, "ana")
    made.pass_by(10)
    made.hub.spawner.stop(server)
    made.pass_by(10)
    pod = "jupyter-ana"
    assert told == [("spawning", pod), ("ready", pod), ("stopped", pod)]


def test_a_quota_refuses_the_pod_and_the_hub_says_so() -> None:
    made = stage()
    head = {"name": "small", "namespace": "hub"}
    made.world.objects.create(QUOTAS, {"metadata": head, "spec": {"hard": {"pods": "1"}}})
    server = spawned(made, "ana")
    made.pass_by(5)
    assert not server.is_active
    assert server.failure.startswith("Spawn failed: (403)\nReason: Forbidden")
    assert 'pods \\"jupyter-ana\\" is forbidden: exceeded quota: small' in made.log()
