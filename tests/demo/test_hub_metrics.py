"""The metrics of the simulated hub: JupyterHub's families, counting what happened."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hubtui.demo.hub.refusals import HubRefusalError
from tests.demo.hubs import OPERATOR, Stage, client, stage, start_hub_pod, stop_hub_pod, values

P = "jupyterhub"
FAMILIES = {
    f"{P}_request_duration_seconds": "histogram",
    f"{P}_server_spawn_duration_seconds": "histogram",
    f"{P}_server_stop_seconds": "histogram",
    f"{P}_server_poll_duration_seconds": "histogram",
    f"{P}_proxy_add_duration_seconds": "histogram",
    f"{P}_proxy_delete_duration_seconds": "histogram",
    f"{P}_proxy_poll_duration_seconds": "histogram",
    f"{P}_check_routes_duration_seconds": "histogram",
    f"{P}_hub_startup_duration_seconds": "histogram",
    f"{P}_init_spawners_duration_seconds": "histogram",
    f"{P}_event_loop_interval_seconds": "histogram",
    f"{P}_running_servers": "gauge",
    f"{P}_total_users": "gauge",
    f"{P}_active_users": "gauge",
    "process_resident_memory_bytes": "gauge",
    "process_cpu_seconds": "counter",
    "process_open_fds": "gauge",
    "process_max_fds": "gauge",
    "process_start_time_seconds": "gauge",
}
SIX = {
    f"{P}_login_duration_seconds": "histogram",
    f"{P}_logout_duration_seconds": "histogram",
    f"{P}_csp_reports": "counter",
}


async def scrape(made: Stage) -> tuple[dict[str, str], dict[str, float]]:
    """The types of the families, and the samples by name and labels."""
    async with client(made.hub) as asking:
        answer = await asking.get("/metrics")
        assert answer.status_code == 200
    kinds, samples = {}, {}
    for family in text_string_to_metric_families(answer.text):
        kinds[family.name] = family.type
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            samples[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return kinds, samples


@pytest.mark.parametrize(("app", "more"), [("5.5.0", {}), ("6.1.1", SIX)])
async def test_families_are_those_of_the_version(app: str, more: dict[str, str]) -> None:
    kinds, _ = await scrape(stage(app=app))
    expected = FAMILIES | more
    assert {name: kinds.get(name) for name in expected} == expected
    assert set(SIX) & set(kinds) == set(more)


@pytest.mark.parametrize(
    ("app", "success", "throttled", "failure"),
    [
        ("5.5.0", "status=success", "status=throttled", "status=failure"),
        (
            *("6.1.1", "reason=,status=success"),
            *("reason=throttled,status=failure", "reason=,status=error"),
        ),
    ],
)
async def test_spawns_are_counted_by_their_outcome(
    app: str, success: str, throttled: str, failure: str
) -> None:
    made = stage(values(concurrentSpawnLimit=1), app)
    made.hub.spawner.start(made.hub.add_user("a"))
    with pytest.raises(HubRefusalError):
        made.hub.spawner.start(made.hub.add_user("b"))
    made.pass_by(10)
    made.world.faults.spawn_failures = 1
    made.hub.spawner.start(made.hub.add_user("c"))
    made.pass_by(60)
    _, samples = await scrape(made)
    name = f"{P}_server_spawn_duration_seconds_count"
    assert samples[f"{name}{{{success}}}"] == 1
    assert samples[f"{name}{{{throttled}}}"] == 1
    assert samples[f"{name}{{{failure}}}"] == 1
    bucket = f"{P}_server_spawn_duration_seconds_bucket"
    assert samples[f"{bucket}{{le=5.0,{success}}}"] == 0
    assert samples[f"{bucket}{{le=10.0,{success}}}"] == 1
    assert samples[f"{bucket}{{le=15.0,{failure}}}"] == 0
    assert samples[f"{bucket}{{le=60.0,{failure}}}"] == 1


async def test_gauges_and_stops_follow_the_servers() -> None:
    made = stage()
    servers = [made.hub.spawner.start(made.hub.add_user(name)) for name in ("a", "b", "c")]
    made.hub.add_user("never")
    made.pass_by(3600)
    made.hub.spawner.stop(servers[0])
    made.pass_by(10)
    _, samples = await scrape(made)
    assert samples[f"{P}_running_servers"] == 2
    assert samples[f"{P}_total_users"] == 4
    assert samples[f"{P}_active_users{{period=24h}}"] == 3
    assert samples[f"{P}_server_stop_seconds_count{{status=success}}"] == 1
    assert samples[f"{P}_proxy_add_duration_seconds_count{{status=success}}"] == 3
    assert samples[f"{P}_proxy_delete_duration_seconds_count{{status=success}}"] == 1
    polls = samples[f"{P}_server_poll_duration_seconds_count{{status=ServerPollStatus.running}}"]
    assert polls == pytest.approx(3 * 3600 / 30, rel=0.01)
    assert samples[f"{P}_proxy_poll_duration_seconds_count"] == 60


async def test_requests_are_counted_by_handler_and_a_restart_begins_anew() -> None:
    made = stage()
    async with client(made.hub) as asking:
        await asking.get("/users")
        await asking.get("/users/nobody")
    _, samples = await scrape(made)
    handlers = f"{P}_request_duration_seconds_count{{code=%s,handler=jupyterhub.apihandlers.%s}}"
    listed = (handlers % (200, "users.UserListAPIHandler")).replace("}", ",method=GET}")
    missed = (handlers % (404, "users.UserAPIHandler")).replace("}", ",method=GET}")
    # The culler asked once, at its start.
    assert samples[listed] in (1, 2)
    assert samples[missed] == 1
    stop_hub_pod(made.world)
    made.pass_by(1)
    start_hub_pod(made.world)
    made.pass_by(0.5)
    _, samples = await scrape(made)
    assert missed not in samples


async def test_a_slow_hub_has_slow_rounds_of_its_event_loop() -> None:
    made = stage()
    made.pass_by(600)
    await scrape(made)
    made.world.faults.hub_latency = 0.001
    made.pass_by(600)
    _, samples = await scrape(made)
    name = f"{P}_event_loop_interval_seconds"
    slow = samples[f"{name}_bucket{{le=+Inf}}"] - samples[f"{name}_bucket{{le=0.5}}"]
    assert slow > 500
    calm = samples[f"{name}_bucket{{le=0.055}}"]
    assert calm > 10_000


async def test_metrics_are_read_by_who_may() -> None:
    made = stage(values(("list:users",)))
    async with client(made.hub) as asking:
        refused = await asking.get("/metrics")
        assert refused.status_code == 403
        assert refused.headers["Content-Type"].startswith("text/html")
    open_hub = stage(values((), authenticatePrometheus=False))
    async with client(open_hub.hub, token="") as asking:
        assert (await asking.get("/../metrics")).status_code == 200


async def test_metrics_of_5_and_6_have_histograms_whose_counts_agree() -> None:
    made = stage(values(OPERATOR))
    made.hub.spawner.start(made.hub.add_user("a"))
    made.pass_by(1000)
    _, samples = await scrape(made)
    for name, value in samples.items():
        if name.endswith("_count"):
            base = name.removesuffix("_count")
            assert samples[f"{base}_bucket{{le=+Inf}}"] == value
