"""What takes time over the simulated hub's REST API: spawns with progress, stops, a shutdown."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from hubtui.demo.resources import CLAIMS, EVENTS, PODS
from tests.demo.hubs import OPERATOR, Stage, live, stage, values


def at_work(app: str = "5.5.0") -> Stage:
    made = stage(values((*OPERATOR, "shutdown"), allowNamedServers=True), app)
    made.hub.add_user("ana")
    return made


async def events_of(asking: httpx.AsyncClient, path: str) -> list[dict[str, object]]:
    found = []
    async with asking.stream("GET", path) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
    return found


async def test_a_server_is_started_followed_and_stopped() -> None:
    made = at_work()
    made.kubelet.ready = 25.0
    async with live(made) as asking:
        assert (await asking.post("/users/ana/server", json={"profile": "r"})).status_code == 202
        assert (await asking.post("/users/ana/server")).status_code == 202
        pending = (await asking.get("/users/ana")).json()
        assert (pending["pending"], pending["servers"][""]["pending"]) == ("spawn", "spawn")
        assert pending["servers"][""]["user_options"] == {"profile": "r"}
        made.world.objects.create(EVENTS, pulling())
        told = await events_of(asking, "/users/ana/server/progress")
        assert told[0] == {"progress": 0, "message": "Server requested"}
        assert told[1]["progress"] == 30
        assert told[1]["message"] == '2026-11-20T08:00:01Z [Normal] Pulling image "sample:1"'
        assert told[-1]["ready"] is True
        assert told[-1]["url"] == "/user/ana/"
        already = await asking.post("/users/ana/server")
        assert already.json()["message"] == "ana is already running"
        assert (await asking.delete("/users/ana/server")).status_code == 204
        assert made.world.objects.find(PODS, "hub", "jupyter-ana") is None
        again = await asking.get("/users/ana/server/progress")
        assert again.status_code == 404


def pulling() -> dict[str, object]:
    return {
        "metadata": {"name": "jupyter-ana.1", "namespace": "hub"},
        "involvedObject": {"kind": "Pod", "name": "jupyter-ana", "namespace": "hub"},
        "type": "Normal",
        "message": 'Pulling image "sample:1"',
        "lastTimestamp": "2026-11-20T08:00:01Z",
    }


async def test_a_spawn_that_fails_says_why() -> None:
    made = at_work()
    made.world.faults.spawn_failures = 1
    async with live(made) as asking:
        await asking.post("/users/ana/server")
        told = await events_of(asking, "/users/ana/server/progress")
        message = "Spawn failed: Could not create pod hub/jupyter-ana"
        assert told[-1] == {"progress": 100, "failed": True, "message": message}
        assert (await asking.get("/users/ana")).json()["servers"] == {}
        assert await events_of(asking, "/users/ana/server/progress") == [told[-1]]


async def test_a_stop_that_takes_long_is_202_until_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hubtui.demo.hub.records.SLOW_STOP", 0.01)
    made = at_work()
    made.kubelet.ends = 30.0
    server = made.hub.spawner.start(made.hub.users["ana"])
    made.pass_by(20)
    async with live(made) as asking:
        assert (await asking.delete("/users/ana/server")).status_code == 202
        assert (await asking.delete("/users/ana/server")).status_code == 202
        assert (await asking.get("/users/ana")).json()["pending"] == "stop"
        refused = await asking.post("/users/ana/server")
        assert refused.json() == {"status": 400, "message": "ana is pending stop"}
        while server.pending == "stop":
            await server.turn.wait()
        assert (await asking.delete("/users/ana/server")).status_code == 204
    assert "User ana: server is slow to stop" in made.log()


async def test_a_pending_spawn_is_cancelled_by_a_stop() -> None:
    made = at_work()
    made.kubelet.ready = None
    async with live(made) as asking:
        await asking.post("/users/ana/server")
        assert (await asking.delete("/users/ana/server")).status_code == 204
        told = await events_of(asking, "/users/ana/server/progress")
        assert [each["message"] for each in told] == ["Spawn cancelled"]
    assert "Interrupting spawner ana, pending spawn" in made.log()


@pytest.mark.parametrize(("app", "keeps"), [("5.5.0", True), ("6.1.1", False)])
async def test_a_named_server_is_removed_and_kubespawner_decides_about_its_claim(
    app: str, keeps: bool
) -> None:
    made = at_work(app)
    async with live(made) as asking:
        assert (await asking.post("/users/ana/servers/gpu")).status_code == 202
        await events_of(asking, "/users/ana/servers/gpu/progress")
        shown = (await asking.get("/users/ana")).json()["servers"]["gpu"]
        assert (shown["full_name"], shown["url"]) == ("ana/gpu", "/user/ana/gpu/")
        gone = await asking.request("DELETE", "/users/ana/servers/gpu", json={"remove": True})
        assert gone.status_code == 204
        assert (await asking.delete("/users/ana/servers/gpu")).status_code == 404
        kept = made.world.objects.find(CLAIMS, "hub", "claim-ana--gpu")
        assert (kept is not None) == keeps


async def test_6_makes_and_changes_a_server_that_does_not_run() -> None:
    made = at_work("6.1.1")
    async with live(made) as asking:
        body = {"display_name": "My GPU", "user_options": {"profile": "r"}}
        made_one = await asking.put("/users/ana/servers/gpu", json=body)
        assert (made_one.status_code, made_one.json()["display_name"]) == (201, "My GPU")
        assert (await asking.put("/users/ana/servers/gpu", json=body)).status_code == 409
        changed = await asking.patch("/users/ana/servers/gpu", json={"display_name": "Mine"})
        assert changed.json()["display_name"] == "Mine"
        assert (await asking.get("/users/ana/servers/gpu")).json()["stopped"] is True


async def test_a_shutdown_ends_the_process_after_its_answer() -> None:
    made = at_work()
    down = asyncio.Event()
    made.hub.listen(lambda news, _: down.set() if news == "down" else None)
    async with live(made) as asking:
        answer = await asking.post("/shutdown", json={"servers": False})
        assert answer.status_code == 202
        assert answer.json() == {"message": "Shutting down Hub"}
        await down.wait()
        assert (await asking.get("/health")).status_code == 503


async def test_a_slow_hub_keeps_everybody_waiting() -> None:
    made = at_work()
    async with live(made) as asking:
        made.world.faults.hub_latency = 3600.0
        with pytest.raises(httpx.ReadTimeout):
            await asking.get("/", timeout=0.2)
        made.world.faults.hub_latency = 0.0
        assert (await asking.get("/")).status_code == 200
