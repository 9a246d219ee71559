"""What pods have beside themselves: evictions, logs, port-forwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

from hubtui.demo.resources import BUDGETS, PODS
from hubtui.demo.world import World
from tests.demo.api_requests import POD, make_pod, refused


async def test_a_budget_that_allows_nothing_keeps_the_pod(
    http: aiohttp.ClientSession, world: World
) -> None:
    make_pod(world)
    world.objects.create(
        BUDGETS,
        {
            "metadata": {"name": "b", "namespace": "hub"},
            "spec": {"minAvailable": 5, "selector": {"matchLabels": {"component": "hub"}}},
            "status": {"disruptionsAllowed": 0, "desiredHealthy": 5, "currentHealthy": 1},
        },
    )
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "idle"}}
    code, body = await refused(http.post(f"{POD}/eviction", json=eviction))
    assert (code, body["reason"]) == (429, "TooManyRequests")
    assert body["message"] == ("Cannot evict pod as it would violate the pod's disruption budget.")


async def test_logs_with_their_options(http: aiohttp.ClientSession, world: World) -> None:
    make_pod(world)
    world.logs.write("hub", "idle", "main", "one", "two", "three")
    assert await (await http.get(f"{POD}/log")).text() == "one\ntwo\nthree\n"
    assert await (await http.get(f"{POD}/log?tailLines=1")).text() == "three\n"
    assert await (await http.get(f"{POD}/log?tailLines=0")).text() == ""
    stamped = await (await http.get(f"{POD}/log?timestamps=true&tailLines=1")).text()
    assert stamped.endswith("Z three\n")
    code, body = await refused(http.get(f"{POD}/log?previous=true"))
    assert code == 400
    assert body["message"] == 'previous terminated container "main" in pod "idle" not found'
    code, body = await refused(http.get(f"{POD}/log?container=no"))
    assert body["message"] == "container no is not valid for pod idle"
    world.logs.restart("hub", "idle", "main")
    assert await (await http.get(f"{POD}/log?previous=true")).text() == "one\ntwo\nthree\n"


async def test_of_more_containers_one_must_be_chosen(
    http: aiohttp.ClientSession, world: World
) -> None:
    make_pod(world, "a", "b")
    code, body = await refused(http.get(f"{POD}/log"))
    assert code == 400
    assert body["message"] == (
        "a container name must be specified for pod idle, choose one of: [a b]"
    )


async def test_a_container_that_waits_has_no_log(http: aiohttp.ClientSession, world: World) -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff"}}
    make_pod(world, phase="Pending", containerStatuses=[{"name": "main", "state": waiting}])
    code, body = await refused(http.get(f"{POD}/log"))
    assert code == 400
    assert body["message"] == (
        'container "main" in pod "idle" is waiting to start: trying and failing to pull image'
    )


async def test_a_log_is_followed_until_the_pod_is_gone(
    http: aiohttp.ClientSession, world: World
) -> None:
    make_pod(world)
    world.logs.write("hub", "idle", "main", "one")
    async with http.get(f"{POD}/log?follow=true") as response:
        assert await response.content.readline() == b"one\n"
        world.logs.write("hub", "idle", "main", "two")
        assert await response.content.readline() == b"two\n"
        world.objects.finish(PODS, "hub", "idle")
        assert await response.content.readline() == b""
    assert world.logs.of("hub", "idle", "main").listeners == []


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"heard " + await reader.read(100))
    await writer.drain()
    writer.close()


async def test_a_forward_to_the_hub_leads_to_its_socket(
    http: aiohttp.ClientSession, world: World, hub_socket: Path
) -> None:
    make_pod(world, containerStatuses=[{"name": "main", "state": {"running": {}}}])
    hub = await asyncio.start_unix_server(_echo, hub_socket)
    protocols = ("v4.channel.k8s.io",)
    async with hub, http.ws_connect(f"{POD}/portforward?ports=8081", protocols=protocols) as ws:
        port = (8081).to_bytes(2, "little")
        assert [await ws.receive_bytes() for _ in range(2)] == [b"\0" + port, b"\1" + port]
        await ws.send_bytes(b"\0hello")
        assert await ws.receive_bytes() == b"\0heard hello"


async def test_a_forward_to_another_port_is_refused_on_the_error_channel(
    http: aiohttp.ClientSession, world: World
) -> None:
    make_pod(world)
    protocols = ("v4.channel.k8s.io",)
    async with http.ws_connect(f"{POD}/portforward?ports=80", protocols=protocols) as ws:
        told = [await ws.receive_bytes() for _ in range(3)]
    assert told[2][:1] == b"\1"
    assert b"connection refused" in told[2]
